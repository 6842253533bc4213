import type { ReplayReport } from "../replay/report.ts";
import type { TrackingStore } from "../tracking/store.ts";
import type { CommandContext } from "./context.ts";

/** A report with its curves, where they are asked for; attached to its run, where that is. */
export async function finished(
  store: TrackingStore,
  report: ReplayReport,
  { curves = false, log = false }: Pick<CommandContext, "curves"> & { readonly log?: boolean },
): Promise<ReplayReport> {
  if (!curves && !log) return report;
  const { logReport, picturesOf } = await import("../report/log.ts");
  const whole = { ...report, ...await picturesOf(store, report) };
  if (log) await logReport(store, whole);
  return whole;
}

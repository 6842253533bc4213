import { z } from "../deps/zod.ts";
import type { ReplayReport } from "../replay/report.ts";
import { findRun, listRuns, type RunSummary, type ShownRun, showRun } from "../tracking/runs.ts";
import { type CommandContext, storeOf, tracking_uri } from "./context.ts";
import { nameText } from "./text.ts";

/** Which runs to list. */
export const runsListInput = z.strictObject({
  experiment: nameText(500).optional(),
  max_results: z.number().int().min(1).max(1000).default(20),
  tracking_uri,
});

/** The newest runs, of one experiment or of all. */
export async function runsListCommand(
  { tracking_uri, ...filter }: z.output<typeof runsListInput>,
): Promise<readonly RunSummary[]> {
  await using store = await storeOf(tracking_uri, undefined, { create: false });
  return (await listRuns(store, filter)).runs;
}

/** Which run to show. */
export const runsShowInput = z.strictObject({ run: nameText(1000), tracking_uri });

/** A run with all that was recorded of it, by its id or by its name: then the newest one. */
export async function runsShowCommand(
  { run, tracking_uri }: z.output<typeof runsShowInput>,
): Promise<ShownRun> {
  await using store = await storeOf(tracking_uri, undefined, { create: false });
  return await showRun(store, run);
}

/** Which runs to compare. */
export const runsCompareInput = z.strictObject({
  past: nameText(1000),
  current: nameText(1000),
  tracking_uri,
});

/** What differs between two recorded runs, each by its id or its name: then the newest one. */
export async function runsCompareCommand(
  { past, current, tracking_uri }: z.output<typeof runsCompareInput>,
  context: CommandContext,
): Promise<ReplayReport> {
  await using store = await storeOf(tracking_uri, undefined, { create: false });
  const [{ compareRuns }, { finished }] = await Promise.all([
    import("../replay/compare_runs.ts"),
    import("./finished.ts"),
  ]);
  const [before, after] = await Promise.all([findRun(store, past), findRun(store, current)]);
  return await finished(store, await compareRuns(store, before, after), context);
}

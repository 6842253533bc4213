import { short } from "../document/show.ts";
import type { ReportDocument } from "../replay/report.ts";

/** A metric of either side; in JSON one that isn't finite is null. */
export interface MetricRow {
  /** The name of the metric. */
  readonly metric: string;
  /** Its past value, where it has one. */
  readonly past: number | null | undefined;
  /** Its current value, where it has one. */
  readonly current: number | null | undefined;
  /** `same`, or the difference with its sign; empty where one side has no number. */
  readonly change: string;
}

/** The metrics of both sides, each once. */
export function metricRows({ past, current }: NonNullable<ReportDocument["metrics"]>): readonly MetricRow[] {
  return [...new Set([...Object.keys(past), ...Object.keys(current)])].map((metric) => {
    // A metric may have the name of what every object has.
    const [before, after]: readonly (number | null | undefined)[] = [past, current].map((side) =>
      Object.hasOwn(side, metric) ? side[metric] : undefined
    );
    const isBoth = typeof before === "number" && typeof after === "number";
    const change = Object.is(before, after) ? "same" : isBoth ? signed(after - before) : "";
    return { metric, past: before, current: after, change };
  });
}

/** A difference with its sign; empty where there is none. */
export function signed(change: number | undefined): string {
  if (change === undefined || Number.isNaN(change)) return "";
  return `${change > 0 ? "+" : ""}${short(change)}`;
}

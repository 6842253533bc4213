import { driftsBetween } from "../contract/compare.ts";
import { readContract } from "../contract/read.ts";
import { latestOf } from "../tracking/runs.ts";
import type { Run, TrackingStore } from "../tracking/store.ts";
import { explain } from "./explain/explain.ts";
import { recordedSide } from "./explain/side.ts";
import type { ReplayReport } from "./report.ts";

/**
 * What differs between two recorded runs, and why, by what they recorded alone: no code has to be at hand.
 *
 * @returns A report of `past` against `current`, whose id is `rerun_id`; its verdict is `same`, `different`, or
 * `unverifiable` where one of them has no contract.
 */
export async function compareRuns(store: TrackingStore, past: Run, current: Run): Promise<ReplayReport> {
  const [before, after] = await Promise.all([past, current].map((run) => readContract(store, run)));
  const base: ReplayReport = {
    verdict: "unverifiable",
    run_id: past.info.run_id,
    rerun_id: current.info.run_id,
    run_name: past.info.run_name,
    drifts: [],
    config: "",
    notes: [],
    reasons: [before, after].filter((side) => typeof side === "string"),
    code: [],
    untold: [],
    metrics: { past: latestOf(past), current: latestOf(current) },
    past: typeof before === "string" ? undefined : before,
    current: typeof after === "string" ? undefined : after,
  };
  if (!base.past || !base.current) return base;
  const drifts = driftsBetween(base.past, base.current, { policy: { binding: [], advisory: [] } });
  const verdict = drifts.some(({ binding }) => binding) ? "different" : "same";
  if (drifts.length === 0) return { ...base, verdict };
  const explanation = await explain(
    drifts,
    recordedSide(store, past.info.run_id, base.past),
    recordedSide(store, current.info.run_id, base.current),
  );
  return { ...base, ...explanation, verdict };
}

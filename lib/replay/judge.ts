import { type DataChangeKind, type Drift, matches, type Policy } from "../contract/compare.ts";
import type { ContractRecord } from "../contract/contract.ts";
import type { LoadedExperiment } from "../experiment/experiment.ts";
import type { SourceReader } from "../source/source.ts";
import type { TrackingStore } from "../tracking/store.ts";
import { explain, type Explanation, kindsOf } from "./explain/explain.ts";
import type { DataChange, ExplainedDrift, Waiver } from "./explain/explanation.ts";
import { presentSide, recordedSide } from "./explain/side.ts";
import type { Made } from "./today.ts";
import { type Acceptance, acceptDrifts, readWaivers, waiverOf } from "./waiver.ts";

/** What was found out about drifts, and what was decided. */
export interface Judgement extends Explanation {
  /** Whether a drift binds that no waiver covers. */
  readonly blocked: boolean;
  /** What is to be said of the waivers. */
  readonly notes: readonly string[];
}

/**
 * Explains the drifts of a run, and judges them by what a replay config allows and by the waivers that are recorded
 * with the run, after recording those that are asked for.
 *
 * @throws {ExperimentError} `INVALID_PARAMETER_VALUE` for an acceptance of what doesn't block.
 */
export async function judge(found: readonly Drift[], options: {
  readonly store: TrackingStore;
  readonly runId: string;
  readonly past: ContractRecord;
  readonly current: {
    readonly experiment: LoadedExperiment;
    readonly made: Made;
    readonly reader: SourceReader;
  };
  readonly policy: Policy;
  readonly accept?: Acceptance;
}): Promise<Judgement> {
  const { store, runId, past, current: { experiment, made, reader }, policy, accept } = options;
  const explanation = await explain(
    found,
    recordedSide(store, runId, past),
    presentSide(experiment, made, { ...made, reader }),
  );
  const { data } = explanation;
  const decided = async () => {
    const { waivers, notes } = found.some(({ binding }) => binding)
      ? await readWaivers(store, runId)
      : { waivers: [], notes: [] };
    return { drifts: decide(explanation.drifts, { data, policy, waivers }), notes };
  };
  let decision = await decided();
  if (accept) {
    await acceptDrifts(store, runId, decision.drifts.filter(isBlocking), accept);
    decision = await decided();
  }
  return { ...explanation, ...decision, blocked: decision.drifts.some(isBlocking) };
}

function decide(drifts: readonly ExplainedDrift[], { data, policy, waivers }: {
  readonly data: DataChange | undefined;
  readonly policy: Policy;
  readonly waivers: readonly Waiver[];
}): readonly ExplainedDrift[] {
  const allowed = data && allowedKinds(data, policy);
  return drifts.map((drift): ExplainedDrift => {
    const isAllowed = allowed && drift.binding && followsFromRows(drift, policy);
    const one = isAllowed ? { ...drift, binding: false, allowed_by: allowed } : drift;
    const waiver = one.binding ? waiverOf(one, waivers) : undefined;
    return waiver ? { ...one, waiver } : one;
  });
}

/** Whether a drift binds and no waiver that holds covers it. */
function isBlocking({ binding, waiver }: ExplainedDrift): boolean {
  return binding && waiver?.expired !== false;
}

/** The kinds of a change of data, where a policy allows each of them. */
function allowedKinds(data: DataChange, { data: { allow } }: Policy): readonly DataChangeKind[] | undefined {
  const kinds = kindsOf(data);
  return kinds !== undefined && kinds.length > 0 && kinds.every((kind) => allow.includes(kind))
    ? kinds
    : undefined;
}

/** Whether nothing but a change of rows is behind a drift, and no policy says that it binds nevertheless. */
function followsFromRows({ clause, changes = [] }: ExplainedDrift, { binding }: Policy): boolean {
  const ofRows = /^data\.[^.]+\.(rows|columns\..+)$/.test(clause) ||
    clause === "split" && changes.length === 0;
  return ofRows && !binding.some((pattern) => matches(pattern, clause));
}

import { type DataChangeKind, matches, type Policy } from "./compare.ts";
import { kindsOf } from "./explain/explain.ts";
import type { DataChange, ExplainedDrift, Waiver } from "./explain/explanation.ts";
import { waiverOf } from "./waiver.ts";

/** Drifts with what was decided about them. */
export interface Judgement {
  readonly drifts: readonly ExplainedDrift[];
  /** Whether a drift binds that no waiver covers. */
  readonly blocked: boolean;
}

/** Judges drifts by what a replay config allows and by the waivers that were recorded with the run. */
export function judge(drifts: readonly ExplainedDrift[], options: {
  readonly data: DataChange | undefined;
  readonly policy: Policy;
  readonly waivers: readonly Waiver[];
}): Judgement {
  const { data, policy, waivers } = options;
  const allowed = data && allowedKinds(data, policy);
  const judged = drifts.map((drift): ExplainedDrift => {
    const isAllowed = allowed && drift.binding && followsFromRows(drift, policy);
    const one = isAllowed ? { ...drift, binding: false, allowed_by: allowed } : drift;
    const waiver = one.binding ? waiverOf(one, waivers) : undefined;
    return waiver ? { ...one, waiver } : one;
  });
  return { drifts: judged, blocked: judged.some(isBlocking) };
}

/** Whether a drift binds and no waiver that holds covers it. */
export function isBlocking({ binding, waiver }: ExplainedDrift): boolean {
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

import { compareClauses, type ContractRecord } from "../contract/contract.ts";
import type { ExplainedDrift } from "../replay/explain/explanation.ts";
import type { Reported } from "./reported.ts";
import { sideOf } from "./words.ts";

/** A clause of either contract, with what became of it. */
export interface ClauseRow {
  /** The clause. */
  readonly clause: string;
  /** Its past value or digest, short; undefined where it has none. */
  readonly past: string | undefined;
  /** Its current value or digest, short; undefined where it has none. */
  readonly current: string | undefined;
  /** Its drift, where it has one. */
  readonly drift?: ExplainedDrift;
  /** Whether both sides have it. */
  readonly known: boolean;
}

/** Every clause of both contracts, in the order of reports; the drifts alone where neither is at hand. */
export function clauseRows({ past, current, drifts }: Reported): readonly ClauseRow[] {
  if (!past && !current) {
    return drifts.map((drift) => ({
      clause: drift.clause,
      past: drift.past === null ? undefined : sideOf(drift, "past"),
      current: drift.current === null ? undefined : sideOf(drift, "current"),
      drift,
      known: true,
    }));
  }
  const byClause = new Map(drifts.map((drift) => [drift.clause, drift]));
  const clauses = new Set([past, current].flatMap((side) => Object.keys(side?.clauses ?? {})));
  return [...clauses].sort(compareClauses).map((clause) => {
    const drift = byClause.get(clause);
    return {
      clause,
      past: past && shown(past, clause),
      current: current && shown(current, clause),
      ...(drift ? { drift } : {}),
      known: [past, current].every((side) => side !== undefined && clause in side.clauses),
    };
  });
}

function shown({ clauses, evidence }: ContractRecord, clause: string): string | undefined {
  const digest = clauses[clause];
  const value = evidence[clause]?.value;
  const isShort = clause.startsWith("packages.") || clause.startsWith("environment.") || clause === "seed";
  return value !== undefined && isShort && value.length <= 24 ? value : digest?.slice(0, 12);
}

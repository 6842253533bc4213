import { isBindingByDefault } from "./contract.ts";
import { compareClauses, type ContractRecord, isOfValues } from "./record.ts";

/** How a clause differs between the past and the current contract. */
export type DriftKind = "changed" | "added" | "removed";

/** A clause that differs. */
export interface Drift {
  /** The name of the clause. */
  readonly clause: string;
  /** How it differs. */
  readonly kind: DriftKind;
  /** Whether it blocks a rerun. */
  readonly binding: boolean;
  /** The recorded digest; null for a clause that is added. */
  readonly past: string | null;
  /** Today's digest; null for a clause that is removed. */
  readonly current: string | null;
  /** The values in words, where both are known. */
  readonly values?: { readonly past: string | undefined; readonly current: string | undefined };
}

/** The kinds of change of data that a replay config can allow. */
export const DATA_CHANGES: readonly DataChangeKind[] = [
  "append_only",
  "reordered",
  "added",
  "removed",
  "edited",
  "labels",
];

/** A kind of change of data; `edited` is of cells other than labels. */
export type DataChangeKind = "append_only" | "reordered" | "added" | "removed" | "edited" | "labels";

/** Which clauses a replay config moves from one side to the other; `*` stands for any characters. */
export interface Policy {
  readonly binding: readonly string[];
  readonly advisory: readonly string[];
  /** The kinds of change of data that don't block. */
  readonly data: { readonly allow: readonly DataChangeKind[] };
}

/** Whether a clause binds under a policy; a clause that both lists match binds. */
export function isBinding(clause: string, policy: Pick<Policy, "binding" | "advisory">): boolean {
  return isListed(clause, policy.binding) ||
    (isBindingByDefault(clause) && !isListed(clause, policy.advisory));
}

function isListed(clause: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => matches(pattern, clause));
}

/**
 * The clauses that differ.
 *
 * @param comparable Whether a clause could be recomputed; one that couldn't isn't a drift.
 */
export function driftsBetween(
  past: ContractRecord,
  current: ContractRecord,
  options: {
    readonly policy: Pick<Policy, "binding" | "advisory">;
    readonly comparable?: (clause: string) => boolean;
  },
): readonly Drift[] {
  const { policy, comparable = () => true } = options;
  const names = new Set([...Object.keys(past.clauses), ...Object.keys(current.clauses)]);
  const differing = [...names]
    .filter((clause) => past.clauses[clause] !== current.clauses[clause] && comparable(clause))
    .sort(compareClauses);
  return differing.map((clause) => {
    const binding = isBinding(clause, policy) ||
      (isUnexplained(clause, differing) && !isListed(clause, policy.advisory));
    return driftOf(clause, past, current, binding);
  });
}

/**
 * Whether a feature's values differ though nothing does that they are made of: its code and that of the views below it,
 * the data, the packages, and what the code reads besides.
 */
function isUnexplained(clause: string, differing: readonly string[]): boolean {
  const feature = clause.replace(/\.values$/, "");
  const view = `${feature.split(".").slice(0, 2).join(".")}.`;
  return isOfValues(clause) &&
    differing.every((other) =>
      !/^(data|inputs|packages)\./.test(other) && other !== feature &&
      (isOfValues(other) || !other.startsWith("features.") || other.startsWith(view))
    );
}

function driftOf(clause: string, past: ContractRecord, current: ContractRecord, binding: boolean): Drift {
  const before = past.evidence[clause];
  const after = current.evidence[clause];
  const kind = !(clause in past.clauses) ? "added" : !(clause in current.clauses) ? "removed" : "changed";
  return {
    clause,
    kind,
    binding,
    past: past.clauses[clause] ?? null,
    current: current.clauses[clause] ?? null,
    ...(before?.value !== undefined || after?.value !== undefined
      ? { values: { past: before?.value, current: after?.value } }
      : {}),
  };
}

/** Whether a clause is one that a pattern names. */
export function matches(pattern: string, clause: string): boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[.\\+?^${}()|[\]]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(clause);
}

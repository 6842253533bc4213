import { compareClauses, type ContractRecord, isBindingByDefault } from "./contract.ts";

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
  /** For code: the declarations that differ, as `file#name`. */
  readonly declarations?: readonly string[];
  /** The values in words, where both are known. */
  readonly values?: { readonly past: string | undefined; readonly current: string | undefined };
}

/** Which clauses a replay config moves from one side to the other; `*` stands for any characters. */
export interface Policy {
  readonly binding: readonly string[];
  readonly advisory: readonly string[];
}

/** Whether a clause binds under a policy; a clause that both lists match binds. */
export function isBinding(clause: string, policy: Policy): boolean {
  const listed = (patterns: readonly string[]) => patterns.some((pattern) => matches(pattern, clause));
  return listed(policy.binding) || (isBindingByDefault(clause) && !listed(policy.advisory));
}

/**
 * The clauses that differ.
 *
 * @param comparable Whether a clause could be recomputed; one that couldn't isn't a drift.
 */
export function driftsBetween(
  past: ContractRecord,
  current: ContractRecord,
  options: { readonly policy: Policy; readonly comparable?: (clause: string) => boolean },
): readonly Drift[] {
  const names = new Set([...Object.keys(past.clauses), ...Object.keys(current.clauses)]);
  return [...names]
    .filter((clause) =>
      past.clauses[clause] !== current.clauses[clause] && (options.comparable?.(clause) ?? true)
    )
    .sort(compareClauses)
    .map((clause) => driftOf(clause, past, current, isBinding(clause, options.policy)));
}

function driftOf(clause: string, past: ContractRecord, current: ContractRecord, binding: boolean): Drift {
  const before = past.evidence[clause];
  const after = current.evidence[clause];
  const kind = !(clause in past.clauses) ? "added" : !(clause in current.clauses) ? "removed" : "changed";
  const declarations = changedDeclarations(before?.declarations, after?.declarations);
  return {
    clause,
    kind,
    binding,
    past: past.clauses[clause] ?? null,
    current: current.clauses[clause] ?? null,
    ...(declarations.length > 0 ? { declarations } : {}),
    ...(before?.value !== undefined || after?.value !== undefined
      ? { values: { past: before?.value, current: after?.value } }
      : {}),
  };
}

/** The declarations of one side whose text the other side doesn't have, so that a moved one isn't named. */
function changedDeclarations(
  past: Readonly<Record<string, string>> = {},
  current: Readonly<Record<string, string>> = {},
): readonly string[] {
  const without = (some: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>) => {
    const texts = new Set(Object.values(other));
    return Object.keys(some).filter((name) => !texts.has(some[name]!));
  };
  return [...new Set([...without(past, current), ...without(current, past)])];
}

function matches(pattern: string, clause: string): boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[.\\+?^${}()|[\]]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(clause);
}

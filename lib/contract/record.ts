/** What a run was made of: one SHA-256 per clause. */
export interface Contract {
  /** The version of its form. */
  readonly version: number;
  /** The SHA-256 of each clause, as 64 hex digits, by its name. */
  readonly clauses: Readonly<Record<string, string>>;
}

/** What stands behind a clause, so that a drift can be shown and not only told. */
export interface Evidence {
  /** The digested value in words, where it is short. */
  readonly value?: string;
  /** For an input: the file and line that asked for it. */
  readonly asked?: string;
  /** For a dataset's schema: the column to predict. */
  readonly target?: string;
  /** For a column of a table too large for a snapshot: a digest of each group of rows, by which a change is located. */
  readonly row_groups?: readonly string[];
}

/** A contract with its evidence, as it is recorded in `contract.json`. */
export interface ContractRecord extends Contract {
  /** The scheme of the source digests. */
  readonly scheme: string;
  /** The version of what was observed of what code read by itself; absent where that wasn't, as in earlier releases. */
  readonly observed?: number;
  /** What stands behind the clauses, by their names. */
  readonly evidence: Readonly<Record<string, Evidence>>;
  /** The SHA-256 of what the run was asked by; absent in what isn't recorded, and in records of 0.1.0. */
  readonly asked?: string;
}

const ORDER = [
  ...["data", "features", "inputs", "split", "model", "params", "seed", "metrics", "packages"],
  "environment",
];

/** The order of clauses in reports: data, features, inputs, split, model, params, seed, metrics, packages, environment. */
export function compareClauses(a: string, b: string): number {
  const rank = (clause: string) => ORDER.indexOf(clause.split(".")[0]!);
  return rank(a) - rank(b) || (a < b ? -1 : a > b ? 1 : 0);
}

/** Clauses in the order of reports. */
export function inOrder(clauses: Contract["clauses"]): Contract["clauses"] {
  return Object.fromEntries(Object.entries(clauses).sort(([a], [b]) => compareClauses(a, b)));
}

/** Whether a clause is of the values that a feature computes, and not of its code. */
export function isOfValues(clause: string): boolean {
  return /^features\.[^.]+\.[^]+\.values$/.test(clause);
}

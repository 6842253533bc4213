import type { DataChangeKind, Drift } from "../../contract/compare.ts";
import type { ColumnProfile } from "../../data/profile.ts";

/** A declaration whose meaning differs between two sides, and the clauses that reach it. */
export interface CodeChange {
  /** How it differs. */
  readonly kind: "changed" | "added" | "removed";
  /** Where it is, as `registries/features/_helpers.ts#scale`. */
  readonly declaration: string;
  /** The file that it is in. */
  readonly file: string;
  /** The 1-based line that it begins on: the current one or, where it is gone, the past one; 0 where none is known. */
  readonly line: number;
  /** The unified diff of its past against its current source. */
  readonly diff: string;
  /** The drifted clauses that reach it. */
  readonly clauses: readonly string[];
}

/** How many rows differ, and how. */
export interface RowChanges {
  /** Rows that only the current table has. */
  readonly added: number;
  /** Rows that only the past table has. */
  readonly removed: number;
  /** Rows that are the same row in both by their place or by their other cells, with some cells changed. */
  readonly edited: number;
  /** Unchanged rows that are in another order. */
  readonly reordered: number;
}

/** The value of a cell; null where it has none. */
export type Cell = number | string | boolean | null;

/** A cell that was edited. */
export interface CellChange {
  /** The 1-based row of the current table. */
  readonly row: number;
  /** Its column. */
  readonly column: string;
  /** What it was. */
  readonly past: Cell;
  /** What it is. */
  readonly current: Cell;
}

/** What differs between two states of a dataset. */
export interface DataChange {
  /** The name of the dataset. */
  readonly dataset: string;
  /** How many rows the past table has. */
  readonly past_rows: number;
  /** How many rows the current table has. */
  readonly current_rows: number;
  /** How many rows differ, and how. */
  readonly rows: RowChanges;
  /** Whether rows were added after the last one, and nothing else was changed. */
  readonly append_only: boolean;
  /** Columns that only one of the tables has. */
  readonly columns: { readonly added: readonly string[]; readonly removed: readonly string[] };
  /** How many edited cells there are. */
  readonly cells_changed: number;
  /** How many of them are labels: cells of the target. */
  readonly labels_changed: number;
  /** The first of the edited cells. */
  readonly cells: readonly CellChange[];
  /** The profile of each column whose values differ, on each side that has it. */
  readonly profiles: Readonly<
    Record<string, { readonly past?: ColumnProfile; readonly current?: ColumnProfile }>
  >;
}

/** A leaf of the config that differs. */
export interface ConfigChange {
  /** Its dotted path. */
  readonly path: string;
  /** Its past value; absent where there was none. */
  readonly past?: unknown;
  /** Its current value; absent where there is none. */
  readonly current?: unknown;
  /** Where each value comes from: `configs/exp_v1.yaml:7:22`, `--set` or `default`. */
  readonly origin: { readonly past?: string; readonly current?: string };
}

/** A decision that a drift between two exact digests doesn't block. */
export interface Waiver {
  /** The clause that it is for. */
  readonly clause: string;
  /** The past digest; null where the clause was added. */
  readonly past: string | null;
  /** The current digest; null where the clause was removed. */
  readonly current: string | null;
  /** Why it doesn't matter. */
  readonly because: string;
  /** Who said so. */
  readonly by: string;
  /** When, in ISO 8601. */
  readonly at: string;
  /** The last day on which it holds, as `2027-01-31` in UTC; without one it holds for ever. */
  readonly until?: string;
}

/** A drift with all that could be found out about it. */
export interface ExplainedDrift extends Drift {
  /** For code: the declarations that changed, as `file#name`. */
  readonly declarations?: readonly string[];
  /** The first of them, where several did. */
  readonly declaration?: string;
  /** The file of that declaration. */
  readonly file?: string;
  /** The line that it begins on. */
  readonly line?: number;
  /** The unified diff of all declarations that changed. */
  readonly diff?: string;
  /** All drifted clauses that reach that declaration, this one too. */
  readonly shared_by?: readonly string[];
  /** Whether the values that the code computes are all the same, bit for bit. */
  readonly values_equal?: boolean;
  /** On how many rows the values were compared. */
  readonly rows_compared?: number;
  /** For data: how many rows differ, and how. */
  readonly rows?: RowChanges;
  /** The first of the edited cells. */
  readonly cells?: readonly CellChange[];
  /** How many labels were edited. */
  readonly labels_changed?: number;
  /** The profile of the column. */
  readonly profile?: { readonly past?: ColumnProfile; readonly current?: ColumnProfile };
  /** For values of the config: the leaves that differ. */
  readonly changes?: readonly ConfigChange[];
  /** Where the first of them comes from. */
  readonly origin?: { readonly past?: string; readonly current?: string };
  /** The kinds of change that the replay config allows, and by which this drift doesn't bind. */
  readonly allowed_by?: readonly DataChangeKind[];
  /** The decision that it doesn't block, with whether that has expired. */
  readonly waiver?: Waiver & { readonly expired: boolean };
}

/** How a rerun of the recorded source came out. */
export interface AsRecorded {
  /** What held the recorded code: Deno's permissions, and bubblewrap beneath them where that could be. */
  readonly held: "permissions" | "permissions and bwrap";
  /** The clauses in which that rerun's contract differs from the recorded one: packages and environment. */
  readonly drifts: readonly Drift[];
  /** The first difference of the outcome in words; undefined where it is the same bit for bit. */
  readonly difference?: string;
}

/** How much of a metric's change each part of an experiment carries. */
export interface Attribution {
  /** The metrics of the run made of all that is past. */
  readonly past: Readonly<Record<string, number>>;
  /** The metrics of the run made of all that is current. */
  readonly current: Readonly<Record<string, number>>;
  /** The parts that differ, in the order in which they were changed. */
  readonly parts: readonly {
    readonly part: "data" | "features" | "model" | "params";
    /** The metrics with only this part as it is now; or why that mix can't be run. */
    readonly alone: Readonly<Record<string, number>> | string;
    /** The metrics with this part and those before it as they are now; or why that mix can't be run. */
    readonly in_order: Readonly<Record<string, number>> | string;
  }[];
}

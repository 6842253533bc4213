import type { ColumnKind } from "../column.ts";

/** How many rows of a query's result are taken at once. */
export const BATCH = 4096;

/** The result of a query. */
export interface QueryResult extends AsyncDisposable {
  /** The names of its columns. */
  readonly names: readonly string[];
  /** What its database calls the types of its columns, where these aren't told by the values. */
  readonly types?: readonly number[];
  /** What makes of a column's values those that a column of a kind is built of. */
  readonly readerOf: (column: number, kind: ColumnKind["kind"]) => (value: unknown) => unknown;
  /** Its rows, some at a time: in each, the values in the order of the columns. */
  readonly batches: AsyncIterable<readonly (readonly unknown[])[]>;
}

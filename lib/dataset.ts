import type { z } from "./deps/zod.ts";

/** The zod types that a column may have: number, integer, boolean, category (an enum of texts) and text. */
export type ColumnType = z.ZodNumber | z.ZodNumberFormat | z.ZodBoolean | z.ZodString | z.ZodEnum;

/** The columns of a dataset, by name. */
export type RowShape = Readonly<Record<string, ColumnType>>;

/** Where a dataset's rows are read from. */
export interface TableSource {
  /** The form of the file. */
  readonly kind: "csv";
  /** The absolute URL of the file. */
  readonly url: string;
}

/** A dataset: typed rows, the column to predict, and where the rows are. */
export interface Dataset {
  /** What the rows are, in a line. */
  readonly description?: string;
  /** The type of each column. */
  readonly row: z.ZodObject;
  /** The column to predict, which features can't read. */
  readonly target: string;
  /** Where the rows are read from. */
  readonly source: TableSource;
}

/** A dataset, or a feature view, that knows what features over it may read. */
export interface Readable<Row> {
  /** Never set: it carries the type of the row for the type checker. */
  readonly "~row"?: Row;
}

/**
 * Defines a dataset.
 *
 * @example
 * ```ts
 * import { csv, defineDataset } from "./mod.ts";
 * import { z } from "./lib/deps/zod.ts";
 *
 * export const iris = defineDataset({
 *   row: z.object({ petal_length: z.number(), species: z.enum(["setosa", "virginica"]) }),
 *   target: "species",
 *   source: csv("./iris.csv", import.meta),
 * });
 * ```
 */
export function defineDataset<Shape extends RowShape, Target extends keyof Shape & string>(definition: {
  readonly description?: string;
  readonly row: z.ZodObject<Shape>;
  readonly target: Target;
  readonly source: TableSource;
}): Dataset & Readable<Omit<z.output<z.ZodObject<Shape>>, Target>> {
  return definition;
}

/**
 * Rows from a CSV file with a header line (RFC 4180, UTF-8). Columns that the dataset doesn't name are not read.
 *
 * @param path The file, relative to the module that `meta` is of; or an absolute URL.
 * @param meta The `import.meta` of the module that defines the dataset.
 */
export function csv(path: string, meta: { readonly url: string }): TableSource {
  return { kind: "csv", url: new URL(path, meta.url).href };
}

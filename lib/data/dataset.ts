import { ExperimentError } from "../base/error.ts";
import type {
  BooleanSchema,
  CategorySchema,
  DateSchema,
  IntegerSchema,
  NullableSchema,
  NumberSchema,
  ObjectSchema,
  TextSchema,
} from "./schema.ts";

/** The zod types of a column's values: number, integer, boolean, date-time, category (an enum of texts) and text. */
export type ValueType =
  | NumberSchema
  | IntegerSchema
  | BooleanSchema
  | DateSchema
  | TextSchema
  | CategorySchema;

/** The zod types that a column may have: those of its values or, where cells may be empty, these as `.nullable()`. */
export type ColumnType = ValueType | NullableSchema & { unwrap(): ValueType };

/** The columns of a dataset, by name. */
export type RowShape = Readonly<Record<string, ColumnType>>;

/** Files that a dataset's rows are read from. */
export interface FileSource {
  /** The form of the files. */
  readonly kind: "csv" | "json" | "parquet";
  /** The absolute URL of the file, or of files where a local one has `*` in it. */
  readonly url: string;
}

/** A query whose result a dataset's rows are. */
export interface SqlSource {
  /** Of a database. */
  readonly kind: "sql";
  /** The absolute URL of the database: a SQLite file, or a PostgreSQL server's. */
  readonly url: string;
  /** The query. */
  readonly query: string;
}

/** Where a dataset's rows are read from. */
export type TableSource = FileSource | SqlSource;

/** A dataset: typed rows, the column to predict, and where the rows are. */
export interface Dataset {
  /** What the rows are, in a line. */
  readonly description?: string;
  /** The type of each column. */
  readonly row: ObjectSchema;
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

/** What carries, for the type checker alone, the type of the target, which windows may read of earlier rows. */
export interface Targeted<Target> {
  /** Never set. */
  readonly "~target"?: Target;
}

/**
 * Defines a dataset.
 *
 * @throws {ExperimentError} `INVALID_PARAMETER_VALUE` where the URL of its source holds a user or a password.
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
  readonly row: ObjectSchema & { readonly shape: Shape };
  readonly target: Target;
  readonly source: TableSource;
}):
  & Dataset
  & Readable<
    & { [Name in Exclude<keyof Shape, Target>]: Shape[Name]["_zod"]["output"] }
    & Targeted<{ readonly [Name in Target]: Shape[Name]["_zod"]["output"] }>
  > {
  checkAddress(definition.source.url);
  return definition;
}

/** A module is recorded with the runs that it was a part of, and so is a secret in it. */
function checkAddress(address: string): void {
  const url = new URL(address);
  if (url.username === "" && url.password === "" && !url.searchParams.has("password")) return;
  throw new ExperimentError(
    "INVALID_PARAMETER_VALUE",
    `The source at ${url.protocol}//${url.host}${url.pathname} can't have a user or a password in its URL: a dataset's ` +
      "module is recorded with each run.",
    { hint: "Leave them out. Those of a PostgreSQL database are read from PGUSER and PGPASSWORD." },
  );
}

/**
 * Rows from a CSV file with a header line (RFC 4180, UTF-8). Columns that the dataset doesn't name are not read. In a
 * nullable column an empty cell is null; a text that is empty but has quotes, `""`, is an empty text. A date-time is a
 * text of ISO 8601 with its offset, `2024-05-01T12:30:00Z`, or a date alone, which is midnight in UTC.
 *
 * @param path The file, relative to the module that `meta` is of; or an absolute URL. In a local path `*` stands for any
 * part of a name: `./part-*.csv` is all such files, in the order of their names. What is at an `http` or `https` URL is kept
 * below `.cache/reprise`, and fetched again when the server says that it changed.
 * @param meta The `import.meta` of the module that defines the dataset.
 */
export function csv(path: string, meta: { readonly url: string }): TableSource {
  return { kind: "csv", url: new URL(path, meta.url).href };
}

/**
 * Rows from a JSON file (UTF-8): a list of objects, or an object on each line. Values have to be of the column's type; a
 * date-time is a text as in CSV. In a nullable column a key that an object lacks is null.
 *
 * @param path As of `csv`.
 * @param meta The `import.meta` of the module that defines the dataset.
 */
export function json(path: string, meta: { readonly url: string }): TableSource {
  return { kind: "json", url: new URL(path, meta.url).href };
}

/**
 * Rows from a Parquet file, compressed by Snappy, gzip, Brotli or Zstandard or not at all. A timestamp has to be of whole
 * milliseconds, and without a time zone is in UTC.
 *
 * @param path As of `csv`.
 * @param meta The `import.meta` of the module that defines the dataset.
 */
export function parquet(path: string, meta: { readonly url: string }): TableSource {
  return { kind: "parquet", url: new URL(path, meta.url).href };
}

/**
 * Rows from the result of a query of a SQLite or PostgreSQL database. Give the query an `order by`, as the order of the rows
 * is part of what a run is made of, and a database without one may choose another.
 *
 * SQLite knows no booleans and no date-times, so 0 and 1 are read as booleans where a column is of these, and the form that
 * its own functions give, `2024-05-01 12:30:00`, as a date-time in UTC. Of PostgreSQL a `timestamp` without a time zone is in
 * UTC, and a `numeric` is a number or, where the column is a text, its exact text.
 *
 * @param query The query, which only reads.
 * @param options.database The SQLite file, relative to the module that `meta` is of; or the URL of a PostgreSQL database,
 * `postgres://host:port/database`. Its user and password are read from `PGUSER` and `PGPASSWORD`, never from the URL. To
 * another machine the connection is encrypted and its certificate checked, unless the URL ends with `?sslmode=require`, which
 * checks none, or `?sslmode=disable`.
 * @param meta The `import.meta` of the module that defines the dataset.
 */
export function sql(
  query: string,
  options: { readonly database: string },
  meta: { readonly url: string },
): TableSource {
  return { kind: "sql", url: new URL(options.database, meta.url).href, query };
}

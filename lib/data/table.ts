import { createHash, type Hash } from "node:crypto";
import { digestOfJson } from "../base/digest.ts";
import { ExperimentError } from "../base/error.ts";
import type { Input } from "../base/observe/input.ts";
import { type Inputs, observingCalls } from "../base/observe/scope.ts";
import type { z } from "../deps/zod.ts";
import { buildTable } from "./builder.ts";
import { type Column, columnKind, columnsOf } from "./column.ts";
import type { Dataset, FileSource } from "./dataset.ts";
import { placeOf } from "./place.ts";
import { readCsv } from "./readers/csv.ts";
import { bytesOf, filesOf, sizeOfFile } from "./readers/files.ts";

/** A dataset's rows, column by column. */
export interface Table {
  readonly rows: number;
  readonly columns: Readonly<Record<string, Column>>;
  /** The SHA-256 of the bytes that the table was read from. */
  readonly bytes: string;
  /** What checks of the dataset's own read by themselves, where the rows were read from its source. */
  readonly inputs?: readonly Input[];
}

/** Digests of a dataset's state, independent of the file's format and of the order of the columns. */
export interface Fingerprint {
  /** Of the columns' names and types, the levels of categories, and which column is the target. */
  readonly schema: string;
  /** Of the number of rows and every value. */
  readonly rows: string;
  /** Of each column's values, in the order of the rows. */
  readonly columns: Readonly<Record<string, string>>;
}

/**
 * Reads a dataset's rows and checks each against its schema.
 *
 * @throws {ExperimentError} `RESOURCE_DOES_NOT_EXIST` where there is no file, `INVALID_PARAMETER_VALUE` for a row that
 * breaks the schema, with its line, column and value.
 */
export async function loadTable(
  dataset: Dataset,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Table> {
  checkTarget(dataset);
  const inputs: Inputs = new Map();
  const table = await observingCalls(inputs, () => readTable(dataset, options));
  return { ...table, inputs: [...inputs.values()] };
}

async function readTable(
  dataset: Dataset,
  options: { readonly signal?: AbortSignal },
): Promise<Table> {
  const { source } = dataset;
  const hash = createHash("sha256");
  const builder = buildTable(
    dataset.row.shape as Readonly<Record<string, z.ZodType>>,
    source.kind === "csv" ? "text" : "typed",
  );
  if (source.kind === "sql") {
    await (await import("./readers/sql.ts")).readSql(source, { builder, hash, signal: options.signal });
  } else {
    const read = await readerOf(source.kind);
    for (const file of await filesOf(source.url)) {
      const size = await sizeOfFile(file);
      await read(digested(bytesOf(file, options), hash), builder, { place: placeOf(file), size });
    }
  }
  const table = builder.table();
  if (table.rows === 0) {
    throw new ExperimentError("INVALID_PARAMETER_VALUE", `${placeOf(source.url)} has no rows.`);
  }
  return { ...table, bytes: hash.digest("hex") };
}

async function readerOf(kind: FileSource["kind"]): Promise<typeof readCsv> {
  switch (kind) {
    case "csv":
      return readCsv;
    case "json":
      return (await import("./readers/json.ts")).readJson;
    case "parquet":
      return (await import("./readers/parquet.ts")).readParquet;
  }
}

async function* digested(parts: AsyncIterable<Uint8Array>, hash: Hash): AsyncGenerator<Uint8Array> {
  for await (const bytes of parts) {
    hash.update(bytes);
    yield bytes;
  }
}

function checkTarget({ row, target }: Dataset): void {
  if (!columnKind(row.shape[target] as z.ZodType).nullable) return;
  throw new ExperimentError(
    "INVALID_PARAMETER_VALUE",
    `The target "${target}" is nullable, but a row without it can neither be learned from nor scored.`,
    { hint: "Leave out the rows without it, and `.nullable()` in the dataset's `row` schema." },
  );
}

/** The SHA-256 of the bytes that a dataset would be read from now: of its files, one after the other, or of its result. */
export async function sourceBytesDigest({ source }: Dataset): Promise<string> {
  const hash = createHash("sha256");
  if (source.kind === "sql") await (await import("./readers/sql.ts")).readSql(source, { hash });
  else {
    for (const file of await filesOf(source.url)) {
      for await (const bytes of bytesOf(file, {})) hash.update(bytes);
    }
  }
  return hash.digest("hex");
}

/** Digests a dataset's schema and every value of its rows. */
export function fingerprintOf(dataset: Dataset, table: Table): Fingerprint {
  const kinds = columnsOf(dataset.row).map(({ name, ...kind }) => [name, kind]);
  return {
    schema: digestOfJson({ target: dataset.target, columns: Object.fromEntries(kinds) }),
    ...digestRows(table),
  };
}

/** Digests every value of a table's rows, and their number. */
export function digestRows(table: Table): Pick<Fingerprint, "rows" | "columns"> {
  const columns = Object.fromEntries(
    Object.entries(table.columns).map(([name, column]) => [name, columnDigest(column)]),
  );
  return { rows: digestOfJson({ rows: table.rows, columns }), columns };
}

/** A column without nulls has the same digest whether its type allows them or not. */
function columnDigest(column: Column): string {
  const { kind, nulls } = column;
  const hash = createHash("sha256").update(`${kind}${nulls ? "?" : ""}\n`);
  if (column.kind === "category") digestCodes(column, hash);
  else if (column.kind === "text") {
    for (let from = 0; from < column.values.length; from += BATCH) {
      const lines = column.values.slice(from, from + BATCH).map((text, row) =>
        nulls?.[from + row] ? "null\n" : `${JSON.stringify(text)}\n`
      );
      hash.update(lines.join(""));
    }
  } else {
    hash.update(column.values);
    if (nulls) hash.update(nulls);
  }
  return hash.digest("hex");
}

/** How many rows are hashed at once. */
const BATCH = 4096;

/** Hashes the level of each row as a line of JSON. */
function digestCodes({ values, levels, nulls }: Column & { readonly kind: "category" }, hash: Hash): void {
  const encoder = new TextEncoder();
  const lines = [...levels, null].map((level) => encoder.encode(`${JSON.stringify(level)}\n`));
  const longest = Math.max(...lines.map(({ length }) => length));
  const buffer = new Uint8Array(longest * Math.min(BATCH, values.length));
  for (let from = 0; from < values.length; from += BATCH) {
    const to = Math.min(from + BATCH, values.length);
    let length = 0;
    for (let row = from; row < to; row++) {
      const line = lines[nulls?.[row] ? levels.length : values[row]!]!;
      for (let at = 0; at < line.length; at++) buffer[length++] = line[at]!;
    }
    hash.update(buffer.subarray(0, length));
  }
}

/**
 * An upper bound of the bytes that a table's values take, by which it is decided whether a snapshot is kept: 8 for each
 * number and date-time, 4 for each category, 1 for each boolean, 2 for each UTF-16 unit of a text, and 1 for each row of
 * a column with nulls.
 */
export function sizeOf(table: Table): number {
  let size = 0;
  for (const column of Object.values(table.columns)) {
    if (column.kind === "text") { for (const text of column.values) size += 2 * text.length; }
    else size += column.values.byteLength;
    size += column.nulls?.length ?? 0;
  }
  return size;
}

/** How many rows are digested together where a change has to be located without the rows at hand. */
export const ROW_GROUP = 65_536;

/** A digest, of 16 hex digits, of each group of `ROW_GROUP` rows of a column. */
export function rowGroupsOf(column: Column): readonly string[] {
  const groups: string[] = [];
  for (let from = 0; from < column.values.length; from += ROW_GROUP) {
    const { nulls, ...rest } = column;
    const to = from + ROW_GROUP;
    const values = column.kind === "text" ? column.values.slice(from, to) : column.values.subarray(from, to);
    const mask = nulls?.subarray(from, to);
    const group = { ...rest, values, ...(mask?.includes(1) && { nulls: mask }) } as Column;
    groups.push(columnDigest(group).slice(0, 16));
  }
  return groups;
}

import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { Dataset } from "./dataset.ts";
import { CsvError, parse } from "./deps/csv_parse.ts";
import type { z } from "./deps/zod.ts";
import { digestOf, digestOfJson } from "./digest.ts";
import { mismatchOf } from "./document.ts";
import { ExperimentError } from "./error.ts";
import { suggestionOf } from "./nearest.ts";

/** One column of a table; a category's values are indices into its levels, a boolean's are 0 and 1. */
export type Column =
  | { readonly kind: "number" | "integer"; readonly values: Float64Array }
  | { readonly kind: "boolean"; readonly values: Uint8Array }
  | { readonly kind: "category"; readonly values: Uint32Array; readonly levels: readonly string[] }
  | { readonly kind: "text"; readonly values: readonly string[] };

/** A dataset's rows, column by column. */
export interface Table {
  readonly rows: number;
  readonly columns: Readonly<Record<string, Column>>;
  /** The SHA-256 of the bytes that the table was read from. */
  readonly bytes: string;
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
  const bytes = await readSource(dataset, options);
  const place = placeOf(dataset.source.url);
  const { header, records } = parseCsv(bytes, place);
  const columns: Record<string, Column> = {};
  for (const [name, type] of Object.entries(dataset.row.shape) as [string, z.ZodType][]) {
    const at = header.indexOf(name);
    if (at < 0) throw missingColumn(place, name, header);
    columns[name] = columnOf(
      type,
      records.map(({ record }) => record[at]!),
      (row, mismatch) =>
        new ExperimentError(
          "INVALID_PARAMETER_VALUE",
          `${place}:${records[row]!.info.lines}: column "${name}": ${mismatch}`,
          { hint: "Mend the row, or the type of the column in the dataset's `row` schema." },
        ),
    );
  }
  return { rows: records.length, columns, bytes: digestOf(bytes) };
}

/** The SHA-256 of the bytes that a dataset would be read from now. */
export async function sourceBytesDigest(dataset: Dataset): Promise<string> {
  return digestOf(await readSource(dataset, {}));
}

/** The kind of a column by its zod type, with the levels of a category. */
export function columnKind(
  type: z.ZodType,
): { readonly kind: Column["kind"]; readonly levels?: readonly string[] } {
  const { type: kind } = type.def;
  if (kind === "number") return { kind: (type as z.ZodNumber).isInt ? "integer" : "number" };
  if (kind === "boolean") return { kind };
  if (kind === "string") return { kind: "text" };
  if (kind === "enum") {
    const levels = (type as z.ZodEnum).options;
    if (levels.every((level) => typeof level === "string")) return { kind: "category", levels };
  }
  throw new ExperimentError(
    "INVALID_PARAMETER_VALUE",
    `A column can't be read: found the zod type ${kind}, but a column is z.number(), z.int(), z.boolean(), ` +
      "z.string() or z.enum([…]) of texts.",
  );
}

/** Digests a dataset's schema and every value of its rows. */
export function fingerprintOf(dataset: Dataset, table: Table): Fingerprint {
  const kinds = Object.entries(dataset.row.shape).map((
    [name, type],
  ) => [name, columnKind(type as z.ZodType)]);
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

function columnDigest(column: Column): string {
  const hash = createHash("sha256").update(`${column.kind}\n`);
  if (column.kind === "category") {
    const levels = column.levels.map((level) => JSON.stringify(level));
    for (const code of column.values) hash.update(`${levels[code]}\n`);
  } else if (column.kind === "text") {
    for (const text of column.values) hash.update(`${JSON.stringify(text)}\n`);
  } else {
    hash.update(column.values);
  }
  return hash.digest("hex");
}

/**
 * An upper bound of the bytes that a table's values take, by which it is decided whether a snapshot is kept: 8 for each
 * number, 4 for each category, 1 for each boolean, and 2 for each UTF-16 unit of a text.
 */
export function sizeOf(table: Table): number {
  let size = 0;
  for (const column of Object.values(table.columns)) {
    if (column.kind === "text") { for (const text of column.values) size += 2 * text.length; }
    else size += column.values.byteLength;
  }
  return size;
}

/** How many rows are digested together where a change has to be located without the rows at hand. */
export const ROW_GROUP = 65_536;

/** A digest, of 16 hex digits, of each group of `ROW_GROUP` rows of a column. */
export function rowGroupsOf(column: Column): readonly string[] {
  const groups: string[] = [];
  for (let from = 0; from < column.values.length; from += ROW_GROUP) {
    const values = column.values.slice(from, from + ROW_GROUP);
    groups.push(columnDigest({ ...column, values } as Column).slice(0, 16));
  }
  return groups;
}

interface CsvRecord {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

function parseCsv(
  bytes: Uint8Array,
  place: string,
): { header: readonly string[]; records: readonly CsvRecord[] } {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    const [first, ...records] = parse(text, { info: true, skip_empty_lines: true }) as unknown as CsvRecord[];
    if (first && records.length > 0) return { header: first.record, records };
  } catch (error) {
    if (!(error instanceof CsvError) && !(error instanceof TypeError)) throw error;
    const reason = error instanceof CsvError ? error.message : "it is not UTF-8";
    throw new ExperimentError("INVALID_PARAMETER_VALUE", `${place} can't be read as CSV: ${reason}.`, {
      cause: error,
    });
  }
  throw new ExperimentError(
    "INVALID_PARAMETER_VALUE",
    `${place} has no rows: expected a header line, then rows.`,
  );
}

function columnOf(
  type: z.ZodType,
  cells: readonly string[],
  errorOf: (row: number, mismatch: string) => ExperimentError,
): Column {
  const { kind, levels } = columnKind(type);
  const check = (value: unknown, row: number): unknown => {
    if (type.safeParse(value).success) return value;
    throw errorOf(row, mismatchOf(type, value)!);
  };
  switch (kind) {
    case "number":
    case "integer":
      return {
        kind,
        values: Float64Array.from(cells, (cell, row) => check(numberOf(cell) ?? cell, row) as number),
      };
    case "boolean": {
      const flags: Readonly<Record<string, boolean>> = { true: true, false: false };
      return { kind, values: Uint8Array.from(cells, (cell, row) => Number(check(flags[cell] ?? cell, row))) };
    }
    case "category": {
      const codes = new Map<unknown, number>(levels!.map((level, code) => [level, code]));
      return {
        kind,
        values: Uint32Array.from(cells, (cell, row) => codes.get(check(cell, row))!),
        levels: levels!,
      };
    }
    case "text":
      return { kind, values: cells.map((cell, row) => check(cell, row) as string) };
  }
}

/** A finite decimal number; -0 reads as 0, as they mean the same. */
function numberOf(cell: string): number | undefined {
  if (!/^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(cell)) return undefined;
  const value = Number(cell) + 0;
  return Number.isFinite(value) ? value : undefined;
}

async function readSource(
  dataset: Dataset,
  { signal }: { readonly signal?: AbortSignal },
): Promise<Uint8Array> {
  const { url } = dataset.source;
  try {
    if (url.startsWith("file:")) return await Deno.readFile(new URL(url), signal ? { signal } : {});
    const response = await fetch(url, signal ? { signal } : {});
    if (response.ok) return new Uint8Array(await response.arrayBuffer());
    await response.body?.cancel();
    throw new Deno.errors.NotFound(`HTTP ${response.status}`);
  } catch (error) {
    if (signal?.aborted) throw error;
    if (error instanceof Deno.errors.NotCapable) {
      throw new ExperimentError("PERMISSION_DENIED", `The data can't be read: ${error.message}.`, {
        hint: "Keep the file in the project's directory, or allow it by --allow-read or --allow-net.",
        cause: error,
      });
    }
    throw new ExperimentError("RESOURCE_DOES_NOT_EXIST", `The data can't be read: no file ${placeOf(url)}.`, {
      hint: "Put the file back, or change `source` of the dataset.",
      cause: error,
    });
  }
}

/** A URL in words: a path below the working directory where it is one. */
export function placeOf(url: string): string {
  if (!url.startsWith("file:")) return url;
  const path = fileURLToPath(url);
  const directory = `${Deno.cwd()}/`;
  return path.startsWith(directory) ? path.slice(directory.length) : path;
}

function missingColumn(place: string, name: string, header: readonly string[]): ExperimentError {
  return new ExperimentError(
    "INVALID_PARAMETER_VALUE",
    `${place}: no column "${name}". ${suggestionOf(name, header)}`,
    { hint: "The names in the dataset's `row` schema have to be names of the file's header line." },
  );
}

import type { Hash } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import type { SqlSource } from "../dataset.ts";
import { ExperimentError } from "../error.ts";
import { checkNames, type TableBuilder } from "./builder.ts";
import { errorOf, placeOf } from "./files.ts";

/** How many rows are taken at once. */
const BATCH = 4096;

/**
 * Reads the rows of a query's result, adds them to a table and digests all its values as they are. SQLite knows no
 * booleans and no date-times, so 0 and 1 are read as booleans where a column is of these, and the form that its own
 * functions give, `2024-05-01 12:30:00`, as a date-time in UTC.
 *
 * @throws {ExperimentError} `RESOURCE_DOES_NOT_EXIST` where there is no database, `INVALID_PARAMETER_VALUE` where the query
 * can't be run or lacks a column.
 */
export function readSql(
  { url, query }: SqlSource,
  { builder, hash }: { readonly builder?: TableBuilder; readonly hash: Hash },
): void {
  using database = openSqlite(url);
  const place = placeOf(url);
  try {
    // An iterator over a query's result ends where the query fails, without a word, so it is kept first.
    database.exec(`create temp table result as ${query}`);
    const batch = database.prepare(`select * from temp.result where rowid > ? order by rowid limit ${BATCH}`);
    batch.setReadBigInts(true);
    const names = batch.columns().map(({ name }) => name);
    const columns = builder?.columns ?? [];
    checkNames(columns.map(({ name }) => name), names, place);
    const adders = builder?.begin({ place, by: "row" }) ?? [];
    hash.update(`${JSON.stringify(names)}\n`);
    for (let row = 0;;) {
      const rows = batch.all(row);
      if (rows.length === 0) return;
      for (const values of rows) {
        row++;
        hash.update(`${JSON.stringify(names.map((name) => toJson(values[name])))}\n`);
        adders.forEach((add, column) => {
          const { name, kind } = columns[column]!;
          add(readAs(kind, values[name]), row);
        });
      }
    }
  } catch (cause) {
    if (!(cause instanceof Error) || cause instanceof ExperimentError) throw cause;
    throw new ExperimentError(
      "INVALID_PARAMETER_VALUE",
      `${place}: the query can't be run: ${cause.message}.`,
      { cause },
    );
  }
}

function openSqlite(url: string): DatabaseSync {
  try {
    return new DatabaseSync(fileURLToPath(url), { readOnly: true });
  } catch (cause) {
    throw errorOf(url, cause);
  }
}

/** A value in JSON, such that different ones have different texts. */
function toJson(value: unknown): unknown {
  if (typeof value === "bigint") return { integer: String(value) };
  return value instanceof Uint8Array ? { bytes: value.toHex() } : value;
}

function readAs(kind: TableBuilder["columns"][number]["kind"], value: unknown): unknown {
  if (kind === "boolean" && (typeof value === "bigint" || typeof value === "number")) {
    const number = Number(value);
    if (number === 0 || number === 1) return number === 1;
  }
  if (kind === "date-time" && typeof value === "string") {
    return value.replace(/^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)$/, "$1T$2Z");
  }
  return value;
}

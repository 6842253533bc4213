import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { ExperimentError } from "../../base/error.ts";
import type { ColumnKind } from "../column.ts";
import type { SqlSource } from "../dataset.ts";
import { placeOf } from "../place.ts";
import { errorOf } from "./local.ts";
import { BATCH, type QueryResult } from "./query.ts";

/**
 * Runs a query of a SQLite file, which it can't change. SQLite knows no booleans and no date-times, so 0 and 1 are read as
 * booleans where a column is of these, and the form that its own functions give, `2024-05-01 12:30:00`, as a date-time in
 * UTC.
 *
 * @throws {ExperimentError} `RESOURCE_DOES_NOT_EXIST` where there is no file, `INVALID_PARAMETER_VALUE` where the query can't
 * be run.
 */
export function openSqlite({ url, query }: SqlSource): QueryResult {
  const database = openFile(url);
  try {
    // An iterator over a query's result ends where the query fails, without a word, so it is kept first.
    database.exec(`create temp table result as ${query}`);
    const batch = database.prepare(`select * from temp.result where rowid > ? order by rowid limit ${BATCH}`);
    batch.setReadBigInts(true);
    batch.setReturnArrays(true);
    return {
      names: batch.columns().map(({ name }) => name),
      readerOf: (_, kind) => READERS[kind] ?? ((value) => value),
      batches: batchesOf((after) => batch.all(after) as unknown as readonly unknown[][]),
      [Symbol.asyncDispose]: () => Promise.resolve(database.close()),
    };
  } catch (cause) {
    database.close();
    throw new ExperimentError(
      "INVALID_PARAMETER_VALUE",
      `${placeOf(url)}: the query can't be run: ${(cause as Error).message}.`,
      { cause },
    );
  }
}

function openFile(url: string): DatabaseSync {
  try {
    return new DatabaseSync(fileURLToPath(url), { readOnly: true });
  } catch (cause) {
    throw errorOf(url, cause);
  }
}

async function* batchesOf(
  read: (after: number) => readonly unknown[][],
): AsyncGenerator<readonly unknown[][]> {
  for (let row = 0;;) {
    const rows = read(row);
    if (rows.length === 0) return;
    yield rows;
    row += rows.length;
  }
}

const READERS: Readonly<Partial<Record<ColumnKind["kind"], (value: unknown) => unknown>>> = {
  boolean(value) {
    if (typeof value !== "bigint" && typeof value !== "number") return value;
    const number = Number(value);
    return number === 0 || number === 1 ? number === 1 : value;
  },
  "date-time"(value) {
    if (typeof value !== "string") return value;
    return value.replace(/^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)$/, "$1T$2Z");
  },
};

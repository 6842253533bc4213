import type { Hash } from "node:crypto";
import { ExperimentError } from "../../base/error.ts";
import { checkNames, type TableBuilder } from "../builder.ts";
import type { SqlSource } from "../dataset.ts";
import { placeOf } from "../place.ts";
import type { QueryResult } from "./query.ts";

/**
 * Reads the rows of a query's result, adds them to a table and digests all its values as they are.
 *
 * @throws {ExperimentError} `RESOURCE_DOES_NOT_EXIST` where there is no database, `INVALID_PARAMETER_VALUE` where the query
 * can't be run or lacks a column; of a server also `UNAUTHENTICATED`, `PERMISSION_DENIED` and `TEMPORARILY_UNAVAILABLE`.
 */
export async function readSql(
  source: SqlSource,
  { builder, hash, signal }: {
    readonly builder?: TableBuilder;
    readonly hash: Hash;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<void> {
  const place = placeOf(source.url);
  await using result = await openResult(source, signal);
  const { names, types } = result;
  const columns = builder?.columns ?? [];
  checkNames(columns.map(({ name }) => name), names, place);
  const adders = builder?.begin({ place, by: "row" }) ?? [];
  const cells = columns.map(({ name, kind }, index) => {
    const at = names.indexOf(name);
    return { at, read: result.readerOf(at, kind), add: adders[index]! };
  });
  hash.update(`${JSON.stringify(types ? { names, types } : names)}\n`);
  let row = 0;
  for await (const rows of result.batches) {
    signal?.throwIfAborted();
    hash.update(`${JSON.stringify(rows.map((values) => values.map(toJson)))}\n`);
    for (const values of rows) {
      row++;
      for (const { at, read, add } of cells) add(read(values[at]), row);
    }
  }
}

async function openResult(source: SqlSource, signal: AbortSignal | undefined): Promise<QueryResult> {
  const { protocol } = new URL(source.url);
  switch (protocol) {
    case "file:":
      return (await import("./sqlite.ts")).openSqlite(source);
    case "postgres:":
    case "postgresql:":
      return await (await import("./postgres.ts")).openPostgres(source, { signal });
  }
  throw new ExperimentError(
    "INVALID_PARAMETER_VALUE",
    `The data can't be read: ${placeOf(source.url)} is neither a file nor a PostgreSQL database.`,
    { hint: "Give `sql` a SQLite file, or postgres://host:port/database." },
  );
}

/** A value in JSON, such that different ones have different texts. */
function toJson(value: unknown): unknown {
  if (typeof value === "bigint") return { integer: String(value) };
  return value instanceof Uint8Array ? { bytes: value.toHex() } : value;
}

import { Socket } from "node:net";
import { environmentVariable } from "../../base/environment.ts";
import { type ErrorCode, ExperimentError } from "../../base/error.ts";
import { Client, DatabaseError } from "../../deps/pg.ts";
import type { ColumnKind } from "../column.ts";
import type { SqlSource } from "../dataset.ts";
import { placeOf } from "../place.ts";
import { BATCH, type QueryResult } from "./query.ts";

/** Makes values come as the same texts whatever the server's settings, and all of the result be planned for. */
const BEGIN = `begin isolation level repeatable read read only;
  set local timezone = 'UTC'; set local datestyle = 'ISO'; set local extra_float_digits = 3;
  set local cursor_tuple_fraction = 1`;

const CONNECT_TIMEOUT = 30_000;

/**
 * Runs a query of a PostgreSQL database, in a transaction that only reads and sees one state of it. Who asks is told by
 * `PGUSER` and `PGPASSWORD` alone. Rows come through a cursor, so no more than a batch of them is held.
 *
 * @throws {ExperimentError} `RESOURCE_DOES_NOT_EXIST` where there is no such database, `INVALID_PARAMETER_VALUE` for a wrong
 * URL or a query that can't be run, `UNAUTHENTICATED` and `PERMISSION_DENIED` where the server refuses the user,
 * `TEMPORARILY_UNAVAILABLE` where it can't be reached.
 */
export async function openPostgres(
  { url, query }: SqlSource,
  { signal }: { readonly signal?: AbortSignal | undefined },
): Promise<QueryResult> {
  const told = async <Answer>(act: () => Answer | Promise<Answer>): Promise<Answer> => {
    try {
      signal?.throwIfAborted();
      return await act();
    } catch (cause) {
      signal?.throwIfAborted();
      throw explain(url, cause);
    }
  };
  const socket = new Socket();
  const client = await told(() =>
    new Client({
      ...addressOf(url),
      user: userFor(url),
      password: () => passwordFor(url),
      connectionTimeoutMillis: CONNECT_TIMEOUT,
      keepAlive: true,
      stream: () => socket,
    })
  );
  // That the connection broke is told by what waits for it; an event without a listener would end the process.
  client.on("error", () => {});
  const stop = () => void socket.destroy();
  signal?.addEventListener("abort", stop);
  const close = async () => {
    signal?.removeEventListener("abort", stop);
    await client.end().catch(() => {});
  };
  const ask = (text: string) => told(() => client.query<unknown[]>({ ...ONE_COMMAND, text }));
  const fetchRows = () => ask(`fetch ${BATCH} from result`);
  try {
    await told(() => client.connect());
    // Where it can, the server is to look whether this process is still there; one before PostgreSQL 14 can't.
    await client.query("set client_connection_check_interval = 1000").catch(() => {});
    await told(() => client.query(BEGIN));
    await ask(`declare result no scroll cursor for ${query}`);
    const first = await fetchRows();
    const types = first.fields.map(({ dataTypeID }) => dataTypeID);
    return {
      names: first.fields.map(({ name }) => name),
      types,
      readerOf: (column, kind) => readerOf(types[column]!, kind),
      batches: batchesOf(first.rows, async () => (await fetchRows()).rows),
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** By the extended protocol, which takes a single command, so that a query can't end the transaction and go on. */
const ONE_COMMAND = {
  queryMode: "extended",
  rowMode: "array",
  types: { getTypeParser: () => (text: unknown) => text },
} as const;

/** Yields batch after batch, each asked for while the one before it is used. */
async function* batchesOf<Row>(first: Row[], next: () => Promise<Row[]>): AsyncGenerator<Row[]> {
  for (let rows = first; rows.length > 0;) {
    const following = next();
    // Where the rows are no longer wanted, nobody waits for it.
    following.catch(() => {});
    yield rows;
    rows = await following;
  }
}

/** Where a database is, and whether the way to it is encrypted. */
function addressOf(url: string) {
  const { hostname, port, pathname, searchParams } = new URL(url);
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  const database = decodeURIComponent(pathname.slice(1));
  const isHere = /^(localhost|127\.[\d.]+|::1)$/.test(host);
  const { sslmode = isHere ? "disable" : "verify-full", ...others } = Object.fromEntries(searchParams);
  const ssl = TLS[sslmode];
  if (host !== "" && database !== "" && ssl !== undefined && Object.keys(others).length === 0) {
    return { host, port: Number(port || 5432), database, ssl };
  }
  throw new ExperimentError(
    "INVALID_PARAMETER_VALUE",
    `The data can't be read: ${placeOf(url)} isn't of the form postgres://host:port/database.`,
    { hint: "It may end with ?sslmode=disable, require or verify-full, and with nothing else." },
  );
}

const TLS: Readonly<Record<string, false | { readonly rejectUnauthorized: boolean }>> = {
  disable: false,
  require: { rejectUnauthorized: false },
  "verify-full": { rejectUnauthorized: true },
};

const CREDENTIALS_HINT = "Set PGUSER, and PGPASSWORD where it has a password. Neither is recorded.";

function userFor(url: string): string {
  const user = environmentVariable("PGUSER");
  if (user !== undefined) return user;
  throw refusal(url, "UNAUTHENTICATED", "asks who reads, and PGUSER isn't set", CREDENTIALS_HINT);
}

function passwordFor(url: string): string {
  const password = environmentVariable("PGPASSWORD");
  if (password !== undefined) return password;
  throw refusal(url, "UNAUTHENTICATED", "asks for a password, and PGPASSWORD isn't set", CREDENTIALS_HINT);
}

function refusal(
  url: string,
  code: ErrorCode,
  reason: string,
  hint?: string,
  cause?: unknown,
): ExperimentError {
  return new ExperimentError(code, `The data can't be read: ${placeOf(url)} ${reason}.`, { hint, cause });
}

/** What went wrong with a server, by PostgreSQL's classes of errors. */
function explain(url: string, cause: unknown): unknown {
  if (cause instanceof ExperimentError) return cause;
  if (cause instanceof Deno.errors.NotCapable) {
    return new ExperimentError("PERMISSION_DENIED", `The data can't be read: ${cause.message}.`, {
      hint: "It takes --allow-net and, of the environment, --ignore-env --allow-env=PGUSER,PGPASSWORD.",
      cause,
    });
  }
  if (!(cause instanceof DatabaseError)) {
    const { message, code } = cause as NodeJS.ErrnoException;
    const hint = /certificate|SSL/.test(message)
      ? "DENO_CERT names a file of certificates to trust; a URL may end with ?sslmode=require or ?sslmode=disable."
      : "Is the server running, and its address right?";
    return refusal(url, "TEMPORARILY_UNAVAILABLE", `can't be reached: ${message || code}`, hint, cause);
  }
  const { code = "", message } = cause;
  if (code.startsWith("28")) {
    const reason = message.replace(/\b(user|role) "[^"]*"/, "$1 of PGUSER");
    return refusal(url, "UNAUTHENTICATED", `refuses: ${reason}`, CREDENTIALS_HINT, cause);
  }
  if (code === "3D000") {
    return refusal(url, "RESOURCE_DOES_NOT_EXIST", "is no database there", undefined, cause);
  }
  if (/^(08|40|53|57|58)/.test(code)) {
    return refusal(url, "TEMPORARILY_UNAVAILABLE", `can't answer: ${message}`, "Try again.", cause);
  }
  return new ExperimentError(
    code === "42501" ? "PERMISSION_DENIED" : "INVALID_PARAMETER_VALUE",
    `${placeOf(url)}: the query can't be run: ${message}.`,
    { cause },
  );
}

/** The numbers that PostgreSQL has for its types. */
const OIDS = {
  bool: 16,
  int8: 20,
  int2: 21,
  int4: 23,
  float4: 700,
  float8: 701,
  timestamp: 1114,
  timestamptz: 1184,
  numeric: 1700,
};

/** How the texts of a type are read: those of numbers as numbers, of a `numeric` only where the column is of these. */
function readerOf(type: number, kind: ColumnKind["kind"]): (value: unknown) => unknown {
  const reader = type === OIDS.numeric
    ? kind === "number" || kind === "integer" ? Number : undefined
    : READERS[type];
  return reader === undefined ? (value) => value : (value) => value === null ? null : reader(value as string);
}

const integerOf = (text: string) => {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
};
const dateTimeOf = (text: string) =>
  text.replace(/^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)(?:\+00)?$/, "$1T$2Z");

const READERS: Readonly<Record<number, (text: string) => unknown>> = {
  [OIDS.bool]: (text) => text === "t",
  [OIDS.int2]: integerOf,
  [OIDS.int4]: integerOf,
  [OIDS.int8]: integerOf,
  [OIDS.float4]: (text) => Math.fround(Number(text)),
  [OIDS.float8]: Number,
  [OIDS.timestamp]: dateTimeOf,
  [OIDS.timestamptz]: dateTimeOf,
};

import { dirname } from "node:path";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { ExperimentError, messageOf } from "../base/error.ts";
import { NEEDED_TABLES, SCHEMA } from "./schema.ts";

/** An open SQLite file of MLflow's, with its prepared statements. */
export class SqliteFile implements Disposable {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #patience: number;
  readonly #statements = new Map<string, StatementSync>();

  /** Opens a file, where each statement waits at most `patience` milliseconds for other writers. */
  constructor(path: string, patience: number) {
    this.#path = path;
    this.#patience = patience;
    this.#database = new DatabaseSync(path, { timeout: patience });
  }

  /** Does all of `work` or nothing of it, with no other writer in between. */
  write<Result>(work: () => Result): Result {
    return this.#transaction("BEGIN IMMEDIATE", work);
  }

  /** Does `work` on one state of the file, whoever writes meanwhile. */
  read<Result>(work: () => Result): Result {
    return this.#transaction("BEGIN DEFERRED", work);
  }

  /** All rows of a query, as the query's columns say. */
  rows<Row>(sql: string, ...values: SQLInputValue[]): readonly Row[] {
    return this.#prepared(sql).all(...values) as readonly unknown[] as readonly Row[];
  }

  /** The first row of a query, where there is one. */
  row<Row>(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#prepared(sql).get(...values) as Row | undefined;
  }

  /** Runs any number of statements without values. */
  script(sql: string): void {
    this.#database.exec(sql);
  }

  /** Runs a statement that gives no rows. */
  run(sql: string, ...values: SQLInputValue[]): void {
    this.#prepared(sql).run(...values);
  }

  [Symbol.dispose](): void {
    this.#statements.clear();
    if (this.#database.isOpen) this.#database.close();
  }

  #prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) this.#statements.set(sql, statement = this.#database.prepare(sql));
    return statement;
  }

  #transaction<Result>(begin: string, work: () => Result): Result {
    try {
      this.#database.exec(begin);
      const result = work();
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      if (this.#database.isOpen && this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw troubleOf(this.#path, this.#patience, error);
    }
  }
}

/**
 * Opens the SQLite file at a path, and makes it a complete store of MLflow 2.22 if it has no tables. Any number of
 * processes may do this at once.
 */
export async function openSqliteFile(
  path: string,
  { seed, patience = 20_000 }: { readonly seed: (file: SqliteFile) => void; readonly patience?: number },
): Promise<SqliteFile> {
  let file: SqliteFile | undefined;
  try {
    const opened = file = new SqliteFile(path, patience);
    // 16 MB of cache hold the table of tens of thousands of runs, which a search by name reads through.
    opened.script("PRAGMA foreign_keys = ON; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16000");
    useWriteAheadLog(opened);
    if (tablesOf(opened).size === 0) {
      opened.write(() => {
        if (tablesOf(opened).size > 0) return;
        opened.script(SCHEMA);
        seed(opened);
      });
    }
    checkTables(path, opened);
    return opened;
  } catch (error) {
    file?.[Symbol.dispose]();
    throw await openingTroubleOf(path, patience, error);
  }
}

// It only makes things faster, and whoever holds a lock on the file may keep it from being changed.
function useWriteAheadLog(file: SqliteFile): void {
  try {
    file.script("PRAGMA journal_mode = WAL");
  } catch (error) {
    if (!/locked|readonly/.test(messageOf(error))) throw error;
  }
}

function tablesOf(file: SqliteFile): ReadonlySet<string> {
  const rows = file.rows<{ name: string }>(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
  );
  return new Set(rows.map((row) => row.name));
}

function checkTables(path: string, file: SqliteFile): void {
  const tables = tablesOf(file);
  const missing = NEEDED_TABLES.filter((table) => !tables.has(table));
  if (missing.length > 0) {
    const old = tables.has("alembic_version") && tables.has("experiments");
    throw new ExperimentError(
      "INVALID_STATE",
      `${path} is ${old ? "a store of an older MLflow" : "an SQLite file but not a store of MLflow"}: ` +
        `it has no table ${missing.join(", ")}.`,
      { hint: old ? `Upgrade it with: mlflow db upgrade sqlite:///${path}` : "Name another file." },
    );
  }
  if (tables.has("workspaces")) {
    const workspace = file.row<{ name: string }>(
      "SELECT name FROM workspaces WHERE name <> 'default' LIMIT 1",
    );
    if (workspace !== undefined) {
      throw new ExperimentError(
        "INVALID_STATE",
        `${path} has the workspace "${workspace.name}": only an MLflow server can tell its workspaces apart.`,
        { hint: `Start one with: mlflow server --enable-workspaces --backend-store-uri sqlite:///${path}` },
      );
    }
  }
}

async function openingTroubleOf(path: string, patience: number, error: unknown): Promise<unknown> {
  if (!/unable to open/.test(messageOf(error))) return troubleOf(path, patience, error);
  const folder = dirname(path);
  const found = await Deno.stat(folder).catch((trouble: unknown) => trouble);
  if (found instanceof Deno.errors.NotFound) {
    return new ExperimentError(
      "RESOURCE_DOES_NOT_EXIST",
      `${path} can't be made: its folder doesn't exist.`,
      {
        hint: `Make it with: mkdir -p ${folder}`,
        cause: error,
      },
    );
  }
  return troubleOf(path, patience, error);
}

function troubleOf(path: string, patience: number, error: unknown): unknown {
  if (error instanceof ExperimentError) return error;
  const found = messageOf(error);
  const because = (code: ExperimentError["code"], message: string, hint?: string) =>
    new ExperimentError(code, message, { hint, cause: error });
  if (error instanceof Deno.errors.NotCapable) {
    return because(
      "PERMISSION_DENIED",
      `${path} can't be opened: Deno was not given leave to read and write it.`,
      `Run again with: --allow-read=${path} --allow-write=${path}`,
    );
  }
  if (/locked/.test(found)) {
    return because(
      "TEMPORARILY_UNAVAILABLE",
      `${path} is locked by another process, and was for ${patience / 1000} seconds.`,
      "End that process or wait for it, and try again.",
    );
  }
  if (/not a database|malformed/.test(found)) {
    return because(
      "INVALID_STATE",
      `${path} is no SQLite file, or a damaged one: ${found}.`,
      "Restore it from a copy, or name another file.",
    );
  }
  if (/readonly|unable to open|read-only/.test(found)) {
    return because(
      "PERMISSION_DENIED",
      `${path} can't be written: ${found}.`,
      "Check who may write it and its folder.",
    );
  }
  if (/disk is full|disk I\/O/.test(found)) {
    return because(
      "TEMPORARILY_UNAVAILABLE",
      `${path} can't be written: ${found}.`,
      "Free some space on its disk.",
    );
  }
  if (/not open/.test(found)) return because("INVALID_STATE", `${path} can't be used: the store was closed.`);
  // Tables that were altered, a number or a text that is too large.
  const isOfFile = error instanceof Error && "code" in error &&
    ["ERR_SQLITE_ERROR", "ERR_OUT_OF_RANGE", "ERR_STRING_TOO_LONG"].includes(String(error.code));
  return because(isOfFile ? "INVALID_STATE" : "INTERNAL_ERROR", `${path} can't be used: ${found}.`);
}

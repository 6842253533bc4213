import { SqliteFile } from "../tracking/sqlite_file.ts";
import type { Job, JobEvent, JobKind, JobState } from "./job.ts";

// A job is `unsettled` while it has a process, and until its run is known not to read RUNNING.
const SCHEMA = `
CREATE TABLE IF NOT EXISTS jobs (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  input TEXT NOT NULL,
  state TEXT NOT NULL,
  created_at TEXT NOT NULL,
  started_at TEXT,
  ended_at TEXT,
  run_id TEXT,
  result TEXT,
  error TEXT,
  pid INTEGER,
  unsettled INTEGER NOT NULL DEFAULT 0,
  owner TEXT
);
CREATE INDEX IF NOT EXISTS jobs_by_state ON jobs (state, number);
CREATE INDEX IF NOT EXISTS jobs_unsettled ON jobs (number) WHERE unsettled = 1;
CREATE TABLE IF NOT EXISTS events (
  job TEXT NOT NULL,
  id INTEGER NOT NULL,
  type TEXT NOT NULL,
  data TEXT NOT NULL,
  PRIMARY KEY (job, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS keys (key TEXT PRIMARY KEY, digest TEXT NOT NULL, job TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS keys_by_job ON keys (job);
CREATE TRIGGER IF NOT EXISTS forget AFTER DELETE ON jobs BEGIN
  DELETE FROM events WHERE job = OLD.id;
  DELETE FROM keys WHERE job = OLD.id;
END;
`;

/** How long another server that has just been told to end may take to let go of the file, in milliseconds. */
const PATIENCE_MS = 5000;

/** How many jobs are kept; the oldest that have ended go first. */
const MOST_JOBS = 10_000;

interface JobRow extends Record<"id" | "kind" | "input" | "state" | "created_at", string> {
  readonly started_at: string | null;
  readonly ended_at: string | null;
  readonly run_id: string | null;
  readonly result: string | null;
  readonly error: string | null;
  readonly pid: number | null;
}

/** A job whose process or whose run may still go on. */
export interface UnsettledJob {
  readonly job: Job;
  readonly pid: number | undefined;
}

/** What changes in a job; `undefined` leaves a value as it is. */
export type JobChange =
  & Partial<Pick<Job, "state" | "started_at" | "ended_at" | "run_id" | "result" | "error">>
  & {
    readonly pid?: number;
    readonly unsettled?: boolean;
  };

/** The file that keeps jobs, their events and the keys of their requests; one server has it open at a time. */
export class JobsFile implements Disposable {
  readonly #file: SqliteFile;

  /** Opens the file at a path, made if there is none. @throws {ExperimentError} `TEMPORARILY_UNAVAILABLE` in use. */
  constructor(path: string) {
    this.#file = new SqliteFile(path, PATIENCE_MS);
    try {
      this.#file.script("PRAGMA locking_mode = EXCLUSIVE");
      this.#file.write(() => this.#file.script(SCHEMA));
      // A file of release 0.1.0 has no owners.
      const known = this.#file.rows<{ name: string }>("SELECT name FROM pragma_table_info('jobs')");
      if (!known.some(({ name }) => name === "owner")) {
        this.#file.script("ALTER TABLE jobs ADD COLUMN owner TEXT");
      }
      this.#file.script("PRAGMA journal_mode = WAL");
    } catch (error) {
      this.#file[Symbol.dispose]();
      throw error;
    }
  }

  /** Does all of `work` or nothing of it. */
  write<Result>(work: () => Result): Result {
    return this.#file.write(work);
  }

  /** Adds a job of the caller that a digest stands for, or of nobody in particular. */
  add(job: Job, owner: string | undefined): void {
    const { id, kind, input, state, created_at } = job;
    this.#file.run(
      "INSERT INTO jobs (id, kind, input, state, created_at, owner) VALUES (?, ?, ?, ?, ?, ?)",
      ...[id, kind, JSON.stringify(input), state, created_at, owner ?? null],
    );
    this.#file.run(
      "DELETE FROM jobs WHERE number <= (SELECT max(number) FROM jobs) - ? AND ended_at IS NOT NULL AND unsettled = 0",
      MOST_JOBS,
    );
  }

  get(id: string): Job | undefined {
    const row = this.#file.row<JobRow>("SELECT * FROM jobs WHERE id = ?", id);
    return row && toJob(row);
  }

  /** Whose a job is; undefined for nobody in particular. */
  ownerOf(id: string): string | undefined {
    return this.#file.row<{ owner: string | null }>("SELECT owner FROM jobs WHERE id = ?", id)?.owner ??
      undefined;
  }

  /** The newest first. */
  list(limit: number): readonly Job[] {
    return this.#file.rows<JobRow>("SELECT * FROM jobs ORDER BY number DESC LIMIT ?", limit).map(toJob);
  }

  /** The oldest of those that wait. */
  next(): Job | undefined {
    const row = this.#file.row<JobRow>("SELECT * FROM jobs WHERE state = 'queued' ORDER BY number LIMIT 1");
    return row && toJob(row);
  }

  counts(): Readonly<Record<JobState, number>> {
    const rows = this.#file.rows<{ state: JobState; count: number }>(
      "SELECT state, count(*) AS count FROM jobs GROUP BY state",
    );
    const none = { queued: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0, lost: 0 };
    return { ...none, ...Object.fromEntries(rows.map(({ state, count }) => [state, count])) };
  }

  unsettled(): readonly UnsettledJob[] {
    return this.#file.rows<JobRow>("SELECT * FROM jobs WHERE unsettled = 1 ORDER BY number")
      .map((row) => ({ job: toJob(row), pid: row.pid ?? undefined }));
  }

  change(id: string, { pid, unsettled, result, error, ...texts }: JobChange): void {
    const values = {
      ...texts,
      pid,
      unsettled: unsettled === undefined ? undefined : Number(unsettled),
      result: result === undefined ? undefined : JSON.stringify(result),
      error: error === undefined ? undefined : JSON.stringify(error),
    };
    for (const [column, value] of Object.entries(values)) {
      if (value !== undefined) this.#file.run(`UPDATE jobs SET ${column} = ? WHERE id = ?`, value, id);
    }
  }

  addEvent(job: string, type: JobEvent["type"], data: unknown): void {
    this.#file.run(
      "INSERT INTO events (job, id, type, data) " +
        "SELECT ?, coalesce(max(id), 0) + 1, ?, ? FROM events WHERE job = ?",
      ...[job, type, JSON.stringify(data), job],
    );
  }

  /** The next events of a job after one, some at a time. */
  events(job: string, after: number): readonly JobEvent[] {
    return this.#file.rows<{ id: number; type: JobEvent["type"]; data: string }>(
      "SELECT id, type, data FROM events WHERE job = ? AND id > ? ORDER BY id LIMIT 100",
      ...[job, after],
    ).map(({ id, type, data }) => ({ id, type, data: JSON.parse(data) }));
  }

  /** The job that a key was used for, and the digest of that request. */
  keyed(key: string): { readonly digest: string; readonly job: string } | undefined {
    return this.#file.row("SELECT digest, job FROM keys WHERE key = ?", key);
  }

  addKey(key: string, digest: string, job: string): void {
    this.#file.run("INSERT INTO keys (key, digest, job) VALUES (?, ?, ?)", key, digest, job);
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }
}

function toJob(
  { id, kind, input, state, created_at, started_at, ended_at, run_id, result, error }: JobRow,
): Job {
  return {
    id,
    kind: kind as JobKind,
    input: JSON.parse(input),
    state: state as JobState,
    created_at,
    ...(started_at === null ? {} : { started_at }),
    ...(ended_at === null ? {} : { ended_at }),
    ...(run_id === null ? {} : { run_id }),
    ...(result === null ? {} : { result: JSON.parse(result) }),
    ...(error === null ? {} : { error: JSON.parse(error) }),
  };
}

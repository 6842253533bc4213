import * as refusals from "../refusals.ts";
import type { SqliteFile } from "../sqlite_file.ts";

/** What the verbs of the embedded store work on. */
export interface EmbeddedStore {
  /** The URI that the store was opened with. */
  readonly uri: string;
  /** The folder below which runs keep their artifacts. */
  readonly artifacts: string;
  readonly file: SqliteFile;
}

/** What the table of runs says of one run beside its info. */
export interface RunRow {
  readonly experiment_id: number;
  readonly lifecycle_stage: string;
  readonly artifact_uri: string;
}

/** The row of a run that isn't deleted. @throws {ExperimentError} `RESOURCE_DOES_NOT_EXIST`, `INVALID_STATE` */
export function activeRun({ file, uri }: EmbeddedStore, runId: string): RunRow {
  const run = file.row<RunRow>(
    "SELECT experiment_id, lifecycle_stage, artifact_uri FROM runs WHERE run_uuid = ?",
    runId,
  );
  if (run === undefined) throw refusals.noRun(runId, uri);
  if (run.lifecycle_stage !== "active") throw refusals.deletedRun(runId);
  return run;
}

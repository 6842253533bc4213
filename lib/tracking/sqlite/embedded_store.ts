import * as refusals from "../refusals.ts";
import type { SqliteFile } from "../sqlite_file.ts";

/** What the verbs of the embedded store work on. */
export interface EmbeddedStore {
  /** The URI that the store was opened with. */
  readonly uri: string;
  /**
   * The folders below which runs keep their artifacts, beside the file: `mlartifacts`, where this store and a server
   * that is started there put them, and `mlruns`, where MLflow's own client does.
   */
  readonly roots: readonly [string, ...string[]];
  readonly file: SqliteFile;
}

/** What the table of runs says of one run beside its info. */
export interface RunRow {
  readonly experiment_id: string;
  readonly lifecycle_stage: unknown;
  /** What should be the URI of its artifacts. */
  readonly artifact_uri: unknown;
}

/** The row of a run that isn't deleted. @throws {ExperimentError} `RESOURCE_DOES_NOT_EXIST`, `INVALID_STATE` */
export function activeRun({ file, uri }: EmbeddedStore, runId: string): RunRow {
  const run = file.row<RunRow>(
    "SELECT CAST(experiment_id AS TEXT) AS experiment_id, lifecycle_stage, substr(artifact_uri, 1, 5000) AS artifact_uri FROM runs " +
      "WHERE run_uuid = ?",
    runId,
  );
  if (run === undefined) throw refusals.noRun(runId, uri);
  if (run.lifecycle_stage !== "active") throw refusals.deletedRun(runId);
  return run;
}

import { join } from "node:path";
import { now } from "../../base/environment.ts";
import { artifactUriOf } from "../artifacts.ts";
import { LIMITS } from "../limits.ts";
import * as limits from "../mlflow_limits.ts";
import { experimentIn } from "../reading/run.ts";
import * as refusals from "../refusals.ts";
import type { SqliteFile } from "../sqlite_file.ts";
import type { Experiment, TrackingStore } from "../store.ts";
import type { EmbeddedStore } from "./embedded_store.ts";

/** An experiment as its table has it. */
export interface ExperimentRow {
  readonly experiment_id: string;
  readonly name: unknown;
  readonly artifact_location: unknown;
  readonly lifecycle_stage: unknown;
}

const EXPERIMENT = "SELECT CAST(experiment_id AS TEXT) AS experiment_id, substr(name, 1, 1001) AS name, " +
  "substr(artifact_location, 1, 5000) AS artifact_location, lifecycle_stage FROM experiments";

/** The verbs about experiments, on the embedded store. */
export function experimentVerbs(
  store: EmbeddedStore,
): Pick<TrackingStore, "getExperimentByName" | "ensureExperiment" | "searchExperiments"> {
  const { file } = store;
  return {
    // deno-lint-ignore require-await
    async getExperimentByName(name) {
      const row = file.read(() => experimentNamed(file, name));
      return row?.lifecycle_stage === "active" ? toExperiment(row) : undefined;
    },

    // deno-lint-ignore require-await
    async ensureExperiment(name) {
      limits.checkExperimentName(name);
      return file.write(() => {
        const row = experimentNamed(file, name) ?? makeExperiment(store, name);
        if (row.lifecycle_stage === "active") return toExperiment(row);
        throw refusals.deletedExperiment(row.experiment_id);
      });
    },

    // deno-lint-ignore require-await
    async searchExperiments() {
      return file.read(() =>
        file.rows<ExperimentRow>(
          EXPERIMENT +
            " WHERE lifecycle_stage = 'active' ORDER BY creation_time DESC, experiments.experiment_id DESC " +
            `LIMIT ${LIMITS.listed + 1}`,
        )
      ).map(toExperiment);
    },
  };
}

/** The experiment of an id; undefined where there is none. */
export function experimentOf(file: SqliteFile, id: string): ExperimentRow | undefined {
  return file.row<ExperimentRow>(`${EXPERIMENT} WHERE experiments.experiment_id = ?`, id);
}

function experimentNamed(file: SqliteFile, name: string): ExperimentRow | undefined {
  return file.row<ExperimentRow>(`${EXPERIMENT} WHERE experiments.name = ?`, name);
}

function makeExperiment({ file, roots: [artifacts] }: EmbeddedStore, name: string): ExperimentRow {
  const time = now();
  file.run(
    "INSERT INTO experiments (name, lifecycle_stage, creation_time, last_update_time) VALUES (?, 'active', ?, ?)",
    name,
    time,
    time,
  );
  const made = experimentNamed(file, name)!;
  const artifact_location = artifactUriOf(join(artifacts, made.experiment_id));
  file.run(
    "UPDATE experiments SET artifact_location = ? WHERE experiment_id = ?",
    artifact_location,
    made.experiment_id,
  );
  return { ...made, artifact_location };
}

function toExperiment({ experiment_id, name, artifact_location }: ExperimentRow): Experiment {
  return experimentIn(experiment_id, {
    name,
    ...(artifact_location === null ? {} : { artifact_location }),
  });
}

import { join } from "node:path";
import { now } from "../../base/environment.ts";
import { artifactUriOf } from "../artifacts.ts";
import * as limits from "../limits.ts";
import * as refusals from "../refusals.ts";
import type { SqliteFile } from "../sqlite_file.ts";
import type { Experiment, TrackingStore } from "../store.ts";
import type { EmbeddedStore } from "./embedded_store.ts";

/** An experiment as its table has it. */
export interface ExperimentRow {
  readonly experiment_id: number;
  readonly name: string;
  readonly artifact_location: string;
  readonly lifecycle_stage: string;
}

const EXPERIMENT = "SELECT experiment_id, name, artifact_location, lifecycle_stage FROM experiments";

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
        throw refusals.deletedExperiment(String(row.experiment_id));
      });
    },

    // deno-lint-ignore require-await
    async searchExperiments() {
      return file.read(() =>
        file.rows<ExperimentRow>(
          `${EXPERIMENT} WHERE lifecycle_stage = 'active' ORDER BY creation_time DESC, experiment_id DESC`,
        )
      ).map(toExperiment);
    },
  };
}

/** The experiment of an id; undefined where there is none. */
export function experimentOf(file: SqliteFile, id: string): ExperimentRow | undefined {
  return file.row<ExperimentRow>(`${EXPERIMENT} WHERE experiment_id = ?`, id);
}

function experimentNamed(file: SqliteFile, name: string): ExperimentRow | undefined {
  return file.row<ExperimentRow>(`${EXPERIMENT} WHERE name = ?`, name);
}

function makeExperiment({ file, artifacts }: EmbeddedStore, name: string): ExperimentRow {
  const time = now();
  file.run(
    "INSERT INTO experiments (name, lifecycle_stage, creation_time, last_update_time) VALUES (?, 'active', ?, ?)",
    name,
    time,
    time,
  );
  const made = experimentNamed(file, name)!;
  const artifact_location = artifactUriOf(join(artifacts, String(made.experiment_id)));
  file.run(
    "UPDATE experiments SET artifact_location = ? WHERE experiment_id = ?",
    artifact_location,
    made.experiment_id,
  );
  return { ...made, artifact_location };
}

function toExperiment({ experiment_id, name, artifact_location }: ExperimentRow): Experiment {
  return { experiment_id: String(experiment_id), name, artifact_location };
}

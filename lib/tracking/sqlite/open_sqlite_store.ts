import { dirname, join, resolve } from "node:path";
import { now } from "../../base/environment.ts";
import { artifactUriOf } from "../artifacts.ts";
import { openSqliteFile, type SqliteFile } from "../sqlite_file.ts";
import type { TrackingStore } from "../store.ts";
import { artifactVerbs } from "./artifacts.ts";
import type { EmbeddedStore } from "./embedded_store.ts";
import { experimentVerbs } from "./experiments.ts";
import { logVerbs } from "./logs.ts";
import { runVerbs } from "./runs.ts";

/** Opens the embedded store in the file at a `path`, made if there is none; artifacts go to `mlartifacts` beside it. */
export async function openSqliteStore(uri: string, path: string): Promise<TrackingStore> {
  const place = resolve(path);
  const [artifacts, mlruns] = ["mlartifacts", "mlruns"].map((name) => join(dirname(place), name)) as [
    string,
    string,
  ];
  const file = await openSqliteFile(place, { seed: (made) => seed(made, artifacts) });
  const store: EmbeddedStore = { uri, roots: [artifacts, mlruns], file };
  return {
    uri,
    ...experimentVerbs(store),
    ...runVerbs(store),
    ...logVerbs(store),
    ...artifactVerbs(store),
    // deno-lint-ignore require-await
    async [Symbol.asyncDispose]() {
      file[Symbol.dispose]();
    },
  };
}

// MLflow's client and pages expect this experiment.
function seed(file: SqliteFile, artifacts: string): void {
  file.run(
    "INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time) " +
      "VALUES (0, 'Default', ?, 'active', ?, ?)",
    artifactUriOf(join(artifacts, "0")),
    now(),
    now(),
  );
}

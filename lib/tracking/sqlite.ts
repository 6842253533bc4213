import { dirname, join, resolve } from "node:path";
import { now } from "../base/environment.ts";
import {
  artifactBytes,
  artifactsIn,
  artifactUriOf,
  folderOf,
  isArtifact,
  proxiedOf,
  sharedPathOf,
  writeArtifact,
} from "./artifacts.ts";
import * as limits from "./limits.ts";
import { type Point, toMetric, toPoint } from "./point.ts";
import * as refusals from "./refusals.ts";
import { openSqliteFile, type SqliteFile } from "./sqlite_file.ts";
import { newId, writeInput, writeMetrics, writeParams, writeTags } from "./sqlite_logs.ts";
import { readRuns, type RunRow } from "./sqlite_runs.ts";
import type {
  ArtifactInfo,
  Batch,
  DatasetInput,
  Experiment,
  Metric,
  Run,
  RunInfo,
  RunPage,
  RunSearch,
  RunStatus,
  TrackingStore,
} from "./store.ts";

/** Opens the embedded store in the file at a `path`, made if there is none; artifacts go to `mlartifacts` beside it. */
export async function openSqliteStore(uri: string, path: string): Promise<TrackingStore> {
  const file = resolve(path);
  const artifacts = join(dirname(file), "mlartifacts");
  return new SqliteStore(
    uri,
    artifacts,
    await openSqliteFile(file, { seed: (made) => seed(made, artifacts) }),
  );
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

interface ExperimentRow {
  readonly experiment_id: number;
  readonly name: string;
  readonly artifact_location: string;
  readonly lifecycle_stage: string;
}

const EXPERIMENT = "SELECT experiment_id, name, artifact_location, lifecycle_stage FROM experiments";

function toExperiment({ experiment_id, name, artifact_location }: ExperimentRow): Experiment {
  return { experiment_id: String(experiment_id), name, artifact_location };
}

class SqliteStore implements TrackingStore {
  readonly uri: string;
  readonly #artifacts: string;
  readonly #file: SqliteFile;

  constructor(uri: string, artifacts: string, file: SqliteFile) {
    this.uri = uri;
    this.#artifacts = artifacts;
    this.#file = file;
  }

  // deno-lint-ignore require-await
  async getExperimentByName(name: string): Promise<Experiment | undefined> {
    const row = this.#file.read(() => this.#experimentNamed(name));
    return row?.lifecycle_stage === "active" ? toExperiment(row) : undefined;
  }

  // deno-lint-ignore require-await
  async ensureExperiment(name: string): Promise<Experiment> {
    limits.checkExperimentName(name);
    return this.#file.write(() => {
      const row = this.#experimentNamed(name) ?? this.#makeExperiment(name);
      if (row.lifecycle_stage === "active") return toExperiment(row);
      throw refusals.deletedExperiment(String(row.experiment_id));
    });
  }

  // deno-lint-ignore require-await
  async searchExperiments(): Promise<readonly Experiment[]> {
    return this.#file.read(() =>
      this.#file.rows<ExperimentRow>(
        `${EXPERIMENT} WHERE lifecycle_stage = 'active' ORDER BY creation_time DESC, experiment_id DESC`,
      )
    ).map(toExperiment);
  }

  // deno-lint-ignore require-await
  async createRun(run: Parameters<TrackingStore["createRun"]>[0]): Promise<RunInfo> {
    const tags = limits.tagsOfNewRun(run);
    const { run_name, user_id, start_time } = run;
    return this.#file.write(() => {
      const experiment = this.#file.row<ExperimentRow>(
        `${EXPERIMENT} WHERE experiment_id = ?`,
        run.experiment_id,
      );
      if (experiment === undefined) throw refusals.noExperiment(run.experiment_id, this.uri);
      const experiment_id = String(experiment.experiment_id);
      if (experiment.lifecycle_stage !== "active") {
        throw refusals.deletedExperiment(experiment_id);
      }
      const run_id = newId();
      const artifact_uri = `${experiment.artifact_location.replace(/\/+$/, "")}/${run_id}/artifacts`;
      this.#file.run(
        "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time, " +
          "end_time, source_version, lifecycle_stage, artifact_uri, experiment_id, deleted_time) " +
          "VALUES (?, ?, 'UNKNOWN', '', '', ?, 'RUNNING', ?, NULL, '', 'active', ?, ?, NULL)",
        run_id,
        run_name,
        user_id,
        start_time,
        artifact_uri,
        experiment.experiment_id,
      );
      writeTags(this.#file, run_id, tags);
      const started = { status: "RUNNING", start_time, end_time: undefined } as const;
      return { run_id, run_name, experiment_id, user_id, ...started, artifact_uri };
    });
  }

  // deno-lint-ignore require-await
  async logBatch(runId: string, batch: Batch): Promise<void> {
    limits.checkBatch(batch);
    this.#file.write(() => {
      this.#activeRun(runId);
      writeParams(this.#file, runId, batch.params ?? {});
      writeMetrics(this.#file, runId, (batch.metrics ?? []).map(toPoint));
      writeTags(this.#file, runId, batch.tags ?? {});
    });
  }

  // deno-lint-ignore require-await
  async logInputs(runId: string, datasets: readonly DatasetInput[]): Promise<void> {
    limits.checkDatasets(datasets);
    this.#file.write(() => {
      const { experiment_id } = this.#activeRun(runId);
      for (const dataset of datasets) writeInput(this.#file, { run_id: runId, experiment_id }, dataset);
    });
  }

  // deno-lint-ignore require-await
  async updateRun(
    runId: string,
    update: { readonly status: RunStatus; readonly end_time?: number },
  ): Promise<void> {
    limits.checkUpdate(update);
    this.#file.write(() => {
      this.#activeRun(runId);
      this.#file.run(
        "UPDATE runs SET status = ?, end_time = coalesce(?, end_time) WHERE run_uuid = ?",
        update.status,
        update.end_time ?? null,
        runId,
      );
    });
  }

  // deno-lint-ignore require-await
  async getRun(runId: string): Promise<Run> {
    return this.#file.read(() => {
      this.#activeRun(runId);
      return readRuns(this.#file, "run_uuid = ?", [runId], 1)[0]!;
    });
  }

  // deno-lint-ignore require-await
  async searchRuns(search: RunSearch): Promise<RunPage> {
    limits.checkSearch(search);
    const { experiment_ids, run_name, status, tags = {}, max_results = 100, page_token } = search;
    const conditions = ["lifecycle_stage = 'active'"];
    const values: (string | number)[] = [];
    const must = (condition: string, ...given: (string | number)[]) => {
      conditions.push(condition);
      values.push(...given);
    };
    if (experiment_ids !== undefined) {
      must("experiment_id IN (SELECT value FROM json_each(?))", JSON.stringify(experiment_ids.map(Number)));
    }
    if (run_name !== undefined) must("name = ?", run_name);
    if (status !== undefined) must("status = ?", status);
    for (const [key, value] of Object.entries(tags)) {
      must(
        "EXISTS (SELECT 1 FROM tags WHERE key = ? AND tags.run_uuid = runs.run_uuid AND value = ?)",
        key,
        value,
      );
    }
    if (page_token !== undefined) {
      const { start_time, run_id } = fromPageToken(page_token);
      must("(-coalesce(start_time, 0), run_uuid) > (?, ?)", -start_time, run_id);
    }
    const runs = this.#file.read(() =>
      readRuns(this.#file, conditions.join(" AND "), values, max_results + 1)
    );
    const last = runs.length > max_results ? runs[max_results - 1]?.info : undefined;
    return { runs: runs.slice(0, max_results), next_page_token: last && toPageToken(last) };
  }

  // deno-lint-ignore require-await
  async getMetricHistory(runId: string, key: string): Promise<readonly Metric[]> {
    return this.#file.read(() => {
      this.#activeRun(runId);
      return this.#file.rows<Point>(
        "SELECT key, value, is_nan, CAST(timestamp AS REAL) AS timestamp, CAST(step AS REAL) AS step FROM metrics " +
          "WHERE run_uuid = ? AND key = ? ORDER BY metrics.step, metrics.timestamp, value, is_nan",
        runId,
        key,
      );
    }).map(toMetric);
  }

  async logArtifact(runId: string, path: string, content: Uint8Array | string): Promise<void> {
    limits.checkArtifactPath(path);
    await writeArtifact(this.#folderOf(runId), path, content);
  }

  async listArtifacts(runId: string, path = ""): Promise<readonly ArtifactInfo[]> {
    if (path !== "") limits.checkArtifactPath(path);
    return await artifactsIn(this.#folderOf(runId), path);
  }

  async downloadArtifact(runId: string, path: string): Promise<Uint8Array> {
    limits.checkArtifactPath(path);
    const { artifact_uri } = this.#file.read(() => this.#activeRun(runId));
    const found = await artifactBytes(this.#folderOf(runId), path);
    if (found !== undefined) return found;
    throw refusals.noArtifact(
      runId,
      path,
      proxiedOf(artifact_uri) !== undefined
        ? `This run was recorded through a server. If that keeps its artifacts elsewhere than in ${this.#artifacts}, ` +
          "open the server instead of its file."
        : undefined,
    );
  }

  async putShared(runId: string, path: string, content: Uint8Array): Promise<void> {
    limits.checkArtifactPath(path);
    await writeArtifact(sharedPathOf(this.#folderOf(runId)), path, content);
  }

  async hasShared(runId: string, path: string): Promise<boolean> {
    limits.checkArtifactPath(path);
    return await isArtifact(sharedPathOf(this.#folderOf(runId)), path);
  }

  async getShared(runId: string, path: string): Promise<Uint8Array | undefined> {
    limits.checkArtifactPath(path);
    return await artifactBytes(sharedPathOf(this.#folderOf(runId)), path);
  }

  // deno-lint-ignore require-await
  async [Symbol.asyncDispose](): Promise<void> {
    this.#file[Symbol.dispose]();
  }

  #experimentNamed(name: string): ExperimentRow | undefined {
    return this.#file.row<ExperimentRow>(`${EXPERIMENT} WHERE name = ?`, name);
  }

  #makeExperiment(name: string): ExperimentRow {
    const time = now();
    this.#file.run(
      "INSERT INTO experiments (name, lifecycle_stage, creation_time, last_update_time) VALUES (?, 'active', ?, ?)",
      name,
      time,
      time,
    );
    const made = this.#experimentNamed(name)!;
    const artifact_location = artifactUriOf(join(this.#artifacts, String(made.experiment_id)));
    this.#file.run(
      "UPDATE experiments SET artifact_location = ? WHERE experiment_id = ?",
      artifact_location,
      made.experiment_id,
    );
    return { ...made, artifact_location };
  }

  #activeRun(runId: string): RunRow {
    const run = this.#file.row<RunRow>(
      "SELECT experiment_id, lifecycle_stage, artifact_uri FROM runs WHERE run_uuid = ?",
      runId,
    );
    if (run === undefined) throw refusals.noRun(runId, this.uri);
    if (run.lifecycle_stage !== "active") throw refusals.deletedRun(runId);
    return run;
  }

  /** The folder of a run's artifacts; those that a server keeps are where one started beside the file puts them. */
  #folderOf(runId: string): string {
    const { artifact_uri } = this.#file.read(() => this.#activeRun(runId));
    const proxied = proxiedOf(artifact_uri);
    const folder = proxied === undefined ? folderOf(artifact_uri) : join(this.#artifacts, proxied.path);
    if (folder !== undefined) return folder;
    throw refusals.artifactsElsewhere(
      runId,
      artifact_uri,
      "Open the MLflow server of this file instead of the file.",
    );
  }
}

// By place and not by number, so that runs that start meanwhile shift no page.
function toPageToken({ start_time, run_id }: RunInfo): string {
  return btoa(JSON.stringify({ start_time, run_id }));
}

function fromPageToken(token: string): { readonly start_time: number; readonly run_id: string } {
  try {
    const { start_time, run_id } = JSON.parse(atob(token));
    if (typeof start_time === "number" && typeof run_id === "string") return { start_time, run_id };
  } catch {
    // The same as any other token that we didn't make.
  }
  throw limits.noPageToken(token);
}

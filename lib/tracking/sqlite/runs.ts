import * as limits from "../mlflow_limits.ts";
import { artifactUriOf } from "../artifacts.ts";
import { pointsIn } from "../reading/run.ts";
import * as refusals from "../refusals.ts";
import type { RunInfo, TrackingStore } from "../store.ts";
import { activeRun, type EmbeddedStore } from "./embedded_store.ts";
import { experimentOf } from "./experiments.ts";
import { placeOf } from "./place.ts";
import { readPoints, readRuns, START } from "./read_runs.ts";
import { newId, writeTags } from "./write_logs.ts";

const IS_RUN = "typeof(run_uuid) = 'text' AND length(run_uuid) BETWEEN 1 AND 256 AND " +
  "run_uuid NOT GLOB '*[^a-zA-Z0-9_-]*'";

/** The verbs about runs, on the embedded store. */
export function runVerbs(
  store: EmbeddedStore,
): Pick<TrackingStore, "createRun" | "updateRun" | "getRun" | "searchRuns" | "getMetricHistory"> {
  const { file } = store;
  return {
    // deno-lint-ignore require-await
    async createRun(run) {
      const tags = limits.tagsOfNewRun(run);
      const { run_name, user_id, start_time } = run;
      return file.write(() => {
        const experiment = experimentOf(file, run.experiment_id);
        if (experiment === undefined) throw refusals.noExperiment(run.experiment_id, store.uri);
        const { experiment_id, artifact_location } = experiment;
        if (experiment.lifecycle_stage !== "active") {
          throw refusals.deletedExperiment(experiment_id);
        }
        const run_id = newId();
        const place = placeOf(store, artifact_location);
        // In a project that was moved, what is new is kept where the project is.
        const location = place?.isMoved ? artifactUriOf(place.folder) : String(artifact_location ?? "");
        const artifact_uri = `${location.replace(/\/+$/, "")}/${run_id}/artifacts`;
        file.run(
          "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time, " +
            "end_time, source_version, lifecycle_stage, artifact_uri, experiment_id, deleted_time) " +
            "VALUES (?, ?, 'UNKNOWN', '', '', ?, 'RUNNING', ?, NULL, '', 'active', ?, ?, NULL)",
          run_id,
          run_name,
          user_id,
          start_time,
          artifact_uri,
          experiment_id,
        );
        writeTags(file, run_id, tags);
        const started = { status: "RUNNING", start_time, end_time: undefined } as const;
        return { run_id, run_name, experiment_id, user_id, ...started, artifact_uri };
      });
    },

    // deno-lint-ignore require-await
    async updateRun(runId, update) {
      limits.checkUpdate(update);
      file.write(() => {
        activeRun(store, runId);
        file.run(
          "UPDATE runs SET status = ?, end_time = coalesce(?, end_time) WHERE run_uuid = ?",
          update.status,
          update.end_time ?? null,
          runId,
        );
      });
    },

    // deno-lint-ignore require-await
    async getRun(runId) {
      return file.read(() => {
        activeRun(store, runId);
        return readRuns(store, "run_uuid = ?", [runId], 1)[0]!;
      });
    },

    // deno-lint-ignore require-await
    async searchRuns(search) {
      limits.checkSearch(search);
      const { experiment_ids, run_name, status, tags = {}, max_results = 100, page_token } = search;
      // What has no id by which it could be asked for is no run.
      const conditions = ["lifecycle_stage = 'active'", IS_RUN];
      const values: (string | number)[] = [];
      const must = (condition: string, ...given: (string | number)[]) => {
        conditions.push(condition);
        values.push(...given);
      };
      if (experiment_ids !== undefined) {
        must(
          "experiment_id IN (SELECT CAST(value AS INTEGER) FROM json_each(?))",
          JSON.stringify(experiment_ids),
        );
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
        must(`(-${START}, run_uuid) > (?, ?)`, -start_time, run_id);
      }
      const runs = file.read(() => readRuns(store, conditions.join(" AND "), values, max_results + 1));
      const last = runs.length > max_results ? runs[max_results - 1]?.info : undefined;
      return { runs: runs.slice(0, max_results), next_page_token: last && toPageToken(last) };
    },

    // deno-lint-ignore require-await
    async getMetricHistory(runId, key) {
      const points = pointsIn(file.read(() => {
        activeRun(store, runId);
        return readPoints(file, runId, key);
      }));
      if (typeof points === "string") throw refusals.misshapenMetric(runId, key, points);
      return points;
    },
  };
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

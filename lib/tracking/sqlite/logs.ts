import * as limits from "../mlflow_limits.ts";
import { toPoint } from "../point.ts";
import type { TrackingStore } from "../store.ts";
import { activeRun, type EmbeddedStore } from "./embedded_store.ts";
import { writeInput, writeMetrics, writeParams, writeTags } from "./write_logs.ts";

/** The verbs that log to a run, on the embedded store. */
export function logVerbs(store: EmbeddedStore): Pick<TrackingStore, "logBatch" | "logInputs"> {
  const { file } = store;
  return {
    // deno-lint-ignore require-await
    async logBatch(runId, batch) {
      limits.checkBatch(batch);
      file.write(() => {
        activeRun(store, runId);
        writeParams(file, runId, batch.params ?? {});
        writeMetrics(file, runId, (batch.metrics ?? []).map(toPoint));
        writeTags(file, runId, batch.tags ?? {});
      });
    },

    // deno-lint-ignore require-await
    async logInputs(runId, datasets) {
      limits.checkDatasets(datasets);
      file.write(() => {
        const { experiment_id } = activeRun(store, runId);
        for (const dataset of datasets) writeInput(file, { run_id: runId, experiment_id }, dataset);
      });
    },
  };
}

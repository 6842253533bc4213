import * as limits from "../mlflow_limits.ts";
import * as refusals from "../refusals.ts";
import type { Batch, Metric, TrackingStore } from "../store.ts";
import { answers } from "./answers.ts";
import { type MlflowServer, post, toPairs } from "./mlflow_server.ts";

/** How much a request may log. */
const MOST = { params: 100, tags: 100, metrics: 1000, datasets: 1000 };

/** The verbs that log to a run, spoken to a server. */
export function logVerbs(server: MlflowServer): Pick<TrackingStore, "logBatch" | "logInputs"> {
  return {
    async logBatch(runId, batch) {
      limits.checkBatch(batch);
      const params = toPairs(batch.params ?? {});
      const tags = toPairs(batch.tags ?? {});
      const metrics = batch.metrics ?? [];
      while (params.length + tags.length > 0) {
        const part = { params: params.splice(0, MOST.params), tags: tags.splice(0, MOST.tags) };
        await logPart(server, runId, part, batch);
      }
      for (let start = 0; start < metrics.length; start += MOST.metrics) {
        const part = metrics.slice(start, start + MOST.metrics);
        await logPart(server, runId, { metrics: part.map(toSentMetric) }, batch);
      }
    },

    async logInputs(runId, datasets) {
      limits.checkDatasets(datasets);
      for (let start = 0; start < datasets.length; start += MOST.datasets) {
        const part = datasets.slice(start, start + MOST.datasets).map(({ context, ...dataset }) => ({
          dataset,
          tags: toPairs({ "mlflow.data.context": context }),
        }));
        const request = post("runs/log-inputs", { run_id: runId, datasets: part });
        await server.ofRun(runId, answers.done, request);
      }
    },
  };
}

async function logPart(
  server: MlflowServer,
  runId: string,
  part: object,
  { params = {} }: Batch,
): Promise<void> {
  if (!limits.isRunId(runId)) throw refusals.noRun(runId, server.uri);
  const answer = await server.ask(answers.done, post("runs/log-batch", { run_id: runId, ...part }));
  if ("told" in answer) return;
  const { refusal } = answer;
  if (refusal.message.startsWith("Changing param values")) {
    const recorded = new Map(Object.entries((await server.activeRun(runId)).params));
    throw refusals.changedParam(runId, params, recorded) ?? refusal.error;
  }
  throw server.explained(runId, refusal);
}

// JSON has no NaN and no infinities; MLflow reads them as texts.
function toSentMetric({ key, value, timestamp, step }: Metric): object {
  return { key, value: Number.isFinite(value) ? value : String(value), timestamp, step };
}

import { z } from "../../deps/zod.ts";
import { fromStoredValue } from "../point.ts";
import type { ArtifactInfo, Metric, Run, RunInfo } from "../store.ts";

// MLflow leaves out what is empty, and writes NaN and infinities as texts.
const text = z.string().default("");
const number = z.union([z.number(), z.string()]).transform(Number);
const pairs = z.array(z.object({ key: z.string(), value: text })).default([])
  .transform((all): Readonly<Record<string, string>> =>
    Object.fromEntries(all.map(({ key, value }) => [key, value]))
  );

const experiment = z.object({
  experiment_id: z.string(),
  name: z.string(),
  artifact_location: text,
  lifecycle_stage: z.string().default("active"),
});

const runInfo = z.object({
  run_id: z.string(),
  run_name: text,
  experiment_id: z.string(),
  user_id: text,
  status: z.enum(["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"]),
  start_time: number.default(0),
  end_time: number.optional(),
  artifact_uri: text,
  lifecycle_stage: z.string().default("active"),
});

const metric = z.object({
  key: z.string(),
  value: number,
  timestamp: number.default(0),
  step: number.default(0),
})
  .transform((point): Metric => ({ ...point, value: fromStoredValue(point.value) }));

const datasetInput = z.object({
  dataset: z.object({
    name: z.string(),
    digest: z.string(),
    source_type: text,
    source: text,
    schema: text,
    profile: text,
  }),
  tags: pairs,
}).transform(({ dataset, tags }) => ({ ...dataset, context: tags["mlflow.data.context"] ?? "" }));

const run = z.object({
  info: runInfo,
  data: z.object({ params: pairs, metrics: z.array(metric).default([]), tags: pairs }).prefault({}),
  inputs: z.object({ dataset_inputs: z.array(datasetInput).default([]) }).prefault({}),
});

const artifact = z.object({
  path: z.string(),
  is_dir: z.boolean().default(false),
  file_size: number.default(0),
})
  .transform(({ path, is_dir, file_size }): ArtifactInfo => ({
    path,
    is_dir,
    file_size: is_dir ? undefined : file_size,
  }));

/** A run as a server tells it. */
export type ToldRun = z.infer<typeof run>;

/** What the MLflow server answers to each request of ours. */
export const answers = {
  done: z.object({}),
  empty: z.unknown(),
  experiment: z.object({ experiment }),
  experiments: z.object({
    experiments: z.array(experiment).default([]),
    next_page_token: z.string().optional(),
  }),
  run: z.object({ run }),
  runs: z.object({ runs: z.array(run).default([]), next_page_token: z.string().optional() }),
  history: z.object({ metrics: z.array(metric).default([]) }),
  artifacts: z.object({ files: z.array(artifact).default([]), next_page_token: z.string().optional() }),
};

/** The run's info without what only this store looks at. */
export function toRunInfo({ lifecycle_stage: _, end_time, ...info }: ToldRun["info"]): RunInfo {
  return { ...info, end_time };
}

/** A run in the words of `TrackingStore`. */
export function toRun({ info, data, inputs }: ToldRun): Run {
  return {
    info: toRunInfo(info),
    params: data.params,
    metrics: Object.fromEntries(data.metrics.map((point) => [point.key, point])),
    tags: data.tags,
    datasets: inputs.dataset_inputs.toSorted((a, b) =>
      a.name === b.name ? (a.digest < b.digest ? -1 : 1) : (a.name < b.name ? -1 : 1)
    ),
  };
}

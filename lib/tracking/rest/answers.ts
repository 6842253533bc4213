import { z } from "../../deps/zod.ts";

// What is in a record of a run or an experiment is read by the reading layer, where a fault of one spoils no list.
const record = z.looseObject({});
const run = z.looseObject({
  info: z.looseObject({ lifecycle_stage: z.string().default("active") }),
});
const experiment = z.looseObject({
  experiment_id: z.string().regex(/^[a-zA-Z0-9][\w-]{0,63}$/),
  lifecycle_stage: z.string().default("active"),
});
const list = z.array(z.unknown()).default([]);
const next_page_token = z.string().optional();

/** What the MLflow server answers to each request of ours. */
export const answers = {
  done: record,
  empty: z.unknown(),
  experiment: z.object({ experiment }),
  experiments: z.object({ experiments: z.array(experiment).default([]), next_page_token }),
  run: z.object({ run }),
  runs: z.object({ runs: list, next_page_token }),
  history: z.object({ metrics: list, next_page_token }),
  artifacts: z.object({ files: list, next_page_token }),
};

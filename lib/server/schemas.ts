import { ERROR_CODES } from "../base/error.ts";
import { registryShowInput } from "../commands/registry.ts";
import { replayFields, withReplayRules } from "../commands/replay.ts";
import { nameText, proseText } from "../commands/text.ts";
import { trainInput } from "../commands/train.ts";
import { z } from "../deps/zod.ts";
import { reportSchema } from "../report/schema.ts";

// What a server takes names for must not be read as a path, a URL or a hidden file.
const plainName = z.string().min(1).max(250).regex(
  /^(?!\.)[^/\\:\p{C}]+(?<!\.(ya?ml|[cm]?tsx?))$/u,
  "expected a plain name, not a path, a URL or a file",
);
const runName = z.string().min(1).max(250).regex(
  /^(?!\.)[^/\\\p{C}]+$/u,
  "expected a run's name without slashes; give any other run by its run_id",
);
/** The id of a run. */
export const runId = z.string().regex(/^[0-9a-f]{32}$/, "expected a run's id: 32 hex digits");
/** The path of an artifact: one that a file can have. */
export const artifactPath = z.string().regex(/^\P{C}+$/u).refine((path) => {
  const bytes = path.split("/").map((part) => new TextEncoder().encode(part).length);
  return bytes.every((count) => count <= 255) && bytes.reduce((sum, count) => sum + count, 0) <= 1000;
});
/** The name of a metric. */
export const metricKey = z.string().regex(/^\P{C}{1,250}$/u);
const set = z.array(
  proseText(10_000).regex(
    /^(?!\s*tracking\b)/,
    "expected no override of tracking: the server has its own store",
  ),
).max(100).default([]).describe("Overrides of the config, each as path=value");

/** The bodies of requests: the command line's inputs, without what would name a file or a store. */
export const bodies = {
  TrainRequest: trainInput.omit({ tracking_uri: true }).extend({
    experiment: plainName.describe("The name of a config in configs/"),
    set,
  }),
  ReplayRequest: withReplayRules(
    replayFields.omit({
      tracking_uri: true,
      config: true,
      rerun_timeout: true,
      rerun_memory: true,
      rerun_output: true,
    }).extend({
      run: runName.optional().describe("The name of a run: of those, the newest finished one"),
      run_id: runId.optional(),
    }),
  ).refine(
    ({ run, run_id }) => (run === undefined) !== (run_id === undefined),
    "expected either run or run_id",
  ),
};

/** The query of a list of runs. */
export const runsQuery = z.strictObject({
  experiment: nameText(250).optional().describe("The name of their experiment"),
  name: nameText(250).optional().describe("The name of the runs"),
  status: z.enum(["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"]).optional(),
  max_results: z.coerce.number().int().min(1).max(1000).default(100),
  page_token: nameText(1000).optional().describe("next_page_token of the page before"),
});

/** The query of an entry of the registry. */
export const entryQuery = registryShowInput.pick({ kind: true });

const time = z.string().describe("ISO 8601");
const texts = z.record(z.string(), z.string());
const values = z.record(z.string(), z.number().nullable().describe("null where it is no finite number"));
const status = z.enum(["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"]);
const recordedStatus = z.enum([...status.options, "UNKNOWN"]).describe(
  "UNKNOWN where what is recorded is none",
);
const misshapen = z.array(z.string()).exactOptional().describe(
  "What of it is misshapen in the store, in words, and is left out or empty here",
);
const contract = z.object({ version: z.number(), clauses: texts });
const metric = z.object({
  key: z.string(),
  value: z.number().nullable(),
  timestamp: z.number(),
  step: z.number(),
});
const failure = z.object({
  error_code: z.enum([...ERROR_CODES, "MALFORMED_REQUEST"]),
  message: z.string(),
  hint: z.string().exactOptional().describe("The next command to run or edit to make"),
});
const job = z.object({
  id: z.string(),
  url: z.string().describe("Its path on this server"),
  kind: z.enum(["train", "replay"]),
  input: z.record(z.string(), z.unknown()),
  state: z.enum(["queued", "running", "succeeded", "failed", "cancelled", "lost"]),
  created_at: time,
  started_at: time.exactOptional(),
  ended_at: time.exactOptional(),
  run_id: z.string().exactOptional().describe("The run that it records, once it has one"),
  result: z.unknown().exactOptional().describe("The command's document, once it has succeeded"),
  error: z.object({ code: z.enum(ERROR_CODES), message: z.string(), hint: z.string().exactOptional() })
    .exactOptional(),
});
const runSummary = z.object({
  run_id: z.string(),
  run_name: z.string(),
  experiment: z.string(),
  status: recordedStatus,
  start_time: time,
  metrics: values,
  misshapen,
});
const described = { name: z.string(), description: z.string().exactOptional() };
const model = { ...described, task: z.string(), params: z.record(z.string(), z.unknown()) };
/** A lineage whose edges have ends, so that it can be drawn. */
export const lineage = z.object({
  format: z.literal("reprise/lineage/1"),
  dataset: z.string(),
  columns: z.array(z.object({
    id: z.string().describe("Its clause in the contract"),
    name: z.string(),
    kind: z.string(),
    nullable: z.boolean(),
    target: z.boolean(),
  })),
  views: z.array(z.object({ ...described, owner: z.string().exactOptional() })).min(1),
  features: z.array(z.object({
    id: z.string().describe("Its clause in the contract"),
    view: z.string(),
    ...described,
    unit: z.string().exactOptional(),
    owner: z.string().exactOptional(),
    dtype: z.enum(["number", "text"]).describe("Of its values, before anything is learned from them"),
    window: z.object({ by: z.string(), within: z.array(z.string()) }).exactOptional(),
    transforms: z.array(z.string()).describe("What is learned from its values, in order"),
    reads: z.array(z.string()),
    code: z.array(z.object({ file: z.string(), name: z.string(), line: z.number() })),
  })),
  model: z.object({ id: z.string(), name: z.string(), task: z.string() }).exactOptional(),
  edges: z.array(z.object({ from: z.string(), to: z.string() })).describe("What is made from what, by ids"),
}).refine(({ columns, features, model, edges }) => {
  const ids = new Set([...columns, ...features, ...(model ? [model] : [])].map(({ id }) => id));
  return edges.every(({ from, to }) => ids.has(from) && ids.has(to));
});

/** The documents of answers, by their names in the OpenAPI document. */
export const answers = {
  Error: failure,
  Job: job,
  Jobs: z.object({ jobs: z.array(job) }),
  JobEvent: z.object({
    id: z.number(),
    type: z.enum(["state", "prepared", "inputs", "started", "epoch", "ended", "note", "attributing"]),
    data: z.unknown(),
  }),
  TrainedRun: z.object({
    run_id: z.string(),
    run_name: z.string(),
    experiment: z.string(),
    status,
    params: texts,
    metrics: values,
    contract,
    determinism: z.string().exactOptional(),
    reason: z.string().exactOptional(),
  }),
  ReplayReport: reportSchema,
  Contract: contract,
  Experiments: z.object({
    configs: z.array(z.object({
      name: z.string(),
      experiment: z.string().exactOptional(),
      run: z.string().exactOptional(),
      problem: z.string().exactOptional(),
    })),
    experiments: z.array(z.object({ experiment_id: z.string(), name: z.string() })),
  }),
  Registry: z.object({
    datasets: z.array(z.object({
      ...described,
      columns: z.array(z.string()),
      target: z.string(),
    })),
    features: z.array(z.object({
      ...described,
      over: z.string().exactOptional(),
      features: z.array(z.string()),
    })),
    models: z.array(z.object(model)),
  }),
  RegistryEntry: z.discriminatedUnion("kind", [
    z.object({
      kind: z.literal("dataset"),
      ...described,
      columns: z.array(z.object({
        name: z.string(),
        kind: z.string(),
        levels: z.array(z.string()).exactOptional(),
        nullable: z.boolean().exactOptional(),
      })),
      target: z.string(),
      views: z.array(z.string()),
    }),
    z.object({ kind: z.literal("view"), name: z.string(), lineage }),
    z.object({ kind: z.literal("model"), ...model }),
    z.object({
      kind: z.literal("config"),
      name: z.string(),
      experiment: z.string(),
      run: z.string(),
      lineage,
    }),
  ]),
  Runs: z.object({ runs: z.array(runSummary), next_page_token: z.string().exactOptional() }),
  Run: z.object({
    info: z.object({
      run_id: z.string(),
      run_name: z.string(),
      experiment_id: z.string(),
      user_id: z.string(),
      status: recordedStatus,
      start_time: z.number(),
      end_time: z.number().exactOptional(),
      artifact_uri: z.string(),
      artifacts_at: z.string().exactOptional().describe("Where they are, in a project that was moved since"),
    }),
    params: texts,
    metrics: z.record(z.string(), metric),
    tags: texts,
    datasets: z.array(z.object({
      name: z.string(),
      digest: z.string(),
      source_type: z.string(),
      source: z.string(),
      schema: z.string(),
      profile: z.string(),
      context: z.string(),
    })),
    artifacts: z.array(z.string()),
    misshapen,
  }),
  MetricHistory: z.object({ metrics: z.array(metric) }),
  Health: z.object({ status: z.literal("ok") }),
};

import { configJsonSchema } from "./config.ts";
import { type Contract, contractIn, contractOf } from "./contract.ts";
import { z } from "./deps/zod.ts";
import { environmentVariable, gitState, lockText } from "./environment.ts";
import { ExperimentError } from "./error.ts";
import { type LoadedExperiment, loadExperiment, loadRegistry, loadReplayConfig } from "./experiment.ts";
import { chooseFrom, prepare } from "./prepare.ts";
import { replay, type ReplayReport } from "./replay.ts";
import { openSource } from "./source/source.ts";
import { train, type TrainedRun, type TrainOptions } from "./train.ts";
import { DEFAULT_TRACKING_URI, openStore, type StoreOptions } from "./tracking/open_store.ts";
import type { Run, RunStatus, TrackingStore } from "./tracking/store.ts";

/** What a command is given beside its input. */
export interface CommandContext extends Pick<TrainOptions, "onEvent" | "signal"> {
  /** The experiment of a script, which its commands are about, with overrides. */
  readonly script?: (set: readonly string[]) => LoadedExperiment;
}

const set = z.array(z.string()).default([]).describe("Overrides of the config, each as path=value");
const tracking_uri = z.string().min(1).optional().describe(
  "Where runs are recorded: sqlite:///FILE or http(s)://HOST",
);

/** The input of each command: one schema for the flags of the command line and for the fields of a request. */
export const inputs = {
  train: z.strictObject({ experiment: z.string().min(1), set, tracking_uri }),
  contract: z.strictObject({ experiment: z.string().min(1), set }),
  replay: z.strictObject({
    run: z.string().min(1).optional(),
    run_id: z.string().min(1).optional(),
    rerun: z.boolean().default(false),
    recorded_config: z.boolean().default(false),
    config: z.string().min(1).optional(),
    tracking_uri,
  }),
  runsList: z.strictObject({
    experiment: z.string().min(1).optional(),
    max_results: z.number().int().min(1).max(1000).default(20),
    tracking_uri,
  }),
  runsShow: z.strictObject({ run: z.string().min(1), tracking_uri }),
  registry: z.strictObject({}),
  configSchema: z.strictObject({ kind: z.enum(["experiment", "replay"]) }),
};

/** Trains an experiment and records it. */
export async function trainCommand(
  input: z.output<typeof inputs.train>,
  context: CommandContext,
): Promise<TrainedRun> {
  const experiment = await experimentOf(input, context);
  await using store = await storeOf(input.tracking_uri, experiment.spec.tracking?.uri);
  return await train(experiment, { ...context, store });
}

/** The contract that a run would record now. */
export async function contractCommand(
  input: z.output<typeof inputs.contract>,
  context: CommandContext,
): Promise<Contract> {
  const experiment = await experimentOf(input, context);
  const choice = chooseFrom(experiment.registry, experiment.spec);
  const [prepared, lock, git] = await Promise.all([prepare(choice), lockText(), gitState()]);
  const reader = openSource(lock === undefined ? {} : { lock });
  return contractIn((await contractOf(experiment, choice, { prepared, reader, git, lock })).record);
}

/** Judges a recorded run, and trains it again when asked to and safe. */
export async function replayCommand(
  input: z.output<typeof inputs.replay>,
  context: CommandContext,
): Promise<ReplayReport> {
  const { run_id } = input;
  const experiment = context.script?.([]);
  const run = input.run ?? experiment?.spec.run;
  if (run === undefined && run_id === undefined) {
    throw new ExperimentError(
      "INVALID_PARAMETER_VALUE",
      "No run to replay: give its name, or its id by --run-id.",
    );
  }
  const config = run === undefined && input.config === undefined
    ? undefined
    : await loadReplayConfig(run ?? "", input.config);
  await using store = await storeOf(
    input.tracking_uri,
    config?.tracking?.uri ?? experiment?.spec.tracking?.uri,
    { create: false },
  );
  return await replay(run_id === undefined ? { name: config!.run } : { id: run_id }, {
    ...context,
    store,
    ...(config ? { config } : {}),
    rerun: input.rerun,
    recordedConfig: input.recorded_config,
    ...(experiment ? { experiment } : {}),
  });
}

/** A run in a list. */
export interface RunSummary {
  readonly run_id: string;
  readonly run_name: string;
  readonly experiment: string;
  readonly status: RunStatus;
  readonly start_time: string;
  readonly metrics: Readonly<Record<string, number>>;
}

/** The newest runs, of one experiment or of all. */
export async function runsListCommand(
  input: z.output<typeof inputs.runsList>,
): Promise<readonly RunSummary[]> {
  await using store = await storeOf(input.tracking_uri, undefined, { create: false });
  const experiments = await store.searchExperiments();
  const names = new Map(experiments.map(({ experiment_id, name }) => [experiment_id, name]));
  const wanted = experiments.filter(({ name }) =>
    input.experiment === undefined || name === input.experiment
  );
  if (input.experiment !== undefined && wanted.length === 0) {
    throw new ExperimentError(
      "RESOURCE_DOES_NOT_EXIST",
      `There is no experiment "${input.experiment}" in ${store.uri}.`,
      {
        hint: `There are: ${experiments.map(({ name }) => name).join(", ") || "none"}.`,
      },
    );
  }
  const { runs } = await store.searchRuns({
    experiment_ids: wanted.map(({ experiment_id }) => experiment_id),
    max_results: input.max_results,
  });
  return runs.map(({ info, metrics }) => ({
    run_id: info.run_id,
    run_name: info.run_name,
    experiment: names.get(info.experiment_id) ?? info.experiment_id,
    status: info.status,
    start_time: new Date(info.start_time).toISOString(),
    metrics: Object.fromEntries(Object.entries(metrics).map(([key, { value }]) => [key, value])),
  }));
}

/** A run with the paths of its artifacts. */
export interface ShownRun extends Run {
  readonly artifacts: readonly string[];
}

/** A run with all that was recorded of it, by its id or by its name: then the newest one. */
export async function runsShowCommand(
  input: z.output<typeof inputs.runsShow>,
): Promise<ShownRun> {
  await using store = await storeOf(input.tracking_uri, undefined, { create: false });
  const run = /^[0-9a-f]{32}$/.test(input.run)
    ? await store.getRun(input.run)
    : (await store.searchRuns({ run_name: input.run, max_results: 1 })).runs[0];
  if (run === undefined) {
    throw new ExperimentError("RESOURCE_DOES_NOT_EXIST", `There is no run "${input.run}" in ${store.uri}.`, {
      hint: "`runs list` shows what there is.",
    });
  }
  return { ...run, artifacts: await artifactPaths(store, run.info.run_id) };
}

/** What a registry has to choose from. */
export interface RegistryListing {
  readonly datasets: readonly {
    readonly name: string;
    readonly description: string | undefined;
    readonly columns: readonly string[];
    readonly target: string;
  }[];
  readonly features: readonly {
    readonly name: string;
    /** The dataset or the view that it is over. */
    readonly over: string | undefined;
    readonly features: readonly string[];
  }[];
  readonly models: readonly {
    readonly name: string;
    readonly description: string | undefined;
    readonly task: string;
    /** The JSON Schema of each param. */
    readonly params: Readonly<Record<string, unknown>>;
  }[];
}

/** What the registry of this project has. */
export async function registryCommand(): Promise<RegistryListing> {
  const { registry } = await loadRegistry();
  const nameOf = (dataset: unknown) =>
    Object.entries(registry.datasets).find(([, value]) => value === dataset)?.[0];
  const viewName = (view: unknown) =>
    Object.entries(registry.features).find(([, value]) => value === view)?.[0];
  return {
    datasets: Object.entries(registry.datasets).map(([name, { description, row, target }]) => ({
      name,
      description,
      columns: Object.keys(row.shape),
      target,
    })),
    features: Object.entries(registry.features).map(([name, { base, features }]) => ({
      name,
      over: nameOf(base) ?? viewName(base),
      features: Object.keys(features),
    })),
    models: Object.entries(registry.models).map(([name, { description, task, params }]) => ({
      name,
      description,
      task,
      params: z.toJSONSchema(params, { io: "input" }).properties ?? {},
    })),
  };
}

/** The JSON Schema of a kind of config. */
export async function configSchemaCommand(
  { kind }: z.output<typeof inputs.configSchema>,
): Promise<Readonly<Record<string, unknown>>> {
  const { registry } = await loadRegistry();
  return configJsonSchema(kind, registry);
}

async function experimentOf(
  { experiment, set }: { readonly experiment: string; readonly set: readonly string[] },
  context: CommandContext,
): Promise<LoadedExperiment> {
  return context.script?.(set) ?? await loadExperiment(experiment, { set });
}

/** The store that was asked for, that the environment names, that the config names, or the embedded one. */
async function storeOf(
  asked: string | undefined,
  configured?: string,
  options: StoreOptions = {},
): Promise<TrackingStore> {
  const uri = asked ?? environmentVariable("MLFLOW_TRACKING_URI") ?? configured ?? DEFAULT_TRACKING_URI;
  return await openStore(uri, options);
}

async function artifactPaths(
  store: TrackingStore,
  runId: string,
  folder?: string,
): Promise<readonly string[]> {
  const entries = await store.listArtifacts(runId, folder);
  const paths = await Promise.all(
    entries.map(({ path, is_dir }) => is_dir ? artifactPaths(store, runId, path) : [path]),
  );
  return paths.flat();
}

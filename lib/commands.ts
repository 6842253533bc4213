import { configJsonSchema } from "./config.ts";
import { type Contract, contractIn, contractOf } from "./contract.ts";
import { z } from "./deps/zod.ts";
import { environmentVariable, gitState, lockText } from "./environment.ts";
import { ExperimentError } from "./error.ts";
import {
  configNames,
  type LoadedExperiment,
  loadExperiment,
  loadRegistry,
  loadReplayConfig,
} from "./experiment.ts";
import type { NewProject } from "./init.ts";
import { chooseFrom, prepare } from "./prepare.ts";
import { replay } from "./replay.ts";
import type { ReplayReport } from "./report/report.ts";
import { listRuns, type RunSummary, type ShownRun, showRun } from "./runs.ts";
import { openSource } from "./source/source.ts";
import { train, type TrainedRun, type TrainOptions } from "./train.ts";
import { DEFAULT_TRACKING_URI, openStore, type StoreOptions } from "./tracking/open_store.ts";
import type { TrackingStore } from "./tracking/store.ts";

export type { RunSummary, ShownRun };

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
  init: z.strictObject({
    name: z.string().regex(
      /^[a-z][a-z0-9_-]{0,63}$/,
      "expected small letters, digits, _ and -, a letter first",
    ),
  }),
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

/** The newest runs, of one experiment or of all. */
export async function runsListCommand(
  { tracking_uri, ...filter }: z.output<typeof inputs.runsList>,
): Promise<readonly RunSummary[]> {
  await using store = await storeOf(tracking_uri, undefined, { create: false });
  return (await listRuns(store, filter)).runs;
}

/** A run with all that was recorded of it, by its id or by its name: then the newest one. */
export async function runsShowCommand(
  { run, tracking_uri }: z.output<typeof inputs.runsShow>,
): Promise<ShownRun> {
  await using store = await storeOf(tracking_uri, undefined, { create: false });
  return await showRun(store, run);
}

/** What a registry has to choose from. */
export interface RegistryListing {
  /** The datasets. */
  readonly datasets: readonly {
    readonly name: string;
    readonly description: string | undefined;
    readonly columns: readonly string[];
    readonly target: string;
  }[];
  /** The feature views. */
  readonly features: readonly {
    readonly name: string;
    /** The dataset or the view that it is over. */
    readonly over: string | undefined;
    readonly features: readonly string[];
  }[];
  /** The models. */
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

/** A config of `configs/`. */
export interface ConfigEntry {
  /** The name by which `train` finds it. */
  readonly name: string;
  /** The name of its experiment. */
  readonly experiment?: string;
  /** The name of its runs. */
  readonly run?: string;
  /** What is wrong with it, where it can't be read. */
  readonly problem?: string;
}

/** The experiments that can be named: the configs of `configs/`, each with what it is called in the store. */
export async function configListCommand(): Promise<readonly ConfigEntry[]> {
  const entries: ConfigEntry[] = [];
  for (const name of await configNames()) {
    try {
      const { experiment, run } = (await loadExperiment(name)).spec;
      entries.push({ name, experiment, run });
    } catch (error) {
      entries.push({ name, problem: error instanceof Error ? error.message : String(error) });
    }
  }
  return entries;
}

/** The JSON Schema of a kind of config. */
export async function configSchemaCommand(
  { kind }: z.output<typeof inputs.configSchema>,
): Promise<Readonly<Record<string, unknown>>> {
  const { registry } = await loadRegistry();
  return configJsonSchema(kind, registry);
}

/** Writes a project of one's own. */
export async function initCommand({ name }: z.output<typeof inputs.init>): Promise<NewProject> {
  const { initProject } = await import("./init.ts");
  return await initProject(name);
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

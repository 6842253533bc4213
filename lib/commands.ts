import { configJsonSchema } from "./config.ts";
import { type Contract, contractIn, contractOf } from "./contract.ts";
import { z } from "./deps/zod.ts";
import { environmentVariable, gitState, lockText } from "./environment.ts";
import { ExperimentError, messageOf } from "./error.ts";
import {
  configNames,
  type LoadedExperiment,
  loadExperiment,
  loadRegistry,
  loadReplayConfig,
} from "./experiment.ts";
import type { NewProject } from "./init.ts";
import type { RegistryListing } from "./listing.ts";
import { chooseFrom, prepare } from "./prepare.ts";
import type { RegistryEntry } from "./registry_entry.ts";
import { replay, type ReplayOptions } from "./replay.ts";
import type { ReplayReport } from "./report/report.ts";
import { findRun, listRuns, type RunSummary, type ShownRun, showRun } from "./runs.ts";
import { openSource } from "./source/source.ts";
import { train, type TrainedRun } from "./train.ts";
import { DEFAULT_TRACKING_URI, openStore, type StoreOptions } from "./tracking/open_store.ts";
import type { TrackingStore } from "./tracking/store.ts";

export type { RegistryEntry, RegistryListing, RunSummary, ShownRun };

/** What a command is given beside its input. */
export interface CommandContext extends Pick<ReplayOptions, "onEvent" | "signal"> {
  /** Whether a report is to have the learning curves, for plots. @default false */
  readonly curves?: boolean;
  /** The experiment of a script, which its commands are about, with overrides. */
  readonly script?: (set: readonly string[]) => LoadedExperiment;
}

const set = z.array(z.string()).default([]).describe("Overrides of the config, each as path=value");
const tracking_uri = z.string().min(1).optional().describe(
  "Where runs are recorded: sqlite:///FILE or http(s)://HOST",
);

/** The fields of a replay's input; `withReplayRules` says which go together. */
export const replayFields = z.strictObject({
  run: z.string().min(1).optional(),
  run_id: z.string().min(1).optional(),
  rerun: z.boolean().default(false),
  recorded_config: z.boolean().default(false),
  as_recorded: z.boolean().default(false).describe("Run the recorded source on the recorded data"),
  attribute: z.boolean().default(false).describe(
    "Tell which change carries how much of the metrics' change",
  ),
  accept: z.array(z.string().min(1)).default([]).describe(
    "Clauses whose drift is accepted; * is a wildcard",
  ),
  because: z.string().min(1).max(5000).optional().describe("Why it is accepted"),
  until: z.iso.date().optional().describe("The last day on which it is accepted, in UTC"),
  log: z.boolean().default(false).describe("Attach the report to the run"),
  config: z.string().min(1).optional(),
  tracking_uri,
});

/** A replay's input, or one made of its fields, in which what has to go together does. */
export function withReplayRules<Fields extends z.ZodType<Partial<z.output<typeof replayFields>>>>(
  fields: Fields,
): Fields {
  return fields.refine(
    ({ accept = [], because }) => (accept.length > 0) === (because !== undefined),
    "expected accept and because together: which clauses, and why",
  ).refine(
    ({ accept = [], until }) => accept.length > 0 || until === undefined,
    "expected until with accept only",
  ).refine(
    ({ as_recorded, attribute }) => !(as_recorded && attribute),
    "expected as_recorded or attribute, not both",
  );
}

/** The input of each command: one schema for the flags of the command line and for the fields of a request. */
export const inputs = {
  train: z.strictObject({
    experiment: z.string().min(1),
    set,
    verify: z.boolean().default(false).describe("Fit a second time, and record how far the two are apart"),
    tracking_uri,
  }),
  contract: z.strictObject({ experiment: z.string().min(1), set }),
  replay: withReplayRules(replayFields),
  replayAll: z.strictObject({
    all: z.literal(true),
    experiment: z.string().min(1).optional(),
    recorded_config: z.boolean().default(false),
    log: z.boolean().default(false),
    tracking_uri,
  }),
  runsCompare: z.strictObject({ past: z.string().min(1), current: z.string().min(1), tracking_uri }),
  runsList: z.strictObject({
    experiment: z.string().min(1).optional(),
    max_results: z.number().int().min(1).max(1000).default(20),
    tracking_uri,
  }),
  runsShow: z.strictObject({ run: z.string().min(1), tracking_uri }),
  registryShow: z.strictObject({
    name: z.string().min(1),
    kind: z.enum(["dataset", "view", "model", "config"]).optional(),
  }),
  init: z.strictObject({
    name: z.string().regex(
      /^[a-z][a-z0-9_-]{0,63}$/,
      "expected small letters, digits, _ and -, a letter first",
    ),
  }),
  configSchema: z.strictObject({ kind: z.enum(["experiment", "replay", "report"]) }),
};

/** Trains an experiment and records it. */
export async function trainCommand(
  input: z.output<typeof inputs.train>,
  context: CommandContext,
): Promise<TrainedRun> {
  const experiment = await experimentOf(input, context);
  await using store = await storeOf(input.tracking_uri, experiment.spec.tracking?.uri);
  return await train(experiment, { ...context, store, verify: input.verify });
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
  const { accept: clauses, because, until } = input;
  const report = await replay(run_id === undefined ? { name: config!.run } : { id: run_id }, {
    ...context,
    store,
    ...(config ? { config } : {}),
    rerun: input.rerun,
    recordedConfig: input.recorded_config,
    asRecorded: input.as_recorded,
    attribute: input.attribute,
    ...(because === undefined
      ? {}
      : { accept: { clauses, because, ...(until === undefined ? {} : { until }) } }),
    ...(experiment ? { experiment } : {}),
  });
  return await finished(store, report, { ...context, log: input.log });
}

/** Judges the newest finished run of each name. */
export async function replayAllCommand(
  { experiment, recorded_config, log, tracking_uri }: z.output<typeof inputs.replayAll>,
  context: CommandContext,
): Promise<readonly ReplayReport[]> {
  await using store = await storeOf(tracking_uri, undefined, { create: false });
  const { replayAll } = await import("./replay_all.ts");
  const reports: ReplayReport[] = [];
  const all = replayAll({
    ...context,
    store,
    recordedConfig: recorded_config,
    configOf: (run) => loadReplayConfig(run),
    ...(experiment === undefined ? {} : { experimentName: experiment }),
  });
  for await (const report of all) reports.push(await finished(store, report, { ...context, log }));
  return reports;
}

/** What differs between two recorded runs, each by its id or its name: then the newest one. */
export async function runsCompareCommand(
  { past, current, tracking_uri }: z.output<typeof inputs.runsCompare>,
  context: CommandContext,
): Promise<ReplayReport> {
  await using store = await storeOf(tracking_uri, undefined, { create: false });
  const { compareRuns } = await import("./compare_runs.ts");
  const [before, after] = await Promise.all([findRun(store, past), findRun(store, current)]);
  return await finished(store, await compareRuns(store, before, after), context);
}

/** A report with its curves, where they are asked for; attached to its run, where that is. */
async function finished(
  store: TrackingStore,
  report: ReplayReport,
  { curves = false, log = false }: Pick<CommandContext, "curves"> & { readonly log?: boolean },
): Promise<ReplayReport> {
  if (!curves && !log) return report;
  const { logReport, picturesOf } = await import("./report/log.ts");
  const whole = { ...report, ...await picturesOf(store, report) };
  if (log) await logReport(store, whole);
  return whole;
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

/** What the registry of this project has. */
export async function registryCommand(): Promise<RegistryListing> {
  const { listRegistry } = await import("./listing.ts");
  return listRegistry((await loadRegistry()).registry);
}

/** What has a name in the registry of this project or in `configs/`. */
export async function registryShowCommand(
  { name, kind }: z.output<typeof inputs.registryShow>,
): Promise<RegistryEntry> {
  const { showEntry } = await import("./registry_entry.ts");
  return await showEntry(name, kind);
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
      entries.push({ name, problem: messageOf(error) });
    }
  }
  return entries;
}

/** The JSON Schema of a kind of config. */
export async function configSchemaCommand(
  { kind }: z.output<typeof inputs.configSchema>,
): Promise<Readonly<Record<string, unknown>>> {
  if (kind === "report") {
    const { reportSchema } = await import("./report/schema.ts");
    return z.toJSONSchema(reportSchema, { io: "output" });
  }
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

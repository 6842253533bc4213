import type { ReplayConfig } from "./config.ts";
import { driftsBetween } from "./compare.ts";
import { CONTRACT_VERSION, contractOf, type ContractRecord } from "./contract.ts";
import { digestOfJson } from "./digest.ts";
import { gitState, lockText } from "./environment.ts";
import { ExperimentError } from "./error.ts";
import { findConfig, type LoadedExperiment, loadExperiment, loadRecorded } from "./experiment.ts";
import { suggestionOf } from "./nearest.ts";
import { chooseFrom, prepare } from "./prepare.ts";
import { recorded } from "./record.ts";
import { firstDifference } from "./reproduction.ts";
import { openSource, SCHEME } from "./source/source.ts";
import { train, type TrainOptions } from "./train.ts";
import type { ReplayReport } from "./report/report.ts";
import type { Run, TrackingStore } from "./tracking/store.ts";

/** How to replay. */
export interface ReplayOptions extends Omit<TrainOptions, "replayOf"> {
  /** Which clauses bind. */
  readonly config?: ReplayConfig;
  /** Judge the config that the run recorded, even where there is one of its name today. @default false */
  readonly recordedConfig?: boolean;
  /** Train again when the verdict is safe, and compare. @default false */
  readonly rerun?: boolean;
  /** Today's experiment, where it isn't to be found by the recorded name. */
  readonly experiment?: LoadedExperiment;
}

/**
 * Judges whether running a recorded experiment today would be that run again. A mismatch is no exception: it is in the
 * report.
 *
 * @param run The name of a run, of which the newest finished one is taken, or a run's id.
 * @throws {ExperimentError} `RESOURCE_DOES_NOT_EXIST` for no such run; `TEMPORARILY_UNAVAILABLE` for a store out of reach.
 */
export async function replay(
  run: { readonly name: string } | { readonly id: string },
  options: ReplayOptions,
): Promise<ReplayReport> {
  const { store, signal } = options;
  const policy = options.config ?? { binding: [], advisory: [] };
  const found = "id" in run ? { run: await store.getRun(run.id), notes: [] } : await findRun(store, run.name);
  const past = found.run;
  const base = {
    run_id: past.info.run_id,
    run_name: past.info.run_name,
    notes: [...found.notes, ...policyNotes(policy)],
  };
  const unverifiable = (
    reasons: readonly string[],
    rest: Partial<Pick<ReplayReport, "drifts" | "past" | "current" | "config">> = {},
  ): ReplayReport => ({
    verdict: "unverifiable",
    drifts: [],
    code: [],
    untold: [],
    config: "",
    past: undefined,
    current: undefined,
    ...base,
    ...rest,
    reasons,
  });

  const pastRecord = await readContract(store, past);
  if (typeof pastRecord === "string") return unverifiable([pastRecord]);
  const reasons: string[] = [];
  let experiment: LoadedExperiment;
  let current: ContractRecord;
  try {
    experiment = await todaysExperiment(store, past, options);
    const choice = chooseFrom(experiment.registry, experiment.spec);
    const [lock, git, prepared] = await Promise.all([
      lockText(),
      gitState(),
      prepare(choice, signal ? { signal } : {}).catch((error): undefined => {
        reasons.push(reasonOf(error));
      }),
    ]);
    const reader = openSource(lock === undefined ? {} : { lock });
    current = (await contractOf(experiment, choice, { prepared, reader, git, lock })).record;
  } catch (error) {
    return unverifiable([reasonOf(error)], { past: pastRecord });
  }
  const comparable = reasons.length === 0 ? undefined : (clause: string) => clause in current.clauses;
  const drifts = driftsBetween(pastRecord, current, { policy, ...(comparable ? { comparable } : {}) });
  const judged = {
    ...base,
    drifts,
    code: [],
    untold: [],
    past: pastRecord,
    current,
    config: experiment.file,
    reasons,
  };
  if (reasons.length > 0) return unverifiable(reasons, judged);
  if (drifts.some(({ binding }) => binding)) return { ...judged, verdict: "blocked" };
  if (options.rerun !== true) return { ...judged, verdict: "safe" };

  const again = await train(experiment, { ...options, replayOf: past.info.run_id });
  const difference = again.status === "FINISHED"
    ? await firstDifference(store, past.info.run_id, again.run_id)
    : again.reason ?? `the rerun ended ${again.status}`;
  return {
    ...judged,
    verdict: difference === undefined ? "reproduced" : "diverged",
    rerun_id: again.run_id,
    reasons: difference === undefined ? [] : [difference],
  };
}

/** The newest finished run of a name, with a word on the others. */
async function findRun(
  store: TrackingStore,
  name: string,
): Promise<{ readonly run: Run; readonly notes: readonly string[] }> {
  const [finished, all] = await Promise.all([
    store.searchRuns({ run_name: name, status: "FINISHED", max_results: 1 }),
    store.searchRuns({ run_name: name, max_results: 2 }),
  ]);
  const [run] = finished.runs;
  if (run === undefined) throw await noRun(store, name, all.runs[0]);
  if (all.runs.length === 1) return { run, notes: [] };
  return {
    run,
    notes: [`Other runs are named "${name}" too; this is the newest finished one. --run-id picks another.`],
  };
}

async function noRun(store: TrackingStore, name: string, newest: Run | undefined): Promise<ExperimentError> {
  const at = `in ${store.uri}`;
  if (newest !== undefined) {
    return new ExperimentError(
      "RESOURCE_DOES_NOT_EXIST",
      `No run named "${name}" ${at} is finished: the newest, ${newest.info.run_id}, is ${newest.info.status}.`,
      { hint: "Train it again." },
    );
  }
  const { runs } = await store.searchRuns({ max_results: 1000 });
  const names = [...new Set(runs.map(({ info }) => info.run_name))];
  return new ExperimentError(
    "RESOURCE_DOES_NOT_EXIST",
    `There is no run named "${name}" ${at}. ${suggestionOf(name, names)}`,
    { hint: "`runs list` shows what there is; --tracking-uri names another store." },
  );
}

/** The recorded contract; or, in words, why there is none to compare with. */
async function readContract(store: TrackingStore, { info, params }: Run): Promise<ContractRecord | string> {
  if (info.status !== "FINISHED") {
    return `The run is ${info.status}, so it isn't known to be one of its contract.`;
  }
  let text: string;
  try {
    text = new TextDecoder().decode(await store.downloadArtifact(info.run_id, recorded.contract));
  } catch (error) {
    if (!(error instanceof ExperimentError) || error.code !== "RESOURCE_DOES_NOT_EXIST") throw error;
    return `The run has no ${recorded.contract}: it was not recorded by Reprise, or its artifacts are gone.`;
  }
  const changed = `The run's ${recorded.contract} was changed since it was recorded`;
  let record: ContractRecord;
  try {
    record = JSON.parse(text);
  } catch {
    return `${changed}: it is not JSON.`;
  }
  if (record.version !== CONTRACT_VERSION || record.scheme !== SCHEME) {
    return `The run's contract has version ${record.version} (${record.scheme}), but this Reprise knows version ` +
      `${CONTRACT_VERSION} (${SCHEME}).`;
  }
  // A param can't be changed in MLflow once it is recorded, but an artifact can.
  if (digestOfJson(record) === params[recorded.params.contract]) return record;
  return `${changed}: its digest isn't the one of the param ${recorded.params.contract}.`;
}

/** Today's config of the name that the run recorded, with the overrides it was run with; else the recorded config. */
async function todaysExperiment(
  store: TrackingStore,
  run: Run,
  options: ReplayOptions,
): Promise<LoadedExperiment> {
  const name = run.tags[recorded.tags.config] ?? run.info.run_name;
  if (options.recordedConfig !== true) {
    if (options.experiment) return options.experiment;
    const config = isOfThisProject(name) ? await findConfig(name) : undefined;
    if (config !== undefined) return await loadExperiment(name, { set: overridesOf(run) });
  }
  const text = new TextDecoder().decode(await store.downloadArtifact(run.info.run_id, recorded.config));
  return await loadRecorded(text, { name, file: `${recorded.config} of run ${run.info.run_id}` });
}

/** Whether a name that a store gave stands for a file of this project, as no store may choose what code is run. */
function isOfThisProject(name: string): boolean {
  return !/^([a-z]+:|[/\\])/i.test(name) && !name.split(/[/\\]/).includes("..");
}

function overridesOf({ tags }: Run): readonly string[] {
  const text = tags[recorded.tags.set] ?? "[]";
  try {
    const set: unknown = JSON.parse(text);
    if (Array.isArray(set) && set.every((one) => typeof one === "string")) return set;
  } catch {
    // The same as any other text that Reprise didn't record.
  }
  throw new ExperimentError(
    "INVALID_STATE",
    `The run's tag ${recorded.tags.set} isn't a list of overrides: ${text}. It was changed since it was recorded.`,
  );
}

function policyNotes({ binding, advisory }: Pick<ReplayConfig, "binding" | "advisory">): readonly string[] {
  return [
    ...binding.map((pattern) => `The replay config makes ${pattern} binding.`),
    ...advisory.map((pattern) => `The replay config makes ${pattern} advisory.`),
  ];
}

function reasonOf(error: unknown): string {
  if (error instanceof ExperimentError && error.code !== "TEMPORARILY_UNAVAILABLE") return error.message;
  throw error;
}

import { ExperimentError, reasonOf } from "../base/error.ts";
import { driftsBetween } from "../contract/compare.ts";
import type { ContractRecord } from "../contract/contract.ts";
import { readContract } from "../contract/read.ts";
import { findConfig, type LoadedExperiment, loadExperiment, loadRecorded } from "../experiment/experiment.ts";
import { recorded } from "../tracking/recorded.ts";
import { findFinished, latestOf } from "../tracking/runs.ts";
import type { Run, TrackingStore } from "../tracking/store.ts";
import { firstDifference } from "../training/reproduction.ts";
import { train, type TrainEvent, type TrainOptions } from "../training/train.ts";
import type { AttributionEvent } from "./past/attribution.ts";
import type { ReplayConfig } from "./replay_config.ts";
import type { ReplayReport } from "./report.ts";
import { type Made, openToday, type Today } from "./today.ts";
import type { Acceptance } from "./waiver.ts";

/** What happens in a replay, as it happens: in the runs that it makes, and how far an attribution is. */
export type ReplayEvent = TrainEvent | AttributionEvent;

/** How to replay. */
export interface ReplayOptions extends Omit<TrainOptions, "replayOf" | "onEvent"> {
  /** Is told what happens, as it happens. */
  readonly onEvent?: (event: ReplayEvent) => void;
  /** Which clauses bind, and which changes of data don't. */
  readonly config?: ReplayConfig;
  /** Judge the config that the run recorded, even where there is one of its name today. @default false */
  readonly recordedConfig?: boolean;
  /** Train again when the verdict is safe, and compare. @default false */
  readonly rerun?: boolean;
  /** Run the recorded source on the recorded data, whatever has drifted since, and compare. @default false */
  readonly asRecorded?: boolean;
  /** Where drift blocks: train the mixes of past and current parts, to tell which change cost what. @default false */
  readonly attribute?: boolean;
  /** Record that these drifts don't block. */
  readonly accept?: Acceptance;
  /** Today's experiment, where it isn't to be found by the recorded name. */
  readonly experiment?: LoadedExperiment;
}

/** How to replay a run that was looked up. */
interface RunOptions extends ReplayOptions {
  /** What to say of how it was found. */
  readonly notes?: readonly string[];
  /** What there is today, shared by several replays. */
  readonly today?: Today;
}

/**
 * Judges whether running a recorded experiment today would be that run again. A mismatch is no exception: it is in the
 * report.
 *
 * @param run The name of a run, of which the newest finished one is taken, or a run's id.
 * @throws {ExperimentError} `RESOURCE_DOES_NOT_EXIST` for no such run; `TEMPORARILY_UNAVAILABLE` for a store out of
 * reach; `INVALID_PARAMETER_VALUE` for an acceptance of what doesn't block.
 */
export async function replay(
  run: { readonly name: string } | { readonly id: string },
  options: ReplayOptions,
): Promise<ReplayReport> {
  const { store } = options;
  const found = "id" in run
    ? { run: await store.getRun(run.id), notes: [] }
    : await findFinished(store, run.name);
  return await replayRun(found.run, { ...options, notes: found.notes });
}

/** Judges a run that was looked up. */
export async function replayRun(
  past: Run,
  options: RunOptions,
): Promise<ReplayReport> {
  const { store, signal } = options;
  const policy = options.config ?? { binding: [], advisory: [], data: { allow: [] } };
  const runId = past.info.run_id;
  const base: ReplayReport = {
    verdict: "unverifiable",
    run_id: runId,
    run_name: past.info.run_name,
    drifts: [],
    config: "",
    notes: [...options.notes ?? [], ...policyNotes(policy)],
    reasons: [],
    code: [],
    untold: [],
    past: undefined,
    current: undefined,
  };
  const record = await readContract(store, past);
  if (typeof record === "string") return { ...base, reasons: [record] };
  const judged = await judgeRun(past, record, { ...options, base: { ...base, past: record }, policy });
  if (options.asRecorded) return await repeatAsRecorded(past, record, judged.report, options);
  const { report, current } = judged;
  if (options.attribute && report.verdict === "blocked" && current) {
    return { ...report, ...await attributed(past, report, current, options) };
  }
  if (!options.rerun || report.verdict !== "safe" || !current) return report;

  const again = await train(current.experiment, { ...options, replayOf: runId });
  const difference = again.status === "FINISHED"
    ? await firstDifference(store, runId, again.run_id)
    : again.reason ?? `the rerun ended ${again.status}`;
  signal?.throwIfAborted();
  return {
    ...report,
    verdict: difference === undefined ? "reproduced" : "diverged",
    rerun_id: again.run_id,
    reasons: difference === undefined ? [] : [difference],
    metrics: { past: latestOf(past), current: again.metrics },
  };
}

/** What a run is judged against. */
interface Current {
  readonly experiment: LoadedExperiment;
  readonly made: Made;
}

/** Compares a run's contract with today's, and explains and judges what differs. */
async function judgeRun(
  past: Run,
  record: ContractRecord,
  options: RunOptions & { readonly base: ReplayReport; readonly policy: Omit<ReplayConfig, "run"> },
): Promise<{ readonly report: ReplayReport; readonly current?: Current }> {
  const { store, base, policy, signal, accept } = options;
  const today = options.today ?? openToday(signal ? { signal } : {});
  let experiment: LoadedExperiment;
  let made: Made;
  try {
    experiment = await todaysExperiment(store, past, options);
    made = await today.of(experiment);
  } catch (error) {
    return { report: { ...base, reasons: [reasonOf(error)] } };
  }
  const current = made.record;
  const isPartial = made.reasons.length > 0;
  const found = driftsBetween(record, current, {
    policy,
    ...(isPartial ? { comparable: (clause: string) => clause in current.clauses } : {}),
  });
  const report: ReplayReport = { ...base, config: experiment.file, current, reasons: made.reasons };
  const unless = (blocked: boolean) => isPartial ? "unverifiable" : blocked ? "blocked" : "safe";
  if (found.length === 0 && !accept) {
    return { report: { ...report, verdict: unless(false) }, current: { experiment, made } };
  }
  const { judge } = await import("./judge.ts");
  const { blocked, ...explained } = await judge(found, {
    store,
    runId: past.info.run_id,
    past: record,
    current: { experiment, made, reader: await today.reader },
    policy,
    ...(accept ? { accept } : {}),
  });
  return { report: { ...report, ...explained, verdict: unless(blocked) }, current: { experiment, made } };
}

/** Runs the recorded source on the recorded data, whatever today's verdict is. */
async function repeatAsRecorded(
  past: Run,
  record: ContractRecord,
  report: ReplayReport,
  { store, signal }: ReplayOptions,
): Promise<ReplayReport> {
  const { rerunAsRecorded } = await import("./past/as_recorded.ts");
  const notes = [
    ...report.notes,
    ...report.reasons.map((reason) => `Today's side can't be judged: ${reason}`),
  ];
  try {
    const as_recorded = await rerunAsRecorded(store, past, { record, ...(signal ? { signal } : {}) });
    const { difference, drifts } = as_recorded;
    const others = drifts.filter(({ clause }) => !/^(packages|environment)\./.test(clause));
    if (others.length > 0) {
      const clauses = others.map(({ clause }) => clause).join(", ");
      const reason = `What the run kept isn't what its contract is of: ${clauses}.`;
      return { ...report, notes, as_recorded, verdict: "unverifiable", reasons: [reason] };
    }
    return {
      ...report,
      notes,
      as_recorded,
      verdict: difference === undefined ? "reproduced" : "diverged",
      reasons: difference === undefined ? [] : [difference],
    };
  } catch (error) {
    return { ...report, notes, verdict: "unverifiable", reasons: [reasonOf(error)] };
  }
}

/** Which change carries how much of the metrics' change; or why that can't be told. */
async function attributed(
  past: Run,
  { drifts, untold }: ReplayReport,
  { experiment, made }: Current,
  { store, signal, onEvent = () => {} }: ReplayOptions,
): Promise<Partial<ReplayReport>> {
  const { attribute } = await import("./past/attribution.ts");
  try {
    const attribution = await attribute(store, past, {
      experiment,
      prepared: { table: made.table! },
      drifts,
      onEvent,
      ...(signal ? { signal } : {}),
    });
    return { attribution };
  } catch (error) {
    return { untold: [...untold, `Which change cost what can't be told: ${reasonOf(error)}`] };
  }
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

function policyNotes({ binding, advisory, data }: Omit<ReplayConfig, "run">): readonly string[] {
  return [
    ...binding.map((pattern) => `The replay config makes ${pattern} binding.`),
    ...advisory.map((pattern) => `The replay config makes ${pattern} advisory.`),
    ...data.allow.map((kind) => `The replay config allows the data to change: ${kind}.`),
  ];
}

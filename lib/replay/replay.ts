import { reasonOf } from "../base/error.ts";
import { observeProcess } from "../base/observe/observe.ts";
import { driftsBetween } from "../contract/compare.ts";
import type { ContractRecord } from "../contract/contract.ts";
import { readContract } from "../contract/read.ts";
import type { LoadedExperiment } from "../experiment/experiment.ts";
import { findFinished, latestOf } from "../tracking/runs.ts";
import type { Run } from "../tracking/store.ts";
import { type Asked, readAsked } from "../training/asked.ts";
import { recordedOutcome } from "../training/outcome.ts";
import { outcomeDifference, outcomeOf } from "../training/reproduction.ts";
import { train, type TrainEvent, type TrainOptions } from "../training/train.ts";
import { currentExperiment } from "./current.ts";
import { inputsNote, judgeInputs, placesOf } from "./inputs.ts";
import type { AttributionEvent } from "./past/attribution.ts";
import type { RerunLimits } from "./past/warden.ts";
import { policyOf } from "./policy.ts";
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
  /** In place of `config`: that of a run by the name that it was recorded as. */
  readonly configOf?: (run: string) => Promise<ReplayConfig | undefined>;
  /** Judge the config that the run recorded, even where there is one of its name today. @default false */
  readonly recordedConfig?: boolean;
  /** Train again when the verdict is safe, and compare. @default false */
  readonly rerun?: boolean;
  /** Run the recorded source on the recorded data, whatever has drifted since, and compare. @default false */
  readonly asRecorded?: boolean;
  /** Where drift blocks: train the mixes of past and current parts, to tell which change cost what. @default false */
  readonly attribute?: boolean;
  /** How long recorded code may run, and what it may take. @default 600 s, 4096 MiB of memory, 256 MiB of output */
  readonly limits?: Partial<RerunLimits> | undefined;
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
  /** The name that the run was looked up by. */
  readonly name?: string;
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
  using _observed = observeProcess();
  const { store } = options;
  const found = "id" in run
    ? { run: await store.getRun(run.id), notes: [] }
    : await findFinished(store, run.name);
  return await replayRun(found.run, {
    ...options,
    notes: found.notes,
    ...("name" in run ? { name: run.name } : {}),
  });
}

/** Judges a run that was looked up. */
export async function replayRun(
  past: Run,
  options: RunOptions,
): Promise<ReplayReport> {
  const { store, signal } = options;
  const runId = past.info.run_id;
  const found: ReplayReport = {
    ...unverifiable(past, []),
    notes: [...options.notes ?? [], ...movedNotes(past)],
  };
  const record = await readContract(store, past);
  if (typeof record === "string") return { ...found, reasons: [record] };
  const asked = readAsked(past, record);
  if (typeof asked === "string") return { ...found, past: record, reasons: [asked] };
  const policy = await policyOf(past, asked, options);
  const base: ReplayReport = {
    ...found,
    past: record,
    ...(asked ? { asked } : {}),
    notes: [...found.notes, ...policy.notes],
  };
  const judged = await judgeRun(past, record, { ...options, base, policy, asked });
  if (options.asRecorded) return await repeatAsRecorded(past, record, judged.report, options);
  const { report, current } = judged;
  if (options.attribute && report.verdict === "blocked" && current) {
    return { ...report, ...await attributed(past, report, current, options) };
  }
  if (!options.rerun || report.verdict !== "safe" || !current) return report;
  const { outcome, notes: added } = await recordedOutcome(store, past, record);
  if (typeof outcome === "string") return { ...report, verdict: "unverifiable", reasons: [outcome] };

  const again = await train(current.experiment, { ...options, replayOf: runId });
  let difference: string | undefined;
  try {
    difference = again.status === "FINISHED"
      ? outcomeDifference(outcome, await outcomeOf(store, again.run_id))
      : again.reason ?? `the rerun ended ${again.status}`;
  } catch (error) {
    return { ...report, verdict: "unverifiable", rerun_id: again.run_id, reasons: [reasonOf(error)] };
  }
  signal?.throwIfAborted();
  return {
    ...report,
    verdict: difference === undefined ? "reproduced" : "diverged",
    rerun_id: again.run_id,
    notes: [...report.notes, ...added],
    reasons: difference === undefined ? [] : [difference],
    metrics: { past: latestOf(past), current: again.metrics },
  };
}

/** The report of a run that can't be judged, for reasons. */
export function unverifiable({ info }: Run, reasons: readonly string[]): ReplayReport {
  return {
    verdict: "unverifiable",
    run_id: info.run_id,
    run_name: info.run_name,
    drifts: [],
    config: "",
    notes: [],
    reasons,
    code: [],
    untold: [],
    past: undefined,
    current: undefined,
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
  options: RunOptions & {
    readonly base: ReplayReport;
    readonly policy: Omit<ReplayConfig, "run">;
    readonly asked: Asked | undefined;
  },
): Promise<{ readonly report: ReplayReport; readonly current?: Current }> {
  const { store, base, policy, signal, accept } = options;
  const today = options.today ?? openToday(signal ? { signal } : {});
  let experiment: LoadedExperiment;
  let judged_by: ReplayReport["judged_by"];
  let made: Made;
  try {
    ({ experiment, judged_by } = await currentExperiment(store, past, options));
    made = await today.of(experiment);
  } catch (error) {
    return { report: { ...base, reasons: [reasonOf(error)] } };
  }
  const isPartial = made.reasons.length > 0;
  const inputs = judgeInputs(record, made.record, placesOf(store.uri));
  const { current } = inputs;
  const found = driftsBetween(record, current, {
    policy,
    comparable: (clause) => inputs.comparable(clause) && (!isPartial || clause in current.clauses),
  });
  const reasons = [...made.reasons, ...inputs.reasons];
  const report: ReplayReport = { ...base, config: experiment.file, judged_by, current, reasons };
  const unless = (blocked: boolean) =>
    isPartial ? "unverifiable" : blocked ? "blocked" : reasons.length > 0 ? "unverifiable" : "safe";
  if (found.length === 0 && !accept) {
    return { report: { ...report, verdict: unless(false) }, current: { experiment, made } };
  }
  const { judge } = await import("./judge.ts");
  const { blocked, notes, ...explained } = await judge(found, {
    store,
    runId: past.info.run_id,
    past: record,
    current: { experiment, made, reader: await today.reader },
    policy,
    ...(accept ? { accept } : {}),
  });
  return {
    report: { ...report, ...explained, notes: [...report.notes, ...notes], verdict: unless(blocked) },
    current: { experiment, made },
  };
}

/** Runs the recorded source on the recorded data, whatever today's verdict is. */
async function repeatAsRecorded(
  past: Run,
  record: ContractRecord,
  report: ReplayReport,
  { store, signal, limits }: ReplayOptions,
): Promise<ReplayReport> {
  const { rerunAsRecorded } = await import("./past/as_recorded.ts");
  const inputs = inputsNote(record);
  const notes = [
    ...report.notes,
    ...(inputs === undefined ? [] : [inputs]),
    ...report.reasons.map((reason) => `Today's side can't be judged: ${reason}`),
  ];
  try {
    const repeated = await rerunAsRecorded(store, past, { record, limits, ...(signal ? { signal } : {}) });
    if ("reason" in repeated) {
      return { ...report, notes, verdict: "unverifiable", reasons: [repeated.reason] };
    }
    const { as_recorded } = repeated;
    const { difference } = as_recorded;
    return {
      ...report,
      notes: [...notes, ...repeated.notes],
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
  { drifts, notes, untold, past: record }: ReplayReport,
  { experiment, made }: Current,
  { store, signal, limits, onEvent = () => {} }: ReplayOptions,
): Promise<Partial<ReplayReport>> {
  const { attribute } = await import("./past/attribution.ts");
  try {
    const { attribution, held } = await attribute(store, past, {
      experiment,
      prepared: { table: made.table! },
      drifts,
      record: record!,
      limits,
      onEvent,
      ...(signal ? { signal } : {}),
    });
    return {
      attribution,
      notes: [...notes, `What was trained to attribute the change was held by Deno's ${held}.`],
    };
  } catch (error) {
    return { untold: [...untold, `Which change cost what can't be told: ${reasonOf(error)}`] };
  }
}

function movedNotes({ info: { artifact_uri, artifacts_at } }: Run): readonly string[] {
  if (artifacts_at === undefined) return [];
  return [
    `The project was moved since: what the run kept, recorded in ${artifact_uri}, was read from ${artifacts_at}.`,
  ];
}

import { lockText, now } from "../base/environment.ts";
import { messageOf } from "../base/error.ts";
import { gitState } from "../base/git/state.ts";
import { userName } from "../base/git/user.ts";
import { rewrittenOf } from "../base/observe/files.ts";
import { inputWords } from "../base/observe/input.ts";
import { observeProcess } from "../base/observe/observe.ts";
import { fitInputs, type Inputs, observing } from "../base/observe/scope.ts";
import { type Contract, contractIn, contractOf, modulesOf, valueDigests } from "../contract/contract.ts";
import {
  inputsIn,
  inputsOfLoading,
  isRepeatable,
  type NamedInput,
  withFitInputs,
} from "../contract/inputs.ts";
import type { LoadedExperiment } from "../experiment/experiment.ts";
import { chooseFrom, computeValues, prepare, type Prepared } from "../experiment/prepare.ts";
import { openSource } from "../source/source.ts";
import { recorded } from "../tracking/recorded.ts";
import type { RunStatus, TrackingStore } from "../tracking/store.ts";
import { changeSince } from "./change.ts";
import { openCurve } from "./curve.ts";
import { fitAndScore, type Fitted, pointsOf, spreadOf, turnTaker } from "./fit.ts";
import { recordOutcome } from "./outcome.ts";
import {
  datasetInputOf,
  disown,
  keepShared,
  logContract,
  logEvaluation,
  logLineage,
  logSources,
  paramsOf,
  tagsOf,
  withAsked,
} from "./record.ts";

/** What happens in a run, as it happens. */
export type TrainEvent =
  | {
    readonly kind: "prepared";
    readonly rows: number;
    readonly features: number;
    readonly train: number;
    readonly test: number;
    /** How many times rows are assigned to train and test; the numbers of rows are the first one's. */
    readonly folds: number;
  }
  | {
    readonly kind: "started";
    readonly run_id: string;
    readonly run_name: string;
    readonly experiment: string;
    readonly store: string;
    /** How many epochs the params ask for, where they have one called so. */
    readonly epochs: number | undefined;
  }
  | {
    /** What code reads besides its declared data: of the rows and features, or of the fit. */
    readonly kind: "inputs";
    readonly inputs: readonly {
      readonly name: string;
      readonly asked: string;
      readonly repeatable: boolean;
    }[];
  }
  | { readonly kind: "epoch"; readonly epoch: number; readonly metrics: Readonly<Record<string, number>> }
  /** Something that this run can't tell, in one line. */
  | { readonly kind: "note"; readonly text: string }
  | { readonly kind: "ended"; readonly status: RunStatus; readonly reason?: string };

/** A run that ended. */
export interface TrainedRun {
  /** The id that the store gave it. */
  readonly run_id: string;
  /** Its name, by which a replay finds it. */
  readonly run_name: string;
  /** The name of its experiment. */
  readonly experiment: string;
  /** FINISHED, or FAILED where code or data changed under the fit. */
  readonly status: RunStatus;
  /** The params as recorded. */
  readonly params: Readonly<Record<string, string>>;
  /** The test scores, and the last value of each curve. */
  readonly metrics: Readonly<Record<string, number>>;
  /** What it was made of. */
  readonly contract: Contract;
  /** What fitting a second time gave, where that was asked for: `bit-exact`, or how far apart the two are. */
  readonly determinism?: string;
  /** Why the run isn't FINISHED. */
  readonly reason?: string;
}

/** How to train. */
export interface TrainOptions {
  /** Where the run is recorded. */
  readonly store: TrackingStore;
  /** Is told what happens, as it happens. */
  readonly onEvent?: (event: TrainEvent) => void;
  /** Ends the run as KILLED when aborted. */
  readonly signal?: AbortSignal;
  /** The id of the run that this one repeats. */
  readonly replayOf?: string;
  /** Fit a second time, and record how far the two are apart. @default false */
  readonly verify?: boolean;
}

/**
 * Trains an experiment and records it as one run: data, features and split are prepared, the model is fitted to the
 * train rows and scored on the test rows. The run reads FINISHED only if code and data are still the same after the fit.
 *
 * @throws {ExperimentError} for bad data, and for a store out of reach. Any error ends the run as FAILED.
 */
export async function train(experiment: LoadedExperiment, options: TrainOptions): Promise<TrainedRun> {
  using _observed = observeProcess();
  const { store, onEvent = () => {}, signal, replayOf } = options;
  const { spec } = experiment;
  const choice = chooseFrom(experiment.registry, spec);
  const looking = gitState((text) => onEvent({ kind: "note", text }));
  const [prepared, lock] = await Promise.all([prepare(choice, signal ? { signal } : {}), lockText()]);
  const reader = openSource(lock === undefined ? {} : { lock });
  const made = withAsked(
    await contractOf(experiment, choice, { prepared, reader, git: looking, lock }),
    experiment,
  );
  const git = await looking;
  onEvent({
    kind: "prepared",
    rows: prepared.table.rows,
    features: prepared.features.length,
    train: prepared.splits[0]!.train.length,
    test: prepared.splits[0]!.test.length,
    folds: prepared.splits.length,
  });
  const tellInputs = (inputs: readonly NamedInput[]) => {
    if (inputs.length > 0) onEvent({ kind: "inputs", inputs: inputs.map(toldInput) });
  };
  tellInputs(inputsIn(made.record));

  const { experiment_id } = await store.ensureExperiment(spec.experiment);
  const { run_id } = await store.createRun({
    experiment_id,
    run_name: spec.run,
    user_id: userName(),
    start_time: now(),
    tags: tagsOf(experiment, git, replayOf),
  });
  const end = async (status: RunStatus, reason?: string) => {
    if (reason !== undefined) {
      await store.logBatch(run_id, { tags: { [recorded.tags.failure]: reason.slice(0, 5000) } });
    }
    await store.updateRun(run_id, { status, end_time: now() });
    onEvent({ kind: "ended", status, ...(reason === undefined ? {} : { reason }) });
  };
  let isSealed = false;
  try {
    const { epochs } = spec.model.params;
    onEvent({
      kind: "started",
      run_id,
      run_name: spec.run,
      experiment: spec.experiment,
      store: store.uri,
      epochs: typeof epochs === "number" ? epochs : undefined,
    });
    const choices = paramsOf(experiment, made);
    await store.logBatch(run_id, { params: choices });
    await store.logInputs(run_id, [datasetInputOf(prepared)]);
    await Promise.all([
      logSources(store, run_id, experiment, made, reader),
      logLineage(store, run_id, { prepared, made }),
    ]);
    const kept = await keepShared(store, run_id, { experiment, prepared, made, reader, lock });

    const curve = openCurve(store, run_id, {
      onEpoch: (epoch, metrics) => onEvent({ kind: "epoch", epoch, metrics }),
      ...(signal ? { signal } : {}),
    });
    const { openEvaluator } = await import("./evaluation/evaluator.ts");
    const evaluator = openEvaluator(prepared);
    const inputs: Inputs = new Map();
    const fitted = await observing(inputs, () =>
      fitAndScore(prepared, curve.onEpoch, {
        onFold: (fold) => evaluator.add(fold, turnTaker(signal)),
      })).finally(curve.flush);
    signal?.throwIfAborted();
    for (const [path, content] of Object.entries(fitted.files)) {
      await store.logArtifact(run_id, `${recorded.model}/${path}`, content);
    }
    const timestamp = now();
    const points = pointsOf(fitted).map((point) => ({ ...point, timestamp }));
    await store.logBatch(run_id, { metrics: points });
    const outcome = await recordOutcome(store, run_id, {
      files: fitted.files,
      metrics: [...points, ...curve.curves()].map(({ key }) => key),
    });
    signal?.throwIfAborted();
    const determinism = options.verify
      ? await observing(inputs, () => madeAgain(prepared, fitted, signal))
      : undefined;
    if (determinism !== undefined) {
      await store.logBatch(run_id, { tags: { [recorded.tags.determinism]: determinism } });
    }

    const modules = modulesOf(made.sources);
    const read = [...fitInputs(inputs, modules), ...await inputsOfLoading(modules, reader)];
    const record = withFitInputs(made.record, [...read, ...rewrittenOf([...prepared.inputs, ...read])]);
    tellInputs(inputsIn(record).filter(({ ofFit }) => ofFit));
    const reason = await changeSince(experiment, prepared, made, { reader, git, lock });
    await logEvaluation(store, run_id, { evaluation: evaluator.evaluation(), curves: curve.curves() });
    const params = { ...choices, ...await logContract(store, run_id, record, reason === undefined) };
    isSealed = true;
    const status = reason === undefined ? "FINISHED" : "FAILED";
    await end(status, reason);
    return {
      run_id,
      run_name: spec.run,
      experiment: spec.experiment,
      status,
      params: { ...params, ...kept, ...outcome },
      metrics: { ...curve.last(), ...fitted.scores },
      contract: contractIn(record),
      ...(determinism === undefined ? {} : { determinism }),
      ...(reason === undefined ? {} : { reason }),
    };
  } catch (error) {
    try {
      await (signal?.aborted ? end("KILLED") : end("FAILED", messageOf(error)));
      if (!isSealed) await disown(store, run_id);
    } catch {
      // The store is out of reach too: the first error is the one to tell.
    }
    throw error;
  }
}

/** How a second making of the features and a second fit differ from the first. */
async function madeAgain(
  prepared: Prepared,
  fitted: Fitted,
  signal: AbortSignal | undefined,
): Promise<string> {
  const values = valueDigests(computeValues(prepared, prepared.table));
  const others = Object.entries(valueDigests(prepared.values)).filter(([clause, digest]) =>
    values[clause] !== digest
  );
  if (others.length === 0) return spreadOf(fitted, await fitAndScore(prepared, turnTaker(signal)));
  return `not exact: other values of ${
    others.map(([clause]) => clause.replace(/^features\.|\.values$/g, "")).join(", ")
  }`;
}

/** What is told of an input. */
function toldInput(input: NamedInput) {
  const { clause, asked, kind, name = "" } = input;
  return {
    name: kind === undefined ? clause : inputWords({ kind, name }),
    asked,
    repeatable: isRepeatable(input),
  };
}

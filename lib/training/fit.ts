import { now } from "../base/environment.ts";
import { ExperimentError } from "../base/error.ts";
import type { Matrix } from "../base/matrix.ts";
import { momentsOf } from "../base/mean.ts";
import { unobserved } from "../base/observe/scope.ts";
import { randomOf } from "../base/random.ts";
import type { Prepared } from "../experiment/prepare.ts";
import type { Split } from "../experiment/split.ts";
import { type Design, learnDesign } from "../features/design.ts";
import type { Estimator } from "../models/estimator.ts";
import { type MetricName, metrics as metricFunctions } from "../models/metrics.ts";
import type { FitInput } from "../models/model.ts";

/** What fitting and scoring gave. */
export interface Fitted {
  /** The score of each metric: over several folds its mean, and beside it `NAME_std`, the standard deviation. */
  readonly scores: Readonly<Record<string, number>>;
  /** The scores of each fold, where there are several. */
  readonly folds: readonly Readonly<Record<string, number>>[];
  /** The files that hold the fitted state, by path; of several folds in a folder for each, such as `fold_1`. */
  readonly files: Readonly<Record<string, string | Uint8Array>>;
}

/** A fold whose model is fitted, and what that predicts for its test rows. */
export interface FittedFold {
  /** What was learned from the train rows beside the model. */
  readonly design: Design;
  /** The model. */
  readonly estimator: Estimator;
  /** The test rows. */
  readonly test: Uint32Array;
  /** Their features, a row each. */
  readonly x: Matrix;
  /** What the model predicts for them. */
  readonly predicted: Matrix;
}

/** What is told while folds are fitted. */
export interface FitOptions {
  /** Is given each fold, after its fit. @default nothing */
  readonly onFold?: (fold: FittedFold) => Promise<void>;
}

/**
 * Fits the model to the train rows of each fold, and scores it on the test rows.
 *
 * @param onEpoch Is told each point of the training curves; of several folds under names such as `fold_1/train_loss`.
 */
export async function fitAndScore(
  prepared: Prepared,
  onEpoch: FitInput<unknown>["onEpoch"],
  { onFold }: FitOptions = {},
): Promise<Fitted> {
  const { splits } = prepared;
  if (splits.length === 1) {
    const { scores, files } = await fitFold(prepared, splits[0]!, { stream: "fit", onEpoch, onFold });
    return { scores, folds: [], files };
  }
  const folds: Readonly<Record<string, number>>[] = [];
  const files: Record<string, string | Uint8Array> = {};
  for (const [index, split] of splits.entries()) {
    const fold = `fold_${index + 1}`;
    const fitted = await fitFold(prepared, split, {
      stream: `fit/${fold}`,
      onEpoch: (epoch, metrics) => onEpoch(epoch, renamed(metrics, (name) => `${fold}/${name}`)),
      onFold,
    });
    folds.push(fitted.scores);
    Object.assign(files, renamed(fitted.files, (path) => `${fold}/${path}`));
  }
  return { scores: summaryOf(folds), folds, files };
}

/** The scores as points: each metric at step 0, and of several folds `folds/NAME` with the fold's number as step. */
export function pointsOf(
  { scores, folds }: Fitted,
): readonly { readonly key: string; readonly step: number; readonly value: number }[] {
  const points = (of: Readonly<Record<string, number>>, prefix: string, step: number) =>
    Object.entries(of).map(([name, value]) => ({ key: prefix + name, step, value }));
  return [
    ...points(scores, "", 0),
    ...folds.flatMap((each, index) => points(each, "folds/", index + 1)),
  ];
}

/**
 * How two fits of the same differ: `bit-exact` where no score and no byte of the models does, else how far the scores
 * are apart at most, or that only the models differ.
 */
export function spreadOf(one: Fitted, other: Fitted): string {
  const bytes = (content: string | Uint8Array | undefined) =>
    content instanceof Uint8Array ? content.toHex() : content;
  const names = Object.keys({ ...one.files, ...other.files });
  const sameFiles = names.every((path) => bytes(one.files[path]) === bytes(other.files[path]));
  const apart = Object.keys(one.scores).filter((name) => !Object.is(one.scores[name], other.scores[name]));
  if (apart.length === 0) return sameFiles ? "bit-exact" : "scores bit-exact, models not";
  const spread = (name: string) => Math.abs(one.scores[name]! - other.scores[name]!);
  return `not exact: ${apart.map((name) => `${name} ±${spread(name).toPrecision(3)}`).join(", ")}`;
}

/** How many milliseconds a fit may go on before other work gets its turn. */
const YIELD_MS = 50;

/** Something to await in every epoch: it lets signals and other work have their turn. */
export function turnTaker(signal?: AbortSignal): () => Promise<void> {
  let taken = unobserved(now);
  const takeTurn = async () => {
    if (now() - taken < YIELD_MS) return;
    await new Promise((resolve) => setTimeout(resolve, 0));
    taken = now();
    signal?.throwIfAborted();
  };
  return () => unobserved(takeTurn);
}

/** Whether a name is that of a metric. */
export function isMetric(name: string): name is MetricName {
  return Object.values(metricFunctions).some((functions) => Object.hasOwn(functions, name));
}

/** The file of what the features' transforms learned, beside the model's own. */
const LEARNED = "features.json";

async function fitFold(prepared: Prepared, { train, test }: Split, options: {
  readonly stream: string;
  readonly onEpoch: FitInput<unknown>["onEpoch"];
  readonly onFold: FitOptions["onFold"];
}): Promise<Pick<Fitted, "scores" | "files">> {
  const { spec } = prepared;
  const design = learnDesign(prepared.features, train);
  const estimator = await fit(prepared, train, {
    x: design.matrix(train),
    features: design.features,
    params: spec.model.params,
    random: randomOf(spec.seed).stream(options.stream),
    onEpoch: (epoch, metrics) => unobserved(() => options.onEpoch(epoch, metrics)),
  });
  const x = design.matrix(test);
  const predicted = await estimator.predict(x);
  checkShape(predicted, prepared, x.rows);
  const learned = design.states && {
    [LEARNED]: JSON.stringify({ format: "reprise/features/1", features: design.states }, null, 2),
  };
  const score = scorerOf(predicted, prepared, test);
  const fitted = {
    scores: Object.fromEntries(spec.metrics.map((name) => [name, score(name)])),
    files: { ...estimator.save(), ...learned },
  };
  await options.onFold?.({ design, estimator, test, x, predicted });
  return fitted;
}

async function fit(
  { model, target }: Prepared,
  train: Uint32Array,
  input: FitInput<Readonly<Record<string, unknown>>>,
): Promise<Estimator> {
  if (model.task === "classification" && target.task === "classification") {
    const y = Uint32Array.from(train, (row) => target.y[row]!);
    return await model.fit({ ...input, y, classes: target.classes });
  }
  if (model.task === "regression" && target.task === "regression") {
    return await model.fit({ ...input, y: Float64Array.from(train, (row) => target.y[row]!) });
  }
  throw new ExperimentError("INTERNAL_ERROR", `A ${model.task} was prepared as a ${target.task}.`);
}

function checkShape({ rows, columns }: Matrix, { spec, target }: Prepared, expected: number): void {
  const [needed, what] = target.task === "classification"
    ? [target.classes.length, `a column for each of the ${target.classes.length} classes`]
    : [1, "one column, the value"];
  if (rows === expected && columns === needed) return;
  throw new ExperimentError(
    "INVALID_PARAMETER_VALUE",
    `model.name: "${spec.model.name}" predicts ${columns} columns and ${rows} rows for ${expected} rows, ` +
      `and not ${what}.`,
    { hint: "Change what its `predict` returns, or the units of a LayersModel's last layer." },
  );
}

/** What computes the metrics of what is predicted for some rows. */
export function scorerOf(
  predicted: Matrix,
  { target }: Pick<Prepared, "target">,
  rows: Uint32Array,
): (name: MetricName) => number {
  return target.task === "classification"
    ? scorer(metricFunctions.classification, {
      actual: Uint32Array.from(rows, (row) => target.y[row]!),
      probabilities: predicted,
    })
    : scorer(metricFunctions.regression, {
      actual: Float64Array.from(rows, (row) => target.y[row]!),
      predicted: predicted.data,
    });
}

/** Computes the metrics of one task; a metric of the other one is not a number. */
function scorer<Predictions>(
  functions: Readonly<Record<string, (predictions: Predictions) => number>>,
  predictions: Predictions,
): (name: MetricName) => number {
  return (name) => functions[name]?.(predictions) ?? NaN;
}

/** The mean of each score over the folds, and its population standard deviation. */
function summaryOf(folds: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const entries = Object.keys(folds[0]!).flatMap((name) => {
    const { mean, std } = momentsOf(folds.map((scores) => scores[name]!));
    return [[name, mean], [`${name}_std`, std]] as const;
  });
  return Object.fromEntries(entries);
}

function renamed<Value>(
  record: Readonly<Record<string, Value>>,
  rename: (name: string) => string,
): Record<string, Value> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [rename(name), value]));
}

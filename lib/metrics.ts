import { argmaxOfRows, type Matrix } from "./matrix.ts";

/** What a metric of a classification is computed from: the true and the predicted classes of the test rows. */
export interface ClassPredictions {
  /** The true class of each row, as an index. */
  readonly actual: Uint32Array;
  /** The predicted probability of each class (column) for each row. */
  readonly probabilities: Matrix;
}

/** What a metric of a regression is computed from: the true and the predicted values of the test rows. */
export interface ValuePredictions {
  /** The true value of each row. */
  readonly actual: Float64Array;
  /** The predicted value of each row. */
  readonly predicted: Float64Array;
}

/** The fraction of rows whose most probable class is the true one, in [0, 1]: 1 is best. */
export function accuracy({ actual, probabilities }: ClassPredictions): number {
  const predicted = argmaxOfRows(probabilities);
  return actual.reduce((right, label, row) => right + Number(label === predicted[row]), 0) / actual.length;
}

/**
 * The unweighted mean of the recalls, TP / (TP + FN), of the classes that are true somewhere, in [0, 1]: 1 is best
 * (Brodersen et al., 2010). A constant prediction scores 1 / the number of those classes.
 */
export function balanced_accuracy(predictions: ClassPredictions): number {
  const { hits, truths, seen } = tallyOf(predictions);
  return meanOf(seen.filter((label) => truths[label]! > 0).map((label) => hits[label]! / truths[label]!));
}

/**
 * The unweighted mean of the classes' F1 scores, 2·TP / (2·TP + FP + FN), over the classes that are true or predicted
 * somewhere, in [0, 1]: 1 is best (van Rijsbergen, 1979).
 */
export function macro_f1({ actual, probabilities }: ClassPredictions): number {
  const predicted = argmaxOfRows(probabilities);
  const hits = new Float64Array(probabilities.columns);
  const count = new Float64Array(probabilities.columns);
  actual.forEach((label, row) => {
    const guess = predicted[row]!;
    count[label]!++;
    count[guess]!++;
    if (label === guess) hits[label]!++;
  });
  const scores = Array.from(count, (total, label) => (total === 0 ? NaN : (2 * hits[label]!) / total)).filter(
    (score) => !Number.isNaN(score),
  );
  return scores.reduce((sum, score) => sum + score, 0) / scores.length;
}

/**
 * The unweighted mean of the classes' precisions, TP / (TP + FP), over the classes that are true or predicted
 * somewhere, in [0, 1]: 1 is best. A class that is never predicted counts 0.
 */
export function precision(predictions: ClassPredictions): number {
  const { hits, guesses, seen } = tallyOf(predictions);
  return meanOf(seen.map((label) => hits[label]! / Math.max(1, guesses[label]!)));
}

/**
 * The unweighted mean of the classes' recalls, TP / (TP + FN), over the classes that are true or predicted somewhere,
 * in [0, 1]: 1 is best. A class that is predicted but never true counts 0: `balanced_accuracy` leaves it out.
 */
export function recall(predictions: ClassPredictions): number {
  const { hits, truths, seen } = tallyOf(predictions);
  return meanOf(seen.map((label) => hits[label]! / Math.max(1, truths[label]!)));
}

/**
 * The mean of −ln p(true class), in nats, in [0, 52·ln 2]: 0 is best (Good, 1952). Probabilities are kept at or above
 * 2⁻⁵², the epsilon of 64-bit floats, so that one certain mistake is dear but finite.
 */
export function log_loss({ actual, probabilities: { columns, data } }: ClassPredictions): number {
  let sum = 0;
  actual.forEach((label, row) => {
    const p = Math.min(1, Math.max(Number.EPSILON, data[row * columns + label]!));
    sum -= Math.log(p);
  });
  return sum / actual.length;
}

/**
 * The area under the ROC curve, in [0, 1]: 1 is best, 1/2 is chance. It is the probability that a row of a class is
 * given more of that class than a row of another, ties counting half (Hanley and McNeil, 1982). Of two classes, that of
 * the last one; of more, the unweighted mean over the classes, each against the rest.
 *
 * It is NaN where a class is absent from the rows, since no such pair of rows exists, and where a probability is NaN.
 */
export function roc_auc(predictions: ClassPredictions): number {
  return meanAgainstRest(predictions, ({ hits, alarms }) => {
    let area = 0;
    for (let at = 1; at < hits.length; at++) {
      area += (alarms[at]! - alarms[at - 1]!) * (hits[at]! + hits[at - 1]!) / 2;
    }
    return area / (hits.at(-1)! * alarms.at(-1)!);
  });
}

/**
 * The average precision, Σ (Rₜ − Rₜ₋₁)·Pₜ over the distinct probabilities t from high to low, where Rₜ and Pₜ are recall
 * and precision when the rows with at least t are taken to be of the class; in (0, 1]: 1 is best, the share of the
 * class is chance (Manning et al., 2008, ch. 8). Of two classes, that of the last one; of more, the unweighted mean over
 * the classes, each against the rest.
 *
 * It is NaN where one of those classes is absent from the rows, since recall has no meaning then (scikit-learn warns
 * and says 0 for the last of two classes, and refuses more), and where a probability is NaN.
 */
export function average_precision(predictions: ClassPredictions): number {
  return meanAgainstRest(predictions, ({ hits, alarms }) => {
    let sum = 0;
    for (let at = 1; at < hits.length; at++) {
      sum += (hits[at]! - hits[at - 1]!) * hits[at]! / (hits[at]! + alarms[at]!);
    }
    return sum / hits.at(-1)!;
  });
}

/**
 * The Brier score, the mean over the rows of Σₖ (pₖ − [k is the true class])², in [0, 2]: 0 is best (Brier, 1950). Of two
 * classes, half of it, as is usual: (p − [true])² of either class, in [0, 1].
 */
export function brier_score({ actual, probabilities: { columns, data } }: ClassPredictions): number {
  let sum = 0;
  actual.forEach((label, row) => {
    for (let column = 0; column < columns; column++) {
      const error = data[row * columns + column]! - Number(column === label);
      sum += error * error;
    }
  });
  return sum / actual.length / (columns === 2 ? 2 : 1);
}

const BINS = 15;

/**
 * The expected calibration error of the most probable class, Σ (rows in bin / rows)·|accuracy − mean confidence| over 15
 * bins of equal width, each without its lower edge, in [0, 1]: 0 is best (Guo et al., 2017). It is NaN where a
 * probability is NaN.
 */
export function calibration_error({ actual, probabilities }: ClassPredictions): number {
  const { columns, data } = probabilities;
  if (data.some(Number.isNaN)) return NaN;
  const predicted = argmaxOfRows(probabilities);
  const gaps = new Float64Array(BINS);
  actual.forEach((label, row) => {
    const guess = predicted[row]!;
    const confidence = data[row * columns + guess]!;
    const bin = Math.min(BINS, Math.max(1, Math.ceil(confidence * BINS))) - 1;
    gaps[bin]! += Number(label === guess) - confidence;
  });
  return gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / actual.length;
}

/** The root of the mean squared error, √(mean (y − ŷ)²), in the target's unit, from 0: 0 is best. */
export function rmse(predictions: ValuePredictions): number {
  return Math.sqrt(meanSquare(predictions));
}

/** The mean absolute error, mean |y − ŷ|, in the target's unit, from 0: 0 is best. */
export function mae({ actual, predicted }: ValuePredictions): number {
  return meanOf(actual.map((value, row) => Math.abs(value - predicted[row]!)));
}

/**
 * The coefficient of determination, 1 − Σ (y − ŷ)² / Σ (y − mean y)², at most 1, which is best; the mean of the rows
 * scores 0 (Draper and Smith, 1998). Where all true values are equal, 1 if all are predicted exactly and else 0. It is
 * NaN of fewer than two rows.
 */
export function r2({ actual, predicted }: ValuePredictions): number {
  if (actual.length < 2) return NaN;
  const residual = meanSquare({ actual, predicted });
  if (residual === 0) return 1;
  // From the first value, so that the mean of equal values is exactly theirs.
  const first = actual[0]!;
  const mean = first + meanOf(actual.map((value) => value - first));
  const total = meanSquare({ actual, predicted: new Float64Array(actual.length).fill(mean) });
  if (total === 0 && residual > 0) return 0;
  return 1 - residual / total;
}

/**
 * The mean absolute percentage error, as a fraction: mean |y − ŷ| / max(|y|, 2⁻⁵²), from 0: 0 is best (de Myttenaere et
 * al., 2016). A true value of 0 makes it huge, but finite.
 */
export function mape({ actual, predicted }: ValuePredictions): number {
  return meanOf(
    actual.map((value, row) => Math.abs(value - predicted[row]!) / Math.max(Math.abs(value), Number.EPSILON)),
  );
}

/** The name of a metric of a classification. */
export type ClassificationMetric =
  | "accuracy"
  | "balanced_accuracy"
  | "macro_f1"
  | "precision"
  | "recall"
  | "log_loss"
  | "roc_auc"
  | "average_precision"
  | "brier_score"
  | "calibration_error";

/** The name of a metric of a regression. */
export type RegressionMetric = "rmse" | "mae" | "r2" | "mape";

/** The name of a metric. */
export type MetricName = ClassificationMetric | RegressionMetric;

/** The metrics that an experiment can ask for, by task and name. Each takes time in the order of n log n of n rows. */
export const metrics: {
  readonly classification: Readonly<Record<ClassificationMetric, (predictions: ClassPredictions) => number>>;
  readonly regression: Readonly<Record<RegressionMetric, (predictions: ValuePredictions) => number>>;
} = {
  classification: {
    accuracy,
    balanced_accuracy,
    macro_f1,
    precision,
    recall,
    log_loss,
    roc_auc,
    average_precision,
    brier_score,
    calibration_error,
  },
  regression: { rmse, mae, r2, mape },
};

/** The task that a metric is of. */
export function taskOf(metric: MetricName): "classification" | "regression" {
  return Object.hasOwn(metrics.classification, metric) ? "classification" : "regression";
}

const ERRORS: ReadonlySet<MetricName> = new Set([
  "log_loss",
  "brier_score",
  "calibration_error",
  "rmse",
  "mae",
  "mape",
]);

/** How much worse a score is than another, in the metric's unit: above 0 where it is worse. */
export function lossOf(metric: MetricName, before: number, after: number): number {
  return ERRORS.has(metric) ? after - before : before - after;
}

/** In how many rows each class is true, predicted, and both; and the classes that are either somewhere. */
interface Tally {
  readonly truths: Float64Array;
  readonly guesses: Float64Array;
  readonly hits: Float64Array;
  readonly seen: readonly number[];
}

function tallyOf({ actual, probabilities }: ClassPredictions): Tally {
  const predicted = argmaxOfRows(probabilities);
  const truths = new Float64Array(probabilities.columns);
  const guesses = new Float64Array(probabilities.columns);
  const hits = new Float64Array(probabilities.columns);
  actual.forEach((label, row) => {
    const guess = predicted[row]!;
    truths[label]!++;
    guesses[guess]!++;
    if (label === guess) hits[label]!++;
  });
  const seen = [...truths.keys()].filter((label) => truths[label]! + guesses[label]! > 0);
  return { truths, guesses, hits, seen };
}

/**
 * The rows in the order of a class's probability, from high to low: how many of the class (`hits`) and of the others
 * (`alarms`) come before the first row, then at or above each distinct probability.
 */
export interface Ranking {
  readonly hits: readonly number[];
  readonly alarms: readonly number[];
}

/** The rows ranked by the probability of a class, which may not be NaN. */
export function rankingOf(
  { actual, probabilities: { columns, data } }: ClassPredictions,
  label: number,
): Ranking {
  const scores = new Float64Array(actual.length).map((_, row) => data[row * columns + label]!);
  const own = scores.filter((_, row) => actual[row] === label).sort();
  const others = scores.filter((_, row) => actual[row] !== label).sort();
  const hits = [0];
  const alarms = [0];
  let ownLeft = own.length;
  let othersLeft = others.length;
  while (ownLeft + othersLeft > 0) {
    const threshold = Math.max(own[ownLeft - 1] ?? -Infinity, others[othersLeft - 1] ?? -Infinity);
    while (own[ownLeft - 1] === threshold) ownLeft--;
    while (others[othersLeft - 1] === threshold) othersLeft--;
    hits.push(own.length - ownLeft);
    alarms.push(others.length - othersLeft);
  }
  return { hits, alarms };
}

/** The score of the last of two classes; the mean score of more. A NaN can't be ranked and makes a NaN. */
function meanAgainstRest(predictions: ClassPredictions, score: (ranking: Ranking) => number): number {
  const { columns, data } = predictions.probabilities;
  if (data.some(Number.isNaN)) return NaN;
  if (columns === 2) return score(rankingOf(predictions, 1));
  return meanOf(Array.from({ length: columns }, (_, label) => score(rankingOf(predictions, label))));
}

function meanSquare({ actual, predicted }: ValuePredictions): number {
  return meanOf(actual.map((value, row) => (value - predicted[row]!) * (value - predicted[row]!)));
}

function meanOf(values: readonly number[] | Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

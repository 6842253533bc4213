import { argmaxOfRows, type Matrix } from "./matrix.ts";

/** What a metric is computed from: the true classes and the predicted probabilities of the test rows. */
export interface Predictions {
  /** The true class of each row, as an index. */
  readonly actual: Uint32Array;
  /** The predicted probability of each class (column) for each row. */
  readonly probabilities: Matrix;
}

/** The fraction of rows whose most probable class is the true one, in [0, 1]. */
export function accuracy({ actual, probabilities }: Predictions): number {
  const predicted = argmaxOfRows(probabilities);
  return actual.reduce((right, label, row) => right + Number(label === predicted[row]), 0) / actual.length;
}

/**
 * The unweighted mean of the classes' F1 scores, 2·TP / (2·TP + FP + FN), over the classes that are true or predicted
 * somewhere, in [0, 1] (van Rijsbergen, 1979).
 */
export function macro_f1({ actual, probabilities }: Predictions): number {
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
 * The mean of −ln p(true class), in nats. Probabilities are kept at or above 2⁻⁵², the epsilon of 64-bit floats, so
 * that one certain mistake is dear but finite.
 */
export function log_loss({ actual, probabilities: { columns, data } }: Predictions): number {
  let sum = 0;
  actual.forEach((label, row) => {
    const p = Math.min(1, Math.max(Number.EPSILON, data[row * columns + label]!));
    sum -= Math.log(p);
  });
  return sum / actual.length;
}

/** The name of a metric. */
export type MetricName = "accuracy" | "macro_f1" | "log_loss";

/** The metrics that an experiment can ask for, by name. */
export const metrics: Readonly<Record<MetricName, (predictions: Predictions) => number>> = {
  accuracy,
  macro_f1,
  log_loss,
};

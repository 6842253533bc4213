import { argmaxOfRows } from "../../base/matrix.ts";
import type { ClassPredictions } from "./predictions.ts";

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

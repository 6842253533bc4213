import { meanOf } from "../../base/mean.ts";
import type { ValuePredictions } from "./predictions.ts";

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

function meanSquare({ actual, predicted }: ValuePredictions): number {
  return meanOf(actual.map((value, row) => (value - predicted[row]!) * (value - predicted[row]!)));
}

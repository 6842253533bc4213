import { argmaxOfRows } from "../../base/matrix.ts";
import { meanOf } from "../../base/mean.ts";
import type { ClassPredictions } from "./predictions.ts";

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
export function macro_f1(predictions: ClassPredictions): number {
  const { truths, guesses, hits, seen } = tallyOf(predictions);
  return meanOf(seen.map((label) => 2 * hits[label]! / (truths[label]! + guesses[label]!)));
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

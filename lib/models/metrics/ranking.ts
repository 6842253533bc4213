import { meanOf } from "../../base/mean.ts";
import type { ClassPredictions } from "./predictions.ts";

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

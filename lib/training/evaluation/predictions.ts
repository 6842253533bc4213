import { argmaxOfRows } from "../../base/matrix.ts";
import type { ClassCurves, ClassEvaluation, Point, ValueEvaluation } from "../../models/evaluation.ts";
import { metrics } from "../../models/metrics.ts";
import type { ClassPredictions, ValuePredictions } from "../../models/metrics/predictions.ts";
import { rankingOf } from "../../models/metrics/ranking.ts";
import { countInto, edgesOf } from "./histogram.ts";

/** How many points a curve has at most, and how many points are shown of a regression. */
const CURVE_POINTS = 200;
const SHOWN_POINTS = 500;
const BINS = 10;

/** What plots show of the predictions for some classes, given by their indices. */
export function evaluateClasses(
  predictions: ClassPredictions,
  { classes, shown }: { readonly classes: readonly string[]; readonly shown: readonly number[] },
): Pick<ClassEvaluation, "classes" | "classes_left_out" | "confusion" | "curves"> {
  const { actual, probabilities } = predictions;
  const place = new Map(shown.map((label, at) => [label, at]));
  const confusion = shown.map(() => shown.map(() => 0));
  const guesses = argmaxOfRows(probabilities);
  actual.forEach((label, row) => {
    const [from, to] = [place.get(label), place.get(guesses[row]!)];
    if (from !== undefined && to !== undefined) confusion[from]![to]!++;
  });
  const ranked = probabilities.data.some(Number.isNaN)
    ? []
    : shown.filter((label) => classes.length !== 2 || label === 1);
  return {
    classes: shown.map((label) => classes[label]!),
    classes_left_out: classes.length - shown.length,
    confusion,
    curves: ranked.flatMap((label) => curvesOf(againstRest(predictions, label), classes[label]!)),
  };
}

/** A class against the rest, as a classification of two classes. */
function againstRest({ actual, probabilities }: ClassPredictions, label: number): ClassPredictions {
  const { rows, columns, data } = probabilities;
  const both = new Float64Array(2 * rows);
  for (let row = 0; row < rows; row++) {
    const p = data[row * columns + label]!;
    both.set([1 - p, p], 2 * row);
  }
  return {
    actual: actual.map((other) => Number(other === label)),
    probabilities: { rows, columns: 2, data: both },
  };
}

/** The curves of the last of two classes; none where all rows are of one. */
function curvesOf(predictions: ClassPredictions, name: string): readonly ClassCurves[] {
  const { hits, alarms } = rankingOf(predictions, 1);
  const [positives, negatives] = [hits.at(-1)!, alarms.at(-1)!];
  if (positives === 0 || negatives === 0) return [];
  return [{
    class: name,
    share: positives / (positives + negatives),
    roc: {
      auc: metrics.classification.roc_auc(predictions),
      points: thinRoc(hits.map((hit, at) => [alarms[at]! / negatives, hit / positives])),
    },
    precision_recall: {
      average_precision: metrics.classification.average_precision(predictions),
      points: thinPrecision(
        hits.slice(1).map((hit, at) => [hit / positives, hit / (hit + alarms[at + 1]!)]),
      ),
    },
    calibration: calibrationOf(predictions),
  }];
}

/** The corners of a rising curve, at most one in each stretch of it. */
function thinRoc(points: readonly Point[]): readonly Point[] {
  const corners = points.filter(([x, y], at) => {
    const [before, after] = [points[at - 1], points[at + 1]];
    return !before || !after || !((x === before[0] && x === after[0]) || (y === before[1] && y === after[1]));
  });
  if (corners.length <= CURVE_POINTS) return corners;
  const stretch = ([x, y]: Point) => Math.floor((x + y) / 2 * (CURVE_POINTS - 2));
  return corners.filter((point, at) =>
    at === 0 || at === corners.length - 1 || stretch(point) !== stretch(corners[at - 1]!)
  );
}

/** The least and the greatest precision in each stretch of the recall, in the order of the curve. */
function thinPrecision(points: readonly Point[]): readonly Point[] {
  if (points.length <= CURVE_POINTS) return points;
  const stretches = Map.groupBy(
    points.keys(),
    (at) => Math.min(CURVE_POINTS / 2 - 1, Math.floor(points[at]![0] * CURVE_POINTS / 2)),
  );
  return [...stretches.values()].flatMap((places) => {
    const byPrecision = places.toSorted((a, b) => points[a]![1] - points[b]![1]);
    return [...new Set([byPrecision[0]!, byPrecision.at(-1)!])].sort((a, b) => a - b).map((at) =>
      points[at]!
    );
  });
}

/** Bins of equal width, each without its lower edge, as scikit-learn has them; those without rows are left out. */
function calibrationOf({ actual, probabilities }: ClassPredictions): ClassCurves["calibration"] {
  const sums = Array.from({ length: BINS }, () => ({ predicted: 0, actual: 0, rows: 0 }));
  actual.forEach((label, row) => {
    const p = probabilities.data[2 * row + 1]!;
    let bin = 0;
    while (bin < BINS - 1 && p > (bin + 1) * (1 / BINS)) bin++;
    const sum = sums[bin]!;
    sum.predicted += p;
    sum.actual += label;
    sum.rows++;
  });
  return sums.filter(({ rows }) => rows > 0).map(({ predicted, actual, rows }) => ({
    predicted: predicted / rows,
    actual: actual / rows,
    rows,
  }));
}

/** What plots show of predicted values; rows whose prediction isn't finite are left out. */
export function evaluateValues(
  { actual, predicted }: ValuePredictions,
): Pick<ValueEvaluation, "points" | "residuals"> {
  const known = Array.from(actual.keys()).filter((row) => Number.isFinite(predicted[row]));
  const residuals = Float64Array.from(known, (row) => actual[row]! - predicted[row]!);
  const edges = edgesOf(residuals);
  const counts = edges.slice(1).map(() => 0);
  residuals.forEach((residual) => countInto(counts, edges, residual));
  const step = Math.ceil(known.length / SHOWN_POINTS);
  const sorted = known.sort((a, b) => actual[a]! - actual[b]! || predicted[a]! - predicted[b]!);
  return {
    points: sorted.filter((_, at) => at % step === 0).map((row) => [actual[row]!, predicted[row]!]),
    residuals: { edges, counts },
  };
}

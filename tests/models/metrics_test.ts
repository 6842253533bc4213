import assert from "node:assert/strict";
import fc from "fast-check";
import {
  accuracy,
  average_precision,
  balanced_accuracy,
  brier_score,
  calibration_error,
  type ClassificationMetric,
  log_loss,
  macro_f1,
  mae,
  mape,
  metrics,
  precision,
  r2,
  recall,
  type RegressionMetric,
  rmse,
  roc_auc,
  taskOf,
} from "../../lib/models/metrics.ts";
import type { ClassPredictions, ValuePredictions } from "../../lib/models/metrics/predictions.ts";

/** Predictions of a few rows: the true classes, and a row of probabilities for each. */
function classes(actual: readonly number[], rows: readonly (readonly number[])[]): ClassPredictions {
  const columns = rows[0]!.length;
  return {
    actual: Uint32Array.from(actual),
    probabilities: { rows: rows.length, columns, data: Float64Array.from(rows.flat()) },
  };
}

/** Predictions of two classes, by the probability of the last one. */
function binary(actual: readonly number[], last: readonly number[]): ClassPredictions {
  return classes(actual, last.map((p) => [1 - p, p]));
}

/** Predictions of a few rows: the true and the predicted values. */
function values(actual: readonly number[], predicted: readonly number[]): ValuePredictions {
  return { actual: Float64Array.from(actual), predicted: Float64Array.from(predicted) };
}

function isClose(value: number, wanted: number, tolerance = 1e-12): boolean {
  return Object.is(value, wanted) || Math.abs(value - wanted) <= tolerance * Math.max(1, Math.abs(wanted));
}

function assertClose(value: number, wanted: number, tolerance?: number): void {
  assert.ok(isClose(value, wanted, tolerance), `${value} is not ${wanted}`);
}

/** The order in which a seed shuffles the numbers below `length`. */
function shuffled(length: number, keys: readonly number[]): number[] {
  return Array.from({ length }, (_, row) => row).sort((a, b) => keys[a]! - keys[b]! || a - b);
}

// Small weights tie often; the rows of a column of such weights are few enough to count by hand.
const weight = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.double({ min: 0.001, max: 1, noNaN: true }));
const someClasses = fc.integer({ min: 2, max: 5 }).chain((columns) =>
  fc.array(
    fc.record({
      actual: fc.nat(columns - 1),
      weights: fc.array(weight, { minLength: columns, maxLength: columns }),
      key: fc.nat(),
    }),
    { minLength: 1, maxLength: 30 },
  )
).map((rows) => {
  const actual = rows.map((row) => row.actual);
  const probabilities = rows.map(({ weights }) => {
    const total = weights.reduce((sum, one) => sum + one, 0);
    return weights.map((one) => total === 0 ? 1 / weights.length : one / total);
  });
  const order = shuffled(rows.length, rows.map(({ key }) => key));
  return {
    predictions: classes(actual, probabilities),
    reordered: classes(order.map((row) => actual[row]!), order.map((row) => probabilities[row]!)),
  };
});

// Sixteenths: no difference between two of them underflows when it is squared.
const value = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.integer({ min: -16_000, max: 16_000 }).map((n) => n / 16),
);
const someValues = fc.array(
  fc.record({ actual: value, predicted: value, key: fc.nat() }),
  { minLength: 1, maxLength: 30 },
).map((rows) => {
  const order = shuffled(rows.length, rows.map(({ key }) => key)).map((row) => rows[row]!);
  return {
    predictions: values(rows.map((row) => row.actual), rows.map((row) => row.predicted)),
    reordered: values(order.map((row) => row.actual), order.map((row) => row.predicted)),
  };
});

const classification = Object.keys(metrics.classification) as ClassificationMetric[];
const regression = Object.keys(metrics.regression) as RegressionMetric[];
const LOWER_IS_BETTER = ["log_loss", "brier_score", "calibration_error", "rmse", "mae", "mape"];

Deno.test("each metric is of the task that it is listed under", () => {
  assert.deepEqual([...new Set(classification.map(taskOf))], ["classification"]);
  assert.deepEqual([...new Set(regression.map(taskOf))], ["regression"]);
});

Deno.test("a metric of certain and right predictions is the best there is", () => {
  const certain = classes([0, 1, 2, 1], [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 0]]);
  const exact = values([1, -2, 0], [1, -2, 0]);
  for (const name of classification) {
    assert.equal(metrics.classification[name](certain), LOWER_IS_BETTER.includes(name) ? 0 : 1, name);
  }
  for (const name of regression) {
    assert.equal(metrics.regression[name](exact), LOWER_IS_BETTER.includes(name) ? 0 : 1, name);
  }
});

Deno.test("log loss of a certain mistake is the dearest, and finite", () => {
  assert.equal(log_loss(classes([1], [[1, 0]])), 52 * Math.LN2);
});

Deno.test("macro F1 leaves out a class that is neither true nor predicted", () => {
  assert.equal(macro_f1(classes([0, 1], [[1, 0, 0], [1, 0, 0]])), (2 / 3 + 0) / 2);
});

Deno.test("metrics of the predicted class tell apart the true from the predicted, counted by hand", () => {
  // True 0 0 0 1 2, predicted 0 0 1 1 3: class 2 is never predicted, class 3 never true, class 4 neither.
  const row = (label: number) => [0, 1, 2, 3, 4].map((column) => Number(column === label));
  const predictions = classes([0, 0, 0, 1, 2], [0, 0, 1, 1, 3].map(row));
  assertClose(accuracy(predictions), 3 / 5);
  assertClose(precision(predictions), (1 + 1 / 2 + 0 + 0) / 4);
  assertClose(recall(predictions), (2 / 3 + 1 + 0 + 0) / 4);
  assertClose(balanced_accuracy(predictions), (2 / 3 + 1 + 0) / 3);
  assertClose(macro_f1(predictions), (4 / 5 + 2 / 3 + 0 + 0) / 4);
});

Deno.test("ranking metrics of two classes rank by the last one, counted by hand", () => {
  // Of the four pairs of a true and another row, 0.8 wins both and 0.35 wins one.
  const predictions = binary([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]);
  assert.equal(roc_auc(predictions), 3 / 4);
  assertClose(average_precision(predictions), 1 / 2 * 1 + 1 / 2 * (2 / 3));
});

Deno.test("ranking metrics take equal probabilities as one step, whatever the order of their rows", () => {
  for (const actual of [[0, 1, 0, 1], [1, 0, 1, 0], [0, 0, 1, 1]]) {
    const constant = binary(actual, [0.5, 0.5, 0.5, 0.5]);
    assert.deepEqual([roc_auc(constant), average_precision(constant)], [1 / 2, 1 / 2]);
  }
});

Deno.test("ranking metrics of more classes are the mean of each class against the rest", () => {
  const predictions = classes([0, 1, 2], [[0.6, 0.2, 0.2], [0.7, 0.2, 0.1], [0.1, 0.1, 0.8]]);
  assertClose(roc_auc(predictions), (1 / 2 + 3 / 4 + 1) / 3);
  assertClose(average_precision(predictions), (1 / 2 + 1 / 2 + 1) / 3);
});

Deno.test("ranking metrics are NaN where a class to rank is absent", () => {
  const noLast = binary([0, 0], [0.2, 0.7]);
  const onlyLast = binary([1, 1], [0.2, 0.7]);
  const noThird = classes([0, 1], [[0.6, 0.2, 0.2], [0.1, 0.8, 0.1]]);
  assert.deepEqual([noLast, onlyLast, noThird].map(roc_auc), [NaN, NaN, NaN]);
  assert.deepEqual([noLast, onlyLast, noThird].map(average_precision), [NaN, 1, NaN]);
});

Deno.test("the Brier score is halved for two classes, and not for more", () => {
  assertClose(brier_score(binary([1, 0], [0.7, 0.4])), (0.09 + 0.16) / 2);
  assertClose(brier_score(classes([2], [[0.2, 0.3, 0.5]])), 0.04 + 0.09 + 0.25);
  assert.equal(brier_score(binary([0], [1])), 1);
  assert.equal(brier_score(classes([0], [[0, 1, 0]])), 2);
});

Deno.test("calibration error is the gap in each bin, weighted by its rows", () => {
  // Confidences 0.8 (thrice, two right) and 0.55 (once, wrong).
  const predictions = binary([1, 1, 0, 0], [0.8, 0.8, 0.8, 0.55]);
  assertClose(calibration_error(predictions), 3 / 4 * Math.abs(2 / 3 - 0.8) + 1 / 4 * 0.55);
});

Deno.test("calibration error puts a confidence on an edge into the bin below it", () => {
  // A right and a wrong row: their gaps are of opposite signs, so that they add up only across two bins.
  for (let edge = 9; edge < 15; edge++) {
    const [on, below, above] = [edge / 15, edge / 15 - 1 / 30, edge / 15 + 1 / 30];
    assertClose(calibration_error(binary([1, 0], [on, below])), Math.abs(1 - on - below) / 2);
    assertClose(calibration_error(binary([1, 0], [on, above])), (1 - on + above) / 2);
  }
});

Deno.test("calibration error takes a confidence a rounding above 1 into the last bin", () => {
  assertClose(calibration_error(classes([1], [[1 + Number.EPSILON, 0]])), 1);
});

Deno.test("metrics of probabilities that are no numbers are no numbers, save those of the predicted class", () => {
  const diverged = classes([0, 1, 1], [[0.5, 0.5], [NaN, NaN], [0.4, 0.6]]);
  const ofProbabilities = ["log_loss", "roc_auc", "average_precision", "brier_score", "calibration_error"];
  for (const name of classification) {
    assert.equal(Number.isNaN(metrics.classification[name](diverged)), ofProbabilities.includes(name), name);
  }
});

Deno.test("metrics of a predicted value that is no number are no numbers", () => {
  for (const actual of [[1, 2], [1, 1]]) {
    for (const name of regression) {
      assert.equal(metrics.regression[name](values(actual, [1, NaN])), NaN, name);
    }
  }
});

Deno.test("metrics of values are what they are by hand", () => {
  const predictions = values([3, -0.5, 2, 7], [2.5, 0, 2, 8]);
  assertClose(rmse(predictions), Math.sqrt(1.5 / 4));
  assertClose(mae(predictions), 2 / 4);
  assertClose(r2(predictions), 1 - 1.5 / 29.1875);
  assertClose(mape(predictions), (0.5 / 3 + 1 + 0 + 1 / 7) / 4);
});

Deno.test("R² of equal true values is 1 where all are predicted exactly and else 0", () => {
  // 0.1 added up ten times is not 1: the mean of these is exact all the same.
  const equal = new Array<number>(10).fill(0.1);
  assert.equal(r2(values(equal, equal)), 1);
  assert.equal(r2(values(equal, equal.with(0, 0.2))), 0);
});

Deno.test("R² of one row is no number", () => {
  assert.equal(r2(values([1], [1])), NaN);
});

Deno.test("MAPE of a true value of zero is huge, and finite", () => {
  assert.equal(mape(values([0], [1])), 2 ** 52);
});

Deno.test("metrics stay within their range", () => {
  const most: Partial<Record<ClassificationMetric, number>> = { log_loss: 52 * Math.LN2, brier_score: 2 };
  fc.assert(fc.property(someClasses, ({ predictions }) => {
    for (const name of classification) {
      const score = metrics.classification[name](predictions);
      const absent = Number.isNaN(score) && (name === "roc_auc" || name === "average_precision");
      assert.ok(absent || score >= 0 && score <= (most[name] ?? 1) + 1e-12, `${name} is ${score}`);
    }
  }));
  fc.assert(fc.property(someValues, ({ predictions }) => {
    const [root, mean, determination, share] = [rmse, mae, r2, mape].map((metric) => metric(predictions));
    assert.ok(root! >= mean! * (1 - 1e-12) && mean! >= 0 && share! >= 0, `${root}, ${mean}, ${share}`);
    assert.ok(predictions.actual.length === 1 || determination! <= 1, `${determination}`);
  }));
});

Deno.test("metrics are the same whatever the order of the rows", () => {
  fc.assert(fc.property(someClasses, ({ predictions, reordered }) => {
    for (const metric of Object.values(metrics.classification)) {
      assertClose(metric(reordered), metric(predictions));
    }
  }));
  fc.assert(fc.property(someValues, ({ predictions, reordered }) => {
    for (const name of regression) {
      const [wanted, score] = [predictions, reordered].map(metrics.regression[name]);
      assertClose(score!, wanted!, 1e-9);
    }
  }));
});

Deno.test("ROC AUC is the share of pairs in which the row of the class is given more, ties counting half", () => {
  fc.assert(fc.property(someClasses, ({ predictions }) => {
    const { actual, probabilities: { columns, data } } = predictions;
    const ofClass = (label: number) => {
      let won = 0;
      let pairs = 0;
      actual.forEach((own, row) =>
        actual.forEach((other, otherRow) => {
          if (own !== label || other === label) return;
          const lead = data[row * columns + label]! - data[otherRow * columns + label]!;
          won += lead > 0 ? 1 : lead === 0 ? 1 / 2 : 0;
          pairs++;
        })
      );
      return won / pairs;
    };
    const labels = columns === 2 ? [1] : Array.from({ length: columns }, (_, label) => label);
    assertClose(
      roc_auc(predictions),
      labels.reduce((sum, label) => sum + ofClass(label), 0) / labels.length,
    );
  }));
});

Deno.test("ranking metrics see the order of the probabilities alone", () => {
  fc.assert(fc.property(someClasses, ({ predictions }) => {
    const { actual, probabilities } = predictions;
    // Exact and rising, so that no tie is made or broken.
    const scaled = {
      actual,
      probabilities: { ...probabilities, data: probabilities.data.map((p) => p / 4) },
    };
    assert.equal(roc_auc(scaled), roc_auc(predictions));
    assert.equal(average_precision(scaled), average_precision(predictions));
  }));
});

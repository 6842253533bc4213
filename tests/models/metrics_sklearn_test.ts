import assert from "node:assert/strict";
import fc from "fast-check";
import { type ClassificationMetric, metrics, type RegressionMetric } from "../../lib/models/metrics.ts";
import type { ClassPredictions, ValuePredictions } from "../../lib/models/metrics/predictions.ts";
import { withPython } from "../mlflow/python.ts";

/** How a row's probabilities are drawn: any; with many ties, edges of bins among them; certain; the same for all. */
const styles = {
  any: (classes: number) => of(fc.double({ min: 0.001, max: 1, noNaN: true }), classes),
  tied: (classes: number) => of(fc.integer({ min: 0, max: 3 }), classes),
  edges: (classes: number) =>
    fc.integer({ min: 0, max: 15 }).map((p) => [p, ...new Array(classes - 2).fill(0), 15 - p]),
  certain: (classes: number) =>
    fc.nat(classes - 1).map((sure) => Array.from({ length: classes }, (_, k) => Number(k === sure))),
  constant: (classes: number) => fc.constant(Array.from({ length: classes }, (_, k) => k === 1 ? 2 : 1)),
};

function of<T>(element: fc.Arbitrary<T>, length: number): fc.Arbitrary<T[]> {
  return fc.array(element, { minLength: length, maxLength: length });
}

interface ClassCase {
  readonly actual: readonly number[];
  readonly probabilities: readonly (readonly number[])[];
}

/** Cases of so many classes, of which the rows have those in `present`. */
function classCases(classes: number, present: readonly number[], style: keyof typeof styles): ClassCase[] {
  const row = fc.tuple(fc.constantFrom(...present), styles[style](classes));
  // The first rows have every class that is to be present.
  const rows = fc.array(row, { minLength: present.length, maxLength: 60 }).map((rows) =>
    rows.map(([label, weights], at): [number, number[]] => [present[at] ?? label, weights])
  );
  return fc.sample(rows, { numRuns: 6, seed: classes * 10 + present.length }).map((rows) => ({
    actual: rows.map(([label]) => label),
    probabilities: rows.map(([, weights]) => {
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      return weights.map((weight) => total === 0 ? 1 / classes : weight / total);
    }),
  }));
}

/** Cases in which a row's most probable class is the true one, with ties among the others. */
function perfectCases(classes: number): ClassCase[] {
  return classCases(classes, upTo(classes), "tied").map(({ actual, probabilities }) => ({
    actual,
    probabilities: probabilities.map((row, at) => row.map((p, k) => k === actual[at] ? (p + 1) / 2 : p / 2)),
  }));
}

function upTo(length: number): number[] {
  return Array.from({ length }, (_, at) => at);
}

/** What scikit-learn, or NumPy where it has no such metric, says; null for NaN. */
type Expected<Name extends string> = Readonly<Record<Name, number | null>>;

/** Asserts that our scores are the expected ones, to 1e-9; a huge one is compared by its ratio. */
function assertEqual<Name extends string>(
  score: (name: Name) => number,
  { expected, of }: { readonly expected: Expected<Name>; readonly of: unknown },
): void {
  for (const [name, known] of Object.entries(expected) as [Name, number | null][]) {
    const wanted = known ?? NaN;
    const found = score(name);
    const equal = Object.is(found, wanted) ||
      Math.abs(found - wanted) <= 1e-9 * Math.max(1, Math.abs(wanted));
    assert.ok(equal, `${name} is ${found}, and ${wanted} by scikit-learn, of ${JSON.stringify(of)}`);
  }
}

/** Has Python compute, for each case, a dict of scores by the expression `scores`, which finds the case in `c`. */
async function scoresOf<Name extends string>(
  cases: readonly unknown[],
  { prelude, scores }: { readonly prelude: string; readonly scores: string },
): Promise<Expected<Name>[]> {
  const input = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await Deno.writeTextFile(input, JSON.stringify(cases));
    const script = `
import math, warnings
import numpy as np
warnings.simplefilter("ignore")
${prelude}
def scores(c):
    return ${scores}
def known(value):
    return None if value is None or math.isnan(value) else float(value)
tell([{name: known(value) for name, value in scores(c).items()} for c in json.load(open(args[0]))])`;
    return await withPython("3.17.2", script, input) as Expected<Name>[];
  } finally {
    await Deno.remove(input);
  }
}

const CLASSIFICATION = {
  prelude: `
from sklearn.metrics import (accuracy_score, average_precision_score, balanced_accuracy_score, brier_score_loss,
    f1_score, log_loss, precision_score, recall_score, roc_auc_score)

def ranking(score, y, p, **options):
    k = p.shape[1]
    # Where scikit-learn refuses or warns that the value has no meaning, there is none.
    if k == 2:
        return None if score is average_precision_score and not (y == 1).any() else score(y, p[:, 1])
    if len(np.unique(y)) < k and score is average_precision_score:
        return None
    return score(y, p, average="macro", **options)

def calibration_error(y, p):
    confidence, right = p.max(axis=1), p.argmax(axis=1) == y
    edges = np.arange(16) / 15
    error = 0.0
    for low, high in zip(edges, edges[1:]):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            error += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return error

def scores_of(y, p):
    labels, guess = np.arange(p.shape[1]), p.argmax(axis=1)
    multi = {"labels": labels, "multi_class": "ovr"} if p.shape[1] > 2 else {}
    return {
        "accuracy": accuracy_score(y, guess),
        "balanced_accuracy": balanced_accuracy_score(y, guess),
        "macro_f1": f1_score(y, guess, average="macro", zero_division=0),
        "precision": precision_score(y, guess, average="macro", zero_division=0),
        "recall": recall_score(y, guess, average="macro", zero_division=0),
        "log_loss": log_loss(y, p, labels=labels),
        "roc_auc": ranking(roc_auc_score, y, p, **multi),
        "average_precision": ranking(average_precision_score, y, p),
        "brier_score": brier_score_loss(y, p, labels=labels),
        "calibration_error": calibration_error(y, p),
    }`,
  scores: `scores_of(np.array(c["actual"]), np.array(c["probabilities"]))`,
};

Deno.test("metrics of a classification equal scikit-learn's on the same predictions, to 1e-9", async (t) => {
  const groups: Readonly<Record<string, ClassCase[]>> = Object.fromEntries([
    ...[2, 3, 7].flatMap((classes) =>
      (Object.keys(styles) as (keyof typeof styles)[]).map((style) => [
        `${classes} classes, ${style} probabilities`,
        classCases(classes, upTo(classes), style),
      ])
    ),
    ...[2, 7].map((classes) => [`${classes} classes, right predictions`, perfectCases(classes)]),
    ["2 classes, the first absent", classCases(2, [1], "any")],
    ["2 classes, the last absent", classCases(2, [0], "tied")],
    ["7 classes, two present", classCases(7, [2, 5], "any")],
    ["7 classes, one absent", classCases(7, [0, 1, 2, 4, 5, 6], "tied")],
    ["7 classes, one present", classCases(7, [3], "tied")],
  ]);
  const cases = Object.values(groups).flat();
  const expected = await scoresOf<ClassificationMetric>(cases, CLASSIFICATION);
  assert.deepEqual(Object.keys(expected[0]!).sort(), Object.keys(metrics.classification).sort());
  const expectedOf = new Map(cases.map((one, index) => [one, expected[index]!]));
  for (const [group, members] of Object.entries(groups)) {
    await t.step(group, () => {
      for (const one of members) {
        const predictions: ClassPredictions = {
          actual: Uint32Array.from(one.actual),
          probabilities: {
            rows: one.actual.length,
            columns: one.probabilities[0]!.length,
            data: Float64Array.from(one.probabilities.flat()),
          },
        };
        assertEqual((name: ClassificationMetric) => metrics.classification[name](predictions), {
          expected: expectedOf.get(one)!,
          of: one,
        });
      }
    });
  }
});

const REGRESSION = {
  prelude: `
from sklearn.metrics import (mean_absolute_error, mean_absolute_percentage_error, r2_score,
    root_mean_squared_error)`,
  scores: `{
        "rmse": root_mean_squared_error(c["actual"], c["predicted"]),
        "mae": mean_absolute_error(c["actual"], c["predicted"]),
        "r2": r2_score(c["actual"], c["predicted"]),
        "mape": mean_absolute_percentage_error(c["actual"], c["predicted"]),
    }`,
};

interface ValueCase {
  readonly actual: readonly number[];
  readonly predicted: readonly number[];
}

/** Cases of rows of which each is a true and a predicted value. */
function valueCases(row: fc.Arbitrary<readonly [number, number]>, minLength = 2): ValueCase[] {
  return fc.sample(fc.array(row, { minLength, maxLength: 60 }), { numRuns: 15, seed: 1 }).map((rows) => ({
    actual: rows.map(([actual]) => actual),
    predicted: rows.map(([, predicted]) => predicted),
  }));
}

Deno.test("metrics of a regression equal scikit-learn's on the same predictions, to 1e-9", async (t) => {
  const any = fc.double({ min: -1e6, max: 1e6, noNaN: true });
  const small = fc.integer({ min: -2, max: 2 });
  const groups: Readonly<Record<string, ValueCase[]>> = {
    "any values": valueCases(fc.tuple(any, any)),
    "close predictions": valueCases(fc.tuple(any, small).map(([value, error]) => [value, value + error / 8])),
    "far from zero": valueCases(fc.tuple(small, small).map(([a, b]) => [1e6 + a, 1e6 + b])),
    "zeros among the true values": valueCases(fc.tuple(small, any)),
    "right predictions": valueCases(any.map((value) => [value, value])),
    "constant predictions": valueCases(any.map((value) => [value, 3])),
    "equal true values": valueCases(any.map((value) => [0.25, value])),
    "equal true values, right predictions": valueCases(fc.constant([0.25, 0.25])),
    "one row": valueCases(fc.tuple(any, any), 1).map(({ actual, predicted }) => ({
      actual: actual.slice(0, 1),
      predicted: predicted.slice(0, 1),
    })),
  };
  const cases = Object.values(groups).flat();
  const expected = await scoresOf<RegressionMetric>(cases, REGRESSION);
  assert.deepEqual(Object.keys(expected[0]!).sort(), Object.keys(metrics.regression).sort());
  const expectedOf = new Map(cases.map((one, index) => [one, expected[index]!]));
  for (const [group, members] of Object.entries(groups)) {
    await t.step(group, () => {
      for (const one of members) {
        const predictions: ValuePredictions = {
          actual: Float64Array.from(one.actual),
          predicted: Float64Array.from(one.predicted),
        };
        assertEqual((name: RegressionMetric) => metrics.regression[name](predictions), {
          expected: expectedOf.get(one)!,
          of: one,
        });
      }
    });
  }
});

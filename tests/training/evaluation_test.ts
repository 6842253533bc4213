import assert from "node:assert/strict";
import fc from "fast-check";
import { randomOf } from "../../lib/base/random.ts";
import { loadExperiment } from "../../lib/experiment/experiment.ts";
import { chooseFrom, prepare, type Prepared } from "../../lib/experiment/prepare.ts";
import type { Evaluation } from "../../lib/models/evaluation.ts";
import type { ClassPredictions } from "../../lib/models/metrics/predictions.ts";
import { openEvaluator } from "../../lib/training/evaluation/evaluator.ts";
import { countInto, edgesOf } from "../../lib/training/evaluation/histogram.ts";
import { evaluateClasses, evaluateValues } from "../../lib/training/evaluation/predictions.ts";
import { parseEvaluation } from "../../lib/training/evaluation/read.ts";
import { fitAndScore } from "../../lib/training/fit.ts";
import { withPython } from "../mlflow/python.ts";

const idle = () => Promise.resolve();

/** Predictions of so many rows, of which many share a probability where it has few `levels`. */
function predictions(rows: number, classes: number, levels: number): ClassPredictions {
  const random = randomOf(rows * 100 + classes * 10 + levels);
  const actual = new Uint32Array(rows).map((_, row) => row < classes ? row : random.integer(classes));
  const data = new Float64Array(rows * classes);
  actual.forEach((label, row) => {
    const weights = Array.from(
      { length: classes },
      (_, k) => 1 + random.integer(levels) + (k === label ? levels / 2 : 0),
    );
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    data.set(weights.map((weight) => weight / total), row * classes);
  });
  return { actual, probabilities: { rows, columns: classes, data } };
}

const SKLEARN = `
import numpy as np
from sklearn.calibration import calibration_curve
from sklearn.metrics import (auc, average_precision_score, confusion_matrix, precision_recall_curve, roc_curve)
def told(c):
    y, p = np.array(c["actual"]), np.array(c["probabilities"]).reshape(len(c["actual"]), -1)
    classes = [1] if p.shape[1] == 2 else range(p.shape[1])
    def curves(k):
        yk, pk = (y == k).astype(int), p[:, k]
        fpr, tpr, _ = roc_curve(yk, pk, drop_intermediate=False)
        precision, recall, _ = precision_recall_curve(yk, pk)
        true, mean = calibration_curve(yk, pk, n_bins=10)
        return {
            "roc": np.stack([fpr, tpr], 1).tolist(), "auc": auc(fpr, tpr),
            "pr": np.stack([recall, precision], 1)[:-1].tolist(), "ap": average_precision_score(yk, pk),
            "calibration": np.stack([mean, true], 1).tolist(),
        }
    return {"confusion": confusion_matrix(y, p.argmax(axis=1), labels=range(p.shape[1])).tolist(),
        "curves": [curves(k) for k in classes]}
tell([told(c) for c in json.load(open(args[0]))])`;

interface Told {
  readonly confusion: readonly (readonly number[])[];
  readonly curves: readonly {
    readonly roc: readonly (readonly [number, number])[];
    readonly auc: number;
    readonly pr: readonly (readonly [number, number])[];
    readonly ap: number;
    readonly calibration: readonly (readonly [number, number])[];
  }[];
}

type Pair = readonly [number, number];

function near(found: number, wanted: number): boolean {
  return Math.abs(found - wanted) <= 1e-9;
}

function isAmong(point: Pair, points: readonly Pair[]): boolean {
  return points.some(([x, y]) => near(point[0], x) && near(point[1], y));
}

/** How far a place is from a curve of straight lines, at most in x or in y. */
function distance([x, y]: Pair, curve: readonly Pair[]): number {
  return Math.min(
    ...curve.slice(1).map(([bx, by], at) => {
      const [ax, ay] = curve[at]!;
      const length = (bx - ax) ** 2 + (by - ay) ** 2;
      const t = length === 0
        ? 0
        : Math.min(1, Math.max(0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length));
      return Math.max(Math.abs(ax + t * (bx - ax) - x), Math.abs(ay + t * (by - ay) - y));
    }),
  );
}

Deno.test("the curves of a classification are scikit-learn's, thinned where they have many points", async () => {
  const cases = [[40, 2, 5], [60, 3, 4], [90, 4, 1000], [3000, 2, 100_000], [3000, 3, 100_000]].map(
    ([rows, classes, levels]) => predictions(rows!, classes!, levels!),
  );
  const file = await Deno.makeTempFile({ suffix: ".json" });
  await Deno.writeTextFile(
    file,
    JSON.stringify(
      cases.map(({ actual, probabilities }) => ({
        actual: [...actual],
        probabilities: [...probabilities.data],
      })),
    ),
  );
  const told = await withPython("3.17.2", SKLEARN, file) as readonly Told[];
  await Deno.remove(file);
  for (const [at, one] of cases.entries()) {
    const { columns, rows } = one.probabilities;
    const names = Array.from({ length: columns }, (_, label) => `c${label}`);
    const { confusion, curves } = evaluateClasses(one, { classes: names, shown: [...names.keys()] });
    assert.deepEqual(confusion, told[at]!.confusion);
    assert.equal(curves.length, told[at]!.curves.length);
    curves.forEach(({ roc, precision_recall, calibration }, index) => {
      const wanted = told[at]!.curves[index]!;
      assert.ok(near(roc.auc, wanted.auc));
      assert.ok(near(precision_recall.average_precision, wanted.ap));
      for (const point of roc.points) assert.ok(isAmong(point, wanted.roc));
      for (const point of precision_recall.points) assert.ok(isAmong(point, wanted.pr));
      assert.equal(calibration.length, wanted.calibration.length);
      calibration.forEach(({ predicted, actual }, bin) => {
        assert.ok(near(predicted, wanted.calibration[bin]![0]) && near(actual, wanted.calibration[bin]![1]));
      });
      assert.equal(calibration.reduce((sum, { rows }) => sum + rows, 0), rows);
      assert.deepEqual([roc.points[0], roc.points.at(-1)], [[0, 0], [1, 1]]);
      for (const points of [roc.points, precision_recall.points]) assert.ok(points.length <= 201);
      const lost = rows <= 100 ? 1e-9 : 0.011;
      for (const point of wanted.roc) assert.ok(distance(point, roc.points) <= lost);
    });
  }
});

Deno.test("a class that no row has, and probabilities that are NaN, have no curves", () => {
  const names = ["a", "b", "c"];
  const shown = [0, 1, 2];
  const whole = predictions(30, 3, 5);
  const without = { ...whole, actual: whole.actual.map((label) => label === 2 ? 0 : label) };
  const { curves } = evaluateClasses(without, { classes: names, shown });
  assert.deepEqual(curves.map((each) => each.class), ["a", "b"]);
  whole.probabilities.data[4] = NaN;
  assert.deepEqual(evaluateClasses(whole, { classes: names, shown }).curves, []);
});

Deno.test("of many predicted values 500 at most are kept, by the true value, and all residuals are counted", () => {
  const value = fc.double({ noNaN: true, min: -1e6, max: 1e6 });
  fc.assert(
    fc.property(fc.array(fc.tuple(value, value), { minLength: 1, maxLength: 1500 }), (rows) => {
      const actual = Float64Array.from(rows, ([y]) => y);
      const predicted = Float64Array.from(rows, ([, y]) => y);
      const { points, residuals } = evaluateValues({ actual, predicted });
      assert.ok(points.length <= 500 && points.length >= Math.min(rows.length, 250));
      for (const [at, [y]] of points.entries()) assert.ok(at === 0 || points[at - 1]![0] <= y);
      assert.equal(residuals.counts.reduce((sum, rows) => sum + rows, 0), rows.length);
    }),
    { numRuns: 30 },
  );
});

Deno.test("each value lies in the bin that it is counted into", () => {
  fc.assert(
    fc.property(
      fc.float64Array({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9, minLength: 1 }),
      (values) => {
        const edges = edgesOf(values);
        const width = edges[1]! - edges[0]!;
        for (const value of values) {
          const counts = edges.slice(1).map(() => 0);
          countInto(counts, edges, value);
          const bin = counts.indexOf(1);
          assert.ok(value >= edges[bin]! - width * 1e-6 && value <= edges[bin + 1]! + width * 1e-6);
        }
      },
    ),
  );
});

/** What a config's run would be made of, and the evaluation of its folds. */
async function evaluated(
  config: string,
  set: readonly string[] = [],
): Promise<{ readonly prepared: Prepared; readonly evaluation: Evaluation }> {
  const { registry, spec } = await loadExperiment(config, { set });
  const prepared = await prepare(chooseFrom(registry, spec));
  const evaluator = openEvaluator(prepared);
  await fitAndScore(prepared, idle, { onFold: (fold) => evaluator.add(fold, idle) });
  return { prepared, evaluation: evaluator.evaluation() };
}

Deno.test("the evaluation of a run counts each test row of each fold, and reads back as it was written", async () => {
  for (const config of ["exp_v1", "penguins", "diabetes"]) {
    const { prepared, evaluation } = await evaluated(config);
    const tested = prepared.splits.reduce((sum, { test }) => sum + test.length, 0);
    assert.equal(evaluation.rows, tested);
    const counts = evaluation.task === "classification"
      ? evaluation.confusion.flat()
      : evaluation.residuals.counts;
    assert.equal(counts.reduce((sum, rows) => sum + rows, 0), tested);
    assert.deepEqual(
      evaluation.importance?.features.map(({ feature }) => feature).sort(),
      prepared.features.map(({ name }) => name),
    );
    for (const { feature, missing, counts } of evaluation.distributions) {
      const rows = counts.flat().reduce((sum, rows) => sum + rows, missing);
      assert.equal(rows, prepared.table.rows, feature);
    }
    assert.deepEqual(parseEvaluation(JSON.stringify(evaluation)), evaluation);
    assert.deepEqual((await evaluated(config)).evaluation, evaluation);
  }
});

Deno.test("a shuffle of what the model doesn't look at changes nothing, and of what it does makes it worse", async () => {
  const { prepared } = await evaluated("diabetes");
  const evaluator = openEvaluator(prepared);
  const column = prepared.features.findIndex(({ name }) => name === "bmi");
  const predict = (x: { readonly rows: number; readonly columns: number; readonly data: Float64Array }) => ({
    rows: x.rows,
    columns: 1,
    data: new Float64Array(x.rows).map((_, row) => 150 + 40 * x.data[row * x.columns + column]!),
  });
  await fitAndScore(prepared, idle, {
    onFold: (fold) =>
      evaluator.add({ ...fold, estimator: { predict, save: () => ({}) }, predicted: predict(fold.x) }, idle),
  });
  const { features } = evaluator.evaluation().importance!;
  assert.equal(features[0]!.feature, "bmi");
  assert.ok(features[0]!.mean > 0 && features[0]!.std > 0);
  for (const { mean, std } of features.slice(1)) assert.deepEqual([mean, std], [0, 0]);
});

Deno.test("what reads as an evaluation is one: other texts of JSON, and other formats, are none", async () => {
  const { evaluation } = await evaluated("exp_v1");
  const spoiled = (change: object) => parseEvaluation(JSON.stringify({ ...evaluation, ...change }));
  assert.ok(spoiled({}));
  assert.equal(spoiled({ format: "reprise/evaluation/2" }), undefined);
  assert.equal(spoiled({ classes: ["setosa"] }), undefined);
  assert.equal(spoiled({ curves: [{ class: 1 }] }), undefined);
  assert.equal(parseEvaluation("{"), undefined);
  assert.equal(parseEvaluation("null"), undefined);
});

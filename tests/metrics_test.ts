import assert from "node:assert/strict";
import fc from "fast-check";
import { accuracy, log_loss, macro_f1, type Predictions } from "../lib/metrics.ts";
import { argmaxOfRows } from "../lib/matrix.ts";
import { withPython } from "./mlflow/python.ts";

/** Predictions of a few rows: the true classes, and a row of probabilities for each. */
function predictions(actual: readonly number[], rows: readonly (readonly number[])[]): Predictions {
  const columns = rows[0]!.length;
  return {
    actual: Uint32Array.from(actual),
    probabilities: { rows: rows.length, columns, data: Float64Array.from(rows.flat()) },
  };
}

const some = fc.integer({ min: 2, max: 5 }).chain((classes) =>
  fc.array(
    fc.tuple(
      fc.nat(classes - 1),
      fc.array(fc.double({ min: 0.001, max: 1, noNaN: true }), { minLength: classes, maxLength: classes }),
    ),
    { minLength: 1, maxLength: 30 },
  )
).map((rows) =>
  predictions(
    rows.map(([actual]) => actual),
    rows.map(([, weights]) => {
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      return weights.map((weight) => weight / total);
    }),
  )
);

Deno.test("a metric of certain and right predictions is the best there is", () => {
  const perfect = predictions([0, 1, 2], [[1, 0, 0], [0, 1, 0], [0, 0, 1]]);
  assert.deepEqual([accuracy(perfect), macro_f1(perfect), log_loss(perfect)], [1, 1, 0]);
});

Deno.test("log loss of a certain mistake is the dearest, and finite", () => {
  assert.equal(log_loss(predictions([1], [[1, 0]])), 52 * Math.LN2);
});

Deno.test("macro F1 leaves out a class that is neither true nor predicted", () => {
  assert.equal(macro_f1(predictions([0, 1], [[1, 0, 0], [1, 0, 0]])), (2 / 3 + 0) / 2);
});

Deno.test("metrics equal scikit-learn's on the same predictions, to 1e-9", async () => {
  const cases = fc.sample(some, { numRuns: 20, seed: 1 });
  const input = cases.map(({ actual, probabilities: { columns, data } }) => ({
    actual: [...actual],
    predicted: [...argmaxOfRows({ rows: actual.length, columns, data })],
    probabilities: Array.from(actual, (_, row) => [...data.slice(row * columns, (row + 1) * columns)]),
  }));
  const expected = await withPython(
    "3.17.2",
    `
from sklearn.metrics import accuracy_score, f1_score, log_loss
tell([[
    accuracy_score(c["actual"], c["predicted"]),
    f1_score(c["actual"], c["predicted"], average="macro"),
    log_loss(c["actual"], c["probabilities"], labels=range(len(c["probabilities"][0]))),
] for c in json.loads(args[0])])`,
    JSON.stringify(input),
  ) as number[][];
  cases.forEach((one, index) => {
    [accuracy(one), macro_f1(one), log_loss(one)].forEach((value, metric) => {
      const asked = expected[index]![metric]!;
      assert.ok(
        Math.abs(value - asked) <= 1e-9,
        `case ${index}, metric ${metric}: ${value}, scikit-learn says ${asked}`,
      );
    });
  });
});

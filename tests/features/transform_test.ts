import assert from "node:assert/strict";
import fc from "fast-check";
import { learnDesign } from "../../lib/features/design.ts";
import type { Learned, RawColumn } from "../../lib/features/feature.ts";
import {
  bins,
  frequency,
  impute,
  minMax,
  oneHot,
  ordinal,
  standardise,
} from "../../lib/features/transform.ts";
import { withPython } from "../mlflow/python.ts";

const number = (): number | null => null;
const text = (): string | null => null;

/** The columns that a feature makes of rows, learned from the first of them. */
function columnsOf(learned: Learned<never>, values: RawColumn, train: number) {
  const rows = (length: number) => Uint32Array.from({ length }, (_, row) => row);
  const design = learnDesign([{ name: "f", values, learned }], rows(train));
  const { data, columns } = design.matrix(rows(values.length));
  const made = design.features.map((_, column) =>
    Array.from({ length: values.length }, (_, row) => data[row * columns + column]!)
  );
  return { names: design.features, columns: made, states: design.states!.f!.map(({ state }) => state) };
}

const columnOf = (learned: Learned<never>, values: RawColumn, train = values.length) =>
  columnsOf(learned, values, train).columns[0];

Deno.test("impute fills in what was learned from the train rows", () => {
  const values = Float64Array.of(1, NaN, 2, 9, 9, NaN, 1000);
  assert.deepEqual(columnOf(impute(number, "mean"), values, 5), [1, 5.25, 2, 9, 9, 5.25, 1000]);
  assert.deepEqual(columnOf(impute(number, "median"), values, 5)![1], 5.5);
  assert.deepEqual(columnOf(impute(number, "most_frequent"), values, 5)![1], 9);
  assert.deepEqual(columnOf(impute(number, { constant: -1 }), values, 5)![5], -1);
  const { columns, names } = columnsOf(
    oneHot(impute(text, "most_frequent")),
    ["b", null, "b", "a"],
    3,
  );
  assert.deepEqual([names, columns], [["f=b"], [[1, 1, 1, 0]]]);
});

Deno.test("transforms are put upon each other in order", () => {
  const learned = standardise(impute(number, { constant: 4 }));
  assert.deepEqual(columnOf(learned, Float64Array.of(2, NaN, 6, NaN)), [
    -2 / Math.SQRT2,
    0,
    2 / Math.SQRT2,
    0,
  ]);
});

Deno.test("texts become columns, places or shares; what the train rows lack is told from them", () => {
  const values = ["b", "a", "b", "c"];
  const hot = columnsOf(oneHot(text), values, 3);
  assert.deepEqual([hot.names, hot.columns], [["f=a", "f=b"], [[0, 1, 0, 0], [1, 0, 1, 0]]]);
  assert.deepEqual(columnOf(ordinal(text), values, 3), [1, 0, 1, -1]);
  assert.deepEqual(columnOf(ordinal(text, { levels: ["c", "b"] }), values, 3), [1, -1, 1, 0]);
  assert.deepEqual(columnOf(frequency(text), values, 3), [2 / 3, 1 / 3, 2 / 3, 0]);
});

Deno.test("bins are of equal width, or of about equal numbers of train rows", () => {
  const values = Float64Array.of(0, 1, 2, 3, 4, 100, -5);
  assert.deepEqual(columnOf(bins(number, { count: 4, by: "width" }), values, 5), [0, 1, 2, 3, 3, 3, 0]);
  assert.deepEqual(columnOf(bins(number, { count: 2 }), values, 5), [0, 0, 1, 1, 1, 1, 0]);
});

Deno.test("what can't be learned or applied says what to do", () => {
  const message = (learned: Learned<never>, values: RawColumn, train = values.length) => {
    try {
      columnOf(learned, values, train);
    } catch (error) {
      return (error as Error).message;
    }
    return "";
  };
  assert.equal(
    message(standardise(number), Float64Array.of(1, 2, NaN), 2),
    "The feature f has no value in row 3.",
  );
  assert.equal(
    message(impute(number, "mean"), Float64Array.of(NaN, 1), 1),
    "impute by mean has nothing to learn from: no train row has a value.",
  );
  assert.equal(message(standardise(number), ["a"]), "standardise takes numbers, and was given texts.");
  assert.equal(message(oneHot(text), Float64Array.of(1)), "one_hot takes texts, and was given numbers.");
  assert.equal(
    message(standardise(oneHot(text)), ["a"]),
    "The feature f puts something upon one_hot, which makes several columns: nothing can follow it.",
  );
  assert.equal(
    message(impute(text, "most_frequent"), ["a"]),
    "The feature f ends as a text, and a model takes numbers.",
  );
});

Deno.test("nothing is learned from rows that aren't train rows", () => {
  const cell = fc.oneof(fc.constant(NaN), fc.double({ noNaN: true, min: -1e6, max: 1e6 }));
  fc.assert(fc.property(
    fc.array(cell, { minLength: 1, maxLength: 20 }),
    fc.array(cell, { maxLength: 20 }),
    fc.array(cell, { maxLength: 20 }),
    (train, one, other) => {
      fc.pre(train.some((value) => !Number.isNaN(value)));
      for (
        const learned of [
          standardise(impute(number, "mean")),
          minMax(impute(number, "median")),
          bins(impute(number, "most_frequent") as never, { count: 3 }),
        ]
      ) {
        const statesWith = (rest: readonly number[]) =>
          columnsOf(learned, Float64Array.from([...train, ...rest]), train.length).states;
        assert.deepEqual(statesWith(one), statesWith(other));
      }
    },
  ));
});

Deno.test("transforms give what scikit-learn's give", async () => {
  const numbers = Array.from(
    { length: 60 },
    (_, row) => row % 7 === 3 ? NaN : Math.sin(row * 12.9898) * 50 + row % 5,
  );
  const texts = Array.from({ length: 60 }, (_, row) => "abcdefg"[(row * row) % (row < 40 ? 5 : 7)]!);
  const told = await withPython(
    "3.17.2",
    `
import numpy as np
from sklearn.preprocessing import StandardScaler, MinMaxScaler, OneHotEncoder, OrdinalEncoder
from sklearn.impute import SimpleImputer
x = np.array([np.nan if v is None else v for v in json.loads(args[0])]).reshape(-1, 1)
t = np.array(json.loads(args[1])).reshape(-1, 1)
n = 40
fit = lambda encoder, values: encoder.fit(values[:n]).transform(values)
filled = {by: fit(SimpleImputer(strategy=by), x) for by in ("mean", "median", "most_frequent")}
hot = fit(OneHotEncoder(handle_unknown="ignore", sparse_output=False), t)
tell({
  **{by: values[:, 0].tolist() for by, values in filled.items()},
  "standardise": fit(StandardScaler(), filled["mean"])[:, 0].tolist(),
  "min_max": fit(MinMaxScaler(), filled["median"])[:, 0].tolist(),
  "one_hot": hot.T.tolist(),
  "ordinal": fit(OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), t)[:, 0].tolist(),
  "edges": np.quantile(filled["mean"][:n, 0], [0.25, 0.5, 0.75]).tolist(),
})`,
    JSON.stringify(numbers.map((value) => Number.isNaN(value) ? null : value)),
    JSON.stringify(texts),
  ) as Readonly<Record<string, readonly number[]>>;
  const close = (
    ours: readonly number[] | undefined,
    theirs: readonly number[] | undefined,
    name: string,
  ) => {
    assert.equal(ours?.length, theirs?.length, name);
    theirs!.forEach((value, row) => assert.ok(Math.abs(ours![row]! - value) < 1e-9, `${name} ${row}`));
  };
  const values = Float64Array.from(numbers);
  const n = 40;
  for (const by of ["mean", "median", "most_frequent"] as const) {
    close(columnOf(impute(number, by), values, n), told[by], by);
  }
  close(columnOf(standardise(impute(number, "mean")), values, n), told.standardise, "standardise");
  close(columnOf(minMax(impute(number, "median")), values, n), told.min_max, "min_max");
  close(columnsOf(oneHot(text), texts, n).columns.flat(), told.one_hot!.flat(), "one_hot");
  close(columnOf(ordinal(text), texts, n), told.ordinal, "ordinal");
  const { states } = columnsOf(bins(impute(number, "mean") as never, { count: 4 }), values, n);
  close(states[1]!.edges as readonly number[], told.edges, "edges");
});

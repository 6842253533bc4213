import assert from "node:assert/strict";
import { argmaxOfRows, type Matrix, takeRows } from "../lib/matrix.ts";
import type { ClassificationModel, Estimator, RegressionModel } from "../lib/model.ts";
import { randomOf } from "../lib/random.ts";
import {
  gradient_boosting,
  gradient_boosting_regression,
  k_nearest_neighbours,
  knn_regression,
  linear_regression,
  mean_value,
  random_forest,
  random_forest_regression,
} from "../registries/models/mod.ts";
import { withPython } from "./mlflow/python.ts";

interface Data {
  readonly x: readonly (readonly number[])[];
  readonly y: readonly number[];
}

interface Split {
  readonly train: readonly number[];
  readonly test: readonly number[];
}

/** What Python says before each script: scikit-learn's data, and ten splits of them, stratified where they are classes. */
const DATA = `
import numpy as np
from sklearn import datasets
from sklearn.model_selection import train_test_split
from threadpoolctl import threadpool_limits
threadpool_limits(1)
def data_of(name):
    if name == "diabetes": return datasets.load_diabetes(return_X_y=True, scaled=False)
    return getattr(datasets, "load_" + name)(return_X_y=True)
def splits_of(name, y):
    rows, classes = np.arange(len(y)), None if name == "diabetes" else y
    return [train_test_split(rows, test_size=0.25, random_state=seed, stratify=classes) for seed in range(10)]
def plain(x, y): return {"x": x.tolist(), "y": y.tolist()}
`;

const ask = async <Told>(script: string) => await withPython("3.17.2", DATA + script) as Told;

function matrixOfRows(rows: readonly (readonly number[])[]): Matrix {
  return { rows: rows.length, columns: rows[0]!.length, data: Float64Array.from(rows.flat()) };
}

/** Fits a model with some params to the train rows of a split, and gives its predictions of the test rows. */
async function predictSplit(
  model: ClassificationModel | RegressionModel,
  { x, y }: Data,
  { split, params, seed = 0 }: {
    readonly split: Split;
    readonly params: Readonly<Record<string, unknown>>;
    readonly seed?: number;
  },
): Promise<Matrix> {
  const all = matrixOfRows(x);
  const input = {
    x: takeRows(all, Uint32Array.from(split.train)),
    features: Array.from({ length: all.columns }, (_, column) => `f${column}`),
    params: model.params.parse(params),
    random: randomOf(seed).stream("fit"),
    onEpoch: () => Promise.resolve(),
  };
  const targets = split.train.map((row) => y[row]!);
  const classes = Array.from({ length: Math.max(...y) + 1 }, (_, label) => `${label}`);
  const estimator: Estimator = model.task === "classification"
    ? await model.fit({ ...input, y: Uint32Array.from(targets), classes })
    : await model.fit({ ...input, y: Float64Array.from(targets) });
  return await estimator.predict(takeRows(all, Uint32Array.from(split.test)));
}

function assertClose(actual: ArrayLike<number>, expected: readonly number[], tolerance: number): void {
  assert.equal(actual.length, expected.length);
  expected.forEach((value, at) => {
    const off = Math.abs(actual[at]! - value);
    assert.ok(off <= tolerance * Math.max(1, Math.abs(value)), `${at}: ${actual[at]}, and not ${value}`);
  });
}

Deno.test("a linear regression has scikit-learn's coefficients and predictions, to 1e-8", async () => {
  const cases = await ask<
    readonly (Data & {
      readonly name: string;
      readonly l2: number;
      readonly coefficients: readonly number[];
      readonly intercept: number;
      readonly predictions: readonly number[];
    })[]
  >(`
from sklearn.linear_model import LinearRegression, Ridge
x, y = data_of("diabetes")
rng = np.random.default_rng(0)
unlike = np.c_[x * 10.0 ** rng.integers(-3, 4, x.shape[1]), rng.normal(size=len(y)) + 1000]
tables = {
    "as it is": x,
    "units of very different size": unlike,
    "a column twice, a constant one and a sum": np.c_[x, x[:, 2], np.full(len(y), 0.1), x[:, 4] + x[:, 5]],
    "one column": x[:, 2:3],
    "fewer rows than columns": np.c_[x[:8], rng.normal(size=(8, 5))],
}
told = []
for name, x in tables.items():
    for l2 in [0, 0.01, 1, 100]:
        # By its own tolerance, scikit-learn leaves out columns in large units.
        model = (Ridge(alpha=l2) if l2 else LinearRegression(tol=1e-13)).fit(x, y[:len(x)])
        told.append({"name": name, "l2": l2, **plain(x, y[:len(x)]), "coefficients": model.coef_.tolist(),
            "intercept": model.intercept_, "predictions": model.predict(x).tolist()})
tell(told)
`);
  assert.equal(cases.length, 20);
  for (const { name, x, y, l2, coefficients, intercept, predictions } of cases) {
    const estimator = await linear_regression.fit({
      x: matrixOfRows(x),
      y: Float64Array.from(y),
      features: x[0]!.map((_, column) => `f${column}`),
      params: { l2 },
      random: randomOf(0),
      onEpoch: () => Promise.resolve(),
    });
    const saved = JSON.parse(estimator.save()["model.json"] as string);
    try {
      assertClose([...saved.coefficients, saved.intercept], [...coefficients, intercept], 1e-8);
      assertClose((await estimator.predict(matrixOfRows(x))).data, predictions, 1e-8);
    } catch (error) {
      throw new Error(`${name}, l2 ${l2}`, { cause: error });
    }
  }
});

Deno.test("nearest neighbours and the mean predict what scikit-learn's do", async () => {
  const cases = await ask<
    readonly (Data & {
      readonly split: Split;
      readonly params: Readonly<Record<string, unknown>>;
      readonly predictions: readonly (readonly number[])[];
    })[]
  >(`
from sklearn.dummy import DummyRegressor
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
told = []
for name in ["breast_cancer", "wine", "diabetes"]:
    x, y = data_of(name)
    train, test = splits_of(name, y)[0]
    kind = KNeighborsRegressor if name == "diabetes" else KNeighborsClassifier
    for neighbours, weights, standardise in [(5, "uniform", True), (7, "distance", True), (1, "distance", False), (20, "uniform", False)]:
        model = kind(n_neighbors=neighbours, weights=weights, algorithm="kd_tree")
        if standardise: model = make_pipeline(StandardScaler(), model)
        model.fit(x[train], y[train])
        # Rows of the train part are asked for too: at no distance, they alone count.
        test = np.r_[test, train[:10]]
        predictions = model.predict(x[test]).reshape(-1, 1) if name == "diabetes" else model.predict_proba(x[test])
        told.append({**plain(x, y), "split": {"train": train.tolist(), "test": test.tolist()}, "predictions": predictions.tolist(),
            "params": {"neighbours": neighbours, "weights": weights, "standardise": standardise}})
predictions = DummyRegressor().fit(x[train], y[train]).predict(x[test]).reshape(-1, 1)
told.append({**plain(x, y), "split": {"train": train.tolist(), "test": test.tolist()}, "predictions": predictions.tolist(), "params": {}})
tell(told)
`);
  assert.equal(cases.length, 13);
  for (const { x, y, split, params, predictions } of cases) {
    const regression = params.neighbours === undefined ? mean_value : knn_regression;
    const model = predictions[0]!.length === 1 ? regression : k_nearest_neighbours;
    const { data } = await predictSplit(model, { x, y }, { split, params });
    assertClose(data, predictions.flat(), params.weights === "uniform" ? 0 : 1e-12);
  }
});

const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

function accuracyOf(actual: readonly number[], probabilities: Matrix): number {
  const predicted = argmaxOfRows(probabilities);
  return actual.filter((label, row) => label === predicted[row]).length / actual.length;
}

function r2Of(actual: readonly number[], { data }: Matrix): number {
  const mean = meanOf(actual);
  const errors = actual.map((value, row) => (value - data[row]!) ** 2);
  return 1 - meanOf(errors) / meanOf(actual.map((value) => (value - mean) ** 2));
}

/** Models of both sides; `estimator` is that of scikit-learn, of a `seed`, in Python. */
const PEERS: readonly {
  readonly data: string;
  readonly model: ClassificationModel | RegressionModel;
  readonly params: Readonly<Record<string, unknown>>;
  readonly estimator: string;
}[] = [
  ...[["iris", 100], ["breast_cancer", 100], ["wine", 100], ["digits", 10]].map(([data, iterations]) => ({
    data: `${data}`,
    model: gradient_boosting,
    params: { iterations },
    estimator: `HistGradientBoostingClassifier(max_iter=${iterations}, early_stopping=False)`,
  })),
  {
    data: "diabetes",
    model: gradient_boosting_regression,
    params: {},
    estimator: "HistGradientBoostingRegressor(early_stopping=False)",
  },
  ...["iris", "breast_cancer", "wine", "digits"].map((data) => ({
    data,
    model: random_forest,
    params: {},
    estimator: "RandomForestClassifier(random_state=seed)",
  })),
  {
    data: "diabetes",
    model: random_forest_regression,
    params: {},
    estimator: "RandomForestRegressor(random_state=seed)",
  },
];

// Over ten splits, the means of our scores and of scikit-learn's, accuracy or R², differ by no more than twice the
// standard deviation of scikit-learn's.
Deno.test("boosting and forests score as scikit-learn's do, within its spread over ten seeds", async (t) => {
  const { data, scores } = await ask<{
    readonly data: Readonly<Record<string, Data & { readonly splits: readonly Split[] }>>;
    readonly scores: readonly (readonly number[])[];
  }>(`
from sklearn.ensemble import *
peers = json.loads(${
    JSON.stringify(JSON.stringify(PEERS.map(({ data, estimator }) => ({ data, estimator }))))
  })
data, scores = {}, []
for peer in peers:
    x, y = data_of(peer["data"])
    splits = splits_of(peer["data"], y)
    data[peer["data"]] = {**plain(x, y), "splits": [{"train": train.tolist(), "test": test.tolist()} for train, test in splits]}
    scores.append([eval(peer["estimator"]).fit(x[train], y[train]).score(x[test], y[test]) for seed, (train, test) in enumerate(splits)])
tell({"data": data, "scores": scores})
`);
  for (const [index, peer] of PEERS.entries()) {
    const { x, y, splits } = data[peer.data]!;
    await t.step(`${peer.estimator} on ${peer.data}`, async () => {
      const ours: number[] = [];
      for (const [seed, split] of splits.entries()) {
        const predicted = await predictSplit(peer.model, { x, y }, { split, params: peer.params, seed });
        const actual = split.test.map((row) => y[row]!);
        ours.push(
          peer.model.task === "classification" ? accuracyOf(actual, predicted) : r2Of(actual, predicted),
        );
      }
      const theirs = scores[index]!;
      const deviation = Math.sqrt(
        theirs.reduce((sum, score) => sum + (score - meanOf(theirs)) ** 2, 0) / (theirs.length - 1),
      );
      assert.ok(
        Math.abs(meanOf(ours) - meanOf(theirs)) <= 2 * deviation,
        `ours ${meanOf(ours)}, scikit-learn's ${meanOf(theirs)} ± ${deviation}`,
      );
    });
  }
});

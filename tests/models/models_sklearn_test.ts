import assert from "node:assert/strict";
import { randomOf } from "../../lib/base/random.ts";
import {
  gradient_boosting,
  gradient_boosting_regression,
  k_nearest_neighbours,
  knn_regression,
  linear_regression,
  mean_value,
  random_forest,
  random_forest_regression,
} from "../../registries/models/mod.ts";
import {
  ask,
  compareScores,
  type Data,
  matrixOfRows,
  type Peers,
  predictSplit,
  type Split,
} from "./sklearn.ts";

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

const PEERS: readonly Peers[] = [
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
Deno.test("boosting and forests score as scikit-learn's do, within its spread over ten seeds", async () => {
  for await (const { peers, ours, theirs, apart } of compareScores(PEERS)) {
    assert.ok(
      Math.abs(apart) <= 2,
      `${peers.estimator} on ${peers.data}: ours ${ours.mean}, scikit-learn's ${theirs.mean} ± ${theirs.deviation}`,
    );
  }
});

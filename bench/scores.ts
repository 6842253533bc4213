import * as models from "../registries/models/mod.ts";
import { compareScores, type Peers, type Summary } from "../tests/models/sklearn.ts";
import type { Row } from "./measure.ts";

const scaled = (estimator: string): string => `make_pipeline(StandardScaler(), ${estimator})`;

/** What both sides fit to each data set of a classification, and how many rows it has. */
const classifiers = (data: string, rows: number): readonly Peers[] => [
  {
    data,
    model: models.logistic_regression,
    // The same loss: scikit-learn adds its penalty to the sum over the train rows, of which there are three quarters.
    params: { l2: 1 / Math.floor(0.75 * rows) },
    estimator: scaled("LogisticRegression(C=1, max_iter=1000)"),
  },
  {
    data,
    model: models.mlp,
    params: {},
    estimator: scaled(
      "MLPClassifier((32, 16), learning_rate_init=0.01, batch_size=200, alpha=0, max_iter=200, " +
        "n_iter_no_change=200, random_state=seed)",
    ),
  },
  {
    data,
    model: models.k_nearest_neighbours,
    params: {},
    estimator: scaled("KNeighborsClassifier()"),
  },
  { data, model: models.random_forest, params: {}, estimator: "RandomForestClassifier(random_state=seed)" },
  {
    data,
    model: models.gradient_boosting,
    params: {},
    estimator: "HistGradientBoostingClassifier(early_stopping=False)",
  },
];

const DIABETES: readonly Peers[] = [
  { model: models.linear_regression, estimator: "LinearRegression()" },
  { model: models.knn_regression, estimator: scaled("KNeighborsRegressor()") },
  { model: models.random_forest_regression, estimator: "RandomForestRegressor(random_state=seed)" },
  {
    model: models.gradient_boosting_regression,
    estimator: "HistGradientBoostingRegressor(early_stopping=False)",
  },
].map((peers) => ({ data: "diabetes", params: {}, ...peers }));

const ALL: readonly (readonly Peers[])[] = [
  classifiers("iris", 150),
  classifiers("penguins", 333),
  classifiers("breast_cancer", 569),
  classifiers("wine", 178),
  classifiers("digits", 1797),
  DIABETES,
];

/** Scores each model on each data set it applies to, beside scikit-learn's; the number of rounds doesn't matter. */
export async function* scores(): AsyncGenerator<Row> {
  for (const peersOfData of ALL) {
    for await (const { peers, ours, theirs, apart } of compareScores(peersOfData)) {
      yield {
        data: peers.data,
        model: nameOf(peers.model),
        score: peers.model.task === "classification" ? "accuracy" : "R²",
        ours: text(ours),
        "scikit-learn": text(theirs),
        "apart, in its spreads": apart.toFixed(2),
        verdict: Math.abs(apart) <= 1 ? "within" : "NOT within",
      };
    }
  }
}

const nameOf = (model: Peers["model"]): string =>
  Object.entries(models).find(([, known]) => known === model)![0];

const text = ({ mean, deviation }: Summary): string => `${mean.toFixed(3)} ± ${deviation.toFixed(3)}`;

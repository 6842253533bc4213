import { fileURLToPath } from "node:url";
import { argmaxOfRows, type Matrix, takeRows } from "../../lib/base/matrix.ts";
import { randomOf } from "../../lib/base/random.ts";
import type { Estimator } from "../../lib/models/estimator.ts";
import type { ClassificationModel, RegressionModel } from "../../lib/models/model.ts";
import { withPython } from "../mlflow/python.ts";

/** A table of numbers and what is to be predicted: a class, or a number. */
export interface Data {
  readonly x: readonly (readonly number[])[];
  readonly y: readonly number[];
}

/** Which rows are fitted to, and which are scored. */
export interface Split {
  readonly train: readonly number[];
  readonly test: readonly number[];
}

/**
 * What Python says before each script: data, and ten splits of them, stratified where they are classes. The penguins are
 * those of which all is known, with their island and sex one-hot.
 */
const DATA = `
import numpy as np
import pandas as pd
from sklearn import datasets
from sklearn.model_selection import train_test_split
from threadpoolctl import threadpool_limits
threadpool_limits(1)
def data_of(name):
    if name == "diabetes": return datasets.load_diabetes(return_X_y=True, scaled=False)
    if name == "penguins":
        birds = pd.read_csv(${
  JSON.stringify(fileURLToPath(import.meta.resolve("../../registries/datasets/penguins_v1.csv")))
}).dropna()
        x = pd.get_dummies(birds.drop(columns=["species", "year"]), dtype="float64")
        return x.to_numpy(), birds.species.astype("category").cat.codes.to_numpy()
    return getattr(datasets, "load_" + name)(return_X_y=True)
def splits_of(name, y):
    rows, classes = np.arange(len(y)), None if name == "diabetes" else y
    return [train_test_split(rows, test_size=0.25, random_state=seed, stratify=classes) for seed in range(10)]
def plain(x, y): return {"x": x.tolist(), "y": y.tolist()}
`;

/** Runs a Python script with scikit-learn, and gives what it hands to `tell(…)`. */
export const ask = async <Told>(script: string) => await withPython("3.17.2", DATA + script) as Told;

/** The matrix of given rows. */
export function matrixOfRows(rows: readonly (readonly number[])[]): Matrix {
  return { rows: rows.length, columns: rows[0]!.length, data: Float64Array.from(rows.flat()) };
}

/** Fits a model with some params to the train rows of a split, and gives its predictions of the test rows. */
export async function predictSplit(
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

/** The same model of both sides, for some data. */
export interface Peers {
  /** The name of the data. */
  readonly data: string;
  readonly model: ClassificationModel | RegressionModel;
  readonly params: Readonly<Record<string, unknown>>;
  /** That of scikit-learn, of a `seed`, in Python. */
  readonly estimator: string;
}

/** The scores of both sides on the test rows of ten splits: accuracies, or R². */
export interface Scores {
  readonly peers: Peers;
  readonly ours: Summary;
  readonly theirs: Summary;
  /** How far the means are apart, in standard deviations of scikit-learn's scores. */
  readonly apart: number;
}

/** The mean of some scores, and their (sample) standard deviation. */
export interface Summary {
  readonly mean: number;
  readonly deviation: number;
}

/** Fits and scores both sides on the same ten splits, each with a seed of its own. */
export async function* compareScores(all: readonly Peers[]): AsyncGenerator<Scores> {
  const asked = all.map(({ data, estimator }) => ({ data, estimator }));
  const { data, scores } = await ask<{
    readonly data: Readonly<Record<string, Data & { readonly splits: readonly Split[] }>>;
    readonly scores: readonly (readonly number[])[];
  }>(`
import warnings
from sklearn.ensemble import *
from sklearn.linear_model import *
from sklearn.neighbors import *
from sklearn.neural_network import *
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
# That a network of as many epochs as were asked for hasn't converged.
warnings.simplefilter("ignore")
data, scores = {}, []
for peer in json.loads(${JSON.stringify(JSON.stringify(asked))}):
    x, y = data_of(peer["data"])
    splits = splits_of(peer["data"], y)
    data[peer["data"]] = {**plain(x, y), "splits": [{"train": train.tolist(), "test": test.tolist()} for train, test in splits]}
    scores.append([eval(peer["estimator"]).fit(x[train], y[train]).score(x[test], y[test]) for seed, (train, test) in enumerate(splits)])
tell({"data": data, "scores": scores})
`);
  for (const [index, peers] of all.entries()) {
    const { x, y, splits } = data[peers.data]!;
    const scoreOf = peers.model.task === "classification" ? accuracyOf : r2Of;
    const found: number[] = [];
    for (const [seed, split] of splits.entries()) {
      const predicted = await predictSplit(peers.model, { x, y }, { split, params: peers.params, seed });
      found.push(scoreOf(split.test.map((row) => y[row]!), predicted));
    }
    const [ours, theirs] = [summaryOf(found), summaryOf(scores[index]!)];
    yield { peers, ours, theirs, apart: (ours.mean - theirs.mean) / theirs.deviation };
  }
}

const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

function summaryOf(scores: readonly number[]): Summary {
  const mean = meanOf(scores);
  const squares = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / (scores.length - 1)) };
}

function accuracyOf(actual: readonly number[], probabilities: Matrix): number {
  const predicted = argmaxOfRows(probabilities);
  return actual.filter((label, row) => label === predicted[row]).length / actual.length;
}

function r2Of(actual: readonly number[], { data }: Matrix): number {
  const mean = meanOf(actual);
  const errors = actual.map((value, row) => (value - data[row]!) ** 2);
  return 1 - meanOf(errors) / meanOf(actual.map((value) => (value - mean) ** 2));
}

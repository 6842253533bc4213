import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { ExperimentError } from "../../lib/base/error.ts";
import { argmaxOfRows, type Matrix } from "../../lib/base/matrix.ts";
import { randomOf } from "../../lib/base/random.ts";
import type { Estimator } from "../../lib/models/estimator.ts";
import type { ClassificationModel, Model, RegressionModel } from "../../lib/models/model.ts";
import { exp, log } from "../../registries/models/_elementary.ts";
import * as models from "../../registries/models/mod.ts";

const {
  gradient_boosting,
  gradient_boosting_regression,
  k_nearest_neighbours,
  knn_regression,
  linear_regression,
  logistic_regression,
  mean_value,
  mlp,
  random_forest,
  random_forest_regression,
} = models;

const CLASSIFIERS = { gradient_boosting, k_nearest_neighbours, random_forest };
const REGRESSIONS = {
  gradient_boosting_regression,
  knn_regression,
  linear_regression,
  mean_value,
  random_forest_regression,
};
/** Params by which the small tables of these tests are enough. */
const SMALL: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  gradient_boosting: { min_samples_leaf: 2, iterations: 20 },
  gradient_boosting_regression: { min_samples_leaf: 2, iterations: 20 },
  k_nearest_neighbours: { neighbours: 3, weights: "distance" },
  knn_regression: { neighbours: 3 },
  random_forest: { trees: 20 },
  random_forest_regression: { trees: 20 },
};

/** The files that hold what may be longer than a string. */
const LINES: Readonly<Record<string, string>> = {
  k_nearest_neighbours: "rows.jsonl",
  knn_regression: "rows.jsonl",
  random_forest: "trees.jsonl",
  random_forest_regression: "trees.jsonl",
};

interface Fitted {
  readonly estimator: Estimator;
  /** What was reported of each epoch. */
  readonly curve: readonly Readonly<Record<string, number>>[];
}

async function fitTo(
  model: Model,
  { x, y, params = {}, seed = 1 }: {
    readonly x: Matrix;
    readonly y: readonly number[];
    readonly params?: Readonly<Record<string, unknown>> | undefined;
    readonly seed?: number;
  },
): Promise<Fitted> {
  const curve: Readonly<Record<string, number>>[] = [];
  const input = {
    x,
    features: Array.from({ length: x.columns }, (_, column) => `f${column}`),
    params: model.params.parse(params),
    random: randomOf(seed).stream("fit"),
    onEpoch(epoch: number, metrics: Readonly<Record<string, number>>) {
      assert.equal(epoch, curve.push(metrics));
      return Promise.resolve();
    },
  };
  const estimator = model.task === "classification"
    ? await model.fit({ ...input, y: Uint32Array.from(y), classes: ["a", "b", "c"] })
    : await model.fit({ ...input, y: Float64Array.from(y) });
  return { estimator, curve };
}

const columnOf = (values: readonly number[]): Matrix => ({
  rows: values.length,
  columns: 1,
  data: Float64Array.from(values),
});

/** Three classes of points in the plane, around (0, 0), (4, 0) and (0, 4), and their distance from (1, 1). */
function clouds(rows: number): { readonly x: Matrix; readonly labels: number[]; readonly values: number[] } {
  const random = randomOf(7);
  const labels = Array.from({ length: rows }, (_, row) => row % 3);
  const data = Float64Array.from(labels.flatMap((label) => [
    (label === 1 ? 4 : 0) + random.normal(),
    (label === 2 ? 4 : 0) + random.normal(),
  ]));
  const values = labels.map((_, row) => Math.hypot(data[2 * row]! - 1, data[2 * row + 1]! - 1));
  return { x: { rows, columns: 2, data }, labels, values };
}

async function predicted(fitted: Promise<Fitted>, x: Matrix): Promise<Matrix> {
  return await (await fitted).estimator.predict(x);
}

for (const [name, model] of Object.entries(CLASSIFIERS)) {
  const params = SMALL[name];

  Deno.test(`${name} tells classes apart, by probabilities that add up to 1`, async () => {
    const { x, labels } = clouds(150);
    const shares = await predicted(fitTo(model, { x, y: labels, params }), x);
    assert.deepEqual([shares.rows, shares.columns], [150, 3]);
    for (let row = 0; row < 150; row++) {
      const [a, b, c] = shares.data.subarray(3 * row);
      assert.ok(Math.min(a!, b!, c!) >= 0 && Math.abs(a! + b! + c! - 1) < 1e-12);
    }
    const right = argmaxOfRows(shares).filter((label, row) => label === labels[row]).length;
    assert.ok(right > 140, `${right}`);
  });

  Deno.test(`${name} is certain of the only class that it has seen`, async () => {
    const { x } = clouds(12);
    const { data } = await predicted(fitTo(model, { x, y: Array(12).fill(1), params }), x);
    assert.deepEqual([...data], Array(12).fill([0, 1, 0]).flat());
  });

  Deno.test(`${name} never predicts a class that it hasn't seen`, async () => {
    const { x, labels } = clouds(30);
    const { data } = await predicted(
      fitTo(model, { x, y: labels.map((label) => label === 1 ? 2 : label), params }),
      x,
    );
    for (let row = 0; row < 30; row++) {
      assert.equal(data[3 * row + 1], 0);
      assert.ok(Math.abs(data[3 * row]! + data[3 * row + 2]! - 1) < 1e-12);
    }
  });
}

for (const [name, model] of Object.entries(REGRESSIONS)) {
  const params = SMALL[name];

  Deno.test(`${name} predicts the only value that it has seen`, async () => {
    const { x } = clouds(12);
    const { rows, columns, data } = await predicted(fitTo(model, { x, y: Array(12).fill(0.1), params }), x);
    assert.deepEqual([rows, columns], [12, 1]);
    for (const value of data) assert.ok(Math.abs(value - 0.1) < 1e-12, `${value}`);
  });
}

for (const [name, model] of Object.entries({ ...CLASSIFIERS, ...REGRESSIONS })) {
  const params = SMALL[name];
  const targetOf = ({ labels, values }: ReturnType<typeof clouds>) =>
    model.task === "classification" ? labels : values;

  Deno.test(`${name} saves the same bytes for the same rows and seed, without Math.random`, async (t) => {
    const data = clouds(60);
    const { random } = Math;
    Math.random = () => assert.fail("Math.random reached a fit");
    try {
      const [one, two] = await Promise.all(
        [0, 1].map(() => fitTo(model, { x: data.x, y: targetOf(data), params })),
      );
      const files = one!.estimator.save();
      assert.deepEqual(files, two!.estimator.save());
      assert.deepEqual(one!.curve, two!.curve);
      assert.deepEqual(Object.keys(files), ["model.json", ...(LINES[name] ? [LINES[name]] : [])]);
      const state = JSON.parse(files["model.json"] as string);
      assert.match(state.format, /^reprise\/[a-z]+\/1$/);
      assert.deepEqual(state.features, ["f0", "f1"]);
      if (model.task === "classification") assert.deepEqual(state.classes, ["a", "b", "c"]);
      await t.step("and others for another seed, where it draws", async () => {
        const other = await fitTo(model, { x: data.x, y: targetOf(data), params, seed: 2 });
        assert.equal(isDeepStrictEqual(other.estimator.save(), files), !name.startsWith("random_forest"));
      });
    } finally {
      Math.random = random;
    }
  });

  Deno.test(`${name} learns nothing from a constant feature`, async () => {
    const data = clouds(40);
    const y = targetOf(data).map((_, row) => row % 2);
    const x = columnOf(Array(40).fill(0.1));
    const rest = { ...params, ...(name.startsWith("k") && { neighbours: 40, weights: "uniform" }) };
    const { data: result } = await predicted(fitTo(model, { x, y, params: rest }), columnOf([0.1, 7]));
    const expected = model.task === "classification" ? [0.5, 0.5, 0, 0.5, 0.5, 0] : [0.5, 0.5];
    const tolerance = name.startsWith("random_forest") ? 0.1 : 1e-12;
    expected.forEach((value, at) => assert.ok(Math.abs(result[at]! - value) <= tolerance, `${[...result]}`));
  });
}

/** The models that can stop early, what their epochs are called, and params by which they soon learn too much. */
const STOPPING: readonly (readonly [Model, "epochs" | "iterations", Readonly<Record<string, unknown>>])[] = [
  [logistic_regression, "epochs", { learning_rate: 0.3, batch_size: 7 }],
  [mlp, "epochs", { learning_rate: 0.1, batch_size: 10, hidden: [32] }],
  [gradient_boosting, "iterations", { min_samples_leaf: 2, learning_rate: 0.5 }],
  [gradient_boosting_regression, "iterations", { min_samples_leaf: 2, learning_rate: 0.2 }],
];

for (const [model, unit, params] of STOPPING) {
  const name = Object.entries(models).find(([, one]) => one === model)![0];

  Deno.test(`${name} stops early, and is then the model of its least validation loss`, async () => {
    const { x, labels, values } = clouds(90);
    // A third of the labels are wrong, so that a model that goes on learns what it shouldn't.
    const noisy = labels.map((label, row) => row % 3 === 0 ? (label + row) % 3 : label);
    const y = model.task === "classification" ? noisy : values.map((value, row) => value + (row % 5) / 5);
    const fit = (more: Readonly<Record<string, unknown>>) =>
      fitTo(model, { x, y, params: { ...params, [unit]: 300, ...more } });
    const early_stopping = { validation: 0.2, patience: 5 };
    const { estimator, curve } = await fit({ early_stopping });
    const losses = curve.map(({ validation_loss }) => validation_loss!);
    const best = losses.indexOf(Math.min(...losses)) + 1;
    assert.ok(best > 1 && curve.length === best + 5 && curve.length < 300, `${best} of ${curve.length}`);
    for (const { train_loss } of curve) assert.ok(Number.isFinite(train_loss));

    const only = await fit({ early_stopping, [unit]: best });
    assert.deepEqual(only.estimator.save(), estimator.save());
    assert.deepEqual(only.curve, curve.slice(0, best));
    const whole = await fit({ [unit]: 3 });
    assert.deepEqual(whole.curve.map((point) => Object.keys(point)), Array(3).fill(["train_loss"]));
    assert.notDeepEqual(whole.curve[0], { train_loss: curve[0]!.train_loss });
  });
}

Deno.test("softmax regression reaches the minimum of its loss", async () => {
  const { x, labels } = clouds(60);
  const l2 = 0.1;
  const params = { l2, epochs: 4000, batch_size: 60, learning_rate: 0.01 };
  const { estimator } = await fitTo(logistic_regression, { x, y: labels, params });
  const { coefficients, scaling } = JSON.parse(estimator.save()["model.json"] as string);
  const { data } = await estimator.predict(x);
  // Where the gradient is 0, the errors times the features are what the penalty takes.
  for (let label = 0; label < 3; label++) {
    for (let column = 0; column < 2; column++) {
      const slope = labels.reduce((sum, one, row) => {
        const value = (x.data[2 * row + column]! - scaling.mean[column]) / scaling.deviation[column];
        return sum + value * (data[3 * row + label]! - Number(one === label)) / 60;
      }, 0);
      assert.ok(Math.abs(slope + l2 * coefficients[label][column]) < 1e-6, `${slope}`);
    }
  }
});

Deno.test("softmax regression and the perceptron give probabilities that add up to 1", async () => {
  const { x, labels } = clouds(151);
  for (const model of [logistic_regression, mlp]) {
    const shares = await predicted(fitTo(model, { x, y: labels }), x);
    const right = argmaxOfRows(shares).filter((label, row) => label === labels[row]).length;
    assert.ok(right > 140, `${right}`);
    for (let row = 0; row < 151; row++) {
      const total = shares.data.subarray(3 * row, 3 * row + 3).reduce((sum, share) => sum + share, 0);
      assert.ok(Math.abs(total - 1) < 1e-6, `${total}`);
    }
  }
});

Deno.test("a perceptron tells a ring from what is within it, and softmax regression can't", async () => {
  const random = randomOf(3);
  const rows = 300;
  const angles = Array.from({ length: rows }, () => 2 * Math.PI * random.uniform());
  const labels = angles.map((_, row) => row % 2);
  const x = {
    rows,
    columns: 2,
    data: Float64Array.from(angles.flatMap((angle, row) => {
      const radius = labels[row]! + 0.1 * random.normal();
      return [radius * Math.cos(angle), radius * Math.sin(angle)];
    })),
  };
  const right = async (model: Model) =>
    argmaxOfRows(await predicted(fitTo(model, { x, y: labels, params: { epochs: 60 } }), x))
      .filter((label, row) => label === labels[row]).length;
  assert.ok(await right(mlp) > 0.98 * rows);
  assert.ok(await right(logistic_regression) < 0.7 * rows);
});

Deno.test("an unknown param, or one out of range, is refused", () => {
  const wrong: readonly (readonly [Model, Readonly<Record<string, unknown>>])[] = [
    [mean_value, { by: "median" }],
    [linear_regression, { l2: -1 }],
    [k_nearest_neighbours, { neighbours: 0 }],
    [knn_regression, { weights: "gaussian" }],
    [logistic_regression, { early_stopping: { validation: 1 } }],
    [mlp, { hidden: [] }],
    [gradient_boosting, { max_leaf_nodes: 1 }],
    [gradient_boosting, { early_stopping: { patience: 0 } }],
    [gradient_boosting_regression, { iterations: 1.5 }],
    [random_forest, { trees: 0 }],
    [random_forest_regression, { max_depth: 0 }],
  ];
  for (const [model, params] of wrong) {
    assert.equal(model.params.safeParse({}).success, true);
    assert.equal(model.params.safeParse(params).success, false, JSON.stringify(params));
  }
});

Deno.test("more neighbours than train rows are refused", async () => {
  for (const model of [k_nearest_neighbours, knn_regression]) {
    await assert.rejects(
      fitTo(model, { x: columnOf([1, 2, 3]), y: [0, 1, 0] }),
      new ExperimentError(
        "INVALID_PARAMETER_VALUE",
        "model.params.neighbours: 5 neighbours can't be found among 3 train rows.",
        { hint: "Ask for at most 3 neighbours, or train with more rows." },
      ),
    );
  }
});

Deno.test("more features for a split than the view has are refused", async () => {
  await assert.rejects(
    fitTo(random_forest, { x: columnOf([1, 2]), y: [0, 1], params: { max_features: 2 } }),
    new ExperimentError(
      "INVALID_PARAMETER_VALUE",
      "model.params.max_features: a split can't choose among 2 features, the view has 1.",
      { hint: "Ask for at most 1." },
    ),
  );
});

Deno.test("a linear regression finds the line that the points are on", async () => {
  const x = columnOf([1, 2, 3, 4]);
  const { data } = await predicted(fitTo(linear_regression, { x, y: [5, 7, 9, 11] }), columnOf([0, 10]));
  assert.ok(Math.abs(data[0]! - 3) < 1e-12 && Math.abs(data[1]! - 23) < 1e-12, `${[...data]}`);
});

Deno.test("a linear regression shares a coefficient between equal columns", async () => {
  const x = { rows: 3, columns: 2, data: Float64Array.of(1, 1, 2, 2, 3, 3) };
  const { estimator } = await fitTo(linear_regression, { x, y: [2, 4, 6] });
  const { coefficients } = JSON.parse(estimator.save()["model.json"] as string);
  for (const value of coefficients) assert.ok(Math.abs(value - 1) < 1e-12, `${value}`);
});

Deno.test("nearest neighbours at one distance are taken in the order of the rows", async () => {
  const x = columnOf([3, 1, 3, 1]);
  const params = { neighbours: 3, standardise: false };
  const { data } = await predicted(
    fitTo(knn_regression, { x, y: [1, 10, 100, 1000], params }),
    columnOf([2]),
  );
  assert.equal(data[0], 111 / 3);
});

Deno.test("nearest neighbours are those of a search through all rows", async () => {
  const point = fc.tuple(...Array.from({ length: 6 }, () => fc.integer({ min: -3, max: 3 })));
  await fc.assert(fc.asyncProperty(
    fc.array(point, { minLength: 4, maxLength: 600 }),
    point,
    async (rows, asked) => {
      const x = { rows: rows.length, columns: 6, data: Float64Array.from(rows.flat()) };
      const params = { neighbours: 4, standardise: false };
      const y = rows.map((_, row) => 2 ** (row % 50));
      const { data } = await predicted(fitTo(knn_regression, { x, y, params }), {
        rows: 1,
        columns: 6,
        data: Float64Array.from(asked),
      });
      const square = (row: number) => rows[row]!.reduce((sum, value, c) => sum + (value - asked[c]!) ** 2, 0);
      const nearest = [...rows.keys()].sort((a, b) => square(a) - square(b) || a - b).slice(0, 4);
      assert.equal(data[0], nearest.reduce((sum, row) => sum + y[row]!, 0) / 4);
    },
  ));
});

Deno.test("the train loss of boosting falls with every tree, to the loss of the predictions", async () => {
  const { x, labels, values } = clouds(90);
  const tasks: readonly (readonly [ClassificationModel | RegressionModel, readonly number[]])[] = [
    [gradient_boosting, labels],
    [gradient_boosting, labels.map((label) => Math.min(label, 1))],
    [gradient_boosting_regression, values],
  ];
  for (const [model, y] of tasks) {
    const { estimator, curve } = await fitTo(model, { x, y, params: SMALL.gradient_boosting });
    const losses = curve.map(({ train_loss }) => train_loss!);
    assert.equal(losses.length, 20);
    losses.slice(1).forEach((loss, at) => assert.ok(loss < losses[at]!, `${losses}`));
    const { columns, data } = await estimator.predict(x);
    const total = y.reduce((sum, target, row) => {
      const loss = model.task === "classification"
        ? -Math.log(data[row * columns + target]!)
        : (data[row]! - target) ** 2 / 2;
      return sum + loss;
    }, 0);
    assert.ok(Math.abs(losses.at(-1)! - total / y.length) < 1e-12);
  }
});

Deno.test("boosting has as many leaves as it may, and no smaller ones than it may", async () => {
  const { x, values } = clouds(300);
  const params = { iterations: 1, max_leaf_nodes: 7, min_samples_leaf: 30, learning_rate: 1 };
  const fitted = await fitTo(gradient_boosting_regression, { x, y: values, params });
  const { trees: [[tree]] } = JSON.parse(fitted.estimator.save()["model.json"] as string);
  assert.equal(tree.values.length, 7);
  const { data } = await fitted.estimator.predict(x);
  const groups = Map.groupBy(data.keys(), (row) => data[row]);
  assert.equal(groups.size, 7);
  for (const [value, rows] of groups) {
    assert.ok(rows.length >= 30, `${rows.length}`);
    const mean = rows.reduce((sum, row) => sum + values[row]!, 0) / rows.length;
    assert.ok(Math.abs(value! - mean) < 1e-12, `${value}, ${mean}`);
  }
});

Deno.test("too few rows for a split leave boosting its baseline", async () => {
  const { x, values } = clouds(30);
  const { data } = await predicted(fitTo(gradient_boosting_regression, { x, y: values }), x);
  const mean = values.reduce((sum, value) => sum + value, 0) / 30;
  for (const value of data) assert.ok(Math.abs(value - mean) < 1e-12);
});

Deno.test("a forest's trees are no deeper, and their leaves no smaller, than they may", async () => {
  const { x, values } = clouds(300);
  const leaves = async (params: Readonly<Record<string, unknown>>) => {
    const { estimator } = await fitTo(random_forest_regression, {
      x,
      y: values,
      params: { trees: 3, ...params },
    });
    const lines = new TextDecoder().decode(estimator.save()["trees.jsonl"] as Uint8Array<ArrayBuffer>);
    return lines.trimEnd().split("\n").map((line): number => JSON.parse(line).values.length);
  };
  for (const count of await leaves({ max_depth: 2 })) assert.equal(count, 4);
  for (const count of await leaves({ min_samples_leaf: 40 })) {
    assert.ok(count > 1 && count <= 300 / 40, `${count}`);
  }
  for (const count of await leaves({})) assert.ok(count > 150, `${count}`);
});

Deno.test("a forest tells its loss on the rows that its trees haven't drawn", async () => {
  const { x, labels, values } = clouds(150);
  for (const [model, y] of [[random_forest, labels], [random_forest_regression, values]] as const) {
    const { curve } = await fitTo(model, { x, y, params: { trees: 50 } });
    const [first, last] = [curve[0]!.oob_loss!, curve.at(-1)!.oob_loss!];
    assert.ok(0 < last && last < first, `${first}, ${last}`);
    assert.equal(curve.length, 50);
  }
});

Deno.test("exp and log are Math's to the last place", () => {
  fc.assert(fc.property(fc.double({ min: -700, max: 700, noNaN: true }), (x) => {
    assert.ok(Math.abs(exp(x) / Math.exp(x) - 1) <= 2 * Number.EPSILON);
  }));
  fc.assert(fc.property(fc.double({ min: 2 ** -1022, max: Number.MAX_VALUE, noNaN: true }), (x) => {
    assert.ok(Math.abs(log(x) - Math.log(x)) <= 2 * Number.EPSILON * Math.abs(Math.log(x)));
  }));
  assert.deepEqual([exp(-Infinity), exp(0), log(0), log(1)], [0, 1, -Infinity, 0]);
});

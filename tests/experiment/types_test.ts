// The assertions of this file are its `@ts-expect-error` lines: it fails to check where one of them is no error.
import assert from "node:assert/strict";
import { z } from "../../lib/deps/zod.ts";
import {
  csv,
  defineDataset,
  defineExperiment,
  defineFeatures,
  defineModel,
  defineRegistry,
  impute,
  lag,
  oneHot,
  rolling,
  standardise,
} from "../../mod.ts";
import { iris_v1 } from "../../registries/datasets/mod.ts";
import { registry } from "../../registries/mod.ts";

const needy = defineModel({
  task: "classification",
  params: z.strictObject({ depth: z.number() }),
  fit: () => assert.fail("never fitted"),
});
const small = defineRegistry({
  datasets: { iris_v1 },
  features: { lengths: defineFeatures(iris_v1, { length: (row) => row.petal_length }) },
  models: { ...registry.models, needy },
});
const choices = {
  experiment: "iris",
  run: "typed",
  data: { name: "iris_v1" },
  features: { view: "lengths" },
  split: { kind: "holdout", test: 0.2 },
  metrics: ["accuracy"],
  seed: 1,
} as const;

Deno.test("a dataset's target has to be a column", () => {
  defineDataset({
    row: z.object({ width: z.number() }),
    // @ts-expect-error: there is no column "with"
    target: "with",
    source: csv("./none.csv", import.meta),
  });
});

Deno.test("a column has to be of a type that tables know, whether or not its values may be missing", () => {
  const lists = z.object({ widths: z.array(z.number()), kind: z.string() });
  const some = z.object({ widths: z.array(z.number()).nullable(), kind: z.string() });
  const source = csv("./none.csv", import.meta);
  // @ts-expect-error: no table has lists
  defineDataset({ row: lists, target: "kind", source });
  // @ts-expect-error: no table has lists
  defineDataset({ row: some, target: "kind", source });
});

Deno.test("a feature is given its values with their types, missing ones included", () => {
  const missing = defineDataset({
    row: z.object({ width: z.number().nullable(), kind: z.enum(["a", "b"]), day: z.date() }),
    target: "day",
    source: csv("./none.csv", import.meta),
  });
  defineFeatures(missing, {
    known: (row) => (row.width ?? 0) + Number(row.kind === "a"),
    // @ts-expect-error: there may be none
    twice: (row) => row.width * 2,
    // @ts-expect-error: there is no kind c
    other: (row) => Number(row.kind === "c"),
  });
});

Deno.test("a feature can't read a column that isn't there", () => {
  defineFeatures(iris_v1, {
    // @ts-expect-error: there is no column petal_lenth
    petal: (row) => row.petal_lenth,
  });
});

Deno.test("what is learned from can't read a column that isn't there, and must be of the kind that is asked for", () => {
  defineFeatures(iris_v1, {
    // @ts-expect-error: there is no column petal_lenth
    petal: standardise((row) => row.petal_lenth),
    // @ts-expect-error: a number is no text
    hot: oneHot((row) => row.petal_length),
  });
});

Deno.test("a view over another reads its plain features, and not what is learned", () => {
  const below = defineFeatures(iris_v1, {
    plain: (row) => row.petal_length,
    learned: standardise((row) => row.petal_length),
  });
  defineFeatures(below, {
    again: (row) => row.plain,
    // @ts-expect-error: what is learned differs from fold to fold
    not: (row) => row.learned,
  });
});

const sales = defineDataset({
  row: z.object({ day: z.date(), store: z.string(), price: z.number().nullable(), sold: z.number() }),
  target: "sold",
  source: csv("./none.csv", import.meta),
});

Deno.test("a window reads the target of earlier rows, and a column of numbers or dates orders it", () => {
  defineFeatures(sales, {
    sold: impute(lag((row) => row.sold, { by: "day", rows: 1, within: "store" }), { constant: 0 }),
    week: standardise(rolling((row) => row.sold, "mean", { by: "price", rows: 7, within: ["store"] })),
    plain: rolling((row) => row.price, "std", { by: "day", rows: 7, atLeast: 2 }),
  });
  defineFeatures(sales, {
    // @ts-expect-error: there is no column prize
    prize: lag((row) => row.prize, { by: "day", rows: 1 }),
  });
  defineFeatures(sales, {
    // @ts-expect-error: texts have no mean
    mean: rolling((row) => row.store, "mean", { by: "day", rows: 1 }),
  });
  defineFeatures(sales, {
    // @ts-expect-error: a text has no order
    store: lag((row) => row.price, { by: "store", rows: 1 }),
  });
  defineFeatures(sales, {
    // @ts-expect-error: its own target isn't known
    sold: lag((row) => row.price, { by: "sold", rows: 1 }),
  });
  defineFeatures(sales, {
    // @ts-expect-error: a date parts no groups
    day: lag((row) => row.price, { by: "day", rows: 1, within: "day" }),
  });
});

Deno.test("beside windows, nothing reads the target", () => {
  defineFeatures(sales, {
    // @ts-expect-error: sold is the target
    plain: (row) => row.sold,
    // @ts-expect-error: sold is the target
    learned: standardise((row) => row.sold),
  });
});

Deno.test("a view over windows reads their values, which may be missing", () => {
  const below = defineFeatures(sales, {
    before: lag((row) => row.store, { by: "day", rows: 1 }),
    week: rolling((row) => row.sold, "mean", { by: "day", rows: 7 }),
  });
  defineFeatures(below, {
    known: (row) => Number(row.before === "north") + (row.week ?? 0),
    again: lag((row) => row.sold - (row.week ?? 0), { by: "day", rows: 1 }),
    // @ts-expect-error: there may be none
    twice: (row) => row.week * 2,
    // @ts-expect-error: a text
    text: (row) => row.before ?? 0,
  });
});

Deno.test("a feature can't read the target", () => {
  defineFeatures(iris_v1, {
    // @ts-expect-error: species is the target
    leak: (row) => Number(row.species === "setosa"),
  });
});

Deno.test("a feature has to be a number", () => {
  defineFeatures(iris_v1, {
    // @ts-expect-error: a text is no feature
    name: (row) => String(row.petal_length),
  });
});

Deno.test("a view over a view reads the columns and the features below it, and nothing else", () => {
  const below = defineFeatures(iris_v1, { area: (row) => row.petal_length * row.petal_width });
  defineFeatures(below, { half: (row) => row.area / row.sepal_width });
  defineFeatures(below, {
    // @ts-expect-error: neither a column nor a feature
    third: (row) => row.volume / 3,
  });
});

Deno.test("an experiment can't name a dataset that isn't in the registry", () => {
  defineExperiment(small, {
    ...choices,
    // @ts-expect-error: no such dataset
    data: { name: "iris_v2" },
    model: { name: "mlp" },
  });
});

Deno.test("an experiment can't name a view that isn't in the registry", () => {
  defineExperiment(small, {
    ...choices,
    // @ts-expect-error: no such view
    features: { view: "widths" },
    model: { name: "mlp" },
  });
});

Deno.test("an experiment can't name a model that isn't in the registry", () => {
  defineExperiment(small, {
    ...choices,
    // @ts-expect-error: no such model
    model: { name: "mpl" },
  });
});

Deno.test("an experiment can't name a param that the model doesn't have", () => {
  defineExperiment(small, {
    ...choices,
    // @ts-expect-error: no such param
    model: { name: "mlp", params: { epoch: 3 } },
  });
});

Deno.test("an experiment can't give a param another type", () => {
  defineExperiment(small, {
    ...choices,
    // @ts-expect-error: a number is asked
    model: { name: "mlp", params: { epochs: "3" } },
  });
});

Deno.test("an experiment can't leave out a param without a default", () => {
  defineExperiment(small, {
    ...choices,
    // @ts-expect-error: depth is missing
    model: { name: "needy", params: {} },
  });
  defineExperiment(small, {
    ...choices,
    // @ts-expect-error: params are missing
    model: { name: "needy" },
  });
  defineExperiment(small, { ...choices, model: { name: "needy", params: { depth: 3 } } });
});

Deno.test("an experiment can't ask for a metric that isn't there", () => {
  defineExperiment(small, {
    ...choices,
    model: { name: "mlp" },
    // @ts-expect-error: no such metric
    metrics: ["acuracy"],
  });
});

Deno.test("a fit is given its params with their types", () => {
  defineModel({
    task: "classification",
    params: z.strictObject({ depth: z.number() }),
    fit: ({ params }) => {
      // @ts-expect-error: there is no width among the params
      return params.width;
    },
  });
});

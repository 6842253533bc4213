import assert from "node:assert/strict";
import { ExperimentError } from "../../lib/base/error.ts";
import type { ExperimentSpec } from "../../lib/experiment/config.ts";
import { chooseFrom, prepare } from "../../lib/experiment/prepare.ts";
import { defineRegistry } from "../../lib/experiment/registry.ts";
import { defineFeatures } from "../../lib/features/features.ts";
import { standardise } from "../../lib/features/transform.ts";
import { iris_v1 } from "../../registries/datasets/mod.ts";
import { registry } from "../../registries/mod.ts";

const areas = defineFeatures(iris_v1, {
  petal_area: (row) => row.petal_length * row.petal_width,
  sepal_area: (row) => row.sepal_length * row.sepal_width,
});
const ratios = defineFeatures(areas, {
  area_ratio: (row) => row.petal_area / row.sepal_area,
  petal_width: (row) => row.petal_width,
});
const spec: ExperimentSpec = {
  experiment: "iris",
  run: "prepared",
  data: { name: "iris_v1", snapshot: { max_mb: 64 } },
  features: { view: "ratios" },
  model: { name: "majority_class", params: {} },
  split: { kind: "holdout", test: 0.2, stratify: true, repeats: 1 },
  metrics: ["accuracy"],
  seed: 1,
};
const named = { ...registry, features: { areas, ratios } };

Deno.test("preparing computes each view's features, and takes the chosen view's for the fit", async () => {
  const prepared = await prepare(chooseFrom(defineRegistry(named), spec));
  assert.deepEqual(Object.keys(prepared.values), ["areas", "ratios"]);
  assert.deepEqual(prepared.features.map(({ name }) => name), ["area_ratio", "petal_width"]);
  // The first flower: sepal 5.1 × 3.5, petal 1.4 × 0.2 cm.
  assert.deepEqual(
    prepared.features.map(({ values }) => [values[0], values.length]),
    [[(1.4 * 0.2) / (5.1 * 3.5), 150], [0.2, 150]],
  );
  assert.deepEqual(prepared.target.task === "classification" && prepared.target.classes, [
    "setosa",
    "versicolor",
    "virginica",
  ]);
  assert.deepEqual(prepared.splits.map(({ train, test }) => [train.length, test.length]), [[120, 30]]);
});

Deno.test("features come in the order of their names, not of their declaration", async () => {
  const reordered = defineFeatures(areas, {
    petal_width: (row) => row.petal_width,
    area_ratio: (row) => row.petal_area / row.sepal_area,
  });
  const one = await prepare(chooseFrom(named, spec));
  const other = await prepare(chooseFrom({ ...named, features: { areas, ratios: reordered } }, spec));
  assert.deepEqual(other.features, one.features);
});

Deno.test("what each feature reads in any row is recorded, by its name", async () => {
  const once = defineFeatures(areas, {
    nothing: () => 1,
    // One flower alone has a petal as long.
    rare: (row) => row.petal_length > 6.8 ? row.sepal_width : row.petal_area,
    twice: ({ petal_width }) => petal_width + petal_width,
    learned: standardise((row) => row.sepal_length),
  });
  const { reads } = await prepare(chooseFrom({ ...named, features: { areas, ratios: once } }, spec));
  assert.deepEqual(reads, {
    areas: { petal_area: ["petal_length", "petal_width"], sepal_area: ["sepal_length", "sepal_width"] },
    ratios: {
      learned: ["sepal_length"],
      nothing: [],
      rare: ["petal_area", "petal_length", "sepal_width"],
      twice: ["petal_width"],
    },
  });
});

Deno.test("a row spreads into its columns without the target", async () => {
  const spread = defineFeatures(areas, { cells: (row) => Object.keys({ ...row }).length });
  const { features } = await prepare(chooseFrom({ ...named, features: { areas, ratios: spread } }, spec));
  assert.equal(features[0]!.values[0], 6);
});

Deno.test("a feature that reads the target at run time is an error", async () => {
  const leaks = defineFeatures(iris_v1, {
    leak: (row) => Number((row as Record<string, unknown>).species === "setosa"),
  });
  await rejects(
    { leaks },
    "leaks",
    "The feature leaks.leak can't be computed for row 1: it reads \"species\", the target, which features can't read.",
  );
});

Deno.test("a feature that isn't a finite number is an error with its row", async () => {
  const bad = defineFeatures(iris_v1, { log: (row) => Math.log(row.petal_width - 0.1) });
  await rejects(
    { bad },
    "bad",
    "The feature bad.log can't be computed for row 10: found -Infinity, but a feature is a finite number.",
  );
});

Deno.test("a feature can't write to its row", async () => {
  const writes = defineFeatures(iris_v1, {
    twice: (row) => ((row as { petal_width: number }).petal_width *= 2),
  });
  await rejects(
    { writes },
    "writes",
    "The feature writes.twice can't be computed for row 1: Cannot set property petal_width of #<Object> which has only a getter.",
  );
});

Deno.test("a view over a view without a name is an error that says what to do", () => {
  assert.throws(
    () => chooseFrom({ ...named, features: { ratios } }, spec),
    new ExperimentError(
      "INVALID_PARAMETER_VALUE",
      'features.view: "ratios" is over a feature view that the registry has no name for.',
      {
        hint: "Export that view from registries/features/mod.ts too.",
      },
    ),
  );
});

Deno.test("a view over another dataset is an error that names it", () => {
  const datasets = { iris_v1: { ...iris_v1 }, iris_v0: iris_v1 };
  assert.throws(
    () => chooseFrom({ ...named, datasets }, spec),
    new ExperimentError(
      "INVALID_PARAMETER_VALUE",
      'features.view: "ratios" is over the dataset "iris_v0", but data.name is "iris_v1".',
      {
        hint: "Choose a view over that dataset, or that view's dataset.",
      },
    ),
  );
});

async function rejects(
  features: Readonly<Record<string, ReturnType<typeof defineFeatures>>>,
  view: string,
  message: string,
) {
  await assert.rejects(
    prepare(chooseFrom({ ...registry, features }, { ...spec, features: { view } })),
    (error: Error) => {
      assert.ok(error instanceof ExperimentError);
      assert.equal(error.message, message);
      return true;
    },
  );
}

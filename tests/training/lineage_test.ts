import assert from "node:assert/strict";
import { type RegistryEntry, showEntry } from "../../lib/commands/registry_entry.ts";
import type { Lineage, LineageFeature } from "../../lib/features/lineage.ts";
import { lineageSvg } from "../../lib/plot/lineage.ts";
import { BOX, layoutOf } from "../../lib/plot/lineage_layout.ts";
import { defineFeatures } from "../../mod.ts";
import { iris_v1 } from "../../registries/datasets/mod.ts";
import { openProject, type Project, ROOT } from "../project.ts";

const readsOf = ({ features }: Lineage) =>
  Object.fromEntries(features.map(({ name, reads }) => [name, reads]));
const featureOf = ({ features }: Lineage, id: string): LineageFeature =>
  features.find((feature) => feature.id === id) ?? assert.fail(`no ${id}`);

async function lineageIn(project: Project, name: string): Promise<Lineage> {
  const { code, stdout, stderr } = await project.run("registry", "show", name, "--json");
  assert.equal(code, 0, stderr);
  const entry: RegistryEntry = JSON.parse(stdout);
  return "lineage" in entry ? entry.lineage : assert.fail(`${name} has no lineage`);
}

Deno.test("what is said of a view can only be of its own features", () => {
  const view = defineFeatures(iris_v1, { area: (row) => row.petal_length * row.petal_width }, {
    features: { area: { description: "Length by width", unit: "cm²", owner: "Ada" } },
  });
  assert.deepEqual(view.about, {
    features: { area: { description: "Length by width", unit: "cm²", owner: "Ada" } },
  });
  defineFeatures(iris_v1, { area: (row) => row.petal_length }, {
    // @ts-expect-error: there is no feature "arae"
    features: { arae: { unit: "cm²" } },
  });
  defineFeatures(iris_v1, { area: (row) => row.petal_length }, {
    // @ts-expect-error: a feature has no "units"
    features: { area: { units: "cm²" } },
  });
});

Deno.test("the lineage of a config is of its columns, its features and its model", async () => {
  const entry = await showEntry("exp_v1");
  assert.ok(entry.kind === "config");
  const { lineage } = entry;
  assert.deepEqual(lineage.columns.map(({ name, kind, target }) => [name, kind, target]), [
    ["sepal_length", "number", false],
    ["sepal_width", "number", false],
    ["petal_length", "number", false],
    ["petal_width", "number", false],
    ["species", "category", true],
  ]);
  assert.deepEqual(readsOf(lineage), {
    petal_area: ["petal_length", "petal_width"],
    petal_length: ["petal_length"],
    petal_shape: ["petal_length", "petal_width"],
    petal_width: ["petal_width"],
    sepal_length: ["sepal_length"],
    sepal_shape: ["sepal_length", "sepal_width"],
    sepal_width: ["sepal_width"],
  });
  const file = "registries/features/iris_v1_features_v1.ts";
  const { code, ...shape } = featureOf(lineage, "features.iris_v1_features_v1.petal_shape");
  assert.deepEqual(shape, {
    id: "features.iris_v1_features_v1.petal_shape",
    view: "iris_v1_features_v1",
    name: "petal_shape",
    description: "How many times longer than wide the petal is",
    dtype: "number",
    transforms: [],
    reads: ["petal_length", "petal_width"],
  });
  assert.deepEqual(code.map(({ file, name }) => [file, name]), [
    [file, "iris_v1_features_v1.petal_shape"],
    ["registries/features/_helpers.ts", "ratio"],
  ]);
  const lines = (await Deno.readTextFile(new URL(file, ROOT))).split("\n");
  assert.match(lines[code[0]!.line - 1]!, /petal_shape:/);
  assert.deepEqual(lineage.model, {
    id: "model.logistic_regression",
    name: "logistic_regression",
    task: "classification",
  });
  assert.deepEqual(
    lineage.edges.filter(({ to }) => to === "model.logistic_regression").map(({ from }) => from),
    [...lineage.features.map(({ id }) => id), "data.iris_v1.columns.species"],
  );
  assert.equal(lineage.edges.length, 10 + 8);
});

Deno.test("the lineage of what is learned tells what it starts from, what is learned, and the project's own code", async () => {
  const entry = await showEntry("penguins_v1_features_v1");
  assert.ok(entry.kind === "view");
  const { lineage } = entry;
  assert.equal(lineage.model, undefined);
  assert.deepEqual(
    lineage.features.map(({ name, dtype, unit, transforms, reads, code }) => [
      name,
      dtype,
      unit,
      transforms,
      reads,
      code.length,
    ]),
    [
      ["bill_depth", "number", "mm", ["impute", "standardise"], ["bill_depth"], 1],
      ["bill_length", "number", "mm", ["impute", "standardise"], ["bill_length"], 1],
      ["body_mass", "number", "g", ["impute", "standardise"], ["body_mass"], 1],
      ["flipper_length", "number", "mm", ["impute", "standardise"], ["flipper_length"], 1],
      ["is_measured", "number", undefined, [], ["body_mass"], 1],
      ["sex", "text", undefined, ["impute", "one_hot"], ["sex"], 1],
    ],
  );
});

Deno.test("every feature of every shipped view has a description, and reads something", async () => {
  for (const view of ["diabetes_v1_features_v1", "iris_v1_features_v1", "penguins_v1_features_v1"]) {
    const entry = await showEntry(view);
    assert.ok(entry.kind === "view");
    assert.ok(entry.lineage.views[0]?.description, view);
    for (const { name, description, reads } of entry.lineage.features) {
      assert.ok(description && reads.length > 0, `${view}.${name}`);
    }
  }
});

const OVER = `import { defineFeatures, impute, lag, standardise } from "${new URL("mod.ts", ROOT).href}";
import { iris_v1 } from "../datasets/mod.ts";

export const areas = defineFeatures(iris_v1, {
  petal: (row) => row.petal_length * row.petal_width,
  petal_width: (row) => 2 * row.petal_width,
  scaled: standardise((row) => row.sepal_width),
}, { description: "Areas <of> leaves & more", owner: "Ada", features: { petal: { unit: "cm²", owner: "Grace" } } });

export const ratios = defineFeatures(areas, {
  // Only some rows have sepals so long.
  either: (row) => row.sepal_length > 7 ? row.petal : row.petal_width,
  constant: () => 1,
  before: impute(lag((row) => row.petal, { by: "sepal_length", rows: 1, within: [] }), "mean"),
});

const made = () => ({ length: (row) => row.petal_length });
export const dynamic = defineFeatures(iris_v1, made(), { description: "Made by a call", features: { length: { unit: "cm" } } });
`;

async function openLayered(): Promise<Project> {
  const project = await openProject();
  await project.write("registries/features/over.ts", OVER);
  await project.edit(
    "registries/features/mod.ts",
    "export {",
    `export { areas, dynamic, ratios } from "./over.ts";\nexport {`,
  );
  return project;
}

Deno.test("the lineage of a view over a view names what a name stands for there, whatever rows read it", async () => {
  await using project = await openLayered();
  const lineage = await lineageIn(project, "ratios");
  const short = (id: string) => id.replace("features.", "").replace("data.iris_v1.columns.", "");
  assert.deepEqual(lineage.views, [
    { name: "areas", description: "Areas <of> leaves & more", owner: "Ada" },
    { name: "ratios" },
  ]);
  assert.deepEqual(lineage.edges.map(({ from, to }) => `${short(from)} → ${short(to)}`), [
    "petal_length → areas.petal",
    "petal_width → areas.petal",
    "petal_width → areas.petal_width",
    "sepal_width → areas.scaled",
    "areas.petal → ratios.before",
    "sepal_length → ratios.before",
    "areas.petal → ratios.either",
    "areas.petal_width → ratios.either",
    "sepal_length → ratios.either",
  ]);
  const before = featureOf(lineage, "features.ratios.before");
  assert.deepEqual([before.window, before.transforms], [{ by: "sepal_length", within: [] }, ["impute"]]);

  const { code, stdout } = await project.run("registry", "show", "ratios");
  assert.equal(code, 0);
  assert.equal(
    stdout,
    `ratios, a feature view over iris_v1

features of areas
  Areas <of> leaves & more
  owner: Ada
  name         dtype   made by      unit  owner
  petal        number               cm²   Grace
  petal_width  number
  scaled       number  standardise

code of areas
  petal        registries/features/over.ts:5
  petal_width  registries/features/over.ts:6
  scaled       registries/features/over.ts:7

features of ratios
  name      dtype   made by
  before    number  earlier rows by sepal_length, impute
  constant  number
  either    number

code of ratios
  before    registries/features/over.ts:14
  constant  registries/features/over.ts:13
  either    registries/features/over.ts:12

features ← columns
  areas
  ├─ petal        ← petal_length, petal_width
  ├─ petal_width  ← petal_width
  └─ scaled       ← sepal_width
  ratios
  ├─ before    ← areas.petal, sepal_length
  ├─ constant  ← nothing
  └─ either    ← areas.petal, areas.petal_width, sepal_length
`,
  );
});

Deno.test("a run records its lineage as registry show tells it, and an edit of what is said is no drift", async () => {
  await using project = await openLayered();
  await project.write(
    "configs/over.yaml",
    (await project.read("configs/baseline.yaml")).replace("run: baseline", "run: over")
      .replace("iris_v1_features_v1", "dynamic"),
  );
  for (const config of ["exp_v1", "over"]) {
    const { document } = await project.json("train", config);
    assert.equal(document.status, "FINISHED");
    const artifact = async (path: string) => {
      for await (const { name } of Deno.readDir(`${project.directory}/mlartifacts`)) {
        const file = `mlartifacts/${name}/${document.run_id}/artifacts/${path}`;
        const text = await project.read(file).catch(() => undefined);
        if (text !== undefined) return text;
      }
      return assert.fail(`no ${path}`);
    };
    assert.deepEqual(JSON.parse(await artifact("lineage.json")), await lineageIn(project, config));
    const { stdout } = await project.run("registry", "show", config, "--format", "svg");
    assert.equal(stdout, `${await artifact("lineage.svg")}\n`);
  }
  await project.edit("registries/features/over.ts", "Made by a call", "What a call makes");
  await project.edit("registries/features/over.ts", `{ unit: "cm" }`, `{ unit: "m", description: "Length" }`);
  await project.edit("registries/features/iris_v1_features_v1.ts", "The measured lengths", "Lengths");
  await project.edit(
    "registries/features/iris_v1_features_v1.ts",
    `unit: "cm²"`,
    `unit: "mm²", owner: "Ada"`,
  );
  for (const run of ["exp_v1", "over"]) {
    const { document } = await project.json("replay", run);
    assert.deepEqual([document.verdict, document.drifts], ["safe", []], run);
  }
  await project.edit("registries/features/over.ts", "row.petal_length })", "row.petal_width })");
  assert.equal((await project.json("replay", "over")).document.verdict, "blocked");
});

Deno.test("registry show tells of datasets and models, and what it can't find", async () => {
  await using project = await openProject();
  const dataset = await project.run("registry", "show", "penguins_v1");
  assert.equal(
    dataset.stdout,
    `penguins_v1, a dataset
Palmer penguins: 344 birds of three species, with values that are missing

columns
  name            kind              values
  species         category, target  Adelie, Chinstrap, Gentoo
  island          category          Biscoe, Dream, Torgersen
  bill_length     number or null
  bill_depth      number or null
  flipper_length  number or null
  body_mass       number or null
  sex             category or null  female, male
  year            integer

feature views over it
  penguins_v1_features_v1
`,
  );
  const model = await project.run("registry", "show", "k_nearest_neighbours");
  assert.match(model.stdout, /^k_nearest_neighbours, a model of a classification\n/);
  assert.match(model.stdout, /^ {2}neighbours +integer, > 0 +5$/m);
  assert.match(model.stdout, /^ {2}weights +"uniform" or "distance" +"uniform"$/m);

  const config = await project.run("registry", "show", "exp_v1");
  assert.match(config.stdout, /^exp_v1, a config of the experiment iris, whose runs are named exp_v1\n/);
  assert.match(
    config.stdout,
    /^model ← features ← columns\n {2}logistic_regression\n {2}├─ petal_area {4}← petal_length, petal_width\n/m,
  );
  assert.match(config.stdout, /^ {2}└─ species {7}the target\n$/m);

  const refused = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await project.run("registry", "show", ...args);
    assert.deepEqual([code, stdout], [2, ""]);
    return stderr;
  };
  assert.equal(
    await refused("exp_1"),
    `error: There is no dataset, view, model or config "exp_1". Did you mean "exp_v1"?
hint: \`registry\` lists the datasets, feature views and models, \`config list\` the configs.
`,
  );
  assert.equal(
    await refused("mlp", "--format", "svg"),
    "error: A model has no lineage that could be drawn.\nhint: Name a feature view or a config.\n",
  );
  await project.write("configs/mlp.yaml", await project.read("configs/baseline.yaml"));
  assert.equal(
    await refused("mlp"),
    `error: "mlp" is the name of a model and of a config.\nhint: Say which by --kind: model, config.\n`,
  );
  const { stdout } = await project.run("registry", "show", "mlp", "--kind", "model", "--json");
  assert.equal(JSON.parse(stdout).kind, "model");
});

Deno.test("a picture of a lineage is the same each time, and has names as they are", async () => {
  await using project = await openLayered();
  const lineage = await lineageIn(project, "ratios");
  const svg = lineageSvg(lineage);
  assert.equal(lineageSvg(structuredClone(lineage)), svg);
  const strange = { ...lineage, dataset: `a<b>&"c"\u0007` };
  assert.match(
    lineageSvg(strange),
    /<text class="heading"[^>]*>a&lt;b&gt;&amp;&quot;c&quot;\\u\{7\}<\/text>/,
  );
  // In a page it takes the page's colours, and has ids of its own.
  const inline = lineageSvg(lineage, "run-1");
  assert.doesNotMatch(inline, /<style|xmlns/);
  assert.match(inline, /aria-labelledby="run-1-title run-1-desc"/);
});

Deno.test("no box of a picture covers another, however many there are", () => {
  const name = (index: number) => `a_rather_long_name_of_a_feature_${index}`;
  const some = Array.from({ length: 50 }, (_, index) => index);
  const lineage: Lineage = {
    format: "reprise/lineage/1",
    dataset: "wide",
    columns: some.map((i) => ({
      id: `c${i}`,
      name: name(i),
      kind: "number",
      nullable: false,
      target: i === 0,
    })),
    views: [{ name: "below" }, { name: "above" }],
    features: ["below", "above"].flatMap((view) =>
      some.map((i) => ({
        id: `${view}${i}`,
        view,
        name: name(i),
        dtype: "number",
        transforms: [],
        reads: [name(i)],
        code: [],
      }))
    ),
    model: { id: "m", name: "mlp", task: "regression" },
    edges: [
      ...some.map((i) => ({ from: `c${i}`, to: `below${(i * 7) % 50}` })),
      ...some.map((i) => ({ from: i % 3 === 0 ? `c${i}` : `below${i}`, to: `above${(i * 11) % 50}` })),
      ...some.map((i) => ({ from: `above${i}`, to: "m" })),
      { from: "c0", to: "m" },
    ],
  };
  const { width, height, layers, links } = layoutOf(lineage);
  for (const [index, { x, width: wide, boxes }] of layers.entries()) {
    assert.ok(x > 0 && x + wide < (layers[index + 1]?.x ?? width));
    const places = boxes.map(({ y }) => y).sort((a, b) => a - b);
    places.forEach((y, at) => assert.ok(y > 0 && y + BOX < (places[at + 1] ?? height)));
    // What passes through a layer goes between its boxes.
    for (const { from, to } of links.filter((link) => link.from[0] === x && link.to[0] === x + wide)) {
      assert.equal(from[1], to[1]);
      assert.ok(places.every((y) => from[1] < y || from[1] > y + BOX), `${from[1]}`);
    }
  }
  assert.deepEqual(layers.map(({ boxes }) => boxes.length), [50, 50, 50, 1]);
});

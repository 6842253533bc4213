import assert from "node:assert/strict";
import { openProject, type Project } from "../project.ts";

interface Case {
  readonly change: string;
  readonly edit: (project: Project) => Promise<void>;
  readonly verdict: "safe" | "blocked" | "unverifiable";
  /** Each drift as `kind clause`, advisory ones in brackets. */
  readonly drifts: readonly string[];
  /** The declarations that the drifts name. */
  readonly declarations?: readonly string[];
  readonly reasons?: readonly string[];
}

const VIEW = "registries/features/iris_v1_features_v1.ts";
const HELPERS = "registries/features/_helpers.ts";
const DATASET = "registries/datasets/iris_v1.ts";
const CSV = "registries/datasets/iris_v1.csv";
const ADAM = "registries/models/_adam.ts";
const PARAMS = "registries/models/_params.ts";
const CONFIG = "configs/exp_v1.yaml";
const feature = (name: string) => `features.iris_v1_features_v1.${name}`;
const PETAL_AREA = "petal_area: (row) => row.petal_length * row.petal_width";

const CASES: readonly Case[] = [
  { change: "nothing", edit: async () => {}, verdict: "safe", drifts: [] },
  {
    change: "a comment, the layout, quotes and a type",
    edit: async (project) => {
      await project.edit(
        VIEW,
        PETAL_AREA,
        "/* cm² */ 'petal_area':\n  (row): number =>\n    (row.petal_length * row.petal_width)",
      );
      await project.edit(
        HELPERS,
        "(length: number, width: number): number",
        "(length: number, width: 1 | number)",
      );
      await project.edit(CONFIG, "seed: 42", "seed:   42 # the answer");
    },
    verdict: "safe",
    drifts: [],
  },
  {
    change: "the order of features and an unrelated export",
    edit: async (project) => {
      await project.edit(VIEW, `  ${PETAL_AREA},\n`, "");
      await project.edit(VIEW, "  sepal_length: ", `  ${PETAL_AREA},\n  sepal_length: `);
      await project.edit(HELPERS, "export const ratio", "export const unrelated = 3;\n\nexport const ratio");
    },
    verdict: "safe",
    drifts: [],
  },
  {
    change: "a helper moved to another module, and renamed",
    edit: async (project) => {
      await project.write(
        "registries/shape.ts",
        "export const slenderness = (length: number, width: number): number => length / width;\n",
      );
      await project.edit(
        VIEW,
        'import { ratio } from "./_helpers.ts";',
        'import { slenderness } from "../shape.ts";',
      );
      for (let uses = 0; uses < 2; uses++) await project.edit(VIEW, "ratio(", "slenderness(");
    },
    verdict: "safe",
    drifts: [],
  },
  {
    change: "the body of a feature",
    edit: (project) => project.edit(VIEW, PETAL_AREA, `${PETAL_AREA} * 2`),
    verdict: "blocked",
    drifts: [`changed ${feature("petal_area")}`, `(changed ${feature("petal_area")}.values)`],
    declarations: [`${VIEW}#iris_v1_features_v1.petal_area`],
  },
  {
    change: "a helper in another module, with the same values",
    edit: (project) => project.edit(HELPERS, "length / width", "length / (width * 1)"),
    verdict: "blocked",
    drifts: [`changed ${feature("petal_shape")}`, `changed ${feature("sepal_shape")}`],
    declarations: [`${HELPERS}#ratio`],
  },
  {
    change: "a constant that a helper reads",
    edit: (project) =>
      project.edit(
        HELPERS,
        "export const ratio = (length: number, width: number): number => length / width",
        "const unit = 10;\nexport const ratio = (length: number, width: number, per = unit): number => per * length / width",
      ),
    verdict: "blocked",
    drifts: [
      `changed ${feature("petal_shape")}`,
      `(changed ${feature("petal_shape")}.values)`,
      `changed ${feature("sepal_shape")}`,
      `(changed ${feature("sepal_shape")}.values)`,
    ],
    declarations: [`${HELPERS}#ratio`, `${HELPERS}#unit`],
  },
  {
    change: "a side effect of a module that features reach",
    edit: (project) =>
      project.edit(HELPERS, "export const ratio", "Object.freeze(Math);\nexport const ratio"),
    verdict: "blocked",
    drifts: [`changed ${feature("petal_shape")}`, `changed ${feature("sepal_shape")}`],
    declarations: [`${HELPERS}#side effects`],
  },
  {
    change: "a feature more",
    edit: (project) =>
      project.edit(
        VIEW,
        "  petal_area:",
        "  sepal_area: (row) => row.sepal_length * row.sepal_width,\n  petal_area:",
      ),
    verdict: "blocked",
    drifts: [`added ${feature("sepal_area")}`, `(added ${feature("sepal_area")}.values)`],
    declarations: [`${VIEW}#iris_v1_features_v1.sepal_area`],
  },
  {
    change: "a feature less",
    edit: (project) => project.edit(VIEW, `  ${PETAL_AREA},\n`, ""),
    verdict: "blocked",
    drifts: [`removed ${feature("petal_area")}`, `(removed ${feature("petal_area")}.values)`],
    declarations: [`${VIEW}#iris_v1_features_v1.petal_area`],
  },
  {
    change: "one cell",
    edit: (project) => project.edit(CSV, "\n5.1,3.5,", "\n5.2,3.5,"),
    verdict: "blocked",
    drifts: [
      "changed data.iris_v1.columns.sepal_length",
      "changed data.iris_v1.rows",
      `(changed ${feature("sepal_length")}.values)`,
      `(changed ${feature("sepal_shape")}.values)`,
    ],
  },
  {
    change: "one label, in the same class sizes",
    edit: async (project) => {
      await project.edit(CSV, "5.1,3.5,1.4,0.2,setosa", "5.1,3.5,1.4,0.2,virginica");
      await project.edit(CSV, "6.3,3.3,6,2.5,virginica", "6.3,3.3,6,2.5,setosa");
    },
    verdict: "blocked",
    drifts: ["changed data.iris_v1.columns.species", "changed data.iris_v1.rows", "changed split"],
  },
  {
    change: "the form of the file alone",
    edit: (project) => project.edit(CSV, "\n5.1,3.5,1.4,0.2,setosa", '\n5.10,"3.5",14e-1,+.2,"setosa"'),
    verdict: "safe",
    drifts: [],
  },
  {
    change: "the order of a category's levels",
    edit: (project) => project.edit(DATASET, '"setosa", "versicolor"', '"versicolor", "setosa"'),
    verdict: "blocked",
    drifts: ["changed data.iris_v1.schema", "changed data.iris_v1.source", "changed split"],
    declarations: [`${DATASET}#iris_v1`],
  },
  {
    change: "a dataset's description",
    edit: (project) => project.edit(DATASET, "150 flowers", "a hundred and fifty flowers"),
    verdict: "safe",
    drifts: [],
  },
  {
    change: "no data file",
    edit: (project) => Deno.remove(`${project.directory}/${CSV}`),
    verdict: "unverifiable",
    drifts: [],
    reasons: [`The data can't be read: no file ${CSV}.`],
  },
  {
    change: "a param",
    edit: (project) => project.edit(CONFIG, "epochs: 200", "epochs: 100"),
    verdict: "blocked",
    drifts: ["changed params"],
  },
  {
    change: "the seed",
    edit: (project) => project.edit(CONFIG, "seed: 42", "seed: 43"),
    verdict: "blocked",
    drifts: ["changed split", "changed seed"],
  },
  {
    change: "the size of the test part",
    edit: (project) => project.edit(CONFIG, "test: 0.2", "test: 0.3"),
    verdict: "blocked",
    drifts: ["changed split"],
  },
  {
    change: "a metric less",
    edit: (project) => project.edit(CONFIG, ", log_loss]", "]"),
    verdict: "blocked",
    drifts: ["removed metrics.log_loss"],
    declarations: ["lib/models/metrics/probabilities.ts#log_loss"],
  },
  {
    change: "the default of a param",
    edit: (project) => project.edit(PARAMS, "default(0.05)", "default(0.1)"),
    verdict: "blocked",
    drifts: ["changed model.logistic_regression", "changed params"],
    declarations: [`${PARAMS}#SOFTMAX_PARAMS`],
  },
  {
    change: "a helper of the model, three modules deep",
    edit: (project) => project.edit(ADAM, "0.999, 1e-8", "0.99, 1e-8"),
    verdict: "blocked",
    drifts: ["changed model.logistic_regression"],
    declarations: [`${ADAM}#adam`],
  },
  {
    change: "another model",
    edit: (project) =>
      project.edit(
        CONFIG,
        "model: { name: logistic_regression, params: { epochs: 200 } }",
        "model: { name: mlp, params: { epochs: 200 } }",
      ),
    verdict: "blocked",
    drifts: [
      "removed model.logistic_regression",
      "added model.mlp",
      "changed params",
      "added packages.@tensorflow/tfjs-backend-wasm",
      "added packages.@tensorflow/tfjs-core",
      "(changed environment.backend)",
    ],
  },
  {
    change: "a view that the registry no longer has",
    edit: async (project) => {
      await project.edit(
        "registries/features/mod.ts",
        "iris_v1_features_v1 }",
        "iris_v1_features_v1 as flowers }",
      );
    },
    verdict: "unverifiable",
    drifts: [],
    reasons: [
      'configs/exp_v1.yaml:4:19  features.view: no feature view "iris_v1_features_v1". Did you mean "diabetes_v1_features_v1"?',
    ],
  },
  {
    change: "a registry that doesn't load",
    edit: (project) => project.edit(HELPERS, "export const ratio", "export const ration"),
    verdict: "unverifiable",
    drifts: [],
  },
];

Deno.test("a replay names each kind of drift, and nothing else", async (t) => {
  await using project = await openProject();
  assert.equal((await project.run("train", "exp_v1")).code, 0);
  for (const { change, edit, verdict, drifts, declarations, reasons } of CASES) {
    await t.step(`after a change of ${change}`, async () => {
      const kept = await snapshot(project);
      try {
        await edit(project);
        const { code, document } = await project.json("replay", "exp_v1");
        const found = document.drifts;
        assert.deepEqual(
          found.map(({ clause, kind, binding }) => (binding ? `${kind} ${clause}` : `(${kind} ${clause})`)),
          drifts,
        );
        assert.equal(document.verdict, verdict);
        assert.equal(code, verdict === "safe" ? 0 : 1);
        const named = new Set(found.flatMap((drift) => drift.declarations ?? []));
        if (declarations) assert.deepEqual([...named].map(fromRoot).sort(), [...declarations].sort());
        if (reasons) assert.deepEqual(document.reasons, reasons);
      } finally {
        await kept.restore();
      }
    });
  }
});

/** A place of the framework's own, without the directory of this checkout. */
const fromRoot = (place: string) => place.replace(new URL("../..", import.meta.url).pathname, "");

async function snapshot(project: Project): Promise<{ restore(): Promise<void> }> {
  const files = [
    VIEW,
    HELPERS,
    DATASET,
    CSV,
    ADAM,
    PARAMS,
    CONFIG,
    "registries/features/mod.ts",
  ];
  const texts = await Promise.all(files.map(project.read));
  return {
    restore: async () => {
      await Promise.all(files.map((file, index) => project.write(file, texts[index]!)));
    },
  };
}

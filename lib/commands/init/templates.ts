/** What a template is filled in with. */
export interface Filling {
  /** The name of the project, its config, experiment and runs. */
  readonly name: string;
  /** The URL of the folder of the framework's `mod.ts`, with a slash at its end. */
  readonly framework: string;
  /** The text of `deno.json`. */
  readonly denoJson: string;
}

/** The files of a new project, by path. */
export function projectFiles({ name, framework, denoJson }: Filling): Readonly<Record<string, string>> {
  const at = (path: string) => JSON.stringify(framework + path);
  return {
    "deno.json": denoJson,
    ".gitignore": "node_modules/\nmlflow.db*\nmlartifacts/\nmlruns/\nreprise_jobs.db*\n",
    "README.md": readme(name),
    "reprise.ts":
      `/** The one place that says which Reprise this project is made with; \`deno.json\` says which one runs it. */
export * from ${at("mod.ts")};
export { z } from ${at("lib/deps/zod.ts")};
`,
    [`configs/${name}.yaml`]: config(name),
    "registries/mod.ts": REGISTRY,
    "registries/datasets/mod.ts": `export { fruits_v1 } from "./fruits_v1.ts";\n`,
    "registries/datasets/fruits_v1.ts": DATASET,
    "registries/datasets/fruits_v1.csv": ROWS,
    "registries/features/mod.ts": `export { fruits_v1_features_v1 } from "./fruits_v1_features_v1.ts";\n`,
    "registries/features/fruits_v1_features_v1.ts": FEATURES,
    "registries/models/mod.ts":
      `// These come with Reprise; a model of your own is one more file here, and one more line.
export * from ${at("registries/models/mod.ts")};
`,
    "tests/registries_test.ts": test(name),
  };
}

const readme = (name: string) =>
  `# ${name}

Which citrus fruit is it, by its weight and size? An experiment with
[Reprise](reprise.ts): it can be run again, and a replay says exactly why when
it can't.

\`\`\`sh
deno task train ${name}
deno task replay ${name} --rerun
deno task contract ${name}
deno task test
\`\`\`

A dataset, a feature view or a model is one file in \`registries/\` and one line
in the \`mod.ts\` beside it; a file in \`configs/\` chooses among them. Runs are
recorded in \`mlflow.db\` and \`mlartifacts/\`, or where \`MLFLOW_TRACKING_URI\` says.
`;

const config = (name: string) =>
  `experiment: ${name}
run: ${name}
data: { name: fruits_v1 }
features: { view: fruits_v1_features_v1 }
model: { name: logistic_regression, params: { epochs: 100 } }
split: { kind: holdout, test: 0.25, stratify: true }
metrics: [accuracy, macro_f1, log_loss]
seed: 42
`;

const REGISTRY = `import { defineRegistry } from "../reprise.ts";
import * as datasets from "./datasets/mod.ts";
import * as features from "./features/mod.ts";
import * as models from "./models/mod.ts";

/** What the configs of this project choose from. */
export const registry = defineRegistry({ datasets, features, models });
`;

const DATASET = `import { csv, defineDataset, z } from "../../reprise.ts";

/** Weights in g, widths and heights in cm. The numbers are made up: put your own in their place. */
export const fruits_v1 = defineDataset({
  description: "48 citrus fruits of three kinds",
  row: z.object({
    weight: z.number().positive(),
    width: z.number().positive(),
    height: z.number().positive(),
    kind: z.enum(["lemon", "mandarin", "orange"]),
  }),
  target: "kind",
  source: csv("./fruits_v1.csv", import.meta),
});
`;

const FEATURES = `import { defineFeatures } from "../../reprise.ts";
import { fruits_v1 } from "../datasets/mod.ts";

export const fruits_v1_features_v1 = defineFeatures(fruits_v1, {
  weight: (row) => row.weight,
  width: (row) => row.width,
  roundness: (row) => row.height / row.width,
}, {
  features: {
    weight: { unit: "g" },
    width: { unit: "cm" },
    roundness: { description: "Height by width" },
  },
});
`;

const test = (name: string) =>
  `import assert from "node:assert/strict";
import { fruits_v1_features_v1 } from "../registries/features/mod.ts";
import { loadExperiment } from "../reprise.ts";

Deno.test("the roundness of a fruit is its height by its width", () => {
  const { roundness } = fruits_v1_features_v1.features;
  const fruit = { weight: 100, width: 6, height: 9 } as never;
  assert.equal(roundness?.(fruit), 1.5);
});

Deno.test("the config chooses from the registry", async () => {
  const { spec } = await loadExperiment("${name}");
  assert.equal(spec.data.name, "fruits_v1");
  assert.equal(spec.model.params.epochs, 100);
});
`;

const ROWS = `weight,width,height,kind
100,5.5,7.6,lemon
78,6.3,4.9,mandarin
180,7.5,7.8,orange
178,7.4,6.8,orange
70,6.5,5.1,mandarin
177,7.8,7.5,orange
85,6.1,8.2,lemon
75,6.2,5.2,mandarin
110,5.3,7.9,lemon
90,6.1,4.9,mandarin
85,6.6,4.1,mandarin
83,6.3,4.7,mandarin
159,6.8,7.6,orange
108,5.9,8.0,lemon
121,5.1,7.7,lemon
78,5.6,4.9,mandarin
104,6.0,7.6,lemon
89,6.2,5.5,mandarin
84,6.2,4.9,mandarin
104,6.0,8.0,lemon
187,7.3,7.4,orange
109,5.9,7.6,lemon
81,5.9,5.3,mandarin
118,5.9,8.4,lemon
179,7.0,7.1,orange
143,7.1,7.7,orange
73,6.4,4.5,mandarin
142,6.3,7.4,orange
102,6.0,7.8,lemon
169,6.7,7.6,orange
189,6.5,6.8,orange
83,6.2,4.8,mandarin
174,7.7,7.5,orange
74,6.3,5.3,mandarin
120,5.5,8.0,lemon
101,5.5,7.8,lemon
81,6.1,5.1,mandarin
98,5.5,7.7,lemon
85,5.9,4.8,mandarin
168,6.9,7.5,orange
151,6.9,7.1,orange
94,5.6,8.1,lemon
126,6.0,8.5,lemon
111,5.2,7.0,lemon
175,7.2,6.8,orange
82,6.3,4.8,mandarin
140,7.0,7.6,orange
189,7.5,7.5,orange
`;

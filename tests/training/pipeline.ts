import { ROOT } from "../project.ts";

/** What a pipeline reads besides its data, each as code. */
export interface Reading {
  /** Module code, before all else. */
  readonly head?: string;
  /** Is computed for each row by a feature, whose value it doesn't change. */
  readonly feature?: string;
  /** Is done by the fit. */
  readonly fit?: string;
  /** Are the schemas of the model's params. */
  readonly params?: string;
  /** Is done by a check of the rows. */
  readonly check?: string;
}

/** The rows of such a pipeline, which are in the project's folder. */
export const ROWS = `x,kind\n${Array.from({ length: 8 }, (_, row) => `${row},${"ab"[row % 2]}\n`).join("")}`;

/** A config in TypeScript that is a pipeline of its own, for a file in `configs/`. */
export const pipelineOf = (
  name: string,
  { head = "", feature = "0", fit = "", params = "{}", check }: Reading,
): string => `
import { csv, defineDataset, defineExperiment, defineFeatures, defineModel } from "${ROOT.href}mod.ts";
import { z } from "${ROOT.href}lib/deps/zod.ts";
${head}
const rows = defineDataset({
  row: z.object({ x: z.number()${check ? `.refine(() => ${check})` : ""}, kind: z.enum(["a", "b"]) }),
  target: "kind",
  source: csv("../rows.csv", import.meta),
});
const view = defineFeatures(rows, {
  x: (row) => row.x,
  read: (row) => Number.isNaN(
    ${feature},
  ) ? 1 : 0,
});
const model = defineModel({
  task: "classification",
  params: z.strictObject(${params}),
  async fit({ classes }) {
    ${fit}
    return {
      predict: ({ rows }) => ({ rows, columns: classes.length, data: new Float64Array(rows * classes.length).fill(0.5) }),
      save: () => ({ "model.json": "{}" }),
    };
  },
});
export const experiment = defineExperiment({ datasets: { rows }, features: { view }, models: { model } }, {
  experiment: "inputs",
  run: "${name}",
  data: { name: "rows" },
  features: { view: "view" },
  model: { name: "model" },
  split: { kind: "holdout", test: 0.5 },
  metrics: ["accuracy"],
  seed: 1,
});
`;

import { defineModel } from "../../mod.ts";
import { toJsonLines } from "./_lines.ts";
import { FOREST_PARAMS } from "./_params.ts";

/** A random forest: trees of which each has drawn its own rows, and splits by any feature, unless told otherwise. */
export const random_forest_regression = defineModel({
  description: "Random forest",
  task: "regression",
  params: FOREST_PARAMS,
  async fit(input) {
    const { growForest, meanOfTrees } = await import("./_forest.ts");
    const { features, y } = input;
    // Trees of what is left of the mean, since sums of large numbers lose their last digits.
    const mean = y.reduce((sum, value) => sum + value, 0) / y.length;
    const targets = { columns: 1, place: new Uint32Array(y.length), value: y.map((value) => value - mean) };
    const trees = await growForest(input, targets, features.length);
    return {
      predict(x) {
        const { rows, columns, data } = meanOfTrees(trees, x, 1);
        return { rows, columns, data: data.map((value) => mean + value) };
      },
      save: () => ({
        "model.json": JSON.stringify({ format: "reprise/forest/1", features, mean }),
        "trees.jsonl": toJsonLines(trees),
      }),
    };
  },
});

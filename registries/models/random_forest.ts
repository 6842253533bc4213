import { defineModel } from "../../mod.ts";
import { toJsonLines } from "./_lines.ts";
import { FOREST_PARAMS } from "./_params.ts";

/** A random forest: trees of which each has drawn its own rows, and for each split √features, unless told otherwise. */
export const random_forest = defineModel({
  description: "Random forest",
  task: "classification",
  params: FOREST_PARAMS,
  async fit(input) {
    const { growForest, meanOfTrees } = await import("./_forest.ts");
    const { classes, features, y } = input;
    const targets = { columns: classes.length, place: y, value: new Float64Array(y.length).fill(1) };
    const trees = await growForest(input, targets, Math.floor(Math.sqrt(features.length)));
    return {
      predict: (x) => meanOfTrees(trees, x, classes.length),
      save: () => ({
        "model.json": JSON.stringify({ format: "reprise/forest/1", features, classes }),
        "trees.jsonl": toJsonLines(trees),
      }),
    };
  },
});

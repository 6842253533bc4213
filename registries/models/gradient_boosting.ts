import { defineModel } from "../../mod.ts";
import { BOOSTING_PARAMS } from "./_params.ts";

/**
 * Gradient boosting of histogram trees, which minimises the cross-entropy: one tree an iteration for two classes, else
 * one for each class. A class that no train row has is never predicted.
 */
export const gradient_boosting = defineModel({
  description: "Gradient boosting of histogram trees",
  task: "classification",
  params: BOOSTING_PARAMS,
  async fit(input) {
    const { boost, predictRaw } = await import("./_boosting.ts");
    const { crossEntropy } = await import("./_losses.ts");
    const { classes, features, y } = input;
    const boosted = await boost(input, (rows) => crossEntropy(Uint32Array.from(rows, (row) => y[row]!)));
    const { present, sharesOf } = crossEntropy(y);
    return {
      predict(x) {
        const shares = sharesOf(predictRaw(boosted, x));
        const data = new Float64Array(x.rows * classes.length);
        present.forEach((column, index) => {
          for (let row = 0; row < x.rows; row++) data[row * classes.length + column] = shares[index]![row]!;
        });
        return { rows: x.rows, columns: classes.length, data };
      },
      save: () => ({
        "model.json": JSON.stringify({
          format: "reprise/boosting/1",
          features,
          classes,
          present: [...present],
          baseline: [...boosted.baseline],
          trees: boosted.trees,
        }),
      }),
    };
  },
});

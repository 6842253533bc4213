import { defineModel } from "../../mod.ts";
import { BOOSTING_PARAMS } from "./_params.ts";

/** Gradient boosting of histogram trees, which minimises the squared error. */
export const gradient_boosting_regression = defineModel({
  description: "Gradient boosting of histogram trees",
  task: "regression",
  params: BOOSTING_PARAMS,
  async fit(input) {
    const { boost, predictRaw } = await import("./_boosting.ts");
    const { squaredError } = await import("./_losses.ts");
    const { y } = input;
    const boosted = await boost(input, (rows) => squaredError(Float64Array.from(rows, (row) => y[row]!)));
    return {
      predict: (x) => ({ rows: x.rows, columns: 1, data: predictRaw(boosted, x)[0]! }),
      save: () => ({
        "model.json": JSON.stringify({
          format: "reprise/boosting/1",
          features: input.features,
          baseline: [...boosted.baseline],
          trees: boosted.trees,
        }),
      }),
    };
  },
});

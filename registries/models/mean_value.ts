import { z } from "../../lib/deps/zod.ts";
import { defineModel } from "../../mod.ts";

/** Predicts the mean of the train targets, whatever the features: what any model of a number has to beat. */
export const mean_value = defineModel({
  description: "Predicts the mean of the target",
  task: "regression",
  params: z.strictObject({}),
  fit({ y, features }) {
    const mean = y.reduce((sum, value) => sum + value, 0) / y.length;
    return {
      predict: ({ rows }) => ({ rows, columns: 1, data: new Float64Array(rows).fill(mean) }),
      save: () => ({ "model.json": JSON.stringify({ format: "reprise/mean/1", features, mean }) }),
    };
  },
});

import { z } from "../../lib/deps/zod.ts";
import { defineModel } from "../../mod.ts";

/** Predicts each class with its share among the train rows, whatever the features: what any model has to beat. */
export const majority_class = defineModel({
  description: "Predicts the most frequent class",
  task: "classification",
  params: z.strictObject({}),
  fit({ y, classes, features }) {
    const counts = new Float64Array(classes.length);
    for (const label of y) counts[label]!++;
    const shares = counts.map((count) => count / y.length);
    return {
      predict(x) {
        const data = new Float64Array(x.rows * classes.length);
        for (let row = 0; row < x.rows; row++) data.set(shares, row * classes.length);
        return { rows: x.rows, columns: classes.length, data };
      },
      save: () => ({
        "model.json": JSON.stringify(
          { format: "reprise/shares/1", classes, features, shares: [...shares] },
          null,
          2,
        ),
      }),
    };
  },
});

import { z } from "../../lib/deps/zod.ts";
import { defineModel } from "../../mod.ts";

/**
 * Linear regression with an intercept, which minimises ‖y − Xw − b‖² + l2 · ‖w‖²: ordinary least squares where `l2`
 * is 0. Where several solutions are equally good, `w` is the smallest.
 */
export const linear_regression = defineModel({
  description: "Linear regression, ridge where l2 > 0",
  task: "regression",
  params: z.strictObject({ l2: z.number().nonnegative().default(0) }),
  async fit({ x, y, features, params }) {
    const { fitLine } = await import("./_least_squares.ts");
    const { coefficients, intercept } = fitLine(x, y, params.l2);
    return {
      predict({ rows, columns, data }) {
        const predicted = new Float64Array(rows);
        for (let row = 0, at = 0; row < rows; row++) {
          let sum = intercept;
          for (let column = 0; column < columns; column++) sum += coefficients[column]! * data[at++]!;
          predicted[row] = sum;
        }
        return { rows, columns: 1, data: predicted };
      },
      save: () => ({
        "model.json": JSON.stringify({
          format: "reprise/linear/1",
          features,
          intercept,
          coefficients: [...coefficients],
        }),
      }),
    };
  },
});

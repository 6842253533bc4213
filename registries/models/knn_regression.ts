import { defineModel } from "../../mod.ts";
import { NEIGHBOUR_PARAMS } from "./_params.ts";

/** Predicts the mean target of the nearest train rows, on standardised features by default. */
export const knn_regression = defineModel({
  description: "The mean target of the nearest train rows",
  task: "regression",
  params: NEIGHBOUR_PARAMS,
  async fit(input) {
    const { fitNeighbours } = await import("./_neighbours.ts");
    return fitNeighbours(input, {
      columns: 1,
      add: (prediction, row, weight) => prediction[0]! += weight * input.y[row]!,
      saved: { y: [...input.y] },
    });
  },
});

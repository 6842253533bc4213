import { defineModel } from "../../mod.ts";
import { NEIGHBOUR_PARAMS } from "./_params.ts";

/** Predicts the shares of the classes among the nearest train rows, on standardised features by default. */
export const k_nearest_neighbours = defineModel({
  description: "The classes of the nearest train rows",
  task: "classification",
  params: NEIGHBOUR_PARAMS,
  async fit(input) {
    const { fitNeighbours } = await import("./_neighbours.ts");
    return fitNeighbours(input, {
      columns: input.classes.length,
      add: (prediction, row, weight) => prediction[input.y[row]!]! += weight,
      saved: { classes: input.classes, y: [...input.y] },
    });
  },
});

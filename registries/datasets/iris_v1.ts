import { z } from "../../lib/deps/zod.ts";
import { csv, defineDataset } from "../../mod.ts";

/**
 * R. A. Fisher, "The use of multiple measurements in taxonomic problems", Annals of Eugenics 7 (1936); the table of
 * the UCI Machine Learning Repository with its rows 35 and 38 as in Fisher's paper. Lengths and widths in cm.
 * Licence: CC BY 4.0.
 */
export const iris_v1 = defineDataset({
  description: "Fisher's Iris: 150 flowers of three species",
  row: z.object({
    sepal_length: z.number().positive(),
    sepal_width: z.number().positive(),
    petal_length: z.number().positive(),
    petal_width: z.number().positive(),
    species: z.enum(["setosa", "versicolor", "virginica"]),
  }),
  target: "species",
  source: csv("./iris_v1.csv", import.meta),
});

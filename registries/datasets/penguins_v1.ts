import { z } from "../../lib/deps/zod.ts";
import { csv, defineDataset } from "../../mod.ts";

/**
 * K. B. Gorman, T. D. Williams and W. R. Fraser, "Ecological sexual dimorphism and environmental variability within a
 * community of Antarctic penguins (genus Pygoscelis)", PLoS ONE 9 (2014); the table of the package palmerpenguins
 * (A. M. Horst, A. P. Hill and K. B. Gorman, 2020). Lengths and depths in mm, masses in g; some weren't measured.
 * Licence: CC0.
 */
export const penguins_v1 = defineDataset({
  description: "Palmer penguins: 344 birds of three species, with values that are missing",
  row: z.object({
    species: z.enum(["Adelie", "Chinstrap", "Gentoo"]),
    island: z.enum(["Biscoe", "Dream", "Torgersen"]),
    bill_length: z.number().positive().nullable(),
    bill_depth: z.number().positive().nullable(),
    flipper_length: z.number().positive().nullable(),
    body_mass: z.number().positive().nullable(),
    sex: z.enum(["female", "male"]).nullable(),
    year: z.int(),
  }),
  target: "species",
  source: csv("./penguins_v1.csv", import.meta),
});

import { defineFeatures, impute, oneHot, standardise } from "../../mod.ts";
import { penguins_v1 } from "../datasets/mod.ts";

export const penguins_v1_features_v1 = defineFeatures(penguins_v1, {
  bill_length: standardise(impute((row) => row.bill_length, "median")),
  bill_depth: standardise(impute((row) => row.bill_depth, "median")),
  flipper_length: standardise(impute((row) => row.flipper_length, "median")),
  body_mass: standardise(impute((row) => row.body_mass, "median")),
  is_measured: (row) => Number(row.body_mass !== null),
  sex: oneHot(impute((row) => row.sex, "most_frequent")),
}, {
  description: "Measurements and sex, with what is missing filled in",
  features: {
    bill_length: { description: "Length of the bill, standardised", unit: "mm" },
    bill_depth: { description: "Depth of the bill, standardised", unit: "mm" },
    flipper_length: { description: "Length of the flipper, standardised", unit: "mm" },
    body_mass: { description: "Mass of the body, standardised", unit: "g" },
    is_measured: { description: "1 for a bird that was weighed, else 0" },
    sex: { description: "Female or male, as columns of 0 and 1" },
  },
});

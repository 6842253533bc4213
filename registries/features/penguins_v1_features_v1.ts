import { defineFeatures, impute, oneHot, standardise } from "../../mod.ts";
import { penguins_v1 } from "../datasets/mod.ts";

export const penguins_v1_features_v1 = defineFeatures(penguins_v1, {
  bill_length: standardise(impute((row) => row.bill_length, "median")),
  bill_depth: standardise(impute((row) => row.bill_depth, "median")),
  flipper_length: standardise(impute((row) => row.flipper_length, "median")),
  body_mass: standardise(impute((row) => row.body_mass, "median")),
  is_measured: (row) => Number(row.body_mass !== null),
  sex: oneHot(impute((row) => row.sex, "most_frequent")),
});

import { defineExperiment, defineFeatures } from "../../mod.ts";
import { iris_v1 } from "../../registries/datasets/mod.ts";
import { majority_class } from "../../registries/models/mod.ts";

const per = (part: number, whole: number) => part / whole;

const areas = defineFeatures(iris_v1, {
  petal_area: (row) => row.petal_length * row.petal_width,
  sepal_area: (row) => row.sepal_length * row.sepal_width,
});
const ratios = defineFeatures(areas, { area_ratio: (row) => per(row.petal_area, row.sepal_area) });

/** An experiment whose features are over other features. */
export const experiment = defineExperiment(
  { datasets: { iris_v1 }, features: { areas, ratios }, models: { majority_class } },
  {
    experiment: "iris",
    run: "layered",
    data: { name: "iris_v1" },
    features: { view: "ratios" },
    model: { name: "majority_class" },
    split: { kind: "holdout", test: 0.2 },
    metrics: ["accuracy"],
    seed: 1,
  },
);

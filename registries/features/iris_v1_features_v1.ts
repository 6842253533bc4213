import { defineFeatures } from "../../mod.ts";
import { iris_v1 } from "../datasets/mod.ts";
import { ratio } from "./_helpers.ts";

export const iris_v1_features_v1 = defineFeatures(iris_v1, {
  sepal_length: (row) => row.sepal_length,
  sepal_width: (row) => row.sepal_width,
  petal_length: (row) => row.petal_length,
  petal_width: (row) => row.petal_width,
  petal_area: (row) => row.petal_length * row.petal_width,
  petal_shape: (row) => ratio(row.petal_length, row.petal_width),
  sepal_shape: (row) => ratio(row.sepal_length, row.sepal_width),
}, {
  description: "The measured lengths and widths, and what shape they make",
  features: {
    sepal_length: { description: "Length of the sepal", unit: "cm" },
    sepal_width: { description: "Width of the sepal", unit: "cm" },
    petal_length: { description: "Length of the petal", unit: "cm" },
    petal_width: { description: "Width of the petal", unit: "cm" },
    petal_area: { description: "Length by width of the petal", unit: "cm²" },
    petal_shape: { description: "How many times longer than wide the petal is" },
    sepal_shape: { description: "How many times longer than wide the sepal is" },
  },
});

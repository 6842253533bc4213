import { z } from "../../lib/deps/zod.ts";
import { csv, defineDataset } from "../../mod.ts";

/**
 * B. Efron, T. Hastie, I. Johnstone and R. Tibshirani, "Least Angle Regression", Annals of Statistics 32 (2004): the
 * table that they published, as scikit-learn ships it unscaled (BSD 3-Clause). Age in years, body mass index in kg/m²,
 * average blood pressure in mmHg, six blood serum measurements; the target is a measure of the disease's progression
 * one year later.
 */
export const diabetes_v1 = defineDataset({
  description: "Diabetes: 442 patients, and how far the disease progressed in a year",
  row: z.object({
    age: z.number().positive(),
    sex: z.int().min(1).max(2),
    bmi: z.number().positive(),
    blood_pressure: z.number().positive(),
    total_cholesterol: z.number().positive(),
    ldl: z.number().positive(),
    hdl: z.number().positive(),
    cholesterol_ratio: z.number().positive(),
    log_triglycerides: z.number().positive(),
    glucose: z.number().positive(),
    progression: z.number().positive(),
  }),
  target: "progression",
  source: csv("./diabetes_v1.csv", import.meta),
});

import { defineFeatures } from "../../mod.ts";
import { diabetes_v1 } from "../datasets/mod.ts";

export const diabetes_v1_features_v1 = defineFeatures(diabetes_v1, {
  age: (row) => row.age,
  sex: (row) => row.sex,
  bmi: (row) => row.bmi,
  blood_pressure: (row) => row.blood_pressure,
  total_cholesterol: (row) => row.total_cholesterol,
  ldl: (row) => row.ldl,
  hdl: (row) => row.hdl,
  cholesterol_ratio: (row) => row.cholesterol_ratio,
  log_triglycerides: (row) => row.log_triglycerides,
  glucose: (row) => row.glucose,
});

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
}, {
  description: "What was measured of each patient, as it is",
  features: {
    age: { description: "Age", unit: "years" },
    sex: { description: "Sex, coded as 1 or 2" },
    bmi: { description: "Body mass index", unit: "kg/m²" },
    blood_pressure: { description: "Average blood pressure", unit: "mmHg" },
    total_cholesterol: { description: "Total cholesterol in the serum" },
    ldl: { description: "Low-density lipoproteins in the serum" },
    hdl: { description: "High-density lipoproteins in the serum" },
    cholesterol_ratio: { description: "Total cholesterol by high-density lipoproteins" },
    log_triglycerides: { description: "Logarithm of the triglycerides in the serum" },
    glucose: { description: "Blood sugar" },
  },
});

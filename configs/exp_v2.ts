import { defineExperiment } from "../mod.ts";
import { registry } from "../registries/mod.ts";

/** The same question as exp_v1, asked of a small neural network, and written in TypeScript. */
export const experiment = defineExperiment(registry, {
  experiment: "iris",
  run: "exp_v2",
  data: { name: "iris_v1" },
  features: { view: "iris_v1_features_v1" },
  model: { name: "mlp", params: { hidden: [16], epochs: 100 } },
  split: { kind: "holdout", test: 0.2, stratify: true },
  metrics: ["accuracy", "macro_f1", "log_loss"],
  seed: 42,
});

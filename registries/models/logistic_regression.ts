import { z } from "../../lib/deps/zod.ts";
import { defineModel } from "../../mod.ts";
import { BACKEND, fitNetwork } from "./_network.ts";

/** Multinomial logistic regression (softmax), fitted by Adam on standardised features. */
export const logistic_regression = defineModel({
  description: "Softmax regression",
  task: "classification",
  backend: BACKEND,
  params: z.strictObject({
    epochs: z.number().int().positive().default(200),
    batch_size: z.number().int().positive().default(200),
    learning_rate: z.number().positive().default(0.05),
    l2: z.number().nonnegative().default(0),
  }),
  fit: (input) => fitNetwork(input, []),
});

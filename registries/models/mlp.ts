import { z } from "../../lib/deps/zod.ts";
import { defineModel } from "../../mod.ts";
import { BACKEND, fitNetwork } from "./_network.ts";

/** A multilayer perceptron with ReLU layers, fitted by Adam on standardised features. */
export const mlp = defineModel({
  description: "Multilayer perceptron",
  task: "classification",
  backend: BACKEND,
  params: z.strictObject({
    hidden: z.array(z.number().int().positive()).min(1).default([32, 16]),
    epochs: z.number().int().positive().default(200),
    batch_size: z.number().int().positive().default(200),
    learning_rate: z.number().positive().default(0.01),
    l2: z.number().nonnegative().default(0),
  }),
  fit: (input) => fitNetwork(input, input.params.hidden),
});

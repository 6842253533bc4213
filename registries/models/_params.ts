import { z } from "../../lib/deps/zod.ts";

/** The params of the models that look for the nearest train rows. */
export const NEIGHBOUR_PARAMS = z.strictObject({
  neighbours: z.number().int().positive().default(5),
  weights: z.enum(["uniform", "distance"]).default("uniform"),
  standardise: z.boolean().default(true),
});

/** How a fit may stop early: off unless it is given. */
const early_stopping = z.strictObject({
  validation: z.number().gt(0).lt(1).default(0.1),
  patience: z.number().int().positive().default(10),
}).optional();

/** The params of softmax regression. */
export const SOFTMAX_PARAMS = z.strictObject({
  epochs: z.number().int().positive().default(200),
  batch_size: z.number().int().positive().default(200),
  learning_rate: z.number().positive().default(0.05),
  l2: z.number().nonnegative().default(0),
  early_stopping,
});

/** The params of the multilayer perceptron: `hidden` are the widths of its ReLU layers. */
export const NETWORK_PARAMS = z.strictObject({
  ...SOFTMAX_PARAMS.shape,
  hidden: z.array(z.number().int().positive()).min(1).default([32, 16]),
  learning_rate: z.number().positive().default(0.01),
});

/** The params of gradient boosting. */
export const BOOSTING_PARAMS = z.strictObject({
  iterations: z.number().int().positive().default(100),
  learning_rate: z.number().positive().default(0.1),
  max_leaf_nodes: z.number().int().min(2).default(31),
  min_samples_leaf: z.number().int().positive().default(20),
  l2: z.number().nonnegative().default(0),
  early_stopping,
});

/** The resolved params of gradient boosting. */
export type BoostingParams = z.output<typeof BOOSTING_PARAMS>;

/**
 * The params of random forests. Without a `max_depth`, trees grow until no split is left; without `max_features`, a
 * split chooses among √features of them in a classification, and among all in a regression.
 */
export const FOREST_PARAMS = z.strictObject({
  trees: z.number().int().positive().default(100),
  max_depth: z.number().int().positive().optional(),
  min_samples_leaf: z.number().int().positive().default(1),
  max_features: z.number().int().positive().optional(),
});

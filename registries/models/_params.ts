import { z } from "../../lib/deps/zod.ts";

/** The params of the models that look for the nearest train rows. */
export const NEIGHBOUR_PARAMS = z.strictObject({
  neighbours: z.number().int().positive().default(5),
  weights: z.enum(["uniform", "distance"]).default("uniform"),
  standardise: z.boolean().default(true),
});

/** The params of gradient boosting. */
export const BOOSTING_PARAMS = z.strictObject({
  iterations: z.number().int().positive().default(100),
  learning_rate: z.number().positive().default(0.1),
  max_leaf_nodes: z.number().int().min(2).default(31),
  min_samples_leaf: z.number().int().positive().default(20),
  l2: z.number().nonnegative().default(0),
});

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

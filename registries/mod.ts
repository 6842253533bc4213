import { defineRegistry } from "../mod.ts";
import * as datasets from "./datasets/mod.ts";
import * as features from "./features/mod.ts";
import * as models from "./models/mod.ts";

/** What the configs of this project choose from. */
export const registry = defineRegistry({ datasets, features, models });

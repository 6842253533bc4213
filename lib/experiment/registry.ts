import type { Dataset } from "../data/dataset.ts";
import type { FeatureView } from "../features/features.ts";
import type { MetricName } from "../models/metrics.ts";
import type { Model } from "../models/model.ts";
import type { GroupedSpec, HoldoutSpec, KFoldSpec, TimeOrderedSpec } from "./split.ts";

/** The typed collection of datasets, feature views and models that experiments choose from, by name. */
export interface Registry {
  /** The datasets by name. */
  readonly datasets: Readonly<Record<string, Dataset>>;
  /** The feature views by name. */
  readonly features: Readonly<Record<string, FeatureView>>;
  /** The models by name. */
  readonly models: Readonly<Record<string, Model>>;
}

/** Defines a registry; plain module namespaces will do: `import * as datasets from "./datasets/mod.ts"`. */
export function defineRegistry<R extends Registry>(registry: R): R {
  return registry;
}

/** An experiment as it is written in TypeScript, in the form of the YAML config: defaults may be left out. */
export interface ExperimentConfig<R extends Registry = Registry> {
  /** The experiment's name: the group that its runs are in. */
  readonly experiment: string;
  /** The name of its runs. */
  readonly run: string;
  /** The dataset. */
  readonly data: {
    readonly name: keyof R["datasets"] & string;
    /** Up to how many MiB of typed columns a run keeps a snapshot of the data. @default { max_mb: 64 } */
    readonly snapshot?: { readonly max_mb?: number };
  };
  /** The feature view, which has to be over that dataset. */
  readonly features: { readonly view: keyof R["features"] & string };
  /** The model and its params. */
  readonly model: ModelChoice<R["models"]>;
  /** How rows are assigned to train and test. */
  readonly split: SplitConfig;
  /** The scores on the test rows. */
  readonly metrics: readonly MetricName[];
  /** The whole number that all randomness comes from. */
  readonly seed: number;
  /** Where runs are recorded, unless the command line or `MLFLOW_TRACKING_URI` says. */
  readonly tracking?: { readonly uri: string };
}

/** How rows are assigned to train and test, as it is written: defaults may be left out. */
export type SplitConfig =
  | Optional<HoldoutSpec, "stratify" | "repeats">
  | Optional<KFoldSpec, "stratify" | "repeats">
  | Optional<GroupedSpec, "repeats">
  | Optional<TimeOrderedSpec, "gap">;

/** A type of which some members may be left out. */
export type Optional<T, Keys extends keyof T> = Omit<T, Keys> & Partial<Pick<T, Keys>>;

/** One model of a registry by name, with its params; they may be left out where each has a default. */
export type ModelChoice<Models extends Readonly<Record<string, Model>>> = {
  readonly [Name in keyof Models & string]: ChoiceOf<Name, Models[Name]["params"]["_zod"]["input"]>;
}[keyof Models & string];

/** A model by name; its params may be left out where all of them may. */
export type ChoiceOf<Name extends string, Params> = Record<never, never> extends Params
  ? { readonly name: Name; readonly params?: Params }
  : { readonly name: Name; readonly params: Params };

/** A registry and what an experiment chooses from it. */
export interface Experiment {
  /** What there is to choose from. */
  readonly registry: Registry;
  /** What is chosen. */
  readonly config: ExperimentConfig;
}

/**
 * Defines an experiment in TypeScript, where a wrong name or param is an error of the type checker.
 *
 * @example
 * ```ts
 * import { defineExperiment } from "./mod.ts";
 * import { registry } from "./registries/mod.ts";
 *
 * export const experiment = defineExperiment(registry, {
 *   experiment: "iris",
 *   run: "exp_v2",
 *   data: { name: "iris_v1" },
 *   features: { view: "iris_v1_features_v1" },
 *   model: { name: "mlp", params: { epochs: 50 } },
 *   split: { kind: "holdout", test: 0.2 },
 *   metrics: ["accuracy"],
 *   seed: 42,
 * });
 * ```
 */
export function defineExperiment<R extends Registry>(
  registry: R,
  config: ExperimentConfig<NoInfer<R>>,
): Experiment {
  // What fits a registry of known names fits registries in general, which the checker can't tell of a generic one.
  return { registry, config: config as unknown as ExperimentConfig };
}

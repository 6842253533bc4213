import { ExperimentError } from "../base/error.ts";
import { z } from "../deps/zod.ts";
import { checkValue, type Override, parseDocument } from "../document/document.ts";
import { type MetricName, metrics } from "../models/metrics.ts";
import type { Experiment, Registry } from "./registry.ts";
import type { SplitSpec } from "./split.ts";

/** An experiment's config after validation, with all defaults filled in: plain data. */
export interface ExperimentSpec {
  /** The name of the experiment: the group that its runs are in. */
  readonly experiment: string;
  /** The name of its runs. */
  readonly run: string;
  /** The dataset, and up to how many MiB of typed columns a run keeps a snapshot of it. */
  readonly data: { readonly name: string; readonly snapshot: { readonly max_mb: number } };
  /** The feature view. */
  readonly features: { readonly view: string };
  /** The model, with every param. */
  readonly model: { readonly name: string; readonly params: Readonly<Record<string, unknown>> };
  /** How rows are assigned to train and test. */
  readonly split: SplitSpec;
  /** The scores on the test rows. */
  readonly metrics: readonly MetricName[];
  /** The number that all randomness comes from. */
  readonly seed: number;
  /** Where runs are recorded, unless the command line or `MLFLOW_TRACKING_URI` says. */
  readonly tracking?: { readonly uri: string };
}

/** A checked config, and where each of its leaves came from. */
export interface Checked<Value> {
  readonly value: Value;
  readonly origins: Readonly<Record<string, string>>;
}

/** Where runs are recorded, as a config says it. */
export const trackingSchema = z.strictObject({ uri: z.string().min(1) }).optional();
/** MLflow's limit for the names of runs and experiments. */
export const nameSchema = z.string().min(1).max(250);

/** The schema of experiment configs that choose from a registry. */
function experimentSchema(registry: Registry): z.ZodType<ExperimentSpec> {
  const models = Object.entries(registry.models).map(([name, { params }]) =>
    z.strictObject({ name: z.literal(name), params: params.prefault({}) })
  );
  const stratify = z.boolean().optional();
  const repeats = z.int().min(1).default(1);
  const folds = z.int().min(2);
  const column = z.string().min(1);
  const schema = z.strictObject({
    experiment: nameSchema,
    run: nameSchema,
    data: z.strictObject({
      name: z.enum(Object.keys(registry.datasets)),
      snapshot: z.strictObject({ max_mb: z.number().min(0).default(64) }).prefault({}),
    }),
    features: z.strictObject({ view: z.enum(Object.keys(registry.features)) }),
    model: z.discriminatedUnion("name", models as [typeof models[number]]),
    split: z.discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("holdout"), test: z.number().gt(0).lt(1), stratify, repeats }),
      z.strictObject({ kind: z.literal("k_fold"), folds, stratify, repeats }),
      z.strictObject({ kind: z.literal("grouped"), folds, by: column, repeats }),
      z.strictObject({
        kind: z.literal("time_ordered"),
        folds: z.int().min(1),
        by: column,
        gap: z.int().min(0).default(0),
      }),
    ]),
    metrics: z.array(z.enum(Object.values(metrics).flatMap(Object.keys) as MetricName[])).min(1),
    seed: z.number().int().nonnegative(),
    tracking: trackingSchema,
  });
  const taskOf = (model: string) => registry.models[model]!.task;
  return schema.superRefine((spec, context) => {
    const task = taskOf(spec.model.name);
    const known = Object.keys(metrics[task]);
    spec.metrics.forEach((metric, index) => {
      if (known.includes(metric)) return;
      context.addIssue({
        code: "custom",
        path: ["metrics", index],
        message: `${metric} is no metric of a ${task}, which "${spec.model.name}" is for: choose among ${
          known.join(", ")
        }`,
      });
    });
  }).transform((spec) => ({
    ...spec,
    split: "repeats" in spec.split && !("by" in spec.split)
      ? { ...spec.split, stratify: spec.split.stratify ?? taskOf(spec.model.name) === "classification" }
      : spec.split,
  })) as unknown as z.ZodType<ExperimentSpec>;
}

const nouns = {
  "data.name": "dataset",
  "features.view": "feature view",
  "model.name": "model",
  "split.kind": "kind of split",
  "metrics": "metric",
};

/** Checks the YAML text of an experiment config against a registry. */
export function parseExperiment(
  text: string,
  options: { readonly file: string; readonly registry: Registry; readonly set?: readonly Override[] },
): Checked<ExperimentSpec> {
  const { registry, ...rest } = options;
  return parseDocument(text, { ...rest, schema: experimentSchema(registry), nouns });
}

/** Checks an experiment written in TypeScript, as the type checker may not have been run over it. */
export function checkExperiment(
  { registry, config }: Experiment,
  options: { readonly file: string; readonly set?: readonly Override[] },
): Checked<ExperimentSpec> {
  return checkValue(config, { ...options, schema: experimentSchema(registry), nouns });
}

/** The JSON Schema of experiment configs, for editors. */
export function experimentJsonSchema(registry: Registry): Record<string, unknown> {
  return z.toJSONSchema(experimentSchema(registry), { io: "input" }) as Record<string, unknown>;
}

/** Checks that a module's export is a registry with something of each kind to choose. */
export function checkRegistry(value: unknown, place: string): Registry {
  const kinds = ["datasets", "features", "models"] as const;
  const registry = value as Registry | undefined;
  const lacking = kinds.filter((kind) =>
    typeof registry?.[kind] !== "object" || Object.keys(registry[kind]).length === 0
  );
  if (lacking.length === 0) return registry!;
  throw new ExperimentError(
    "INVALID_PARAMETER_VALUE",
    `${place} has no registry with ${
      lacking.join(" and no ")
    } to choose from: expected defineRegistry({ datasets, features, models }).`,
    { hint: "Export it as `registry`, each folder with at least one entry." },
  );
}

import { z } from "../deps/zod.ts";
import type { Registry } from "../experiment/registry.ts";
import type { Model } from "../models/model.ts";

/** What a registry has to choose from. */
export interface RegistryListing {
  /** The datasets. */
  readonly datasets: readonly {
    readonly name: string;
    readonly description: string | undefined;
    readonly columns: readonly string[];
    readonly target: string;
  }[];
  /** The feature views. */
  readonly features: readonly {
    readonly name: string;
    readonly description: string | undefined;
    /** The dataset or the view that it is over. */
    readonly over: string | undefined;
    readonly features: readonly string[];
  }[];
  /** The models. */
  readonly models: readonly ModelEntry[];
}

/** A model of a registry. */
export interface ModelEntry {
  /** Its name. */
  readonly name: string;
  /** What it does, in a line. */
  readonly description: string | undefined;
  /** What it predicts: a classification or a regression. */
  readonly task: string;
  /** The JSON Schema of each param. */
  readonly params: Readonly<Record<string, unknown>>;
}

/** What a registry has. */
export function listRegistry({ datasets, features, models }: Registry): RegistryListing {
  return {
    datasets: Object.entries(datasets).map(([name, { description, row, target }]) => ({
      name,
      description,
      columns: Object.keys(row.shape),
      target,
    })),
    features: Object.entries(features).map(([name, { base, features: own, about }]) => ({
      name,
      description: about?.description,
      over: keyOf(datasets, base) ?? keyOf(features, base),
      features: Object.keys(own),
    })),
    models: Object.entries(models).map(([name, model]) => modelEntry(name, model)),
  };
}

/** A model of a registry by its name. */
export function modelEntry(name: string, { description, task, params }: Model): ModelEntry {
  return { name, description, task, params: z.toJSONSchema(params, { io: "input" }).properties ?? {} };
}

/** The name of a value in a registry; undefined where it has none. */
export function keyOf(values: Readonly<Record<string, unknown>>, value: unknown): string | undefined {
  return Object.keys(values).find((key) => values[key] === value);
}

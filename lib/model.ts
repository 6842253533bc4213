import type { z } from "./deps/zod.ts";
import type { Matrix } from "./matrix.ts";
import type { Random } from "./random.ts";

/** What a model's `fit` is given. */
export interface FitInput<Params> {
  /** The features of the train rows: one row per example, one column per feature. */
  readonly x: Matrix;
  /** The class of each train row, as an index into `classes`. */
  readonly y: Uint32Array;
  /** The names of the classes, in the order of the dataset's schema. */
  readonly classes: readonly string[];
  /** The names of the columns of `x`. */
  readonly features: readonly string[];
  /** The resolved params, defaults included. */
  readonly params: Params;
  /** The stream that all randomness of the fit comes from. */
  readonly random: Random;
  /** Reports the metrics of an epoch (from 1) to the training curve. Await it: it lets the run be cancelled. */
  onEpoch(epoch: number, metrics: Readonly<Record<string, number>>): Promise<void>;
}

/** A fitted model. */
export interface Estimator {
  /** The probability of each class (column) for each row of `x`; each row adds up to 1. */
  predict(x: Matrix): Matrix | Promise<Matrix>;
  /** The files that hold all of the fitted state, by path; equal states have equal bytes. */
  save(): Readonly<Record<string, string | Uint8Array>>;
}

/** A definition that can be fitted. */
export interface Model<Params extends z.ZodObject = z.ZodObject> {
  /** What it does, in a line. */
  readonly description?: string;
  /** What is predicted: a class, out of those of the target column. */
  readonly task: "classification";
  /**
   * What computes the fit, with its version, where that isn't plain TypeScript: recorded in the contract, since
   * backends differ in the last bits.
   */
  readonly backend?: string;
  /** The schema of the params, with their defaults. */
  readonly params: Params;
  /** Fits the model to the train rows. */
  // A method, so that models of different params are all models.
  fit(input: FitInput<z.output<Params>>): Estimator | Promise<Estimator>;
}

/** Defines a model. Import heavy packages inside `fit`, so that a replay, which fits nothing, never loads them. */
export function defineModel<Params extends z.ZodObject>(definition: Model<Params>): Model<Params> {
  return definition;
}

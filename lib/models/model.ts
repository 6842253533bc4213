import type { Matrix } from "../base/matrix.ts";
import type { Random } from "../base/random.ts";
import type { ObjectSchema } from "../data/schema.ts";
import type { Estimator, LayersModel } from "./estimator.ts";

/** What any model's `fit` is given. */
export interface FitInput<Params> {
  /** The features of the train rows: one row per example, one column per feature. */
  readonly x: Matrix;
  /** The names of the columns of `x`. */
  readonly features: readonly string[];
  /** The resolved params, defaults included. */
  readonly params: Params;
  /** The stream that all randomness of the fit comes from. */
  readonly random: Random;
  /** Reports the metrics of an epoch (from 1) to the training curve. Await it: it lets the run be cancelled. */
  onEpoch(epoch: number, metrics: Readonly<Record<string, number>>): Promise<void>;
}

/** What a classification model's `fit` is given. */
export interface ClassificationInput<Params> extends FitInput<Params> {
  /** The class of each train row, as an index into `classes`. */
  readonly y: Uint32Array;
  /** The names of the classes, in the order of the dataset's schema. */
  readonly classes: readonly string[];
}

/** What a regression model's `fit` is given. */
export interface RegressionInput<Params> extends FitInput<Params> {
  /** The target of each train row. */
  readonly y: Float64Array;
}

/** What a `fit` as it is written may return. */
export type FitResult = Estimator | LayersModel;

/** A definition as it is written: its `fit` may return a LayersModel too. */
export type Written<Definition extends ModelBase<ObjectSchema>, Input> = Omit<Definition, "fit"> & {
  /** Fits the model to the train rows. */
  fit(input: Input): FitResult | Promise<FitResult>;
};

/** What models of every task have. */
export interface ModelBase<Params extends ObjectSchema> {
  /** What it does, in a line. */
  readonly description?: string;
  /**
   * What computes the fit, with its version, where that isn't plain TypeScript: recorded in the contract, since
   * backends differ in the last bits.
   */
  readonly backend?: string;
  /** The schema of the params, with their defaults. */
  readonly params: Params;
}

/** A definition that can be fitted to predict a class, out of those of the target column. */
export interface ClassificationModel<Params extends ObjectSchema = ObjectSchema> extends ModelBase<Params> {
  /** What is predicted. */
  readonly task: "classification";
  /** Fits the model to the train rows. */
  // A method, so that models of different params are all models.
  fit(input: ClassificationInput<Params["_zod"]["output"]>): Estimator | Promise<Estimator>;
}

/** A definition that can be fitted to predict a number. */
export interface RegressionModel<Params extends ObjectSchema = ObjectSchema> extends ModelBase<Params> {
  /** What is predicted. */
  readonly task: "regression";
  /** Fits the model to the train rows. */
  fit(input: RegressionInput<Params["_zod"]["output"]>): Estimator | Promise<Estimator>;
}

/** A definition that can be fitted. */
export type Model<Params extends ObjectSchema = ObjectSchema> =
  | ClassificationModel<Params>
  | RegressionModel<Params>;

/**
 * Defines a model. Import heavy packages inside `fit`, so that a replay, which fits nothing, never loads them. `fit` may
 * return a LayersModel of TensorFlow.js in place of an estimator.
 */
export function defineModel<Params extends ObjectSchema>(
  definition: Written<ClassificationModel<Params>, ClassificationInput<Params["_zod"]["output"]>>,
): ClassificationModel<Params>;
/** Defines a model of a regression. */
export function defineModel<Params extends ObjectSchema>(
  definition: Written<RegressionModel<Params>, RegressionInput<Params["_zod"]["output"]>>,
): RegressionModel<Params>;
export function defineModel(
  definition: Omit<Model, "fit"> & { fit(input: never): FitResult | Promise<FitResult> },
): Model {
  const fit = async (input: never): Promise<Estimator> => {
    const fitted = await definition.fit(input);
    return "layers" in fitted ? await (await import("./layers_model.ts")).estimatorOf(fitted) : fitted;
  };
  return { ...definition, fit } as Model;
}

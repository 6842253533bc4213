import type { Matrix } from "../base/matrix.ts";

/** A fitted model. */
export interface Estimator {
  /**
   * For each row of `x`: of a classification, the probability of each class (column), which add up to 1; of a
   * regression, the predicted value, in the only column.
   */
  predict(x: Matrix): Matrix | Promise<Matrix>;
  /** The files that hold all of the fitted state, by path; equal states have equal bytes. */
  save(): Readonly<Record<string, string | Uint8Array>>;
}

/** A fitted LayersModel of TensorFlow.js, as of `tf.sequential` or `tf.model`, by what tells one from an estimator. */
export interface LayersModel {
  /** Its layers. */
  readonly layers: readonly unknown[];
  /** The number of its weights. */
  countParams(): number;
}

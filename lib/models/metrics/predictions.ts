import type { Matrix } from "../../base/matrix.ts";

/** What a metric of a classification is computed from: the true and the predicted classes of the test rows. */
export interface ClassPredictions {
  /** The true class of each row, as an index. */
  readonly actual: Uint32Array;
  /** The predicted probability of each class (column) for each row. */
  readonly probabilities: Matrix;
}

/** What a metric of a regression is computed from: the true and the predicted values of the test rows. */
export interface ValuePredictions {
  /** The true value of each row. */
  readonly actual: Float64Array;
  /** The predicted value of each row. */
  readonly predicted: Float64Array;
}

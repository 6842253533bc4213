import { mae, mape, r2, rmse } from "./metrics/errors.ts";
import { accuracy, balanced_accuracy, macro_f1, precision, recall } from "./metrics/labels.ts";
import type { ClassPredictions, ValuePredictions } from "./metrics/predictions.ts";
import { brier_score, calibration_error, log_loss } from "./metrics/probabilities.ts";
import { average_precision, roc_auc } from "./metrics/ranking.ts";

export {
  accuracy,
  average_precision,
  balanced_accuracy,
  brier_score,
  calibration_error,
  log_loss,
  macro_f1,
  mae,
  mape,
  precision,
  r2,
  recall,
  rmse,
  roc_auc,
};

/** The name of a metric of a classification. */
export type ClassificationMetric =
  | "accuracy"
  | "balanced_accuracy"
  | "macro_f1"
  | "precision"
  | "recall"
  | "log_loss"
  | "roc_auc"
  | "average_precision"
  | "brier_score"
  | "calibration_error";

/** The name of a metric of a regression. */
export type RegressionMetric = "rmse" | "mae" | "r2" | "mape";

/** The name of a metric. */
export type MetricName = ClassificationMetric | RegressionMetric;

/** The metrics that an experiment can ask for, by task and name. Each takes time in the order of n log n of n rows. */
export const metrics: {
  readonly classification: Readonly<Record<ClassificationMetric, (predictions: ClassPredictions) => number>>;
  readonly regression: Readonly<Record<RegressionMetric, (predictions: ValuePredictions) => number>>;
} = {
  classification: {
    accuracy,
    balanced_accuracy,
    macro_f1,
    precision,
    recall,
    log_loss,
    roc_auc,
    average_precision,
    brier_score,
    calibration_error,
  },
  regression: { rmse, mae, r2, mape },
};

/** The task that a metric is of. */
export function taskOf(metric: MetricName): "classification" | "regression" {
  return Object.hasOwn(metrics.classification, metric) ? "classification" : "regression";
}

const ERRORS: ReadonlySet<MetricName> = new Set([
  "log_loss",
  "brier_score",
  "calibration_error",
  "rmse",
  "mae",
  "mape",
]);

/** How much worse a score is than another, in the metric's unit: above 0 where it is worse. */
export function lossOf(metric: MetricName, before: number, after: number): number {
  return ERRORS.has(metric) ? after - before : before - after;
}

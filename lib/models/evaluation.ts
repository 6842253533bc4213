import type { MetricName } from "./metrics.ts";

/** The format of `evaluation.json`. */
export const EVALUATION = "reprise/evaluation/1" satisfies EvaluationBase["format"];

/** What plots show of a fitted model: of its predictions for the test rows of all folds, and of its features. */
export type Evaluation = ClassEvaluation | ValueEvaluation;

/** What the evaluations of all tasks have. */
export interface EvaluationBase {
  /** The format's name and version. */
  readonly format: "reprise/evaluation/1";
  /** How many rows were tested on, over all folds. */
  readonly rows: number;
  /** How many folds there were. */
  readonly folds: number;
  /** How much each feature matters; absent where that has no meaning, or would take too long. */
  readonly importance?: Importance;
  /** Of how many rows of the table the distributions are: of all or, of very many, of every so many-th. */
  readonly distribution_rows: number;
  /** How features are distributed: the most important ones first. */
  readonly distributions: readonly Distribution[];
  /** How many features more there are. */
  readonly features_left_out: number;
}

/** What plots show of a classification. */
export interface ClassEvaluation extends EvaluationBase {
  /** What is predicted. */
  readonly task: "classification";
  /** The classes, in the order of the dataset's schema; of very many, the most frequent ones. */
  readonly classes: readonly string[];
  /** How many classes more there are. */
  readonly classes_left_out: number;
  /** How many test rows of a class (row) were taken to be of a class (column). */
  readonly confusion: readonly (readonly number[])[];
  /** Curves of each class against the rest; of two classes, of the last one. Absent for a class that can't be ranked. */
  readonly curves: readonly ClassCurves[];
}

/** What plots show of a regression. */
export interface ValueEvaluation extends EvaluationBase {
  /** What is predicted. */
  readonly task: "regression";
  /** The true and the predicted value of test rows, by true value; of many rows, every so many-th. */
  readonly points: readonly Point[];
  /** How the residuals, true − predicted, of all test rows are distributed. */
  readonly residuals: Histogram;
}

/** A place in a plot: x, then y. */
export type Point = readonly [x: number, y: number];

/** How well a class is told from the rest. */
export interface ClassCurves {
  /** The class. */
  readonly class: string;
  /** The share of the test rows that are of the class. */
  readonly share: number;
  /** The false positive rate and the true positive rate at each threshold, from (0, 0) to (1, 1). */
  readonly roc: { readonly auc: number; readonly points: readonly Point[] };
  /** Recall and precision at each threshold, from the highest one down. */
  readonly precision_recall: { readonly average_precision: number; readonly points: readonly Point[] };
  /** Of the rows in each of ten bins of equal width: their mean probability, and how many of them are of the class. */
  readonly calibration: readonly {
    readonly predicted: number;
    readonly actual: number;
    readonly rows: number;
  }[];
}

/** How many values lie in bins of equal width. */
export interface Histogram {
  /** The edges of the bins, one more than there are bins. */
  readonly edges: readonly number[];
  /** How many values lie in each bin, which has its lower edge; the last one has both. */
  readonly counts: readonly number[];
}

/** How much worse a metric gets when a feature's values are shuffled among the test rows (Breiman, 2001). */
export interface Importance {
  /** The metric: the first one of the config. */
  readonly metric: MetricName;
  /** How many test rows were shuffled, over all folds. */
  readonly rows: number;
  /** How often each feature was shuffled in each fold. */
  readonly repeats: number;
  /** The mean over folds and repeats, with the population standard deviation; the greatest mean first. */
  readonly features: readonly { readonly feature: string; readonly mean: number; readonly std: number }[];
}

/** How the values of a feature are distributed, by class where there are classes. */
export interface Distribution {
  /** The feature, as the view names it. */
  readonly feature: string;
  /** How many rows have no value. */
  readonly missing: number;
  /** The edges of bins of equal width, or the most frequent levels. */
  readonly bins: { readonly edges: readonly number[] } | {
    readonly levels: readonly string[];
    readonly left_out: number;
  };
  /** How many rows of each class of the evaluation lie in each bin; of a regression there is one list, of all rows. */
  readonly counts: readonly (readonly number[])[];
}

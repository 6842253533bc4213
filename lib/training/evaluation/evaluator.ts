import type { Matrix } from "../../base/matrix.ts";
import { randomOf } from "../../base/random.ts";
import type { Prepared } from "../../experiment/prepare.ts";
import { EVALUATION, type Evaluation, type EvaluationBase } from "../../models/evaluation.ts";
import type { FittedFold } from "../fit.ts";
import { distributionOf, type Groups } from "./distributions.ts";
import { collectImportance } from "./importance.ts";
import { evaluateClasses, evaluateValues } from "./predictions.ts";

/** How many features' distributions and how many classes are kept, and of how many rows the distributions are. */
const MOST_FEATURES = 30;
const MOST_CLASSES = 40;
const MOST_ROWS = 100_000;

/** Evaluates a run's folds as they are fitted. */
export interface Evaluator {
  /**
   * Takes in a fold's predictions, and shuffles its features.
   *
   * @param takeTurn Is awaited between predictions, so that the run can be cancelled.
   */
  add(fold: FittedFold, takeTurn: () => Promise<void>): Promise<void>;
  /** What plots show of all folds so far. */
  evaluation(): Evaluation;
}

/** Opens an evaluator. It fits nothing, and all that it draws at random derives from the run's seed. */
export function openEvaluator(prepared: Prepared): Evaluator {
  const { spec, target } = prepared;
  const importances = collectImportance(prepared, randomOf(spec.seed).stream("importance"));
  const folds: Pick<FittedFold, "test" | "predicted">[] = [];
  return {
    async add(fold, takeTurn) {
      folds.push({ test: fold.test, predicted: fold.predicted });
      await importances.add(fold, takeTurn);
    },
    evaluation() {
      const rows = Uint32Array.from(folds.flatMap(({ test }) => [...test]));
      const predicted = stacked(folds.map(({ predicted }) => predicted));
      const importance = importances.importance();
      const step = Math.ceil(prepared.table.rows / MOST_ROWS);
      const base = (groups: Groups): EvaluationBase => {
        const rank = new Map(importance?.features.map(({ feature }, at) => [feature, at]));
        const features = prepared.features
          .toSorted((a, b) => (rank.get(a.name) ?? 0) - (rank.get(b.name) ?? 0)).slice(0, MOST_FEATURES);
        return {
          format: EVALUATION,
          rows: rows.length,
          folds: folds.length,
          ...(importance ? { importance } : {}),
          distribution_rows: Math.ceil(prepared.table.rows / groups.step),
          distributions: features.map((feature) => distributionOf(feature, groups)),
          features_left_out: prepared.features.length - features.length,
        };
      };
      if (target.task === "regression") {
        return {
          ...base({ of: new Int32Array(target.y.length), length: 1, step }),
          task: "regression",
          ...evaluateValues({
            actual: Float64Array.from(rows, (row) => target.y[row]!),
            predicted: predicted.data,
          }),
        };
      }
      const { y, classes } = target;
      const shown = mostFrequent(y, classes.length);
      return {
        ...base({ of: Int32Array.from(y, (label) => shown.indexOf(label)), length: shown.length, step }),
        task: "classification",
        ...evaluateClasses({ actual: rows.map((row) => y[row]!), probabilities: predicted }, {
          classes,
          shown,
        }),
      };
    },
  };
}

/** The classes that most rows have, in the order of the schema. */
function mostFrequent(y: Uint32Array, classes: number): readonly number[] {
  const counts = new Uint32Array(classes);
  for (const label of y) counts[label]!++;
  return [...counts.keys()].sort((a, b) => counts[b]! - counts[a]! || a - b).slice(0, MOST_CLASSES)
    .sort((a, b) => a - b);
}

/** The rows of matrices of as many columns, one after another. */
function stacked(matrices: readonly Matrix[]): Matrix {
  const rows = matrices.reduce((sum, { rows }) => sum + rows, 0);
  const columns = matrices[0]?.columns ?? 0;
  const data = new Float64Array(rows * columns);
  let at = 0;
  for (const matrix of matrices) {
    data.set(matrix.data, at);
    at += matrix.data.length;
  }
  return { rows, columns, data };
}

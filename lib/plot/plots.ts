import type { Evaluation } from "../models/evaluation.ts";
import { confusionPlot } from "./confusion.ts";
import { calibrationPlot, precisionRecallPlot, rocPlot } from "./curves.ts";
import { distributionsPlot } from "./distributions.ts";
import { importancePlot } from "./importance.ts";
import type { Plot } from "./panel.ts";
import { residualsPlot } from "./residuals.ts";

/** The plots of an evaluation by name, those that there is something to draw of. */
export function plotsOf(evaluation: Evaluation): Readonly<Record<string, Plot>> {
  const { importance } = evaluation;
  const plots: Readonly<Record<string, Plot>> = {
    ...(evaluation.task === "classification" ? { confusion_matrix: confusionPlot(evaluation) } : {}),
    ...(importance ? { permutation_importance: importancePlot(importance) } : {}),
    ...(evaluation.task === "classification"
      ? {
        roc: rocPlot(evaluation),
        precision_recall: precisionRecallPlot(evaluation),
        calibration: calibrationPlot(evaluation),
      }
      : { residuals: residualsPlot(evaluation) }),
    feature_distributions: distributionsPlot(evaluation),
  };
  return Object.fromEntries(Object.entries(plots).filter(([, { panels }]) => panels.length > 0));
}

import type { Evaluation } from "../models/evaluation.ts";
import { type Curve, learningPlot } from "./learning.ts";
import { plotsOf } from "./plots.ts";
import { toSvg } from "./standalone.ts";

/** The plots of a run as SVG files by name, those that there is something to draw of. */
export function plotFiles(
  evaluation: Evaluation,
  curves: readonly Curve[],
): Readonly<Record<string, string>> {
  const learning = learningPlot(curves);
  const plots = {
    ...(learning.panels.length > 0 ? { learning_curve: learning } : {}),
    ...plotsOf(evaluation),
  };
  return Object.fromEntries(Object.entries(plots).map(([name, plot]) => [`${name}.svg`, toSvg(plot)]));
}

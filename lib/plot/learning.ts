import { linePanel, type Series } from "./line.ts";
import type { Plot } from "./panel.ts";

/** The points of a metric by step. */
export interface Curve extends Pick<Series, "points"> {
  /** Its name, such as `train_loss`, or of a fold `fold_1/train_loss`. */
  readonly key: string;
}

/** How many panels there is room for. */
const SHOWN = 12;

/**
 * The learning curves: what differs by `train_`, `val_` or `test_` alone shares a panel, in which the folds have a line
 * each, all in the style of their metric.
 */
export function learningPlot(curves: readonly Curve[]): Plot {
  const metricOf = ({ key }: Curve) => key.replace(/^fold_\d+\//, "");
  const groups = Map.groupBy(curves, (curve) => metricOf(curve).replace(/^(train|val|validation|test)_/, ""));
  const folds = new Set(curves.flatMap(({ key }) => /^fold_\d+/.exec(key) ?? [])).size;
  const note = [
    ...(folds > 0 ? [`${folds} folds, a line each`] : []),
    ...(groups.size > SHOWN ? [`curves left out: ${groups.size - SHOWN}`] : []),
  ].join("; ");
  return {
    title: "Learning curves",
    ...(note === "" ? {} : { note }),
    panels: [...groups].slice(0, SHOWN).flatMap(([name, group]) => {
      const legend = [...new Set(group.map(metricOf))];
      const lines = group.map((curve) => ({
        name: curve.key,
        points: curve.points,
        style: legend.indexOf(metricOf(curve)),
      }));
      return linePanel(legend.length === 1 ? legend[0]! : name, lines, { legend }) ?? [];
    }),
  };
}

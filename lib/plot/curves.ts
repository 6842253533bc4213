import type { Html } from "../base/html.ts";
import { html } from "../deps/hono_html.ts";
import { count, short } from "../document/show.ts";
import type { ClassCurves, ClassEvaluation, Point } from "../models/evaluation.ts";
import { type Axis, type Frame, frame, pathOf } from "./frame.ts";
import { heading, type Panel, type Plot } from "./panel.ts";

const WIDTH = 320;
const HEIGHT = 290;
const TOP = 28;
/** How many classes there is room for. */
const SHOWN = 12;
const SHARE: readonly [number, number] = [0, 1];

/** The ROC curve of each class against the rest, over that of chance. */
export function rocPlot(evaluation: ClassEvaluation): Plot {
  return plotOf(evaluation, "ROC curve", ({ class: name, roc: { auc, points } }) => ({
    value: `  AUC ${auc.toFixed(3)}`,
    x: { domain: SHARE, label: "false positive rate" },
    y: { domain: SHARE, label: "true positive rate" },
    description: `The area under the ROC curve of ${name} is ${short(auc)}; of chance it would be 0.5.`,
    draw: (place) =>
      html`
        <path class="chance" d="${pathOf([[0, 0], [1, 1]], place)}" />
        <path class="line l0" d="${pathOf(points, place)}" />
      `,
  }));
}

/** The precision at each recall of each class against the rest, over that of chance. */
export function precisionRecallPlot(evaluation: ClassEvaluation): Plot {
  return plotOf(
    evaluation,
    "Precision and recall",
    ({ class: name, share, precision_recall: { average_precision, points } }) => ({
      value: `  AP ${average_precision.toFixed(3)}`,
      x: { domain: SHARE, label: "recall" },
      y: { domain: SHARE, label: "precision" },
      description: `The average precision of ${name} is ${short(average_precision)}; of chance it would be ${
        short(share)
      }, its share.`,
      draw: (place) =>
        html`
          <path class="chance" d="${pathOf([[0, share], [1, share]], place)}" />
          <path class="line l0" d="${pathOf(stepsOf(points), place)}" />
        `,
    }),
  );
}

/** Each precision from the recall before it on, as the average precision counts it. */
function stepsOf(points: readonly Point[]): readonly Point[] {
  return points.flatMap(([recall, precision], at): Point[] => [
    [points[at - 1]?.[0] ?? 0, precision],
    [recall, precision],
  ]);
}

/** The height of the bars that tell how many rows stand behind a point. */
const BAR = 44;

/** How often rows of a predicted probability are of the class, for each class against the rest. */
export function calibrationPlot(evaluation: ClassEvaluation): Plot {
  const plot = plotOf(evaluation, "Calibration", ({ class: name, calibration }) => {
    const most = Math.max(...calibration.map(({ rows }) => rows));
    return {
      value: "",
      x: { domain: SHARE, label: "predicted probability, mean of each bin" },
      y: { domain: SHARE, label: "share that is of the class" },
      description: `Predicted and true shares of ${name}: ${
        calibration.map(({ predicted, actual, rows }) =>
          `${short(predicted)} and ${short(actual)} of ${count(rows, "row")}`
        ).join("; ")
      }.`,
      draw: (place) =>
        html`
          <path class="area" d="${calibration.map(({ predicted, rows }) => {
            const height = Math.max(1, Math.round(rows / most * BAR));
            return `M${place.x(predicted) - 5},${place.y(0)}v${-height}h10v${height}z`;
          }).join("")}" />
          <path class="chance" d="${pathOf([[0, 0], [1, 1]], place)}" />
          <path class="line l0" d="${pathOf(
            calibration.map(({ predicted, actual }) => [predicted, actual]),
            place,
          )}" />
          ${calibration.map(({ predicted, actual }) =>
            html`
              <circle class="dot" cx="${place.x(predicted)}" cy="${place.y(actual)}" r="3.5" />
            `
          )}
        `,
    };
  });
  return { ...plot, note: `${plot.note}; the bars are the rows in each bin` };
}

interface CurvePanel {
  readonly value: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly description: string;
  readonly draw: (place: Frame) => Html;
}

function plotOf(
  { rows, curves, classes, classes_left_out }: ClassEvaluation,
  title: string,
  panelOf: (curves: ClassCurves) => CurvePanel,
): Plot {
  const shown = curves.slice(0, SHOWN);
  const all = classes.length + classes_left_out;
  const against = all === 2 ? "" : ", each class against the rest";
  const rest = curves.length - shown.length + classes_left_out;
  return {
    title,
    note: `${count(rows, "test row")}${against}${rest > 0 ? `; classes left out: ${rest}` : ""}`,
    panels: shown.map((each): Panel => {
      const { value, x, y, description, draw } = panelOf(each);
      const place = frame({ width: WIDTH, height: HEIGHT, top: TOP, x, y });
      return {
        title: `${title} of ${each.class}`,
        description,
        width: WIDTH,
        height: HEIGHT,
        body: html`${heading(each.class, value)}${place.grid}${draw(place)}`,
      };
    }),
  };
}

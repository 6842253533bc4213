import { extent } from "../deps/d3_array.ts";
import { html } from "../deps/hono_html.ts";
import { count, short } from "../document/show.ts";
import type { Point, ValueEvaluation } from "../models/evaluation.ts";
import { barsOf, type Frame, frame, pathOf } from "./frame.ts";
import { heading, type Panel, type Plot } from "./panel.ts";
import { widened } from "./scale.ts";

const SIZE = { width: 320, height: 290, top: 28 };

/** The predicted values and the residuals of a regression, and how the residuals are distributed. */
export function residualsPlot({ rows, points, residuals }: ValueEvaluation): Plot {
  const shown = points.length < rows ? `; ${points.length} of them are drawn` : "";
  return {
    title: "Residuals",
    note: `${count(rows, "test row")}${shown}`,
    panels: points.length === 0
      ? []
      : [predictedPanel(points), residualPanel(points), spreadPanel(residuals)],
  };
}

function predictedPanel(points: readonly Point[]): Panel {
  const [least, most] = widened(extent(points.flat()) as [number, number]);
  const place = frame({
    ...SIZE,
    x: { domain: [least, most], label: "predicted", nice: true },
    y: { domain: [least, most], label: "true", nice: true },
  });
  const [low, high] = extent(points, ([actual]) => actual) as [number, number];
  return {
    ...SIZE,
    title: "True against predicted values",
    description: `True values from ${short(low)} to ${short(high)}; a right prediction lies on the diagonal.`,
    body: html`
      ${heading("True against predicted")}${place.grid}
      <path class="chance" d="${pathOf([[least, least], [most, most]], place)}" />
      ${dots(points.map(([actual, predicted]) => [predicted, actual]), place)}
    `,
  };
}

function residualPanel(points: readonly Point[]): Panel {
  const residuals = points.map(([actual, predicted]): Point => [predicted, actual - predicted]);
  const [least, most] = extent(residuals, ([, residual]) => residual) as [number, number];
  const across = widened(extent(residuals, ([predicted]) => predicted) as [number, number]);
  const place = frame({
    ...SIZE,
    x: { domain: across, label: "predicted", nice: true },
    y: { domain: widened([Math.min(0, least), Math.max(0, most)]), label: "true − predicted", nice: true },
  });
  return {
    ...SIZE,
    title: "Residuals by predicted value",
    description: `The residuals lie between ${short(least)} and ${short(most)}.`,
    body: html`
      ${heading("Residual by predicted")}${place.grid}
      <path class="chance" d="${pathOf(across.map((value) => [value, 0]), place)}" />
      ${dots(residuals, place)}
    `,
  };
}

function spreadPanel({ edges, counts }: ValueEvaluation["residuals"]): Panel {
  const most = Math.max(...counts);
  const place = frame({
    ...SIZE,
    x: { domain: [edges[0]!, edges.at(-1)!], label: "true − predicted" },
    y: { domain: [0, most], label: "rows", nice: true, whole: true },
  });
  const mode = counts.indexOf(most);
  return {
    ...SIZE,
    title: "Distribution of the residuals",
    description: `Most of them, ${most}, lie between ${short(edges[mode])} and ${short(edges[mode + 1])}.`,
    body: html`
      ${heading("Distribution")}${place.grid}
      <path class="bar" d="${barsOf(counts.map((rows) => place.y(0) - place.y(rows)), {
        edges,
        x: place.x,
        base: place.y(0),
      })}" />
    `,
  };
}

/** Places as dots, in one path. */
function dots(points: readonly Point[], { x, y }: Frame) {
  return html`
    <path class="dots" d="${points.map(([a, b]) => `M${x(a)},${y(b)}h0`).join("")}" />
  `;
}

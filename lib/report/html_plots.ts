import type { Html } from "../base/html.ts";
import { html } from "../deps/hono_html.ts";
import type { Evaluation } from "../models/evaluation.ts";
import { figure, type Plot } from "../plot/panel.ts";
import { plotsOf } from "../plot/plots.ts";
import { type Evaluations, isComparison, type ReportDocument, type Verdict } from "../replay/report.ts";
import { section } from "./html_parts.ts";

/** What the two sides of a report are called. */
export function sidesOf(verdict: Verdict): readonly [past: string, current: string] {
  return isComparison(verdict) ? ["A", "B"] : ["past", "current"];
}

/** The plots of an evaluation as figures. */
export function plotFigures(evaluation: Evaluation): Html {
  return html`<div class="plots">${
    Object.entries(plotsOf(evaluation)).map(([name, plot]) => figure(plot, name))
  }</div>`;
}

/** The plots of the fitted models; of two sides, each plot of the past one before that of the current one. */
export function plotsSection(
  { verdict }: ReportDocument,
  { evaluations: { past, current } = {} }: { readonly evaluations?: Evaluations },
): Html {
  if (!past && !current) return "";
  if (!past || !current) return section("plots", "Plots", plotFigures((past ?? current)!));
  const [before, after] = sidesOf(verdict);
  const plots = [plotsOf(past), plotsOf(current)] as const;
  const names = [...new Set(plots.flatMap((side) => Object.keys(side)))];
  const pair = (name: string) =>
    [before, after].map((side, at) => {
      const plot: Plot | undefined = plots[at]![name];
      return plot ? figure({ ...plot, title: `${plot.title}, ${side}` }, `${name}-${side}`) : "";
    });
  return section("plots", "Plots", names.map((name) => html`<div class="plots">${pair(name)}</div>`));
}

/** @jsxImportSource npm:hono@4.13.19/jsx */
import type { Element } from "../base/html.ts";
import type { Evaluation } from "../models/evaluation.ts";
import { figure, type Plot } from "../plot/panel.ts";
import { plotsOf } from "../plot/plots.ts";
import { type Evaluations, isComparison, type Verdict } from "../replay/report.ts";
import { Section } from "./html_parts.tsx";

/** What the two sides of a report are called. */
export function sidesOf(verdict: Verdict): readonly [past: string, current: string] {
  return isComparison(verdict) ? ["A", "B"] : ["past", "current"];
}

/** The plots of an evaluation as figures. */
export function PlotFigures({ evaluation }: { readonly evaluation: Evaluation }): Element {
  return (
    <div class="plots">{Object.entries(plotsOf(evaluation)).map(([name, plot]) => figure(plot, name))}</div>
  );
}

/** The plots of the fitted models; of two sides, each plot of the past one before that of the current one. */
export function PlotsSection({ verdict, evaluations: { past, current } = {} }: {
  readonly verdict: Verdict;
  readonly evaluations: Evaluations | undefined;
}): Element | null {
  const only = past ?? current;
  if (!only) return null;
  return (
    <Section id="plots" heading="Plots">
      {past && current
        ? <PlotPairs past={past} current={current} sides={sidesOf(verdict)} />
        : <PlotFigures evaluation={only} />}
    </Section>
  );
}

function PlotPairs({ past, current, sides }: {
  readonly past: Evaluation;
  readonly current: Evaluation;
  readonly sides: readonly [past: string, current: string];
}): Element {
  const plots = [plotsOf(past), plotsOf(current)] as const;
  const names = [...new Set(plots.flatMap((side) => Object.keys(side)))];
  const pair = (name: string) =>
    sides.map((side, at) => {
      const plot: Plot | undefined = plots[at]![name];
      return plot && figure({ ...plot, title: `${plot.title}, ${side}` }, `${name}-${side}`);
    });
  return <>{names.map((name) => <div class="plots">{pair(name)}</div>)}</>;
}

import type { Html } from "../base/html.ts";
import { extent } from "../deps/d3_array.ts";
import { html } from "../deps/hono_html.ts";
import { short } from "../document/show.ts";
import { frame, pathOf } from "./frame.ts";
import { figure, heading, type Panel } from "./panel.ts";
import { widened } from "./scale.ts";

/** A line of a plot: its values by step. */
export interface Series {
  /** What the legend calls it. */
  readonly name: string;
  /** Its points, in the order of their steps; a value may be NaN or infinite. */
  readonly points: readonly { readonly step: number; readonly value: number }[];
  /** The number of its style. @default its place among the lines with points */
  readonly style?: number;
}

/** How many styles of lines there are. */
const STYLES = 4;
const WIDTH = 440;
const HEIGHT = 210;
/** More points than this are not told apart in so small a plot, and would only make the page heavy. */
const POINTS = 200;

/**
 * Lines over steps as an SVG figure, told apart by dashes as well as by colours; its description says what it shows.
 *
 * @param id The beginning of the ids in the figure, one of its own in the page.
 */
export function linePlot(title: string, lines: readonly Series[], id: string): Html {
  const panel = linePanel(title, lines);
  const legend = lines.filter(({ points }) => points.length > 0).map(({ name }) => name);
  return panel ? figure({ title, legend, panels: [panel] }, id) : html`<p>${title} has no finite value.</p>`;
}

/**
 * Lines over steps; undefined where none has a finite value.
 *
 * @param options.legend Draws the title above the lines, and these names by style where there are several.
 */
export function linePanel(
  title: string,
  lines: readonly Series[],
  { legend }: { readonly legend?: readonly string[] } = {},
): Panel | undefined {
  const series = lines.filter(({ points }) => points.length > 0);
  const finite = series.flatMap(({ points }) => points.filter(({ value }) => Number.isFinite(value)));
  if (finite.length === 0) return undefined;
  const steps = extent(finite, ({ step }) => step) as [number, number];
  const values = extent(finite, ({ value }) => value) as [number, number];
  const place = frame({
    width: WIDTH,
    height: HEIGHT,
    top: legend === undefined ? 10 : 28,
    x: { domain: widened(steps), label: "step", whole: true },
    y: { domain: widened(values), label: "", nice: true },
  });
  return {
    title: `${title} by step`,
    description: series.map(describe).join(" "),
    width: WIDTH,
    height: HEIGHT,
    body: html`${
      legend === undefined ? "" : html`${heading(title)}${legend.length < 2 ? "" : namesOf(legend)}`
    }${place.grid}${
      series.map(({ points, style }, index) =>
        html`
          <path class="line l${(style ?? index) % STYLES}" d="${pathOf(
            thin(points).map(({ step, value }) => [step, value]),
            place,
          )}" />
        `
      )
    }`,
  };
}

/** Names with samples of their lines, from the right. */
function namesOf(legend: readonly string[]): Html {
  const widths = legend.map((name) => 44 + 6.4 * name.length);
  return legend.map((name, style) => {
    const x = Math.round(WIDTH - widths.slice(style).reduce((sum, width) => sum + width, 0));
    return html`
      <line class="line l${style % STYLES}" x1="${x}" x2="${x + 26}" y1="10" y2="10" />
      <text class="name" x="${x + 32}" y="14">${name}</text>
    `;
  });
}

/** What a series does, in words. */
function describe({ name, points }: Series): string {
  const values = points.map(({ value }) => value).filter(Number.isFinite);
  const strange = points.length - values.length;
  const [least = NaN, most = NaN] = extent(values);
  return `${name}: from ${short(points[0]!.value)} at step ${points[0]!.step} to ${
    short(points.at(-1)!.value)
  } at step ${points.at(-1)!.step}, between ${short(least)} and ${short(most)}${
    strange === 0 ? "" : `, ${strange} of ${points.length} values not finite`
  }.`;
}

/** The least and the greatest of each part of the points, so that no peak is lost. */
function thin(points: Series["points"]): Series["points"] {
  if (points.length <= POINTS) return points;
  const size = Math.ceil(points.length / (POINTS / 2));
  return Array.from({ length: Math.ceil(points.length / size) }, (_, part) => {
    const some = points.slice(part * size, (part + 1) * size);
    const sorted = some.toSorted((a, b) => a.value - b.value);
    return [sorted[0]!, sorted.at(-1)!].sort((a, b) => a.step - b.step);
  }).flat();
}

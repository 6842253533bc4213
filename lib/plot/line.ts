import { extent } from "../deps/d3_array.ts";
import { scaleLinear } from "../deps/d3_scale.ts";
import { line } from "../deps/d3_shape.ts";
import { html } from "../deps/hono_html.ts";
import type { Html } from "../report/html_parts.ts";
import { short } from "../report/words.ts";
import { legend } from "./legend.ts";
import { rounded } from "./rounded.ts";

/** A line of a plot: its values by step. */
export interface Series {
  /** What the legend calls it. */
  readonly name: string;
  /** Its points, in the order of their steps; a value may be NaN or infinite. */
  readonly points: readonly { readonly step: number; readonly value: number }[];
}

const WIDTH = 440;
const HEIGHT = 210;
const LEFT = 52;
const RIGHT = 22;
const TOP = 10;
const BOTTOM = 32;
/** More points than this are not told apart in so small a plot, and would only make the page heavy. */
const POINTS = 200;

/**
 * Lines over steps as an SVG figure, told apart by dashes as well as by colours; its description says what it shows.
 *
 * @param id The beginning of the ids in the figure, one of its own in the page.
 */
export function linePlot(title: string, lines: readonly Series[], id: string): Html {
  const series = lines.filter(({ points }) => points.length > 0);
  const finite = series.flatMap(({ points }) => points.filter(({ value }) => Number.isFinite(value)));
  if (finite.length === 0) return html`<p>${title} has no finite value.</p>`;
  const steps = extent(finite, ({ step }) => step) as [number, number];
  const values = extent(finite, ({ value }) => value) as [number, number];
  const x = rounded(scaleLinear(widened(steps), [LEFT, WIDTH - RIGHT]));
  const scale = scaleLinear(widened(values), [HEIGHT - BOTTOM, TOP]).nice(5);
  const y = rounded(scale);
  const xTicks = scaleLinear(steps, [0, 1]).ticks(6).filter(Number.isInteger);
  const path = line<Series["points"][number]>()
    .defined(({ value }) => Number.isFinite(value))
    .x(({ step }) => x(step))
    .y(({ value }) => y(value));
  return html`
    <figure class="plot">
      <figcaption>${title}${series.length < 2 ? "" : legend(series.map(({ name }) => name))}</figcaption>
      <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="${id}-t ${id}-d">
    <title id="${id}-t">${title} by step</title>
    <desc id="${id}-d">${series.map(describe).join(" ")}</desc>
    ${scale.ticks(5).map((tick) =>
      html`
        <line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(tick)}" y2="${y(tick)}" />
        <text class="tick" x="${LEFT - 6}" y="${y(tick) + 3.5}" text-anchor="end">${short(tick)}</text>
      `
    )}
    ${xTicks.map((tick) =>
      html`
        <line class="grid" x1="${x(tick)}" x2="${x(tick)}" y1="${HEIGHT - BOTTOM}" y2="${HEIGHT - BOTTOM +
          4}" />
        <text class="tick" x="${x(tick)}" y="${HEIGHT - BOTTOM + 16}" text-anchor="middle">${tick}</text>
      `
    )}
    <text class="tick" x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 3}" text-anchor="middle">step</text>
    ${series.map(({ points }, index) =>
      html`
        <path class="line l${index}" d="${path(thin(points)) ?? ""}" />
      `
    )}
      </svg>
    </figure>
  `;
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

/** A range that isn't empty, with a single value in its middle. */
function widened([least, most]: readonly [number, number]): [number, number] {
  if (least !== most) return [least, most];
  const half = (Math.abs(least) || 1) / 2;
  return [least - half, most + half];
}

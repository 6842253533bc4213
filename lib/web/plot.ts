import { html } from "../deps/hono_html.ts";
import type { Html } from "./layout.ts";
import { short } from "./parts.ts";

/** A line of a plot: its values by step. */
export interface Series {
  readonly name: string;
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

/** Lines over steps as an SVG figure, told apart by dashes as well as by colours; its description says what it shows. */
export function linePlot(title: string, lines: readonly Series[], id: string): Html {
  const series = lines.filter(({ points }) => points.length > 0);
  const finite = series.flatMap(({ points }) => points.filter(({ value }) => Number.isFinite(value)));
  if (finite.length === 0) return html`<p>${title} has no finite value.</p>`;
  const steps = rangeOf(finite.map(({ step }) => step));
  const yTicks = ticksOf(rangeOf(finite.map(({ value }) => value)), 5);
  const xTicks = ticksOf(steps, 6).filter((tick) =>
    Number.isInteger(tick) && tick >= steps[0] && tick <= steps[1]
  );
  const x = scale(steps, [LEFT, WIDTH - RIGHT]);
  const y = scale([yTicks[0]!, yTicks.at(-1)!], [HEIGHT - BOTTOM, TOP]);
  return html`
    <figure class="plot">
      <figcaption>${title}${series.length < 2 ? "" : html`
        <span class="legend">${series.map(({ name }, index) =>
          html`<span><svg width="28" height="8" aria-hidden="true"><line class="line l${index}" x1="1" x2="27" y1="4" y2="4"/></svg> ${name}</span>`
        )}</span>
      `}</figcaption>
      <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="${id}-t ${id}-d">
    <title id="${id}-t">${title} by step</title>
    <desc id="${id}-d">${series.map(describe).join(" ")}</desc>
    ${yTicks.map((tick) =>
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
        <path class="line l${index}" d="${pathOf(thin(points), x, y)}" />
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
  const [least, most] = rangeOf(values);
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

/** A path that is broken where a value isn't finite; a single point is a dot. */
function pathOf(points: Series["points"], x: Scale, y: Scale): string {
  let broken = true;
  const path = points.map(({ step, value }) => {
    if (!Number.isFinite(value)) {
      broken = true;
      return "";
    }
    const command = broken ? "M" : "L";
    broken = false;
    return `${command}${x(step)} ${y(value)}`;
  }).join("");
  return points.length === 1 ? `${path}h.01` : path;
}

type Scale = (value: number) => number;
type Range = readonly [least: number, most: number];

function scale([from, to]: Range, [start, end]: Range): Scale {
  return (value) =>
    Number(
      (to === from ? (start + end) / 2 : start + (value - from) / (to - from) * (end - start)).toFixed(1),
    );
}

function rangeOf(values: readonly number[]): Range {
  return values.reduce<Range>(([least, most], value) => [Math.min(least, value), Math.max(most, value)], [
    Infinity,
    -Infinity,
  ]);
}

/** About so many round numbers (1, 2 or 5 times a power of ten) that enclose a range. */
function ticksOf([least, most]: Range, about: number): readonly number[] {
  const [from, to] = least === most
    ? [least - (Math.abs(least) || 1) / 2, most + (Math.abs(most) || 1) / 2]
    : [
      least,
      most,
    ];
  const rough = (to - from) / (about - 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const unit = [1, 2, 5, 10].find((times) => times * power >= rough)! * power;
  const first = Math.floor(from / unit + 1e-9);
  const last = Math.ceil(to / unit - 1e-9);
  return Array.from(
    { length: last - first + 1 },
    (_, index) => Number(((first + index) * unit).toPrecision(12)),
  );
}

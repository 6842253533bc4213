import type { Html } from "../base/html.ts";
import { nice, ticks } from "../deps/d3_array.ts";
import { html } from "../deps/hono_html.ts";
import { short } from "../document/show.ts";
import { linear } from "./scale.ts";

/** One of the two directions of a frame. */
export interface Axis {
  /** The least and the greatest value; they differ. */
  readonly domain: readonly [number, number];
  /** What is measured. */
  readonly label: string;
  /** Whether the domain is widened to round values. @default false */
  readonly nice?: boolean;
  /** Whether only whole numbers are marked. @default false */
  readonly whole?: boolean;
}

/** The space within a panel that two axes span. */
export interface Frame {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
  /** The grid with its numbers and the axes' labels, to be drawn first. */
  readonly grid: Html;
}

const TICKS = 5;
const LEFT = 52;
const RIGHT = 14;
const BOTTOM = 36;

/** A frame with numbers at the left and below, from a place below the panel's top. */
export function frame({ width, height, top, x, y }: {
  readonly width: number;
  readonly height: number;
  readonly top: number;
  readonly x: Axis;
  readonly y: Axis;
}): Frame {
  const bottom = height - BOTTOM;
  const right = width - RIGHT;
  const [across, up] = [domainOf(x), domainOf(y)];
  const xAt = linear(across, [LEFT, right]);
  const yAt = linear(up, [bottom, top]);
  const lines = [
    ...ticksOf(up, y).map((tick) => `M${LEFT},${yAt(tick)}H${right}`),
    ...ticksOf(across, x).map((tick) => `M${xAt(tick)},${bottom}v4`),
  ];
  return {
    x: xAt,
    y: yAt,
    grid: html`
      <path class="grid" d="${lines.join("")}" />${ticksOf(up, y).map((tick) =>
        html`<text class="tick" x="${LEFT - 6}" y="${yAt(tick) + 4}" text-anchor="end">${mark(tick)}</text>`
      )}${numbersBelow(ticksOf(across, x), xAt, bottom + 16)}<text class="tick" x="${(LEFT + right) /
        2}" y="${height - 5}"
        text-anchor="middle">${x.label}</text>
      <text class="tick" transform="translate(11 ${(top + bottom) / 2}) rotate(-90)" text-anchor="middle">${y
        .label}</text>
    `,
  };
}

/** A number with few characters. */
function mark(value: number): string {
  const text = short(value);
  return text.length <= 6 ? text : value.toExponential().replace("e+", "e");
}

/** The numbers of an axis below a drawing. */
export function numbersBelow(ticks: readonly number[], x: (value: number) => number, y: number): Html {
  return ticks.map((tick) =>
    html`<text class="tick" x="${x(tick)}" y="${y}" text-anchor="middle">${mark(tick)}</text>`
  );
}

/** The path of a histogram's bars, of given heights, which stand on a line. */
export function barsOf(
  heights: readonly number[],
  { edges, x, base }: {
    readonly edges: readonly number[];
    readonly x: (value: number) => number;
    readonly base: number;
  },
): string {
  return heights.map((height, bin) =>
    height === 0 ? "" : `M${x(edges[bin]!)},${base}v${-height}H${x(edges[bin + 1]!)}v${height}z`
  ).join("");
}

function domainOf({ domain, nice: isNice = false }: Axis): readonly [number, number] {
  return isNice ? nice(...domain, TICKS) : domain;
}

function ticksOf(domain: readonly [number, number], { whole = false }: Axis): readonly number[] {
  return ticks(...domain, TICKS).filter((tick) => !whole || Number.isInteger(tick));
}

/** The path through some places, in straight lines; it is broken where one isn't finite. */
export function pathOf(
  points: readonly (readonly [number, number])[],
  { x, y }: Pick<Frame, "x" | "y">,
): string {
  let isBroken = true;
  return points.map(([a, b]) => {
    const command = isBroken ? "M" : "L";
    isBroken = !Number.isFinite(a) || !Number.isFinite(b);
    return isBroken ? "" : `${command}${x(a)},${y(b)}`;
  }).join("");
}

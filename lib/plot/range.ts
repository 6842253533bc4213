import type { Html } from "../base/html.ts";
import type { ColumnProfile } from "../data/profile.ts";
import { nice, ticks } from "../deps/d3_array.ts";
import { html } from "../deps/hono_html.ts";
import { short } from "../document/show.ts";
import { linear, widened } from "./scale.ts";

/** The range of a column on each side; a side without numbers isn't drawn. */
export type Ranges = { readonly past?: ColumnProfile; readonly current?: ColumnProfile };

const WIDTH = 440;
const LEFT = 62;
const RIGHT = 22;
const ROW = 26;
const BAR = 12;

/**
 * The ranges of a column of numbers, past above current on one scale: a bar from the least to the greatest value, with
 * a thick tick at the mean. Nothing where neither side has numbers.
 *
 * @param id The beginning of the ids in the figure, one of its own in the page.
 */
export function rangePlot(column: string, { past, current }: Ranges, id: string): Html {
  const sides = [["past", past], ["current", current]].flatMap(([name, profile], index) => {
    const { min, max, mean } = (profile ?? {}) as ColumnProfile;
    return min === undefined || max === undefined ? [] : [{ name: name as string, index, min, max, mean }];
  });
  if (sides.length === 0) return "";
  const least = Math.min(...sides.map(({ min }) => min));
  const most = Math.max(...sides.map(({ max }) => max));
  const domain = nice(...widened([least, most]), 5);
  const x = linear(domain, [LEFT, WIDTH - RIGHT]);
  const bottom = sides.length * ROW + 4;
  return html`
    <figure class="plot">
      <svg viewBox="0 0 ${WIDTH} ${bottom + 20}" role="img" aria-labelledby="${id}-t ${id}-d">
    <title id="${id}-t">Range and mean of ${column}</title>
    <desc id="${id}-d">${sides.map(describe).join(" ")}</desc>
    ${ticks(...domain, 5).map((tick) =>
      html`
        <line class="grid" x1="${x(tick)}" x2="${x(tick)}" y1="0" y2="${bottom}" />
        <text class="tick" x="${x(tick)}" y="${bottom + 14}" text-anchor="middle">${short(tick)}</text>
      `
    )}
    ${sides.map(({ name, index, min, max, mean }, row) =>
      html`
        <text class="tick" x="${LEFT - 10}" y="${row * ROW + ROW / 2 + 4}" text-anchor="end">${name}</text>
        <rect class="box l${index}" x="${x(min)}" width="${Math.max(1, x(max) - x(min)).toFixed(
          1,
        )}" y="${row *
            ROW + (ROW - BAR) / 2}" height="${BAR}"
          rx="2" />
        ${mean === undefined ? "" : html`
          <line class="mean l${index}" x1="${x(mean)}" x2="${x(mean)}" y1="${row * ROW + 3}" y2="${row * ROW +
            ROW - 3}" />
        `}
      `
    )}
      </svg>
    </figure>
  `;
}

function describe(
  { name, min, max, mean }: {
    readonly name: string;
    readonly min: number;
    readonly max: number;
    readonly mean: number | undefined;
  },
): string {
  return `${name}: from ${short(min)} to ${short(max)}${mean === undefined ? "" : `, mean ${short(mean)}`}.`;
}

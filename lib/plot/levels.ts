import type { Html } from "../base/html.ts";
import { html } from "../deps/hono_html.ts";
import { shorten, showValue } from "../document/show.ts";
import { legend } from "./legend.ts";
import { linear } from "./scale.ts";

/** How many rows have a level, past and current. */
export interface LevelCount {
  /** The level. */
  readonly level: string;
  /** How many rows had it. */
  readonly past: number;
  /** How many rows have it. */
  readonly current: number;
}

const WIDTH = 440;
const LEFT = 132;
const RIGHT = 92;
const ROW = 30;
const BAR = 9;
/** How many levels are drawn, and how much of the name of each. */
const SHOWN = 10;
const NAME = 18;

/**
 * How often levels occur, a pair of bars for each, past above current. Nothing where there are none.
 *
 * @param id The beginning of the ids in the figure, one of its own in the page.
 */
export function levelsPlot(column: string, levels: readonly LevelCount[], id: string): Html {
  if (levels.length === 0) return "";
  const shown = levels.slice(0, SHOWN);
  const most = Math.max(...shown.flatMap(({ past, current }) => [past, current]));
  const width = linear([0, most], [0, WIDTH - LEFT - RIGHT]);
  const rest = levels.length - shown.length;
  return html`
    <figure class="plot">
      <figcaption>${legend(["past", "current"])}</figcaption>
      <svg viewBox="0 0 ${WIDTH} ${shown.length * ROW}" role="img" aria-labelledby="${id}-t ${id}-d">
    <title id="${id}-t">Levels of ${column} whose number of rows differs</title>
    <desc id="${id}-d">${shown.map(({ level, past, current }) => `${level}: ${past} before, ${current} now.`)
      .join(
        " ",
      )}${rest > 0 ? ` ${rest} more levels differ.` : ""}</desc>
    ${shown.map(({ level, past, current }, row) =>
      html`
        <text class="tick" x="${LEFT - 10}" y="${row * ROW + ROW / 2 + 4}" text-anchor="end">${shorten(
          showValue(level),
          NAME,
        )}</text>
        ${[past, current].map((amount, side) =>
          html`
            <rect class="box l${side}" x="${LEFT}" width="${width(amount)}" y="${row * ROW + 5 +
              side * (BAR + 2)}" height="${BAR}" />
          `
        )}
        <text class="tick" x="${LEFT + Math.max(width(past), width(current)) + 8}" y="${row * ROW + ROW / 2 +
          4}">${past} → ${current}</text>
      `
    )}
      </svg>
    </figure>
  `;
}

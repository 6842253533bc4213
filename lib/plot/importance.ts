import { nice, ticks } from "../deps/d3_array.ts";
import { html } from "../deps/hono_html.ts";
import { count, short, shorten } from "../document/show.ts";
import type { Importance } from "../models/evaluation.ts";
import { numbersBelow } from "./frame.ts";
import { type Plot, widthOf } from "./panel.ts";
import { linear, widened } from "./scale.ts";

const WIDTH = 440;
const RIGHT = 20;
const ROW = 22;
const NAME = 26;
/** How many features there is room for. */
const SHOWN = 30;

/** How much worse the first metric gets when a feature is shuffled: the mean, and a standard deviation to each side. */
export function importancePlot({ metric, rows, repeats, features }: Importance): Plot {
  const shown = features.slice(0, SHOWN);
  const rest = features.length - shown.length;
  const left = Math.round(22 + widthOf(shown.map(({ feature }) => feature), NAME));
  const ends = shown.flatMap(({ mean, std }) => [mean - std, mean + std]);
  const domain = nice(...widened([Math.min(0, ...ends), Math.max(0, ...ends)]), 5);
  const x = linear(domain, [left, WIDTH - RIGHT]);
  const marks = ticks(...domain, 5);
  const bottom = shown.length * ROW + 6;
  return {
    title: "Permutation importance",
    note: `${count(rows, "test row")}, each feature shuffled ${repeats} times: mean ± standard deviation${
      rest > 0 ? `; features left out: ${rest}` : ""
    }`,
    panels: [{
      title: `Permutation importance of features by ${metric}`,
      description: `${
        shown.map(({ feature, mean, std }) => `${feature}: ${short(mean)} ± ${short(std)}.`).join(" ")
      }${rest > 0 ? ` Features left out: ${rest}.` : ""}`,
      width: WIDTH,
      height: bottom + 36,
      body: html`
        <path class="grid" d="${marks.map((mark) => `M${x(mark)},0V${bottom}`).join("")}" />
        ${numbersBelow(marks, x, bottom + 14)}
        <path class="axis" d="M${x(0)},0V${bottom}" />
        <text class="tick" x="${(left + WIDTH - RIGHT) / 2}" y="${bottom + 31}"
          text-anchor="middle">how much worse ${metric} gets</text>
        ${shown.map(({ feature, mean, std }, row) => {
          const y = row * ROW + ROW / 2 + 3;
          return html`
            <text class="name" x="${left - 10}" y="${y + 4}" text-anchor="end">${shorten(
              feature,
              NAME,
            )}</text>
            <line class="line l0" x1="${x(mean - std)}" x2="${x(mean + std)}" y1="${y}" y2="${y}" />
            <circle class="dot" cx="${x(mean)}" cy="${y}" r="4" />
          `;
        })}
      `,
    }],
  };
}

import type { Html } from "../base/html.ts";
import { ticks } from "../deps/d3_array.ts";
import { html } from "../deps/hono_html.ts";
import { count, short, shorten, showValue } from "../document/show.ts";
import type { Distribution, Evaluation } from "../models/evaluation.ts";
import { barsOf, numbersBelow } from "./frame.ts";
import { heading, type Panel, type Plot, widthOf } from "./panel.ts";
import { linear } from "./scale.ts";

const WIDTH = 320;
const RIGHT = 12;
const TOP = 24;
/** The height of a class's bars, and of those where there is but one. */
const CLASS = 34;
const ONLY = 64;
/** How much of the name of a class or of a level there is room for. */
const NAME = 13;
/** How many classes there is room for. */
const SHOWN = 8;

/** How each feature is distributed among the rows of each class, of which the bars are shares. */
export function distributionsPlot(evaluation: Evaluation): Plot {
  const { distributions, distribution_rows, features_left_out } = evaluation;
  const classes = evaluation.task === "classification" ? evaluation.classes.slice(0, SHOWN) : ["all"];
  const rest = evaluation.task === "classification"
    ? evaluation.classes.length + evaluation.classes_left_out - classes.length
    : 0;
  const parts = [
    count(distribution_rows, "row"),
    evaluation.task === "classification"
      ? "by class, each bar a share of the class"
      : "each bar a share of them",
    ...(rest > 0 ? [`classes left out: ${rest}`] : []),
    ...(features_left_out > 0 ? [`features left out: ${features_left_out}`] : []),
  ];
  return {
    title: "Distribution of features",
    note: parts.join("; "),
    panels: distributions.map((each) => panelOf(each, classes)),
  };
}

function panelOf({ feature, missing, bins, counts }: Distribution, classes: readonly string[]): Panel {
  const shares = classes.map((_, group) => {
    const all = counts[group]!.reduce((sum, rows) => sum + rows, 0);
    return counts[group]!.map((rows) => all === 0 ? 0 : rows / all);
  });
  const names = "edges" in bins
    ? bins.edges.slice(1).map((edge, at) => `${short(bins.edges[at])} to ${short(edge)}`)
    : bins.levels.map(showValue);
  const lacking = missing === 0 ? "" : `${count(missing, "row")} without a value`;
  const drawn = names.length === 0 ? { height: TOP, body: "" as const } : bars({ shares, classes, bins });
  return {
    title: `Distribution of ${feature}`,
    description: names.length === 0
      ? "No row has a value."
      : `${classes.map((name, group) => `${name}: ${describe(names, shares[group]!)}.`).join(" ")}${
        lacking === "" ? "" : ` ${lacking}.`
      }`,
    width: WIDTH,
    height: drawn.height,
    body: html`${heading(feature, missing === 0 ? "" : `, ${missing} missing`)}${drawn.body}`,
  };
}

/** The bin that most of a class are in. */
function describe(names: readonly string[], shares: readonly number[]): string {
  const most = Math.max(...shares);
  return most === 0 ? "no row" : `${Math.round(most * 100)} % are ${names[shares.indexOf(most)]}`;
}

/** A row of bars for each class, over an axis of numbers or of levels. */
function bars({ shares, classes, bins }: {
  readonly shares: readonly (readonly number[])[];
  readonly classes: readonly string[];
  readonly bins: Distribution["bins"];
}): { readonly height: number; readonly body: Html } {
  const left = classes.length === 1 ? 16 : Math.round(18 + widthOf(classes, NAME));
  const tall = classes.length === 1 ? ONLY : CLASS;
  const bottom = TOP + classes.length * tall;
  const edges = "edges" in bins ? bins.edges : [...bins.levels.keys(), bins.levels.length];
  const x = linear([edges[0]!, edges.at(-1)!], [left, WIDTH - RIGHT]);
  const most = Math.max(...shares.flat());
  const below = "edges" in bins ? numbers(bins.edges, { x, bottom }) : levelNames(bins.levels, { x, bottom });
  return {
    height: below.height,
    body: html`${
      classes.map((name, group) => {
        const base = TOP + (group + 1) * tall;
        const heights = shares[group]!.map((share) =>
          share === 0 ? 0 : Math.max(1, Math.round(share / most * (tall - 5)))
        );
        return html`
          <text class="name" x="${left - 8}" y="${base - 4}" text-anchor="end">${classes.length === 1
            ? ""
            : shorten(name, NAME)}</text>
          <path class="grid" d="M${left},${base}H${WIDTH - RIGHT}" />
          <path class="bar" d="${barsOf(heights, { edges, x, base })}" />
        `;
      })
    }${below.body}`,
  };
}

interface Below {
  readonly x: (value: number) => number;
  readonly bottom: number;
}

function numbers(
  edges: readonly number[],
  { x, bottom }: Below,
): { readonly height: number; readonly body: Html } {
  const marks = ticks(edges[0]!, edges.at(-1)!, 4);
  return {
    height: bottom + 20,
    body: html`
      <path class="grid" d="${marks.map((mark) => `M${x(mark)},${bottom}v4`).join("")}" />
      ${numbersBelow(marks, x, bottom + 16)}
    `,
  };
}

/** The names of levels below their bars, aslant where they are wider than these. */
function levelNames(
  levels: readonly string[],
  { x, bottom }: Below,
): { readonly height: number; readonly body: Html } {
  const names = levels.map((level) => shorten(showValue(level), NAME));
  const longest = widthOf(names, NAME);
  const isAslant = longest > x(1) - x(0);
  return {
    height: Math.ceil(bottom + 20 + (isAslant ? longest * 0.6 : 0)),
    body: names.map((name, level) =>
      html`
        <text class="tick" text-anchor="${isAslant ? "end" : "middle"}"
          transform="translate(${x(level + 0.5) + (isAslant ? 4 : 0)} ${bottom +
            (isAslant ? 12 : 16)})${isAslant ? " rotate(-36)" : ""}">${name}</text>
      `
    ),
  };
}

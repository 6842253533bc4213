import { toXml } from "../base/xml.ts";
import { toLine } from "../document/show.ts";
import type { Lineage } from "../features/lineage.ts";
import { BOX, type Layer, layoutOf, type Link } from "./lineage_layout.ts";
import { styleOf } from "./style.ts";

/** The rules for a lineage in a page; the colours are those of the page. */
export const lineageRules = `.lineage text { font: 12px var(--mono); fill: var(--text); }
.lineage .heading { font-weight: 700; }
.lineage .note { font-size: 11px; fill: var(--quiet); }
.lineage rect { fill: var(--panel); stroke: var(--strong-line); stroke-width: 1.3; }
.lineage .columns rect { stroke: var(--accent); }
.lineage .features rect { stroke: var(--second); }
.lineage .model rect { stroke: var(--text); stroke-width: 2; }
.lineage .unused rect { stroke-dasharray: 3 3; }
.lineage path { fill: none; stroke: var(--strong-line); stroke-width: 1.2; }`;

/**
 * A lineage as a picture: the dataset's columns, the features of each view and the model from left to right, with a curve
 * from each to what is made of it. Equal lineages have equal bytes.
 *
 * @param id The beginning of the ids in it, one of its own in the page that it is put into, which has `lineageRules`;
 * without it, the picture is a file of its own.
 */
export function lineageSvg(lineage: Lineage, id?: string): string {
  const { width, height, layers, links } = layoutOf(lineage);
  const alone = id === undefined;
  const [title, desc] = ["title", "desc"].map((part) => `${id ?? "lineage"}-${part}`);
  return [
    `<svg ${alone ? 'xmlns="http://www.w3.org/2000/svg" ' : ""}class="lineage" width="${width}" ` +
    `height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${title} ${desc}">`,
    `<title id="${title}">${escaped(titleOf(lineage))}</title>`,
    `<desc id="${desc}">${escaped(wordsOf(lineage))}</desc>`,
    ...(alone
      ? [
        `<style>${styleOf(`${lineageRules}\n.lineage .page { fill: var(--page); stroke: none; }`)}</style>`,
        `<rect class="page" width="100%" height="100%"/>`,
      ]
      : []),
    `<path d="${links.map(curve).join("")}"/>`,
    ...layers.flatMap(drawn),
    "</svg>",
  ].join("\n");
}

function drawn({ heading, kind, x, width, boxes }: Layer): readonly string[] {
  const middle = x + width / 2;
  return [
    `<g class="${kind}" text-anchor="middle">`,
    `<text class="heading" x="${middle}" y="26">${escaped(heading)}</text>`,
    ...(kind === "model" ? [] : [`<text class="note" x="${middle}" y="43">${kind}</text>`]),
    ...boxes.map(({ name, note, title, y, used }) =>
      `<g${used ? "" : ' class="unused"'}><title>${escaped(title)}</title>` +
      `<rect x="${x}" y="${y}" width="${width}" height="${BOX}" rx="5"/>` +
      `<text x="${middle}" y="${y + 16}">${escaped(name)}</text>` +
      `<text class="note" x="${middle}" y="${y + 30}">${escaped(note)}</text></g>`
    ),
    "</g>",
  ];
}

function curve({ from: [x0, y0], to: [x1, y1] }: Link): string {
  const middle = (x0 + x1) / 2;
  return y0 === y1 ? `M${x0} ${y0}H${x1}` : `M${x0} ${y0}C${middle} ${y0} ${middle} ${y1} ${x1} ${y1}`;
}

function titleOf({ dataset, views, model }: Lineage): string {
  return `From the columns of ${dataset} to the features of ${views.at(-1)!.name}${
    model ? ` and the model ${model.name}` : ""
  }`;
}

function wordsOf({ views, features, model }: Lineage): string {
  const learned = features.filter(({ view }) => view === views.at(-1)!.name).map(({ name }) => name);
  return [
    ...features.map(({ view, name, reads }) =>
      `${view}.${name} is made from ${reads.length === 0 ? "nothing" : reads.join(", ")}.`
    ),
    ...(model ? [`${model.name} learns from ${learned.join(", ")}.`] : []),
  ].join(" ");
}

/** A text for XML; a line end stays one, in titles. */
function escaped(text: string): string {
  return toXml(text.split("\n").map(toLine).join("\n"));
}

import { html } from "../deps/hono_html.ts";
import { count, shorten } from "../document/show.ts";
import type { ClassEvaluation } from "../models/evaluation.ts";
import { type Plot, widthOf } from "./panel.ts";

/** How many classes there is room for. */
const SHOWN = 20;
/** The strongest shade, on which text can be read still. */
const SHADE = 0.42;
const NAME = 16;
/** How wide the columns are together at most, where the classes' names have to fit above them. */
const ROOM = 480;

/** How many test rows of each class were taken to be of which; darker where it is a greater share of the class. */
export function confusionPlot({ rows, classes, classes_left_out, confusion }: ClassEvaluation): Plot {
  const names = classes.slice(0, SHOWN);
  const rest = classes.length - names.length + classes_left_out;
  const longest = widthOf(names, NAME);
  const left = Math.ceil(26 + longest);
  const digits = Math.max(...confusion.flat().map((rows) => String(rows).length));
  const room = longest + 10;
  const isNarrow = room * names.length > ROOM;
  const wide = Math.round(
    isNarrow
      ? Math.max(digits * 8.5 + 8, Math.min(60, ROOM / names.length))
      : Math.max(room, Math.min(90, 270 / names.length)),
  );
  const tall = Math.round(Math.min(54, Math.max(26, 220 / names.length)));
  const top = Math.ceil(30 + (isNarrow ? longest * 0.75 : 14));
  const width = left + names.length * wide + 8;
  const height = top + names.length * tall + 8;
  const cells = names.map((_, row) => {
    const all = confusion[row]!.reduce((sum, cell) => sum + cell, 0);
    return names.map((_, column) => ({
      rows: confusion[row]![column]!,
      share: all === 0 ? 0 : confusion[row]![column]! / all,
    }));
  });
  return {
    title: "Confusion matrix",
    note: `${count(rows, "test row")}${rest > 0 ? `; classes left out: ${rest}` : ""}`,
    panels: [{
      title: "Confusion matrix: the true classes in rows, the predicted ones in columns",
      description: names.map((name, row) =>
        `Of ${name}: ${
          cells[row]!.flatMap(({ rows }, column) => rows === 0 ? [] : [`${rows} taken for ${names[column]}`])
            .join(", ") || "none"
        }.`
      ).join(" "),
      width,
      height,
      body: html`<text class="tick" x="${
        left + names.length * wide / 2
      }" y="14" text-anchor="middle">predicted</text>
<text class="tick" transform="translate(12 ${
        top + names.length * tall / 2
      }) rotate(-90)" text-anchor="middle">true</text>
${
        names.map((name, at) => {
          const x = left + (at + 0.5) * wide;
          return html`
            <text class="tick" text-anchor="${isNarrow ? "start" : "middle"}"
              transform="translate(${x} ${top - 7})${isNarrow ? " rotate(-45)" : ""}">${shorten(
                name,
                NAME,
              )}</text>
            <text class="tick" x="${left - 8}" y="${top + (at + 0.5) * tall + 4}" text-anchor="end">${shorten(
              name,
              NAME,
            )}</text>
          `;
        })
      }
${
        cells.flatMap((line, row) =>
          line.map(({ rows, share }, column) => {
            const [x, y] = [left + column * wide, top + row * tall];
            return html`
              <rect class="cell" x="${x}" y="${y}" width="${wide}" height="${tall}"
                fill-opacity="${(share * SHADE).toFixed(3)}" />${rows === 0
                  ? ""
                  : html`<text class="count${row === column ? " hit" : ""}" x="${x + wide / 2}" y="${
                    y + tall / 2 + 4.5
                  }" text-anchor="middle">${rows}</text>`}
            `;
          })
        )
      }`,
    }],
  };
}

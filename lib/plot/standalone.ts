import { withoutForbidden } from "../base/xml.ts";
import { html, raw } from "../deps/hono_html.ts";
import type { Panel, Plot } from "./panel.ts";
import rules from "./plot.css" with { type: "text" };
import { styleOf } from "./style.ts";

const MARGIN = 18;
const GAP = 22;
/** How wide a picture may get; a panel stands beside another where both fit. */
const WIDTH = 1060;

/** A plot as an SVG file of its own, in light and dark, and always light in print. */
export function toSvg({ title, note, panels }: Plot): string {
  const widest = Math.max(...panels.map(({ width }) => width));
  const columns = Math.max(
    1,
    Math.min(panels.length, Math.floor((WIDTH - 2 * MARGIN + GAP) / (widest + GAP))),
  );
  const lines = wrapped(note ?? "", (columns * (widest + GAP) - GAP) / 6.4);
  const head = MARGIN + 14 + lines.length * 16 + 14;
  const rows = Array.from(
    { length: Math.ceil(panels.length / columns) },
    (_, row) => panels.slice(row * columns, (row + 1) * columns),
  );
  const heights = rows.map((row) => Math.max(...row.map(({ height }) => height)) + GAP);
  const topOf = (row: number) => heights.slice(0, row).reduce((sum, height) => sum + height, head);
  const width = 2 * MARGIN + columns * (widest + GAP) - GAP;
  const height = topOf(rows.length) - GAP + MARGIN;
  const place = (panel: Panel, column: number, row: number) =>
    html`<g transform="translate(${MARGIN + column * (widest + GAP)} ${topOf(row)})">${panel.body}</g>\n`;
  const svg = html`
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}"
      height="${height}" role="img" aria-labelledby="t d">
    <title id="t">${title}</title>
    <desc id="d">${[...(note === undefined ? [] : [`${note}.`]), ...panels.map(described)].join(" ")}</desc>
    <style>${raw(STYLE)}</style>
    <rect class="page" width="${width}" height="${height}"/>
    <text class="title" x="${MARGIN}" y="${MARGIN + 12}">${title}</text>
    ${lines.map((line, at) =>
      html`<text class="tick" x="${MARGIN}" y="${MARGIN + 30 + at * 16}">${line}</text>\n`
    )}${rows.map((row, at) => row.map((panel, column) => place(panel, column, at)))}</svg>
  `;
  return withoutForbidden(String(svg).replace(/>\s+</g, "><"));
}

function described({ title, description }: Panel): string {
  return `${title}: ${description}`;
}

/** A text in lines of at most so many characters, broken between words. */
function wrapped(text: string, characters: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(" ").filter((word) => word !== "")) {
    const longer = `${lines.at(-1) ?? ""} ${word}`.trim();
    if (lines.length > 0 && longer.length <= characters) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

const STYLE = `svg{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
${
  styleOf(`${rules}
.page {
  fill: var(--panel);
}
.title {
  fill: var(--text);
  font-size: 15px;
  font-weight: 600;
}`)
}`;

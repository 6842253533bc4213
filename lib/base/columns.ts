import { toLine } from "./printable.ts";

/** The columns that a text takes on a terminal: two for wide characters and emoji, none for those that combine. */
export function widthOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  return graphemesOf(text).reduce((width, grapheme) => width + graphemeWidth(grapheme), 0);
}

/** Latin letters, punctuation, arrows and symbols, none of which combines with the next. */
const SINGLE = /^[\x20-\x7e\xa0-\u02ff\u2010-\u2027\u2190-\u27bf]*$/;
let segmenter: Intl.Segmenter | undefined;

/** What is read as one character each. */
function graphemesOf(text: string): readonly string[] {
  if (SINGLE.test(text)) return [...text];
  // It takes longer to make than everything else in this file.
  segmenter ??= new Intl.Segmenter("en");
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

const EMPTY = /^[\p{M}\p{Cc}\p{Cf}]*$/u;
const NARROW = /^[\uff61-\uffdc\uffe8-\uffee]/;
const WIDE =
  /^(?:\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|\p{Script=Bopomofo}|\p{Emoji_Presentation}|[\u3000-\u303e\uff01-\uff60\uffe0-\uffe6])|\ufe0f/u;

function graphemeWidth(grapheme: string): number {
  if (EMPTY.test(grapheme)) return 0;
  return WIDE.test(grapheme) && !NARROW.test(grapheme) ? 2 : 1;
}

/** The beginning of a text that takes at most `width` columns, with `…` where it is cut. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  return `${startOf(text, width - 1)}…`;
}

/** The start and, as names differ there, more of the end of a text, with `…` where it is cut. */
function cutMiddle(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  const start = startOf(text, Math.floor((width - 1) / 3));
  const end = graphemesOf(text).toReversed().join("");
  const back = startOf(end, width - 1 - widthOf(start));
  return `${start}…${graphemesOf(back).toReversed().join("")}`;
}

function startOf(text: string, width: number): string {
  let taken = 0;
  let start = "";
  for (const grapheme of graphemesOf(text)) {
    taken += graphemeWidth(grapheme);
    if (taken > width) break;
    start += grapheme;
  }
  return start;
}

/**
 * Rows of texts as lines, each column as wide as its widest text; what would break a line is escaped.
 *
 * @param options.width No line is wider: the widest columns are cut in the middle, down to `least` columns each.
 */
export function alignColumns(
  texts: readonly (readonly string[])[],
  { width = Infinity, indent = "" }: { readonly width?: number; readonly indent?: string } = {},
): readonly string[] {
  const rows = texts.map((row) => row.map(toLine));
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => widthOf(row[column]!)))) ?? [];
  const gaps = indent.length + 2 * (widths.length - 1);
  for (let over = gaps + sum(widths) - width; over > 0; over--) {
    const widest = widths.indexOf(Math.max(...widths));
    if (widths[widest]! <= 1) break;
    widths[widest]!--;
  }
  return rows.map((row) =>
    indent + row.map((text, column) => {
      const shown = cutMiddle(text, widths[column]!);
      return shown + " ".repeat(widths[column]! - widthOf(shown));
    }).join("  ").trimEnd()
  );
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** A text in lines of at most `width` columns, parted at spaces where possible; all but the first are indented more. */
export function wrap(text: string, width: number): readonly string[] {
  if (widthOf(text) <= width) return [text];
  const indent = /^ */.exec(text)![0];
  const more = width >= indent.length + 20 ? `${indent}  ` : "";
  const lines: string[] = [];
  let line = indent;
  let isEmpty = true;
  for (const word of text.trim().split(/ +/)) {
    let rest = word;
    if (!isEmpty && widthOf(line) + 1 + widthOf(rest) > width) {
      lines.push(line);
      [line, isEmpty] = [more, true];
    }
    line += isEmpty ? "" : " ";
    while (widthOf(line) + widthOf(rest) > width) {
      const start = startOf(rest, width - widthOf(line));
      if (start === "" && line === more) break;
      lines.push(line + start);
      rest = rest.slice(start.length);
      line = more;
    }
    line += rest;
    isEmpty = false;
  }
  return [...lines, line];
}

import { shorten, toLine } from "../document/show.ts";

/** How long a value may be, and a text. */
const VALUE = 200;
const TEXT = 2_000;
/** A character that isn't seen, by which GitHub doesn't take what is around it for a mention, an issue or an address. */
const BREAK = "&#8203;";

/** A text as Markdown that shows just that text: nothing in it is markup, HTML, a mention, an issue or a link. */
export function escaped(text: string): string {
  return toLine(text.replace(/\s*\n\s*/g, " "))
    .replace(/&/g, "&amp;")
    .replace(/[\\`*{}[\]<>|~$]|(?<!\w)_|_(?!\w)|(?<=^\s*)[-+#=]|(?<=^\s*\d+)[.)]/g, "\\$&")
    .replace(/#(?=\w)/g, `#${BREAK}`)
    .replace(/@(?=\w)/g, `@${BREAK}`)
    .replace(/\bGH-(?=\d)/gi, (found) => found + BREAK)
    .replace(/:(?=\/\/)/g, `:${BREAK}`)
    .replace(/\bwww\.(?=\w)/gi, `www${BREAK}.`);
}

/** A text as a span of code, in which nothing is markup; `|` is fit for the cell of a table. */
export function code(text: string): string {
  const line = toLine(text);
  if (line === "") return "";
  const fence = "`".repeat(longestRun(line) + 1);
  const pad = /^[` ]|[` ]$/.test(line) ? " " : "";
  return `${fence}${pad}${line}${pad}${fence}`.replace(/\|/g, "\\|");
}

/** A value as a span of code, of which the beginning is shown. */
export function value(text: string): string {
  return code(clipped(text));
}

/** A text of somewhere else as a part of a sentence, of which the beginning is shown. */
export function prose(text: string): string {
  return escaped(shorten(text, TEXT));
}

/** The beginning of a text. */
export function clipped(text: string): string {
  return shorten(text, VALUE);
}

/** A text as code within HTML, as in a `<summary>`. */
export function htmlCode(text: string): string {
  const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
  return `<code>${toLine(text).replace(/[&<>]/g, (character) => entities[character]!)}</code>`;
}

/** Lines as a block of code of a language, whose fence is in none of them. */
export function fenced(lines: readonly string[], language: string): string {
  const fence = "`".repeat(Math.max(3, longestRun(lines.join("\n")) + 1));
  return [fence + language, ...lines, fence].join("\n");
}

/** Rows as a table; the first is its head. */
export function tableOf(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  return [head, head.map(() => "---"), ...body].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

function longestRun(text: string): number {
  return (text.match(/`+/g) ?? []).reduce((most, { length }) => Math.max(most, length), 0);
}

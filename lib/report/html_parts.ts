import type { Html } from "../base/html.ts";
import { html } from "../deps/hono_html.ts";
import { type Verdict, verdictWords } from "../replay/report.ts";

/** How good a state is; each has a colour. */
export type Tone = "good" | "bad" | "unsure" | "going" | "quiet";

const VERDICTS: Readonly<Record<Verdict, readonly [tone: Tone, symbol: string]>> = {
  safe: ["good", "✓"],
  reproduced: ["good", "✓"],
  blocked: ["bad", "✕"],
  diverged: ["bad", "≠"],
  unverifiable: ["unsure", "?"],
  same: ["good", "✓"],
  different: ["bad", "≠"],
};

/** A verdict as a symbol and a word. */
export function verdictBadge(verdict: Verdict): Html {
  return badge(...VERDICTS[verdict], verdict);
}

/** A verdict in a sentence, as the command line says it, in the colour of its tone. */
export function verdictBanner(verdict: Verdict): Html {
  const [tone, symbol] = VERDICTS[verdict];
  return html`
    <p
      class="verdict ${tone}"><span class="symbol" aria-hidden="true">${symbol}</span> <strong>${verdictWords[
        verdict
      ].replace(/^\S+ /, "")}</strong></p>
  `;
}

/** A short word in a tone. */
export function badge(tone: Tone, symbol: string, word: string): Html {
  return html`<span class="badge ${tone}"><span aria-hidden="true">${symbol}</span> ${word}</span>`;
}

/** A table that scrolls sideways where it is too wide. The first cell of each row is its header. */
export function table(
  caption: string,
  columns: readonly (string | { readonly name: string; readonly number: true })[],
  rows: readonly { readonly cells: readonly (Html | string | number)[]; readonly tone?: string }[],
  options: {
    /** On a narrow screen, show each row as a block instead. @default false */
    readonly stack?: boolean;
  } = {},
): Html {
  const names = columns.map((column) => typeof column === "string" ? column : column.name);
  const number = columns.map((column) =>
    typeof column === "string" ? "" : html`
      class="number"
    `
  );
  // Rows that are laid out as blocks are no longer rows to a screen reader, unless they say so.
  const role = (name: string) =>
    options.stack === true
      ? html`
        role="${name}"
      `
      : "";
  return html`
    <div class="scroll${options.stack === true
      ? " stack"
      : ""}" role="group" aria-label="${caption}" tabindex="0">
      <table${role("table")}>
        <thead${role("rowgroup")}>
          <tr${role("row")}>${names.map((name, index) =>
            html`
              <th scope="col" ${role("columnheader")}${number[index]}>${name}</th>
            `
          )}</tr></thead>
    <tbody${role("rowgroup")}>${rows.map(({ cells, tone }) =>
      html`
        <tr${role("row")}${tone
          ? html`
            class="${tone}"
          `
          : ""}>${cells.map((cell, index) =>
            index === 0
              ? html`
                <th scope="row" ${role("rowheader")}>${cell}</th>
              `
              : html`<td${role("cell")}${number[index]}${
                options.stack === true
                  ? html`
                    data-label="${names[index]}"
                  `
                  : ""
              }>${cell}</td>`
          )}</tr>
      `
    )}</tbody></table></div>
  `;
}

/** Names and values. */
export function facts(entries: readonly (readonly [name: string, value: Html | string | number])[]): Html {
  return html`<dl class="facts">${
    entries.map(([name, value]) =>
      html`
        <div>
          <dt>${breakable(name)}</dt>
          <dd>${value}</dd>
        </div>
      `
    )
  }</dl>`;
}

/** A part of a page with its heading. */
export function section(id: string, heading: string, content: Html, note: Html | string = ""): Html {
  return html`<section><h2 id="${id}">${heading}${
    note === "" ? "" : html`
      <small>${note}</small>
    `
  }</h2>
${content}</section>`;
}

/** A dotted name or a path, which may break after each part of it. */
export function breakable(name: string): Html {
  return name.split(/(?<=[./#_])(?=.)/).map((part, index) => html`${index === 0 ? "" : html`<wbr>`}${part}`);
}

/** The first digits of a digest, with all of it for the pointer. */
export function digest(value: string | null | undefined): Html {
  return value
    ? html`<code class="digest" title="${value}">${value.slice(0, 12)}</code>`
    : html`<span class="none">none</span>`;
}

/** The beginning of a text, with a mark where it goes on. */
export function clip(text: string, characters = 200): string {
  return text.length > characters ? `${text.slice(0, characters)}…` : text;
}

import { html } from "../deps/hono_html.ts";
import type { Html } from "./layout.ts";
import type { Verdict } from "../report/report.ts";
import { verdictWords } from "../report/report.ts";
import type { JobState } from "../server/job.ts";
import type { RunStatus } from "../tracking/store.ts";

/** How good a state is; each has a colour. */
type Tone = "good" | "bad" | "unsure" | "going" | "quiet";

const STATES: Readonly<Record<RunStatus | JobState, readonly [tone: Tone, symbol: string]>> = {
  FINISHED: ["good", "✓"],
  FAILED: ["bad", "✕"],
  KILLED: ["quiet", "■"],
  RUNNING: ["going", "▸"],
  SCHEDULED: ["going", "…"],
  queued: ["going", "…"],
  running: ["going", "▸"],
  succeeded: ["good", "✓"],
  failed: ["bad", "✕"],
  cancelled: ["quiet", "■"],
  lost: ["bad", "?"],
};

const VERDICTS: Readonly<Record<Verdict, readonly [tone: Tone, symbol: string]>> = {
  safe: ["good", "✓"],
  reproduced: ["good", "✓"],
  blocked: ["bad", "✕"],
  diverged: ["bad", "≠"],
  unverifiable: ["unsure", "?"],
  same: ["good", "✓"],
  different: ["bad", "≠"],
};

/** A state as a symbol and a word. */
export function stateBadge(state: RunStatus | JobState): Html {
  return badge(...STATES[state], state.toLowerCase());
}

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

/** Whether a text is a verdict. */
export function isVerdict(text: unknown): text is Verdict {
  return typeof text === "string" && Object.hasOwn(VERDICTS, text);
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

/** A moment, in UTC. */
export function moment(time: string | number): Html {
  const iso = new Date(time).toISOString();
  return html`<time datetime="${iso}" title="${iso}">${iso.slice(0, 10)} ${iso.slice(11, 16)}</time>`;
}

/** A span of time, in the largest unit that fits. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${milliseconds} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${Math.floor(seconds % 60)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A number, short enough for a table; its whole value is in the run. */
export function short(value: number): string {
  if (!Number.isFinite(value) || Number.isInteger(value)) return String(value);
  return String(Number(value.toPrecision(5)));
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

/** What people chose before the digests that Reprise recorded beside it. */
export function byChoice(a: string, b: string): number {
  const rank = (name: string) => name.startsWith("contract.") ? 1 : 0;
  return rank(a) - rank(b) || (a < b ? -1 : 1);
}

/** The beginning of a text, with a mark where it goes on. */
export function clip(text: string, characters = 200): string {
  return text.length > characters ? `${text.slice(0, characters)}…` : text;
}

/** A number of things, in words. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** Where a form's error is shown. */
export const formTrouble: Html = html`<div class="trouble" role="alert" tabindex="-1" hidden></div>
<noscript><p class="trouble">This form needs JavaScript; without it, use the command line or the API.</p></noscript>`;

/** An error in words, with what to do about it. */
export function trouble(
  { message, hint }: { readonly message: string; readonly hint?: string | undefined },
): Html {
  return html`<div class="trouble"><p>${message}</p>${
    hint === undefined ? "" : html`<p class="hint">${hint}</p>`
  }</div>`;
}

/** @jsxImportSource npm:hono@4.13.19/jsx */
import type { Element, Html } from "../base/html.ts";
import { type ReportDocument, type Verdict, verdictLine } from "../replay/report.ts";

type Judged = Pick<ReportDocument, "verdict" | "judged_by">;

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
export function VerdictBadge({ verdict }: { readonly verdict: Verdict }): Element {
  const [tone, symbol] = VERDICTS[verdict];
  return <Badge tone={tone} symbol={symbol} word={verdict} />;
}

/** A verdict in a sentence, as the command line says it, in the colour of its tone. */
export function VerdictBanner({ report }: { readonly report: Judged }): Element {
  const [tone, symbol] = VERDICTS[report.verdict];
  return (
    <p class={`verdict ${tone}`}>
      <span class="symbol" aria-hidden="true">{symbol}</span> <strong>{sentenceOf(report)}</strong>
    </p>
  );
}

/** What a verdict says, without the sign in front of it. */
export function sentenceOf(report: Judged): string {
  return verdictLine(report).replace(/^\S+ /, "");
}

/** A short word in a tone. */
export function Badge(
  { tone, symbol, word }: { readonly tone: Tone; readonly symbol: string; readonly word: string },
): Element {
  return (
    <span class={`badge ${tone}`}>
      <span aria-hidden="true">{symbol}</span> {word}
    </span>
  );
}

/** The head of a column; numbers stand at its right. */
export type Column = string | { readonly name: string; readonly number: true };

/** A row of a table, with the class that tells how it stands out. */
export interface Row {
  readonly cells: readonly Html[];
  readonly tone?: string | undefined;
}

/**
 * A table that scrolls sideways where it is too wide. The first cell of each row is its header.
 *
 * @param props.stack On a narrow screen, shows each row as a block instead. @default false
 */
export function Table({ caption, columns, rows, stack = false }: {
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  readonly stack?: boolean;
}): Element {
  const names = columns.map((column) => typeof column === "string" ? column : column.name);
  const classes = columns.map((column) => typeof column === "string" ? undefined : "number");
  // Rows that are laid out as blocks are no longer rows to a screen reader, unless they say so.
  const role = (name: string) => stack ? name : undefined;
  return (
    <div class={stack ? "scroll stack" : "scroll"} role="group" aria-label={caption} tabindex={0}>
      <table role={role("table")}>
        <thead role={role("rowgroup")}>
          <tr role={role("row")}>
            {names.map((name, index) => (
              <th scope="col" role={role("columnheader")} class={classes[index]}>{name}</th>
            ))}
          </tr>
        </thead>
        <tbody role={role("rowgroup")}>
          {rows.map(({ cells: [first, ...others], tone }) => (
            <tr role={role("row")} class={tone}>
              <th scope="row" role={role("rowheader")}>{first}</th>
              {others.map((cell, index) => (
                <td
                  role={role("cell")}
                  class={classes[index + 1]}
                  data-label={stack ? names[index + 1] : undefined}
                >
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Names and values. */
export function Facts(
  { entries }: { readonly entries: readonly (readonly [name: string, value: Html])[] },
): Element {
  return (
    <dl class="facts">
      {entries.map(([name, value]) => (
        <div>
          <dt>
            <Breakable name={name} />
          </dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A part of a page with its heading. */
export function Section({ id, heading, note, children }: {
  readonly id: string;
  readonly heading: string;
  readonly note?: Html;
  readonly children: Html;
}): Element {
  return (
    <section>
      <h2 id={id}>
        {heading} {note && <small>{note}</small>}
      </h2>
      {children}
    </section>
  );
}

/** A dotted name or a path, which may break after each part of it. */
export function Breakable({ name }: { readonly name: string }): Element {
  const [first, ...others] = name.split(/(?<=[./#_])(?=.)/);
  return (
    <>
      {first}
      {others.map((part) => [<wbr />, part])}
    </>
  );
}

/** The first digits of a digest, with all of it for the pointer. */
export function Digest({ value }: { readonly value: string | null | undefined }): Element {
  return value
    ? <code class="digest" title={value}>{value.slice(0, 12)}</code>
    : <span class="none">none</span>;
}

/** A text that may be long, of which the beginning is shown. */
export function Long(
  { text, characters = 200 }: { readonly text: string; readonly characters?: number },
): Element {
  return <span class="long">{clip(text, characters)}</span>;
}

/** The beginning of a text, with a mark where it goes on. */
export function clip(text: string, characters = 200): string {
  return text.length > characters ? `${text.slice(0, characters)}…` : text;
}

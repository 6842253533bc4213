/** @jsxImportSource npm:hono@4.13.19/jsx */
import type { Element } from "../base/html.ts";
import { count } from "../document/show.ts";
import type { CodeChange } from "../replay/explain/explanation.ts";
import type { ReportDocument } from "../replay/report.ts";
import { diffLines, markChanges, type MarkedLine } from "./diff_lines.ts";
import { type HtmlReportOptions, NO_LIMITS } from "./html_options.ts";
import { Breakable, Section } from "./html_parts.tsx";
import { codeByBlame, standingOf } from "./words.ts";

/** How many clauses of one declaration are named before the rest is counted. */
const CLAUSES = 12;

/** The declarations that changed, those that block first, each with its diff as far as there is room. */
export function CodeSection({ report, options: { limits = NO_LIMITS } }: {
  readonly report: ReportDocument;
  readonly options: HtmlReportOptions;
}): Element | null {
  if (report.code.length === 0) return null;
  const blocking = new Set(
    report.drifts.filter((drift) => standingOf(drift) === "binding").map(({ clause }) => clause),
  );
  let room = limits.lines;
  return (
    <Section id="code" heading="Code" note={count(report.code.length, "declaration")}>
      {codeByBlame(report).map((change) => {
        const lines = markChanges(diffLines(change.diff));
        const shown = lines.slice(0, Math.max(0, room));
        room -= shown.length;
        const blocks = change.clauses.some((clause) => blocking.has(clause));
        return <Change change={change} shown={shown} rest={lines.length - shown.length} blocks={blocks} />;
      })}
    </Section>
  );
}

function Change({ change: { kind, declaration, line, clauses }, shown, rest, blocks }: {
  readonly change: CodeChange;
  readonly shown: readonly MarkedLine[];
  readonly rest: number;
  readonly blocks: boolean;
}): Element {
  const more = clauses.length - CLAUSES;
  return (
    <div class="change">
      <h3>
        <code>
          <Breakable name={declaration} />
        </code>{" "}
        <small>{line > 0 && `line ${line}, `}{kind}{blocks && ", blocks"}</small>
      </h3>
      <p>
        Reached by {clauses.slice(0, CLAUSES).map((clause, index) => [
          index > 0 && ", ",
          <code>
            <Breakable name={clause} />
          </code>,
        ])}
        {more > 0 && ` and ${count(more, "more clause")}`}.
      </p>
      {shown.length > 0 && (
        <pre class="diff"><code>{shown.map((line) => <DiffLine line={line} />)}</code></pre>
      )}
      {rest > 0 && <p class="quiet-text">{count(rest, "more line")} of its diff.</p>}
    </div>
  );
}

function DiffLine({ line: { kind, text, mark } }: { readonly line: MarkedLine }): Element {
  const content = mark && mark[0] < mark[1]
    ? [text.slice(0, mark[0]), <mark>{text.slice(...mark)}</mark>, text.slice(mark[1])]
    : text || " ";
  if (kind === "added") return <ins>{content}</ins>;
  if (kind === "removed") return <del>{content}</del>;
  return <span class={kind}>{content}</span>;
}

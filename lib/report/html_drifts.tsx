/** @jsxImportSource npm:hono@4.13.19/jsx */
import type { Element } from "../base/html.ts";
import type { ContractRecord } from "../contract/contract.ts";
import { count } from "../document/show.ts";
import type { ExplainedDrift } from "../replay/explain/explanation.ts";
import { isComparison, type ReportDocument } from "../replay/report.ts";
import { clauseRows } from "./clause_rows.ts";
import { type HtmlReportOptions, NO_LIMITS, type ReportLinks } from "./html_options.ts";
import { Badge, Breakable, clip, Digest, Section, Table, type Tone } from "./html_parts.tsx";
import type { Reported } from "./reported.ts";
import { byBlame, driftCount, remarksOf, type Standing, standingOf, valueOf } from "./words.ts";

/** How many declarations of one drift are named before the rest is counted. */
const NAMED = 4;

const TONES: Readonly<Record<Standing, Tone>> = {
  binding: "bad",
  waived: "quiet",
  allowed: "quiet",
  advisory: "unsure",
};

/** All drifts, with how many of each standing there are. */
export function DriftSection(
  { report, options }: { readonly report: ReportDocument; readonly options: HtmlReportOptions },
): Element {
  const { drifts } = report;
  const counts = driftCount(drifts).replace(" and ", ", ").replace(/ drifts?\.$/, "");
  return (
    <Section id="drifts" heading="Drifts" note={drifts.length === 0 ? "" : counts}>
      <DriftTable report={report} options={options} />
    </Section>
  );
}

/** Drifts as a table, those first that block, each with what is known of it. */
export function DriftTable({ report: { drifts, run_id, verdict }, options: { links, limits = NO_LIMITS } }: {
  readonly report: ReportDocument;
  readonly options: HtmlReportOptions;
}): Element {
  if (drifts.length === 0) {
    return <p>{verdict === "unverifiable" ? "No drift is known." : "No drift."}</p>;
  }
  const sides = isComparison(verdict) ? ["A", "B"] : ["Past", "Current"];
  const rest = drifts.length - limits.drifts;
  return (
    <>
      <Table
        caption="Drifts"
        columns={["Clause", "Drift", ...sides]}
        rows={byBlame(drifts).slice(0, limits.drifts).map((drift) => ({
          tone: toneOf(drift),
          cells: [
            <>
              <Clause name={drift.clause} />
              <Declarations drift={drift} run={run_id} links={links} />
              {remarksOf(drift).map((remark) => <div class="remark">{remark}</div>)}
            </>,
            <DriftBadge drift={drift} />,
            <Side drift={drift} of="past" />,
            <Side drift={drift} of="current" />,
          ],
        }))}
        stack
      />
      {rest > 0 && <p>{count(rest, "more drift")}.</p>}
    </>
  );
}

/** All clauses of both contracts, folded; nothing where a contract isn't at hand. */
export function ClausesSection({ report }: { readonly report: Reported }): Element | null {
  const { past, current } = report as { past?: ContractRecord; current?: ContractRecord };
  if (!past || !current) return null;
  const rows = clauseRows(report);
  return (
    <Section id="clauses" heading="All clauses">
      <details>
        <summary>{count(rows.length, "clause")} of the contract</summary>
        <Table
          caption="All clauses"
          columns={["Clause", "Match", "Past", "Current"]}
          rows={rows.map(({ clause, past = "none", current = "none", drift, known }) => ({
            tone: drift && toneOf(drift),
            cells: [
              <Clause name={clause} />,
              drift ? <DriftBadge drift={drift} /> : known ? "same" : "not compared",
              <code class="digest">{past}</code>,
              <code class="digest">{current}</code>,
            ],
          }))}
          stack
        />
      </details>
    </Section>
  );
}

/** The name of a clause, or of a leaf of a config. */
export function Clause({ name }: { readonly name: string }): Element {
  return (
    <span class="clause">
      <Breakable name={name} />
    </span>
  );
}

/** The class of a drift's row. */
function toneOf(drift: ExplainedDrift): string {
  return standingOf(drift) === "binding" ? "binding" : "advisory";
}

function DriftBadge({ drift }: { readonly drift: ExplainedDrift }): Element {
  const standing = standingOf(drift);
  const sign = { changed: "≠", added: "+", removed: "−" }[drift.kind];
  return (
    <span class="kind">
      <Badge tone={TONES[standing]} symbol={sign} word={drift.kind} />{" "}
      <span class="quiet-text">{standing}</span>
    </span>
  );
}

function Declarations({ drift: { kind, declarations = [] }, run, links }: {
  readonly drift: ExplainedDrift;
  readonly run: string;
  readonly links: ReportLinks | undefined;
}): Element {
  const rest = declarations.length - NAMED;
  return (
    <>
      {declarations.slice(0, NAMED).map((declaration) => {
        const [file = "", ...name] = declaration.split("#");
        const isModule = kind === "changed" && !/^([a-z]+:|\/)/i.test(file) && /\.\w+$/.test(file);
        return (
          <div class="declaration">
            in{" "}
            <code>
              {links && isModule
                ? (
                  <>
                    <a href={links.source(run, file)}>
                      <Breakable name={file} />
                    </a>#<wbr />
                    <Breakable name={name.join("#")} />
                  </>
                )
                : <Breakable name={declaration} />}
            </code>
          </div>
        );
      })}
      {rest > 0 && <div class="declaration">and {count(rest, "more declaration")}</div>}
    </>
  );
}

function Side({ drift, of }: { readonly drift: ExplainedDrift; readonly of: "past" | "current" }): Element {
  const words = valueOf(drift, of);
  return (
    <>
      {words !== undefined && <div class="long">{clip(words, 400)}</div>} <Digest value={drift[of]} />
    </>
  );
}

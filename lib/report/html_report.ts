import type { Html } from "../base/html.ts";
import type { ContractRecord } from "../contract/contract.ts";
import { html } from "../deps/hono_html.ts";
import { count, short, showValue } from "../document/show.ts";
import { levelsPlot } from "../plot/levels.ts";
import { linePlot } from "../plot/line.ts";
import { rangePlot } from "../plot/range.ts";
import type { CodeChange, DataChange, ExplainedDrift } from "../replay/explain/explanation.ts";
import { type Curve, type Evaluations, isComparison, type ReportDocument } from "../replay/report.ts";
import { diffLines, markChanges, type MarkedLine } from "./diff_lines.ts";
import { badge, breakable, clip, digest, facts, section, table, verdictBanner } from "./html_parts.ts";
import { plotsSection, sidesOf } from "./html_plots.ts";
import {
  asRecordedWords,
  attributionOf,
  byBlame,
  clauseRows,
  codeByBlame,
  configChangesOf,
  dataWords,
  driftCount,
  levelChanges,
  metricRows,
  mixedCells,
  originsOf,
  profileTable,
  remarksOf,
  type Reported,
  type Standing,
  standingOf,
  unmixable,
  valueOf,
} from "./words.ts";

/** Where the things that a report names are shown, on pages that have more than the report. */
export interface ReportLinks {
  /** The page of a run. */
  run(id: string): string;
  /** The page that compares two runs. */
  compare(past: string, current: string): string;
  /** The page of a module that a run recorded. */
  source(id: string, file: string): string;
}

/** How a report is shown as HTML. */
export interface HtmlReportOptions {
  /** The learning curves, past and current. @default none */
  readonly curves?: readonly Curve[];
  /** What plots show of the fitted models, past and current. @default nothing */
  readonly evaluations?: Evaluations;
  /** Where the things that the report names are shown. @default nowhere */
  readonly links?: ReportLinks;
  /** How many drifts, columns and lines of diffs there is room for. @default no limit */
  readonly limits?: { readonly drifts: number; readonly columns: number; readonly lines: number };
}

const NO_LIMITS = { drifts: Infinity, columns: Infinity, lines: Infinity };
/** How many declarations of one drift, and how many clauses of one declaration, are named before the rest is counted. */
const NAMED = 4;
const CLAUSES = 12;

/** The verdict with its reasons, and what stands behind it: those drifts first that block. */
export function reportHead({ verdict, reasons }: ReportDocument): Html {
  const label = verdict === "diverged" ? "First difference: " : "";
  return html`${verdictBanner(verdict)}
${
    reasons.length === 0
      ? ""
      : html`<ul class="reasons">${reasons.map((reason) => html`<li>${label}${reason}</li>`)}</ul>`
  }`;
}

/** Which runs a report is about, by what they were judged, and what else a reader should know. */
export function reportFacts(report: ReportDocument, { links }: HtmlReportOptions = {}): Html {
  const { verdict, run_id, run_name, rerun_id, config, notes } = report;
  const runLink = (id: string, text: string) =>
    links ? html`<a href="${links.run(id)}">${text}</a>` : html`${text}`;
  return html`${
    facts([
      [
        "Run",
        html`${runLink(run_id, run_name)} <code class="digest">${links ? run_id.slice(0, 8) : run_id}</code>`,
      ],
      ...(config === "" ? [] : [["Judged by", html`<code>${config}</code>`] as const]),
      ...(rerun_id === undefined ? [] : [
        [
          isComparison(verdict) ? "Compared with" : "Trained again as",
          links
            ? html`${runLink(rerun_id, rerun_id.slice(0, 8))}${
              isComparison(verdict) ? "" : html`
                (<a href="${links.compare(run_id, rerun_id)}">compare</a>)
              `
            }`
            : html`<code class="digest">${rerun_id}</code>`,
        ] as const,
      ]),
    ])
  }
${notes.map((note) => html`<p>${note}</p>`)}`;
}

/** All that stands behind a verdict, a section for each kind of thing that there is something of. */
export function reportSections(report: Reported, options: HtmlReportOptions = {}): Html {
  const { drifts, as_recorded, attribution } = report;
  return html`${
    section("drifts", "Drifts", driftTable(report, options), drifts.length === 0 ? "" : countNote(drifts))
  }
${explanations(report, options)}
${
    as_recorded
      ? section("as-recorded", "The recorded source, run again", paragraphs(asRecordedWords(as_recorded)))
      : ""
  }
${attribution ? section("attribution", "Which change carries what", attributionPart(attribution)) : ""}
${metricsSection(report, options)}
${plotsSection(report, options)}
${clausesSection(report)}`;
}

/** What stands behind the drifts: declarations, rows and cells, leaves of the config, and what can't be told. */
export function explanations(report: ReportDocument, options: HtmlReportOptions = {}): Html {
  const { data, untold } = report;
  return html`${codeSection(report, options)}
${data ? section("data", `Data: ${data.dataset}`, dataPart(data, options)) : ""}
${configSection(report)}
${untold.length === 0 ? "" : section("untold", "What can’t be told", paragraphs(untold))}`;
}

function paragraphs(texts: readonly string[]): Html {
  return texts.map((text) => html`<p>${text}</p>`);
}

/** Drifts as a table, those first that block, each with what is known of it. */
export function driftTable(
  { drifts, run_id, verdict }: ReportDocument,
  { links, limits = NO_LIMITS }: HtmlReportOptions = {},
): Html {
  if (drifts.length === 0) {
    return html`<p>${verdict === "unverifiable" ? "No drift is known." : "No drift."}</p>`;
  }
  const sides = isComparison(verdict) ? ["A", "B"] : ["Past", "Current"];
  const rest = drifts.length - limits.drifts;
  return html`${
    table(
      "Drifts",
      ["Clause", "Drift", ...sides],
      byBlame(drifts).slice(0, limits.drifts).map((drift) => ({
        tone: standingOf(drift) === "binding" ? "binding" : "advisory",
        cells: [
          html`<span class="clause">${breakable(drift.clause)}</span>${
            declarationLines(drift, run_id, links)
          }${remarksOf(drift).map((remark) => html`<div class="remark">${remark}</div>`)}`,
          driftBadge(drift),
          side(drift, "past"),
          side(drift, "current"),
        ],
      })),
      { stack: true },
    )
  }${rest > 0 ? html`<p>${count(rest, "more drift")}.</p>` : ""}`;
}

const TONES: Readonly<Record<Standing, Parameters<typeof badge>[0]>> = {
  binding: "bad",
  waived: "quiet",
  allowed: "quiet",
  advisory: "unsure",
};

function driftBadge(drift: ExplainedDrift): Html {
  const standing = standingOf(drift);
  const sign = { changed: "≠", added: "+", removed: "−" }[drift.kind];
  return html`<span class="kind">${
    badge(TONES[standing], sign, drift.kind)
  } <span class="quiet-text">${standing}</span></span>`;
}

function countNote(drifts: readonly ExplainedDrift[]): string {
  return driftCount(drifts).replace(" and ", ", ").replace(/ drifts?\.$/, "");
}

function declarationLines(
  { kind, declarations = [] }: ExplainedDrift,
  run: string,
  links: ReportLinks | undefined,
): Html {
  const rest = declarations.length - NAMED;
  return html`${
    declarations.slice(0, NAMED).map((declaration) => {
      const [file = "", ...name] = declaration.split("#");
      const isModule = kind === "changed" && !/^([a-z]+:|\/)/i.test(file) && /\.\w+$/.test(file);
      return html`<div class="declaration">in <code>${
        links && isModule
          ? html`<a href="${links.source(run, file)}">${breakable(file)}</a>#<wbr>${
            breakable(name.join("#"))
          }`
          : breakable(declaration)
      }</code></div>`;
    })
  }${rest > 0 ? html`<div class="declaration">and ${count(rest, "more declaration")}</div>` : ""}`;
}

function side(drift: ExplainedDrift, of: "past" | "current"): Html {
  const words = valueOf(drift, of);
  return html`${
    words === undefined ? "" : html`
      <div class="long">${clip(words, 400)}</div>
    `
  }${digest(drift[of])}`;
}

function codeSection(report: ReportDocument, { limits = NO_LIMITS }: HtmlReportOptions): Html {
  if (report.code.length === 0) return "";
  const blocking = new Set(
    report.drifts.filter((drift) => standingOf(drift) === "binding").map(({ clause }) => clause),
  );
  let room = limits.lines;
  const parts = codeByBlame(report).map((change) => {
    const lines = markChanges(diffLines(change.diff));
    const shown = lines.slice(0, Math.max(0, room));
    room -= shown.length;
    return codePart(change, {
      shown,
      rest: lines.length - shown.length,
      blocks: change.clauses.some((clause) => blocking.has(clause)),
    });
  });
  return section("code", "Code", html`${parts}`, count(report.code.length, "declaration"));
}

function codePart(
  { kind, declaration, line, clauses }: CodeChange,
  { shown, rest, blocks }: {
    readonly shown: readonly MarkedLine[];
    readonly rest: number;
    readonly blocks: boolean;
  },
): Html {
  const named = clauses.slice(0, CLAUSES);
  const more = clauses.length - named.length;
  return html`<div class="change"><h3><code>${breakable(declaration)}</code> <small>${
    line > 0 ? `line ${line}, ` : ""
  }${kind}${blocks ? ", blocks" : ""}</small></h3>
<p>Reached by ${
    named.map((clause, index) => html`${index === 0 ? "" : ", "}<code>${breakable(clause)}</code>`)
  }${more > 0 ? ` and ${count(more, "more clause")}` : ""}.</p>
${shown.length === 0 ? "" : html`<pre class="diff"><code>${shown.map(diffLine)}</code></pre>`}${
    rest > 0 ? html`<p class="quiet-text">${count(rest, "more line")} of its diff.</p>` : ""
  }</div>`;
}

function diffLine({ kind, text, mark }: MarkedLine): Html {
  const content = mark && mark[0] < mark[1]
    ? html`${text.slice(0, mark[0])}<mark>${text.slice(...mark)}</mark>${text.slice(mark[1])}`
    : html`${text === "" ? " " : text}`;
  if (kind === "added") return html`<ins>${content}</ins>`;
  if (kind === "removed") return html`<del>${content}</del>`;
  return html`<span class="${kind}">${content}</span>`;
}

function dataPart(change: DataChange, { limits = NO_LIMITS }: HtmlReportOptions): Html {
  const { cells, cells_changed, profiles } = change;
  const columns = Object.entries(profiles);
  const shown = columns.slice(0, limits.columns);
  return html`<p>${dataWords(change).join("; ")}.</p>
${
    cells.length === 0 ? "" : html`${
      table(
        "Edited cells",
        ["Row", "Column", "Past", "Current"],
        cells.map(({ row, column, past, current }) => ({
          cells: [
            row,
            html`<code>${breakable(column)}</code>`,
            long(showValue(past)),
            long(showValue(current)),
          ],
        })),
      )
    }${cells_changed > cells.length ? html`<p>${count(cells_changed - cells.length, "more cell")}.</p>` : ""}`
  }
${
    shown.length === 0 ? "" : html`<div class="columns-changed">${
      shown.map(([column, profile], index) => {
        const [head = [], ...sides] = profileTable(profile);
        return html`<div class="card"><h3><code>${breakable(column)}</code></h3>${
          rangePlot(column, profile, `range${index}`)
        }${levelsPlot(column, levelChanges(profile), `levels${index}`)}${
          table(
            `Profile of ${column}`,
            ["Side", ...head.slice(1).map((name) => ({ name, number: true as const }))],
            sides.map((cells) => ({ cells })),
          )
        }</div>`;
      })
    }</div>`
  }${
    columns.length > shown.length ? html`<p>${count(columns.length - shown.length, "more column")}.</p>` : ""
  }`;
}

function configSection(report: ReportDocument): Html {
  const changes = configChangesOf(report);
  if (changes.length === 0) return "";
  return section(
    "config",
    "Config",
    table(
      "Config",
      ["Leaf", "Past", "Current", "From"],
      changes.map(({ path, past, current, origin }) => ({
        cells: [
          html`<span class="clause">${breakable(path)}</span>`,
          long(showValue(past)),
          long(showValue(current)),
          html`<code class="long">${originsOf(origin)}</code>`,
        ],
      })),
      { stack: true },
    ),
  );
}

function attributionPart(attribution: NonNullable<ReportDocument["attribution"]>): Html {
  const metrics = attributionOf(attribution);
  const numbers = ["Alone", "Change", "In order", "Change"].map((name) => ({
    name,
    number: true as const,
  }));
  return html`${metrics.length === 0 ? html`<p>No metric changes.</p>` : ""}${
    metrics.map(({ metric, past, current, parts }) =>
      html`<h3>${metric} <small>${short(past)} → ${short(current)}</small></h3>${
        table(
          `What each part carries of ${metric}`,
          ["Part", ...numbers],
          parts.map(({ part, alone, in_order }) => ({
            cells: [part, ...mixedCells(alone), ...mixedCells(in_order)],
          })),
        )
      }`
    )
  }${unmixable(attribution).map((reason) => html`<p>${reason}</p>`)}`;
}

function metricsSection({ metrics, verdict }: ReportDocument, { curves = [] }: HtmlReportOptions): Html {
  if (metrics === undefined && curves.length === 0) return "";
  const rows = metrics ? metricRows(metrics) : [];
  const sides = sidesOf(verdict);
  return section(
    "metrics",
    "Metrics",
    html`${
      rows.length === 0 ? "" : table(
        "Metrics",
        ["Metric", ...[...sides, "change"].map((name) => ({ name, number: true as const }))],
        rows.map(({ metric, past, current, change }) => ({
          ...(Object.is(past, current) ? {} : { tone: "differs" }),
          cells: [metric, value(past), value(current), change],
        })),
      )
    }
${
      curves.length === 0 ? "" : html`<div class="plots">${
        curves.map(({ key, past, current }, index) =>
          linePlot(
            key,
            [{ name: sides[0], points: past }, { name: sides[1], points: current }],
            `curve${index}`,
          )
        )
      }</div>`
    }`,
  );
}

function value(number: number | null | undefined): Html {
  return html`<span title="${String(number ?? "")}">${short(number)}</span>`;
}

function clausesSection(report: Reported): Html {
  const { past, current } = report as { past?: ContractRecord; current?: ContractRecord };
  if (!past || !current) return "";
  const rows = clauseRows(report);
  return section(
    "clauses",
    "All clauses",
    html`<details><summary>${count(rows.length, "clause")} of the contract</summary>${
      table(
        "All clauses",
        ["Clause", "Match", "Past", "Current"],
        rows.map(({ clause, past, current, drift, known }) => ({
          ...(drift ? { tone: standingOf(drift) === "binding" ? "binding" : "advisory" } : {}),
          cells: [
            html`<span class="clause">${breakable(clause)}</span>`,
            drift ? driftBadge(drift) : known ? "same" : "not compared",
            html`<code class="digest">${past ?? "none"}</code>`,
            html`<code class="digest">${current ?? "none"}</code>`,
          ],
        })),
        { stack: true },
      )
    }</details>`,
  );
}

function long(text: string): Html {
  return html`<span class="long">${clip(text, 400)}</span>`;
}

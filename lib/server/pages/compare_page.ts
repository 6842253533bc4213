import { driftsBetween } from "../../contract/compare.ts";
import { html } from "../../deps/hono_html.ts";
import { linePlot } from "../../plot/line.ts";
import { compareRuns } from "../../replay/compare_runs.ts";
import type { ReplayReport } from "../../replay/report.ts";
import { plotsSection } from "../../report/html_plots.ts";
import { driftTable, explanations } from "../../report/html_report.ts";
import { curvesOf, evaluationsOf } from "../../report/log.ts";
import type { Run, TrackingStore } from "../../tracking/store.ts";
import type { ServerContext } from "../context.ts";
import type { Html, Page } from "./layout.ts";
import {
  badge,
  breakable,
  byChoice,
  clip,
  digest,
  moment,
  section,
  short,
  stateBadge,
  table,
} from "./parts.ts";
import { readContract } from "./reading.ts";
import { onPage } from "./report_part.ts";

/** How many rows of a table, and how many plots, have room in one page. */
const SHOWN = 50;
const PLOTS = 12;

/** Two runs side by side: what differs first, then what doesn't. */
export async function comparePage(context: ServerContext, a: string, b: string): Promise<Page> {
  const store = await context.openStore();
  const sides = await Promise.all([sideOf(store, "A", a), sideOf(store, "B", b)]);
  const [before, after] = [sides[0].run, sides[1].run];
  const [report, evaluations] = await Promise.all([
    compared(store, before, after),
    evaluationsOf(store, [before.info.run_id, after.info.run_id]),
  ]);
  const keys = [...new Set(sides.flatMap(({ curves }) => curves.map(({ key }) => key)))];
  return {
    title: `${before.info.run_name} and ${after.info.run_name}`,
    section: "/runs",
    main: html`<h1>Compare two runs</h1>
${
      table(
        "The two runs",
        ["Side", "Run", "Status", "Started (UTC)"],
        sides.map((side) => ({ cells: cellsOf(side) })),
      )
    }
${section("metrics", "Metrics", pairTable("Metrics", valuesOf(before), valuesOf(after)))}
${
      keys.length === 0 ? "" : section(
        "curves",
        "Curves",
        html`<div class="plots">${
          keys.slice(0, PLOTS).map((key, index) =>
            linePlot(
              key,
              sides.map(({ name, curves }) => ({
                name,
                points: curves.find((curve) => curve.key === key)?.points ?? [],
              })),
              `plot${index}`,
            )
          )
        }</div>`,
      )
    }
${section("params", "Params", pairTable("Params", before.params, after.params))}
${section("contract", "Contract", contractPart(report))}
${explanations(report, onPage)}
${plotsSection(report, { evaluations })}`,
  };
}

/** What differs between two runs; where one isn't sure to be of its contract, at least what the contracts say. */
async function compared(store: TrackingStore, past: Run, current: Run): Promise<ReplayReport> {
  const report = await compareRuns(store, past, current);
  if (report.past && report.current) return report;
  const [a, b] = await Promise.all([past, current].map(({ info }) => readContract(store, info.run_id)));
  if (a === undefined || b === undefined) return report;
  const drifts = driftsBetween(a, b, { policy: { binding: [], advisory: [] } });
  return { ...report, verdict: drifts.length === 0 ? "same" : "different", past: a, current: b, drifts };
}

/** One of the two runs, with what is compared of it. */
async function sideOf(store: TrackingStore, name: string, id: string) {
  const run = await store.getRun(id);
  return { name, run, curves: await curvesOf(store, run) };
}

type Side = Awaited<ReturnType<typeof sideOf>>;

function cellsOf({ name, run: { info } }: Side): readonly (Html | string)[] {
  return [
    name,
    html`<a href="/runs/${info.run_id}">${info.run_name}</a> <code class="digest">${
      info.run_id.slice(0, 8)
    }</code>`,
    stateBadge(info.status),
    moment(info.start_time),
  ];
}

function valuesOf({ metrics }: Run): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(metrics).map(([key, { value }]) => [key, String(value)]));
}

/** Values of two runs by name. */
function pairTable(
  caption: string,
  past: Readonly<Record<string, string>>,
  current: Readonly<Record<string, string>>,
): Html {
  const names = [...new Set([...Object.keys(past), ...Object.keys(current)])].sort(byChoice);
  const cell = (value: string | undefined) =>
    value === undefined
      ? html`<span class="none">none</span>`
      : html`<span class="long">${clip(value)}</span>`;
  const rows = (differing: boolean) =>
    names.filter((name) => (past[name] !== current[name]) === differing).map((name) => ({
      tone: differing ? "differs" : "",
      cells: [
        breakable(name),
        differing ? badge("unsure", "≠", differenceOf(past[name], current[name])) : "same",
        cell(past[name]),
        cell(current[name]),
      ],
    }));
  const tableOf = (kind: string, some: Rows) =>
    table(`${caption}, ${kind}`, ["Name", "Match", "A", "B"], some, { stack: true });
  const differing = rows(true);
  return html`${
    differing.length === 0 ? html`<p>Nothing differs.</p>` : tableOf("differing", differing.slice(0, SHOWN))
  }
${folded(rows(false), (some) => tableOf("equal", some))}`;
}

/** How far B is from A, where both are numbers. */
function differenceOf(past: string | undefined, current: string | undefined): string {
  const difference = Number(current) - Number(past);
  if (!Number.isFinite(difference) || past === "" || current === "") return "differs";
  return `differs by ${difference > 0 ? "+" : ""}${short(difference)}`;
}

function contractPart(report: ReplayReport): Html {
  const { drifts, past, current, reasons } = report;
  const why = reasons.map((reason) => html`<p>${reason}</p>`);
  if (past === undefined || current === undefined) return html`<p>The two can’t be compared.</p>${why}`;
  const differing = new Set(drifts.map(({ clause }) => clause));
  const same = Object.keys(past.clauses).filter((clause) => !differing.has(clause)).map((clause) => ({
    cells: [html`<span class="clause">${breakable(clause)}</span>`, digest(past.clauses[clause])],
  }));
  return html`${why}${drifts.length === 0 ? html`<p>No clause differs.</p>` : driftTable(report, onPage)}
${folded(same, (some) => table("Equal clauses", ["Clause", "Digest"], some))}`;
}

type Rows = Parameters<typeof table>[2];

function folded(rows: Rows, tableOf: (rows: Rows) => Html): Html {
  if (rows.length === 0) return "";
  return html`<details><summary>${rows.length} equal</summary>${tableOf(rows.slice(0, SHOWN))}</details>`;
}

/** @jsxImportSource npm:hono@4.13.19/jsx */
import type { Element, Html } from "../../base/html.ts";
import { driftsBetween } from "../../contract/compare.ts";
import { short } from "../../document/show.ts";
import { linePlot } from "../../plot/line.ts";
import type { ReplayReport } from "../../replay/report.ts";
import { Clause, DriftTable } from "../../report/html_drifts.tsx";
import { Badge, Breakable, Digest, Long, type Row, Section, Table } from "../../report/html_parts.tsx";
import { PlotsSection } from "../../report/html_plots.tsx";
import { Explanations } from "../../report/html_report.tsx";
import { curvesOf, evaluationsOf } from "../../report/log.ts";
import type { Run, TrackingStore } from "../../tracking/store.ts";
import type { ServerContext } from "../context.ts";
import type { Page } from "./layout.tsx";
import { onPage } from "./on_page.ts";
import { byChoice, Moment, RunLink, StateBadge } from "./parts.tsx";
import { readContract } from "./reading.ts";

/** How many rows of a table, and how many plots, have room in one page. */
const SHOWN = 50;
const PLOTS = 12;

/** Two runs side by side: what differs first, then what doesn't. */
export async function comparePage(context: ServerContext, a: string, b: string): Promise<Page> {
  const store = await context.openStore();
  const sides = await Promise.all([sideOf(store, "A", a), sideOf(store, "B", b)]);
  const [before, after] = [sides[0].run, sides[1].run];
  const [report, evaluations] = await Promise.all([
    compared(context, before, after),
    evaluationsOf(store, [before.info.run_id, after.info.run_id]),
  ]);
  return {
    title: `${before.info.run_name} and ${after.info.run_name}`,
    section: "/runs",
    main: (
      <>
        <h1>Compare two runs</h1>
        <Table
          caption="The two runs"
          columns={["Side", "Run", "Status", "Started (UTC)"]}
          rows={sides.map(({ name, run: { info } }) => ({
            cells: [
              name,
              <RunLink info={info} />,
              <StateBadge state={info.status} />,
              <Moment time={info.start_time} />,
            ],
          }))}
        />
        <Section id="metrics" heading="Metrics">
          <Pairs caption="Metrics" past={valuesOf(before)} current={valuesOf(after)} />
        </Section>
        <Curves sides={sides} />
        <Section id="params" heading="Params">
          <Pairs caption="Params" past={before.params} current={after.params} />
        </Section>
        <Section id="contract" heading="Contract">
          <Contracts report={report} />
        </Section>
        <Explanations report={report} options={onPage} />
        <PlotsSection verdict={report.verdict} evaluations={evaluations} />
      </>
    ),
  };
}

/** What differs between two runs; where one isn't sure to be of its contract, at least what the contracts say. */
async function compared(context: ServerContext, past: Run, current: Run): Promise<ReplayReport> {
  const report = await context.compare(past.info.run_id, current.info.run_id);
  const store = await context.openStore();
  const [a, b] = await Promise.all([past, current].map(({ info }) => readContract(store, info.run_id)));
  if (a === undefined || b === undefined) return { ...report, past: undefined, current: undefined };
  if (report.verdict !== "unverifiable") return { ...report, past: a, current: b };
  const drifts = driftsBetween(a, b, { policy: { binding: [], advisory: [] } });
  return { ...report, verdict: drifts.length === 0 ? "same" : "different", past: a, current: b, drifts };
}

/** One of the two runs, with what is compared of it. */
async function sideOf(store: TrackingStore, name: string, id: string) {
  const run = await store.getRun(id);
  return { name, run, curves: await curvesOf(store, run) };
}

type Side = Awaited<ReturnType<typeof sideOf>>;

function Curves({ sides }: { readonly sides: readonly Side[] }): Element | null {
  const keys = [...new Set(sides.flatMap(({ curves }) => curves.map(({ key }) => key)))];
  if (keys.length === 0) return null;
  const pointsOf = ({ curves }: Side, key: string) => curves.find((curve) => curve.key === key)?.points ?? [];
  return (
    <Section id="curves" heading="Curves">
      <div class="plots">
        {keys.slice(0, PLOTS).map((key, index) =>
          linePlot(
            key,
            sides.map((side) => ({ name: side.name, points: pointsOf(side, key) })),
            `plot${index}`,
          )
        )}
      </div>
    </Section>
  );
}

function valuesOf({ metrics }: Run): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(metrics).map(([key, { value }]) => [key, String(value)]));
}

/** Values of two runs by name. */
function Pairs({ caption, past, current }: {
  readonly caption: string;
  readonly past: Readonly<Record<string, string>>;
  readonly current: Readonly<Record<string, string>>;
}): Element {
  const names = [...new Set([...Object.keys(past), ...Object.keys(current)])].sort(byChoice);
  const rows = (differing: boolean): readonly Row[] =>
    names.filter((name) => (past[name] !== current[name]) === differing).map((name) => ({
      tone: differing ? "differs" : undefined,
      cells: [
        <Breakable name={name} />,
        differing
          ? <Badge tone="unsure" symbol="≠" word={differenceOf(past[name], current[name])} />
          : "same",
        valueCell(past[name]),
        valueCell(current[name]),
      ],
    }));
  const tableOf = (kind: string, some: readonly Row[]) => (
    <Table caption={`${caption}, ${kind}`} columns={["Name", "Match", "A", "B"]} rows={some} stack />
  );
  const differing = rows(true);
  return (
    <>
      {differing.length === 0 ? <p>Nothing differs.</p> : tableOf("differing", differing.slice(0, SHOWN))}
      {folded(rows(false), (some) => tableOf("equal", some))}
    </>
  );
}

function valueCell(value: string | undefined): Html {
  return value === undefined ? <span class="none">none</span> : <Long text={value} />;
}

/** How far B is from A, where both are numbers. */
function differenceOf(past: string | undefined, current: string | undefined): string {
  const difference = Number(current) - Number(past);
  if (!Number.isFinite(difference) || past === "" || current === "") return "differs";
  return `differs by ${difference > 0 ? "+" : ""}${short(difference)}`;
}

function Contracts({ report }: { readonly report: ReplayReport }): Element {
  const { drifts, past, current, reasons } = report;
  const why = reasons.map((reason) => <p>{reason}</p>);
  if (past === undefined || current === undefined) {
    return (
      <>
        <p>The two can’t be compared.</p>
        {why}
      </>
    );
  }
  const differing = new Set(drifts.map(({ clause }) => clause));
  const same = Object.keys(past.clauses).filter((clause) => !differing.has(clause)).map((clause) => ({
    cells: [<Clause name={clause} />, <Digest value={past.clauses[clause]} />],
  }));
  return (
    <>
      {why}
      {drifts.length === 0 ? <p>No clause differs.</p> : <DriftTable report={report} options={onPage} />}
      {folded(same, (some) => <Table caption="Equal clauses" columns={["Clause", "Digest"]} rows={some} />)}
    </>
  );
}

function folded(rows: readonly Row[], tableOf: (rows: readonly Row[]) => Element): Element | null {
  if (rows.length === 0) return null;
  return (
    <details>
      <summary>{rows.length} equal</summary>
      {tableOf(rows.slice(0, SHOWN))}
    </details>
  );
}

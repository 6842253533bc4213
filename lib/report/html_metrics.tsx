/** @jsxImportSource npm:hono@4.13.19/jsx */
import type { Element } from "../base/html.ts";
import { short } from "../document/show.ts";
import { linePlot } from "../plot/line.ts";
import type { Attribution } from "../replay/explain/explanation.ts";
import type { Curve, ReportDocument } from "../replay/report.ts";
import { attributionOf, mixedCells, unmixable } from "./attribution_words.ts";
import { Section, Table } from "./html_parts.tsx";
import { sidesOf } from "./html_plots.tsx";
import { metricRows } from "./metric_rows.ts";

/** Columns of numbers. */
const numbers = (names: readonly string[]) => names.map((name) => ({ name, number: true as const }));

/** The metrics of both sides with their learning curves; nothing where there are none. */
export function MetricsSection({ report: { metrics, verdict }, curves = [] }: {
  readonly report: ReportDocument;
  readonly curves: readonly Curve[] | undefined;
}): Element | null {
  if (metrics === undefined && curves.length === 0) return null;
  const rows = metrics ? metricRows(metrics) : [];
  const sides = sidesOf(verdict);
  return (
    <Section id="metrics" heading="Metrics">
      {rows.length > 0 && (
        <Table
          caption="Metrics"
          columns={["Metric", ...numbers([...sides, "change"])]}
          rows={rows.map(({ metric, past, current, change }) => ({
            tone: Object.is(past, current) ? undefined : "differs",
            cells: [metric, <Value of={past} />, <Value of={current} />, change],
          }))}
        />
      )}
      {curves.length > 0 && (
        <div class="plots">
          {curves.map(({ key, past, current }, index) =>
            linePlot(
              key,
              [{ name: sides[0], points: past }, { name: sides[1], points: current }],
              `curve${index}`,
            )
          )}
        </div>
      )}
    </Section>
  );
}

/** Which change carries how much of each metric's change. */
export function AttributionSection({ attribution }: { readonly attribution: Attribution }): Element {
  const metrics = attributionOf(attribution);
  return (
    <Section id="attribution" heading="Which change carries what">
      {metrics.length === 0 && <p>No metric changes.</p>}
      {metrics.map(({ metric, past, current, parts }) => (
        <>
          <h3>
            {metric} <small>{short(past)} → {short(current)}</small>
          </h3>
          <Table
            caption={`What each part carries of ${metric}`}
            columns={["Part", ...numbers(["Alone", "Change", "In order", "Change"])]}
            rows={parts.map(({ part, alone, in_order }) => ({
              cells: [part, ...mixedCells(alone), ...mixedCells(in_order)],
            }))}
          />
        </>
      ))}
      {unmixable(attribution).map((reason) => <p>{reason}</p>)}
    </Section>
  );
}

/** A metric's value in short, with all its digits for the pointer. */
function Value({ of: number }: { readonly of: number | null | undefined }): Element {
  return <span title={String(number ?? "")}>{short(number)}</span>;
}

/** @jsxImportSource npm:hono@4.13.19/jsx */
import type { Element } from "../base/html.ts";
import { showValue } from "../document/show.ts";
import { askedWords, isComparison, type ReportDocument } from "../replay/report.ts";
import { CodeSection } from "./html_code.tsx";
import { DataSection } from "./html_data.tsx";
import { Clause, ClausesSection, DriftSection } from "./html_drifts.tsx";
import { AttributionSection, MetricsSection } from "./html_metrics.tsx";
import type { HtmlReportOptions } from "./html_options.ts";
import { Facts, Long, Section, Table, VerdictBanner } from "./html_parts.tsx";
import { PlotsSection } from "./html_plots.tsx";
import type { Reported } from "./reported.ts";
import { asRecordedWords, configChangesOf, originsOf } from "./words.ts";

/** A replay report: the verdict in words, why, every drift, and what stands behind it. */
export function Report(
  { report, options = {} }: { readonly report: Reported; readonly options?: HtmlReportOptions },
): Element {
  const { as_recorded, attribution, verdict } = report;
  return (
    <>
      <Head report={report} />
      <About report={report} options={options} />
      <DriftSection report={report} options={options} />
      <Explanations report={report} options={options} />
      {as_recorded && (
        <Section id="as-recorded" heading="The recorded source, run again">
          <Paragraphs texts={asRecordedWords(as_recorded)} />
        </Section>
      )}
      {attribution && <AttributionSection attribution={attribution} />}
      <MetricsSection report={report} curves={options.curves} />
      <PlotsSection verdict={verdict} evaluations={options.evaluations} />
      <ClausesSection report={report} />
    </>
  );
}

/** The verdict with its reasons. */
function Head({ report }: { readonly report: ReportDocument }): Element {
  const { verdict, reasons } = report;
  const label = verdict === "diverged" ? "First difference: " : "";
  return (
    <>
      <VerdictBanner report={report} />
      {reasons.length > 0 && <ul class="reasons">{reasons.map((reason) => <li>{label}{reason}</li>)}</ul>}
    </>
  );
}

/** Which runs a report is about, by what they were judged, and what else a reader should know. */
function About(
  { report, options: { links } }: { readonly report: ReportDocument; readonly options: HtmlReportOptions },
): Element {
  const { verdict, run_id, run_name, rerun_id, config, notes, asked } = report;
  const isCompared = isComparison(verdict);
  const run = links ? <a href={links.run(run_id)}>{run_name}</a> : run_name;
  const rerun = rerun_id === undefined ? undefined : !links ? <code class="digest">{rerun_id}</code> : (
    <>
      <a href={links.run(rerun_id)}>{rerun_id.slice(0, 8)}</a> {!isCompared && (
        <>
          (<a href={links.compare(run_id, rerun_id)}>compare</a>)
        </>
      )}
    </>
  );
  return (
    <>
      <Facts
        entries={[
          [
            "Run",
            <>
              {run} <code class="digest">{links ? run_id.slice(0, 8) : run_id}</code>
            </>,
          ],
          ...(config === "" ? [] : [["Judged by", <code>{config}</code>] as const]),
          ...(rerun ? [[isCompared ? "Compared with" : "Trained again as", rerun] as const] : []),
        ]}
      />
      <Paragraphs texts={asked === undefined ? notes : [askedWords(asked), ...notes]} />
    </>
  );
}

/** What stands behind the drifts: declarations, rows and cells, leaves of the config, and what can't be told. */
export function Explanations(
  { report, options }: { readonly report: ReportDocument; readonly options: HtmlReportOptions },
): Element {
  const { data, untold } = report;
  return (
    <>
      <CodeSection report={report} options={options} />
      {data && <DataSection change={data} options={options} />}
      <ConfigSection report={report} />
      {untold.length > 0 && (
        <Section id="untold" heading="What can’t be told">
          <Paragraphs texts={untold} />
        </Section>
      )}
    </>
  );
}

function ConfigSection({ report }: { readonly report: ReportDocument }): Element | null {
  const changes = configChangesOf(report);
  if (changes.length === 0) return null;
  return (
    <Section id="config" heading="Config">
      <Table
        caption="Config"
        columns={["Leaf", "Past", "Current", "From"]}
        rows={changes.map(({ path, past, current, origin }) => ({
          cells: [
            <Clause name={path} />,
            <Long text={showValue(past)} characters={400} />,
            <Long text={showValue(current)} characters={400} />,
            <code class="long">{originsOf(origin)}</code>,
          ],
        }))}
        stack
      />
    </Section>
  );
}

function Paragraphs({ texts }: { readonly texts: readonly string[] }): Element {
  return <>{texts.map((text) => <p>{text}</p>)}</>;
}

/** @jsxImportSource npm:hono@4.13.19/jsx */
import type { Element, Html } from "../../base/html.ts";
import { type ContractRecord, isBindingByDefault } from "../../contract/contract.ts";
import { raw } from "../../deps/hono_html.ts";
import { count, short } from "../../document/show.ts";
import { learningPlot } from "../../plot/learning.ts";
import { lineageSvg } from "../../plot/lineage.ts";
import { figure } from "../../plot/panel.ts";
import { Clause } from "../../report/html_drifts.tsx";
import { clip, Digest, Facts, Long, Section, Table } from "../../report/html_parts.tsx";
import { PlotFigures } from "../../report/html_plots.tsx";
import { curvesOf } from "../../report/log.ts";
import { recorded } from "../../tracking/recorded.ts";
import { misshapenWords, showRun } from "../../tracking/runs.ts";
import type { Run } from "../../tracking/store.ts";
import { readEvaluation } from "../../training/evaluation/read.ts";
import type { ServerContext } from "../context.ts";
import type { Page } from "./layout.tsx";
import { byChoice, duration, FormTrouble, Moment, StateBadge } from "./parts.tsx";
import { experimentNames, MODULES, readContract, readLineage, sourceUrl, verdictsOf } from "./reading.ts";
import { VerdictOf } from "./runs_table.tsx";

/** More clauses, params or files than this are only counted, so that no page is too heavy. */
const SHOWN = 100;

/** One run with all that was recorded of it, and a form to replay it. */
export async function runPage(context: ServerContext, id: string): Promise<Page> {
  const store = await context.openStore();
  const run = await showRun(store, id);
  const { info, params, tags, datasets, artifacts } = run;
  const [names, contract, curves, evaluation, lineage] = await Promise.all([
    experimentNames(store),
    readContract(store, id),
    curvesOf(store, run),
    readEvaluation(store, id),
    readLineage(store, id),
  ]);
  const learning = learningPlot(curves);
  const failure = tags[recorded.tags.failure];
  return {
    title: `${info.run_name} · run`,
    section: "/runs",
    main: (
      <>
        <h1>
          {info.run_name} <StateBadge state={info.status} />{" "}
          <VerdictOf run={run} verdicts={verdictsOf(context.jobs)} />
        </h1>
        {failure && (
          <div class="trouble">
            <p>{failure}</p>
          </div>
        )}
        {run.misshapen && (
          <div class="trouble">
            <p>{misshapenWords(run.misshapen)}</p>
          </div>
        )}
        <About run={run} experiment={names.get(info.experiment_id) ?? info.experiment_id} />
        <div class="columns">
          <Section id="metrics" heading="Metrics">
            <Metrics run={run} />
          </Section>
          <Section id="replay" heading="Replay">
            <ReplayForm id={info.run_id} />
          </Section>
        </div>
        {learning.panels.length > 0 && (
          <Section id="curves" heading="Curves">{figure(learning, "curve")}</Section>
        )}
        {evaluation && (
          <Section id="plots" heading="Plots">
            <PlotFigures evaluation={evaluation} />
          </Section>
        )}
        {lineage && (
          <Section id="lineage" heading="Lineage">
            <div class="scroll" tabindex={0} role="region" aria-label="Lineage">
              {raw(lineageSvg(lineage, "lineage"))}
            </div>
          </Section>
        )}
        <Section id="params" heading="Params" note={String(Object.keys(params).length)}>
          <Pairs name="Params" values={params} />
        </Section>
        <Section
          id="contract"
          heading="Contract"
          note={contract && count(Object.keys(contract.clauses).length, "clause")}
        >
          {contract ? <Contract contract={contract} /> : <p>No contract that can be read is recorded.</p>}
        </Section>
        <Section id="datasets" heading="Datasets">
          <Datasets datasets={datasets} />
        </Section>
        <Files id={id} artifacts={artifacts} />
        <Section id="tags" heading="Tags">
          <Pairs name="Tags" values={tags} />
        </Section>
      </>
    ),
  };
}

function About(
  { run: { info, tags }, experiment }: { readonly run: Run; readonly experiment: string },
): Element {
  const repeats = tags[recorded.tags.replayOf];
  return (
    <Facts
      entries={[
        ["Run", <code>{info.run_id}</code>],
        ["Experiment", <a href={`/runs?experiment=${encodeURIComponent(experiment)}`}>{experiment}</a>],
        ["Started (UTC)", <Moment time={info.start_time} />],
        ["Took", info.end_time === undefined ? "not ended" : duration(info.end_time - info.start_time)],
        ["By", info.user_id || "unknown"],
        ...(repeats
          ? [["Repeats", <a href={`/runs/${encodeURIComponent(repeats)}`}>{repeats.slice(0, 8)}</a>] as const]
          : []),
      ]}
    />
  );
}

function Metrics({ run: { metrics } }: { readonly run: Run }): Element {
  const keys = Object.keys(metrics).sort();
  if (keys.length === 0) return <p>No metric is recorded.</p>;
  return (
    <Table
      caption="Metrics"
      columns={["Metric", { name: "Value", number: true }, { name: "Step", number: true }]}
      rows={keys.map((key) => ({
        cells: [
          key,
          <span title={String(metrics[key]!.value)}>{short(metrics[key]!.value)}</span>,
          metrics[key]!.step,
        ],
      }))}
    />
  );
}

function ReplayForm({ id }: { readonly id: string }): Element {
  return (
    <form class="stack" data-post="/api/replay" aria-labelledby="replay">
      <FormTrouble />
      <p>Would running it today be this run again?</p>
      <input type="hidden" name="run_id" value={id} />
      <Check name="rerun" label="Train again where it is safe, and compare" />
      <Check name="recorded_config" label="Judge the recorded config, not today’s" />
      <Check name="as_recorded" label="Run the recorded source on the recorded data, and compare" />
      <Check name="attribute" label="Where drift blocks it, tell which change cost what" />
      <Check name="log" label="Attach the report to the run" />
      <button type="submit">Replay</button>
    </form>
  );
}

function Check({ name, label }: { readonly name: string; readonly label: string }): Element {
  return (
    <label class="check">
      <input type="checkbox" name={name} /> {label}
    </label>
  );
}

function Contract({ contract: { clauses, evidence } }: { readonly contract: ContractRecord }): Element {
  const entries = Object.entries(clauses);
  return (
    <details open={entries.length <= 12}>
      <summary>What the run was made of</summary>
      <Table
        caption="Contract"
        columns={["Clause", "Digest", "Value", "Binding"]}
        rows={entries.slice(0, SHOWN).map(([clause, digest]) => ({
          cells: [
            <Clause name={clause} />,
            <Digest value={digest} />,
            <Long text={evidence[clause]?.value ?? ""} />,
            isBindingByDefault(clause) ? "binding" : "advisory",
          ],
        }))}
      />
      <More length={entries.length} where={`artifact ${recorded.contract}`} />
    </details>
  );
}

function Datasets({ datasets }: { readonly datasets: Run["datasets"] }): Element {
  if (datasets.length === 0) return <p>No dataset is recorded.</p>;
  return (
    <Table
      caption="Datasets"
      columns={["Dataset", "Context", "Digest", "Source", "Profile"]}
      rows={datasets.map(({ name, context, digest, source, profile }) => ({
        cells: [name, context, <code>{digest}</code>, <code>{source}</code>, <code>{profile}</code>],
      }))}
    />
  );
}

function Pairs(
  { name, values }: { readonly name: string; readonly values: Readonly<Record<string, string>> },
): Element {
  const keys = Object.keys(values).sort(byChoice);
  if (keys.length === 0) return <p>None.</p>;
  return (
    <>
      <Facts
        entries={keys.slice(0, SHOWN).map((key) => [key, <code class="long">{clip(values[key]!)}</code>])}
      />
      <More length={keys.length} where={name.toLowerCase()} />
    </>
  );
}

function Files({ id, artifacts }: { readonly id: string; readonly artifacts: readonly string[] }): Element {
  const [modules = [], others = []] = [true, false].map((isModule) =>
    artifacts.filter((path) => path.startsWith(MODULES) === isModule)
  );
  return (
    <div class="columns">
      <Section id="source" heading="Source">
        {modules.length === 0 ? <p>No source is recorded.</p> : (
          <FileList
            items={modules.map((path) => path.slice(MODULES.length)).map((path) => (
              <a href={sourceUrl(id, path)}>{path}</a>
            ))}
          />
        )}
      </Section>
      <Section id="artifacts" heading="Artifacts">
        <FileList items={others.map((path) => <code>{path}</code>)} />
      </Section>
    </div>
  );
}

function FileList({ items }: { readonly items: readonly Html[] }): Element {
  return (
    <>
      <ul class="files">{items.slice(0, SHOWN).map((item) => <li>{item}</li>)}</ul>
      <More length={items.length} where="files" />
    </>
  );
}

/** How many are left out of a list, and where all are. */
function More({ length, where }: { readonly length: number; readonly where: string }): Element | null {
  return length > SHOWN ? <p>{length - SHOWN} more in the {where}.</p> : null;
}

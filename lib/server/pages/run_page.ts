import { ExperimentError } from "../../base/error.ts";
import { type ContractRecord, isBindingByDefault } from "../../contract/contract.ts";
import { html, raw } from "../../deps/hono_html.ts";
import { learningPlot } from "../../plot/learning.ts";
import { lineageSvg } from "../../plot/lineage.ts";
import { figure } from "../../plot/panel.ts";
import { plotFigures } from "../../report/html_plots.ts";
import { curvesOf } from "../../report/log.ts";
import { readText } from "../../tracking/read.ts";
import { recorded } from "../../tracking/recorded.ts";
import { showRun } from "../../tracking/runs.ts";
import type { Run } from "../../tracking/store.ts";
import { readEvaluation } from "../../training/evaluation/read.ts";
import type { ServerContext } from "../context.ts";
import type { Html, Page } from "./layout.ts";
import {
  breakable,
  byChoice,
  clip,
  count,
  digest,
  duration,
  facts,
  formTrouble,
  moment,
  section,
  short,
  stateBadge,
  table,
} from "./parts.ts";
import { experimentNames, MODULES, readContract, readLineage, sourceUrl, verdictsOf } from "./reading.ts";
import { verdictOf } from "./runs_page.ts";

/** More clauses, params or files than this are only counted, so that no page is too heavy. */
const SHOWN = 100;
/** How much of a module is shown. */
const SOURCE_CHARACTERS = 60_000;

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
  const experiment = names.get(info.experiment_id) ?? info.experiment_id;
  const modules = artifacts.filter((path) => path.startsWith(MODULES));
  const verdict = verdictOf(run, verdictsOf(context.jobs));
  return {
    title: `${info.run_name} · run`,
    section: "/runs",
    main: html`<h1>${info.run_name} ${stateBadge(info.status)} ${verdict}</h1>
${
      tags[recorded.tags.failure]
        ? html`
          <div class="trouble">
            <p>${tags[recorded.tags.failure]}</p>
          </div>
        `
        : ""
    }
${
      facts([
        ["Run", html`<code>${id}</code>`],
        ["Experiment", html`<a href="/runs?experiment=${encodeURIComponent(experiment)}">${experiment}</a>`],
        ["Started (UTC)", moment(info.start_time)],
        ["Took", info.end_time === undefined ? "not ended" : duration(info.end_time - info.start_time)],
        ["By", info.user_id || "unknown"],
        ...(tags[recorded.tags.replayOf]
          ? [
            [
              "Repeats",
              html`<a href="/runs/${encodeURIComponent(tags[recorded.tags.replayOf]!)}">${
                tags[recorded.tags.replayOf]?.slice(0, 8)
              }</a>`,
            ] as const,
          ]
          : []),
      ])
    }
<div class="columns">
${section("metrics", "Metrics", metricsTable(run))}
${section("replay", "Replay", replayForm(info.run_id))}
</div>
${learning.panels.length === 0 ? "" : section("curves", "Curves", figure(learning, "curve"))}
${evaluation ? section("plots", "Plots", plotFigures(evaluation)) : ""}
${
      lineage
        ? section(
          "lineage",
          "Lineage",
          html`
            <div class="scroll" tabindex="0" role="region" aria-label="Lineage">${raw(
              lineageSvg(lineage, "lineage"),
            )}</div>
          `,
        )
        : ""
    }
${section("params", "Params", pairs("Params", params), String(Object.keys(params).length))}
${
      section(
        "contract",
        "Contract",
        contract === undefined
          ? html`<p>No contract that can be read is recorded.</p>`
          : contractTable(contract),
        contract === undefined ? "" : count(Object.keys(contract.clauses).length, "clause"),
      )
    }
${section("datasets", "Datasets", datasetTable(datasets))}
<div class="columns">
${
      section(
        "source",
        "Source",
        modules.length === 0 ? html`<p>No source is recorded.</p>` : fileList(
          modules.map((path) =>
            html`<a href="${sourceUrl(id, path.slice(MODULES.length))}">${path.slice(MODULES.length)}</a>`
          ),
        ),
      )
    }
${
      section(
        "artifacts",
        "Artifacts",
        fileList(
          artifacts.filter((path) => !path.startsWith(MODULES)).map((path) => html`<code>${path}</code>`),
        ),
      )
    }
</div>
${section("tags", "Tags", pairs("Tags", tags))}`,
  };
}

/** One recorded module of a run. */
export async function sourcePage(context: ServerContext, id: string, path: string): Promise<Page> {
  const store = await context.openStore();
  const { info, artifacts } = await showRun(store, id);
  const recordedPath = MODULES + path;
  // Only what a listing names is asked for: a path from outside never reaches the artifacts' folder.
  const text = artifacts.includes(recordedPath) ? await readText(store, id, recordedPath) : undefined;
  if (text === undefined) {
    throw new ExperimentError("RESOURCE_DOES_NOT_EXIST", `The run ${id} recorded no module ${path}.`, {
      hint: "The run's page lists its source.",
    });
  }
  const cut = text.length > SOURCE_CHARACTERS;
  return {
    title: `${path} · ${info.run_name}`,
    section: "/runs",
    main: html`
      <p class="crumbs"><a href="/runs/${id}#source">${info.run_name}</a></p>
      <h1><code>${path}</code></h1>
      <pre class="source" tabindex="0" role="region"
        aria-label="Source of ${path}"><code>${text.slice(0, SOURCE_CHARACTERS)}</code></pre>
      ${cut
        ? html`<p>${
          count(text.length - SOURCE_CHARACTERS, "more character")
        } in the artifact ${recordedPath}.</p>`
        : ""}
    `,
  };
}

function metricsTable({ metrics }: Run): Html {
  const keys = Object.keys(metrics).sort();
  if (keys.length === 0) return html`<p>No metric is recorded.</p>`;
  return table(
    "Metrics",
    ["Metric", { name: "Value", number: true }, { name: "Step", number: true }],
    keys.map((key) => ({
      cells: [
        key,
        html`<span title="${metrics[key]!.value}">${short(metrics[key]!.value)}</span>`,
        metrics[key]!.step,
      ],
    })),
  );
}

function replayForm(id: string): Html {
  return html`<form class="stack" data-post="/api/replay" aria-labelledby="replay">
${formTrouble}
<p>Would running it today be this run again?</p>
<input type="hidden" name="run_id" value="${id}">
<label class="check"><input type="checkbox" name="rerun"> Train again where it is safe, and compare</label>
<label class="check"><input type="checkbox" name="recorded_config"> Judge the recorded config, not today’s</label>
<label class="check"><input type="checkbox" name="as_recorded"> Run the recorded source on the recorded data, and compare</label>
<label class="check"><input type="checkbox" name="attribute"> Where drift blocks it, tell which change cost what</label>
<label class="check"><input type="checkbox" name="log"> Attach the report to the run</label>
<button type="submit">Replay</button>
</form>`;
}

function contractTable({ clauses, evidence }: ContractRecord): Html {
  const entries = Object.entries(clauses);
  return html`<details${
    entries.length <= 12
      ? html`
        open
      `
      : ""
  }><summary>What the run was made of</summary>
${
    table(
      "Contract",
      ["Clause", "Digest", "Value", "Binding"],
      entries.slice(0, SHOWN).map(([clause, value]) => ({
        cells: [
          html`<span class="clause">${breakable(clause)}</span>`,
          digest(value),
          html`<span class="long">${clip(evidence[clause]?.value ?? "")}</span>`,
          isBindingByDefault(clause) ? "binding" : "advisory",
        ],
      })),
    )
  }
${more(entries.length, `artifact ${recorded.contract}`)}</details>`;
}

function datasetTable(datasets: Run["datasets"]): Html {
  if (datasets.length === 0) return html`<p>No dataset is recorded.</p>`;
  return table(
    "Datasets",
    ["Dataset", "Context", "Digest", "Source", "Profile"],
    datasets.map(({ name, context, digest: value, source, profile }) => ({
      cells: [
        name,
        context,
        html`<code>${value}</code>`,
        html`<code>${source}</code>`,
        html`<code>${profile}</code>`,
      ],
    })),
  );
}

function pairs(name: string, values: Readonly<Record<string, string>>): Html {
  const keys = Object.keys(values).sort(byChoice);
  if (keys.length === 0) return html`<p>None.</p>`;
  return html`${
    facts(
      keys.slice(0, SHOWN).map((key) => [key, html`<code class="long">${clip(values[key]!)}</code>`]),
    )
  }${more(keys.length, name.toLowerCase())}`;
}

function fileList(items: readonly Html[]): Html {
  return html`<ul class="files">${items.slice(0, SHOWN).map((item) => html`<li>${item}</li>`)}</ul>${
    more(items.length, "files")
  }`;
}

function more(length: number, where: string): Html {
  return length > SHOWN ? html`<p>${length - SHOWN} more in the ${where}.</p>` : "";
}

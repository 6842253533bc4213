import { html } from "../../deps/hono_html.ts";
import type { ConfigEntry, ServerContext } from "../context.ts";
import type { Html, Page } from "./layout.ts";
import { badge, clip, formTrouble, section, table } from "./parts.ts";
import { experimentNames, verdictsOf } from "./reading.ts";
import { runsTable } from "./runs_page.ts";

/** How many runs of an experiment are counted. */
const COUNTED = 100;

/** What can be trained, what was, and a form to train. */
export async function experimentsPage(
  context: ServerContext,
  chosen: { readonly config: string | undefined; readonly set: readonly string[] },
): Promise<Page> {
  const store = await context.openStore();
  const [configs, experiments, newest, names] = await Promise.all([
    context.experiments(),
    store.searchExperiments(),
    store.searchRuns({ max_results: 8 }),
    experimentNames(store),
  ]);
  const counts = await Promise.all(experiments.map(async ({ experiment_id }) => {
    const page = await store.searchRuns({ experiment_ids: [experiment_id], max_results: COUNTED });
    return page.next_page_token === undefined ? `${page.runs.length}` : `${COUNTED} or more`;
  }));
  return {
    title: "Experiments",
    section: "/",
    main: html`<h1>Experiments</h1>
<div class="columns">
${section("train", "Train", trainForm(configs, chosen))}
${section("configs", "Configs", configTable(configs))}
${
      section(
        "recorded",
        "Recorded experiments",
        experiments.length === 0 ? html`<p>Nothing is recorded yet.</p>` : table(
          "Recorded experiments",
          ["Experiment", { name: "Runs", number: true }],
          experiments.map(({ name }, index) => ({
            cells: [
              html`<a href="/runs?experiment=${encodeURIComponent(name)}">${name}</a>`,
              counts[index]!,
            ],
          })),
        ),
      )
    }
</div>
${
      section(
        "newest",
        "Newest runs",
        newest.runs.length === 0
          ? html`<p>There are no runs yet: train an experiment.</p>`
          : html`${runsTable(newest.runs, { names, verdicts: verdictsOf(context.jobs) })}
<p><a href="/runs">All runs</a></p>`,
      )
    }`,
  };
}

function configTable(configs: readonly ConfigEntry[]): Html {
  if (configs.length === 0) return html`<p>There is no config in <code>configs/</code>.</p>`;
  return table(
    "Configs",
    ["Config", "Experiment", "Run"],
    configs.map(({ name, experiment, run, problem }) => ({
      cells: problem === undefined
        ? [
          html`<a href="/?config=${encodeURIComponent(name)}#train">${name}</a>`,
          experiment ?? "",
          run ?? "",
        ]
        : [
          name,
          html`${badge("bad", "✕", "can’t be read")}<div class="problem">${clip(problem, 400)}</div>`,
          "",
        ],
    })),
  );
}

function trainForm(
  configs: readonly ConfigEntry[],
  { config, set }: { readonly config: string | undefined; readonly set: readonly string[] },
): Html {
  const usable = configs.filter(({ problem }) => problem === undefined);
  return html`<form class="stack" data-post="/api/train" aria-labelledby="train">
${formTrouble}
<label for="experiment">Config</label>
<select id="experiment" name="experiment" required>${
    usable.map(({ name }) =>
      html`<option${
        name === config
          ? html`
            selected
          `
          : ""
      }>${name}</option>`
    )
  }</select>
<label for="set">Overrides <small>path=value, one a line</small></label>
<textarea id="set" name="set" data-lines rows="3" spellcheck="false" autocapitalize="off" placeholder="model.params.epochs=100">${
    set.join("\n")
  }</textarea>
<button type="submit">Train</button>
</form>`;
}

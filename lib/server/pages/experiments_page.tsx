/** @jsxImportSource npm:hono@4.13.19/jsx */
import type { Element } from "../../base/html.ts";
import { Badge, clip, Section, Table } from "../../report/html_parts.tsx";
import type { Experiment } from "../../tracking/store.ts";
import type { ConfigEntry, ServerContext } from "../context.ts";
import type { Page } from "./layout.tsx";
import { FormTrouble } from "./parts.tsx";
import { experimentNames, verdictsOf } from "./reading.ts";
import { RunsTable } from "./runs_table.tsx";

/** How many runs of an experiment are counted. */
const COUNTED = 100;

/** What the form is filled in with. */
interface Chosen {
  readonly config: string | undefined;
  readonly set: readonly string[];
}

/** What can be trained, what was, and a form to train. */
export async function experimentsPage(context: ServerContext, chosen: Chosen): Promise<Page> {
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
    main: (
      <>
        <h1>Experiments</h1>
        <div class="columns">
          <Section id="train" heading="Train">
            <TrainForm configs={configs} chosen={chosen} />
          </Section>
          <Section id="configs" heading="Configs">
            <ConfigTable configs={configs} />
          </Section>
          <Section id="recorded" heading="Recorded experiments">
            <ExperimentTable experiments={experiments} counts={counts} />
          </Section>
        </div>
        <Section id="newest" heading="Newest runs">
          {newest.runs.length === 0 ? <p>There are no runs yet: train an experiment.</p> : (
            <>
              <RunsTable runs={newest.runs} names={names} verdicts={verdictsOf(context.jobs)} />
              <p>
                <a href="/runs">All runs</a>
              </p>
            </>
          )}
        </Section>
      </>
    ),
  };
}

function ConfigTable({ configs }: { readonly configs: readonly ConfigEntry[] }): Element {
  if (configs.length === 0) {
    return (
      <p>
        There is no config in <code>configs/</code>.
      </p>
    );
  }
  return (
    <Table
      caption="Configs"
      columns={["Config", "Experiment", "Run"]}
      rows={configs.map(({ name, experiment, run, problem }) => ({
        cells: problem === undefined
          ? [<a href={`/?config=${encodeURIComponent(name)}#train`}>{name}</a>, experiment, run]
          : [
            name,
            <>
              <Badge tone="bad" symbol="✕" word="can’t be read" />
              <div class="problem">{clip(problem, 400)}</div>
            </>,
            "",
          ],
      }))}
    />
  );
}

function ExperimentTable(
  { experiments, counts }: {
    readonly experiments: readonly Experiment[];
    readonly counts: readonly string[];
  },
): Element {
  if (experiments.length === 0) return <p>Nothing is recorded yet.</p>;
  return (
    <Table
      caption="Recorded experiments"
      columns={["Experiment", { name: "Runs", number: true }]}
      rows={experiments.map(({ name }, index) => ({
        cells: [<a href={`/runs?experiment=${encodeURIComponent(name)}`}>{name}</a>, counts[index]],
      }))}
    />
  );
}

function TrainForm(
  { configs, chosen: { config, set } }: { readonly configs: readonly ConfigEntry[]; readonly chosen: Chosen },
): Element {
  const usable = configs.filter(({ problem }) => problem === undefined);
  return (
    <form class="stack" data-post="/api/train" aria-labelledby="train">
      <FormTrouble />
      <label for="experiment">Config</label>
      <select id="experiment" name="experiment" required>
        {usable.map(({ name }) => <option selected={name === config}>{name}</option>)}
      </select>
      <label for="set">
        Overrides <small>path=value, one a line</small>
      </label>
      <textarea
        id="set"
        name="set"
        data-lines=""
        rows={3}
        spellcheck={false}
        autocapitalize="off"
        placeholder="model.params.epochs=100"
      >
        {set.join("\n")}
      </textarea>
      <button type="submit">Train</button>
    </form>
  );
}

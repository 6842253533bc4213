import { ExperimentError } from "../../base/error.ts";
import { html } from "../../deps/hono_html.ts";
import type { Verdict } from "../../replay/report.ts";
import type { Run, RunStatus } from "../../tracking/store.ts";
import type { ServerContext } from "../context.ts";
import type { Html, Page } from "./layout.ts";
import { count, duration, isVerdict, moment, short, stateBadge, table, verdictBadge } from "./parts.ts";
import { experimentNames, verdictsOf } from "./reading.ts";

const STATUSES: readonly RunStatus[] = ["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"];
const PAGE_SIZE = 40;
/** How many metrics a list has room for. */
const METRICS = 4;

/** What the list of runs is asked for; an empty text asks nothing. */
export interface RunsQuery {
  readonly experiment: string;
  readonly name: string;
  readonly status: string;
  readonly page: string;
}

/** The runs that match, newest first, with boxes to compare two. */
export async function runsPage(context: ServerContext, query: RunsQuery): Promise<Page> {
  const store = await context.openStore();
  const names = await experimentNames(store);
  const status = STATUSES.find((one) => one === query.status);
  if (query.status !== "" && status === undefined) {
    throw new ExperimentError("INVALID_PARAMETER_VALUE", `There is no status "${query.status}".`, {
      hint: `Choose one of ${STATUSES.join(", ")}.`,
    });
  }
  const wanted = [...names].filter(([, name]) => name === query.experiment).map(([id]) => id);
  if (query.experiment !== "" && wanted.length === 0) {
    throw new ExperimentError("RESOURCE_DOES_NOT_EXIST", `There is no experiment "${query.experiment}".`, {
      hint: `There are: ${[...names.values()].join(", ") || "none"}.`,
    });
  }
  const { runs, next_page_token } = await store.searchRuns({
    ...(query.experiment === "" ? {} : { experiment_ids: wanted }),
    ...(query.name === "" ? {} : { run_name: query.name }),
    ...(status ? { status } : {}),
    ...(query.page === "" ? {} : { page_token: query.page }),
    max_results: PAGE_SIZE,
  });
  const next = next_page_token === undefined
    ? ""
    : html`<a rel="next" href="${hrefOf({ ...query, page: next_page_token })}">Older runs</a>`;
  const first = query.page === "" ? "" : html`<a href="${hrefOf({ ...query, page: "" })}">Newest runs</a>`;
  return {
    title: "Runs",
    section: "/runs",
    main: html`<h1>Runs</h1>
${filterForm(query, [...names.values()])}
${
      runs.length === 0
        ? html`<p>No run matches.</p>`
        : html`<form action="/compare" aria-label="Compare two runs">
${runsTable(runs, { names, verdicts: verdictsOf(context.jobs), compare: true })}
<p class="row"><button type="submit">Compare the two chosen</button> <span class="quiet-text">${
          count(runs.length, "run")
        } shown</span></p>
</form>`
    }
${first || next ? html`<nav class="row" aria-label="Pages">${first} ${next}</nav>` : ""}`,
  };
}

function hrefOf(query: RunsQuery): string {
  const given = Object.entries(query).filter(([, value]) => value !== "");
  return `/runs?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`;
}

function filterForm(query: RunsQuery, experiments: readonly string[]): Html {
  const option = (value: string, chosen: string, text = value) =>
    html`
      <option value="${value}" ${value === chosen
        ? html`
          selected
        `
        : ""}>${text}</option>
    `;
  return html`
    <form class="filter" action="/runs" role="search" aria-label="Filter runs">
      <div><label for="filter-experiment">Experiment</label>
    <select id="filter-experiment" name="experiment">${option("", query.experiment, "any")}${experiments.map((
      name,
    ) => option(name, query.experiment))}</select></div>
      <div><label for="filter-name">Run name</label>
    <input id="filter-name" name="name" value="${query.name}" spellcheck="false" autocapitalize="off"></div>
      <div><label for="filter-status">Status</label>
    <select id="filter-status" name="status">${option("", query.status, "any")}${STATUSES.map((status) =>
      option(status, query.status, status.toLowerCase())
    )}</select></div>
      <button type="submit" class="second">Filter</button>
    </form>
  `;
}

/** Runs as a table, with the metrics that most of them have. */
export function runsTable(runs: readonly Run[], { names, verdicts, compare = false }: {
  readonly names: ReadonlyMap<string, string>;
  readonly verdicts: ReadonlyMap<string, { readonly verdict: Verdict; readonly job: string }>;
  readonly compare?: boolean;
}): Html {
  const metrics = commonest(runs.flatMap((run) => Object.keys(run.metrics))).slice(0, METRICS);
  return table(
    "Runs",
    [
      "Run",
      ...(compare ? ["Compare"] : []),
      "Status",
      "Verdict",
      ...metrics.map((name) => ({ name, number: true as const })),
      "Experiment",
      "Started (UTC)",
      { name: "Took", number: true },
    ],
    runs.map((run) => ({
      cells: [
        html`<a href="/runs/${run.info.run_id}">${run.info.run_name}</a> <code class="digest">${
          run.info.run_id.slice(0, 8)
        }</code>`,
        ...(compare
          ? [
            html`<input type="checkbox" name="run" value="${run.info.run_id}" aria-label="Compare ${run.info.run_name} ${
              run.info.run_id.slice(0, 8)
            }">`,
          ]
          : []),
        stateBadge(run.info.status),
        verdictOf(run, verdicts),
        ...metrics.map((name) => run.metrics[name] === undefined ? "" : short(run.metrics[name].value)),
        names.get(run.info.experiment_id) ?? run.info.experiment_id,
        moment(run.info.start_time),
        run.info.end_time === undefined ? "" : duration(run.info.end_time - run.info.start_time),
      ],
    })),
  );
}

/** The newest verdict on a run, with a link to its report where this server has it. */
export function verdictOf(
  run: Run,
  verdicts: ReadonlyMap<string, { readonly verdict: Verdict; readonly job: string }>,
): Html {
  const judged = verdicts.get(run.info.run_id);
  if (judged) return html`<a href="/jobs/${judged.job}">${verdictBadge(judged.verdict)}</a>`;
  const tag = run.tags["reprise.verdict"];
  return isVerdict(tag) ? verdictBadge(tag) : "";
}

function commonest(names: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([name]) => name);
}

/** @jsxImportSource npm:hono@4.13.19/jsx */
import { ExperimentError } from "../../base/error.ts";
import type { Element } from "../../base/html.ts";
import { count } from "../../document/show.ts";
import type { RunStatus } from "../../tracking/store.ts";
import type { ServerContext } from "../context.ts";
import type { Page } from "./layout.tsx";
import { experimentNames, verdictsOf } from "./reading.ts";
import { RunsTable } from "./runs_table.tsx";

const STATUSES: readonly RunStatus[] = ["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"];
const PAGE_SIZE = 40;

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
  return {
    title: "Runs",
    section: "/runs",
    main: (
      <>
        <h1>Runs</h1>
        <FilterForm query={query} experiments={[...names.values()]} />
        {runs.length === 0 ? <p>No run matches.</p> : (
          <form action="/compare" aria-label="Compare two runs">
            <RunsTable runs={runs} names={names} verdicts={verdictsOf(context.jobs)} compare />
            <p class="row">
              <button type="submit">Compare the two chosen</button>{" "}
              <span class="quiet-text">{count(runs.length, "run")} shown</span>
            </p>
          </form>
        )}
        <PageLinks query={query} next={next_page_token} />
      </>
    ),
  };
}

function PageLinks(
  { query, next }: { readonly query: RunsQuery; readonly next: string | undefined },
): Element | null {
  if (query.page === "" && next === undefined) return null;
  return (
    <nav class="row" aria-label="Pages">
      {query.page !== "" && <a href={hrefOf({ ...query, page: "" })}>Newest runs</a>}{" "}
      {next !== undefined && <a rel="next" href={hrefOf({ ...query, page: next })}>Older runs</a>}
    </nav>
  );
}

function hrefOf(query: RunsQuery): string {
  const given = Object.entries(query).filter(([, value]) => value !== "");
  return `/runs?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`;
}

function FilterForm(
  { query, experiments }: { readonly query: RunsQuery; readonly experiments: readonly string[] },
): Element {
  return (
    <form class="filter" action="/runs" role="search" aria-label="Filter runs">
      <div>
        <label for="filter-experiment">Experiment</label>
        <select id="filter-experiment" name="experiment">
          <Option value="" chosen={query.experiment} text="any" />
          {experiments.map((name) => <Option value={name} chosen={query.experiment} />)}
        </select>
      </div>
      <div>
        <label for="filter-name">Run name</label>
        <input id="filter-name" name="name" value={query.name} spellcheck={false} autocapitalize="off" />
      </div>
      <div>
        <label for="filter-status">Status</label>
        <select id="filter-status" name="status">
          <Option value="" chosen={query.status} text="any" />
          {STATUSES.map((status) => (
            <Option value={status} chosen={query.status} text={status.toLowerCase()} />
          ))}
        </select>
      </div>
      <button type="submit" class="second">Filter</button>
    </form>
  );
}

function Option({ value, chosen, text = value }: {
  readonly value: string;
  readonly chosen: string;
  readonly text?: string;
}): Element {
  return <option value={value} selected={value === chosen}>{text}</option>;
}

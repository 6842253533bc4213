import { ExperimentError } from "../base/error.ts";
import { suggestionOf } from "../base/nearest.ts";
import { toLine } from "../document/show.ts";
import { reasonOfStore } from "./read.ts";
import type { Experiment, RecordedStatus, Run, RunStatus, TrackingStore } from "./store.ts";
import { artifactPaths } from "./walk.ts";

/** A run in a list. */
export interface RunSummary {
  /** The id that the store gave it. */
  readonly run_id: string;
  /** Its name, which other runs may have too. */
  readonly run_name: string;
  /** The name of its experiment. */
  readonly experiment: string;
  /** Its state; `UNKNOWN` where what is recorded is none. */
  readonly status: RecordedStatus;
  /** When it was started, in ISO 8601. */
  readonly start_time: string;
  /** The latest value of each metric. */
  readonly metrics: Readonly<Record<string, number>>;
  /** What of it is misshapen, in words, and is left out or empty; absent where nothing is. */
  readonly misshapen?: readonly string[];
}

/** A page of a list of runs. */
export interface RunList {
  /** The runs, newest first. */
  readonly runs: readonly RunSummary[];
  /** The token of the next page, where there is one. */
  readonly next_page_token?: string;
}

/** Which runs to list; all that is given must hold. */
export interface RunFilter {
  /** The name of their experiment. */
  readonly experiment?: string | undefined;
  readonly name?: string | undefined;
  readonly status?: RunStatus | undefined;
  readonly max_results: number;
  readonly page_token?: string | undefined;
}

/** A run with the paths of its artifacts. */
export interface ShownRun extends Run {
  /** Their paths, below the run's artifact root. */
  readonly artifacts: readonly string[];
}

/** The runs of a store, newest first. @throws {ExperimentError} `RESOURCE_DOES_NOT_EXIST` for no such experiment. */
export async function listRuns(store: TrackingStore, filter: RunFilter): Promise<RunList> {
  const { experiment, name, status, max_results, page_token } = filter;
  const wanted = await namedExperiments(store, experiment);
  const names = new Map(wanted.map(({ experiment_id, name }) => [experiment_id, name]));
  const { runs, next_page_token } = await store.searchRuns({
    experiment_ids: wanted.map(({ experiment_id }) => experiment_id),
    max_results,
    ...(name === undefined ? {} : { run_name: name }),
    ...(status === undefined ? {} : { status }),
    ...(page_token === undefined ? {} : { page_token }),
  });
  return {
    runs: runs.map(({ info, metrics, misshapen }) => ({
      run_id: info.run_id,
      run_name: info.run_name,
      experiment: names.get(info.experiment_id) ?? info.experiment_id,
      status: info.status,
      start_time: new Date(info.start_time).toISOString(),
      metrics: Object.fromEntries(Object.entries(metrics).map(([key, { value }]) => [key, value])),
      ...(misshapen === undefined ? {} : { misshapen }),
    })),
    ...(next_page_token === undefined ? {} : { next_page_token }),
  };
}

/**
 * The newest finished run of a name, with a word on the others.
 *
 * @throws {ExperimentError} `RESOURCE_DOES_NOT_EXIST` for no such run.
 */
export async function findFinished(
  store: TrackingStore,
  name: string,
): Promise<{ readonly run: Run; readonly notes: readonly string[] }> {
  const [finished, all] = await Promise.all([
    store.searchRuns({ run_name: name, status: "FINISHED", max_results: 1 }),
    store.searchRuns({ run_name: name, max_results: 2 }),
  ]);
  const [run] = finished.runs;
  if (run === undefined) throw await noRun(store, name, all.runs[0]);
  if (all.runs.length === 1) return { run, notes: [] };
  return {
    run,
    notes: [`Other runs are named "${name}" too; this is the newest finished one. --run-id picks another.`],
  };
}

async function noRun(store: TrackingStore, name: string, newest: Run | undefined): Promise<ExperimentError> {
  const at = `in ${store.uri}`;
  if (newest !== undefined) {
    return new ExperimentError(
      "RESOURCE_DOES_NOT_EXIST",
      `No run named "${name}" ${at} is finished: the newest, ${
        toLine(newest.info.run_id)
      }, is ${newest.info.status}.`,
      { hint: "Train it again." },
    );
  }
  const { runs } = await store.searchRuns({ max_results: 1000 });
  const names = [...new Set(runs.map(({ info }) => toLine(info.run_name)))];
  return new ExperimentError(
    "RESOURCE_DOES_NOT_EXIST",
    `There is no run named "${name}" ${at}. ${suggestionOf(name, names)}`,
    { hint: "`runs list` shows what there is; --tracking-uri names another store." },
  );
}

/** The experiment of a name, or all. @throws {ExperimentError} `RESOURCE_DOES_NOT_EXIST` for no such experiment. */
export async function namedExperiments(
  store: TrackingStore,
  name: string | undefined,
): Promise<readonly Experiment[]> {
  const all = await store.searchExperiments();
  const wanted = all.filter((experiment) => name === undefined || experiment.name === name);
  if (name === undefined || wanted.length > 0) return wanted;
  throw new ExperimentError(
    "RESOURCE_DOES_NOT_EXIST",
    `There is no experiment "${name}" in ${store.uri}.`,
    { hint: `There are: ${all.map((experiment) => toLine(experiment.name)).join(", ") || "none"}.` },
  );
}

/** A run with the paths of its artifacts. @throws {ExperimentError} `RESOURCE_DOES_NOT_EXIST` */
export async function showRun(store: TrackingStore, run: string): Promise<ShownRun> {
  const found = await findRun(store, run);
  const faults: string[] = [];
  const artifacts = await artifactPaths(store, found.info.run_id, {
    onFault: (error) => faults.push(reasonOfStore(error)),
  });
  const misshapen = [...found.misshapen ?? [], ...faults];
  return { ...found, artifacts, ...(misshapen.length === 0 ? {} : { misshapen }) };
}

/** A run by its id or by its name, then the newest one. @throws {ExperimentError} `RESOURCE_DOES_NOT_EXIST` */
export async function findRun(store: TrackingStore, run: string): Promise<Run> {
  if (/^[0-9a-f]{32}$/.test(run)) return await store.getRun(run);
  const [found] = (await store.searchRuns({ run_name: run, max_results: 1 })).runs;
  if (found !== undefined) return found;
  throw new ExperimentError("RESOURCE_DOES_NOT_EXIST", `There is no run "${run}" in ${store.uri}.`, {
    hint: "`runs list` shows what there is.",
  });
}

/** The latest value of each metric of a run. */
export function latestOf({ metrics }: Run): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(metrics).map(([key, { value }]) => [key, value]));
}

/** What is misshapen in a record of a run, in one sentence. */
export function misshapenWords(misshapen: readonly string[]): string {
  return `The run's record is misshapen: ${misshapen.join("; ")}.`;
}

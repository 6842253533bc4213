import { ExperimentError } from "./error.ts";
import type { Run, RunStatus, TrackingStore } from "./tracking/store.ts";

/** A run in a list. */
export interface RunSummary {
  /** The id that the store gave it. */
  readonly run_id: string;
  /** Its name, which other runs may have too. */
  readonly run_name: string;
  /** The name of its experiment. */
  readonly experiment: string;
  /** Its state. */
  readonly status: RunStatus;
  /** When it was started, in ISO 8601. */
  readonly start_time: string;
  /** The latest value of each metric. */
  readonly metrics: Readonly<Record<string, number>>;
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
  const experiments = await store.searchExperiments();
  const names = new Map(experiments.map(({ experiment_id, name }) => [experiment_id, name]));
  const wanted = experiments.filter(({ name }) => experiment === undefined || name === experiment);
  if (experiment !== undefined && wanted.length === 0) {
    throw new ExperimentError(
      "RESOURCE_DOES_NOT_EXIST",
      `There is no experiment "${experiment}" in ${store.uri}.`,
      { hint: `There are: ${experiments.map(({ name }) => name).join(", ") || "none"}.` },
    );
  }
  const { runs, next_page_token } = await store.searchRuns({
    experiment_ids: wanted.map(({ experiment_id }) => experiment_id),
    max_results,
    ...(name === undefined ? {} : { run_name: name }),
    ...(status === undefined ? {} : { status }),
    ...(page_token === undefined ? {} : { page_token }),
  });
  return {
    runs: runs.map(({ info, metrics }) => ({
      run_id: info.run_id,
      run_name: info.run_name,
      experiment: names.get(info.experiment_id) ?? info.experiment_id,
      status: info.status,
      start_time: new Date(info.start_time).toISOString(),
      metrics: Object.fromEntries(Object.entries(metrics).map(([key, { value }]) => [key, value])),
    })),
    ...(next_page_token === undefined ? {} : { next_page_token }),
  };
}

/** A run by its id or by its name, then the newest one. @throws {ExperimentError} `RESOURCE_DOES_NOT_EXIST` */
export async function showRun(store: TrackingStore, run: string): Promise<ShownRun> {
  const found = /^[0-9a-f]{32}$/.test(run)
    ? await store.getRun(run)
    : (await store.searchRuns({ run_name: run, max_results: 1 })).runs[0];
  if (found === undefined) {
    throw new ExperimentError("RESOURCE_DOES_NOT_EXIST", `There is no run "${run}" in ${store.uri}.`, {
      hint: "`runs list` shows what there is.",
    });
  }
  return { ...found, artifacts: await artifactPaths(store, found.info.run_id) };
}

async function artifactPaths(
  store: TrackingStore,
  runId: string,
  folder?: string,
): Promise<readonly string[]> {
  const entries = await store.listArtifacts(runId, folder);
  const paths = await Promise.all(
    entries.map(({ path, is_dir }) => is_dir ? artifactPaths(store, runId, path) : [path]),
  );
  return paths.flat();
}

import { observeProcess } from "../base/observe/observe.ts";
import { namedExperiments } from "../tracking/runs.ts";
import type { Run, TrackingStore } from "../tracking/store.ts";
import { type ReplayOptions, replayRun } from "./replay.ts";
import type { ReplayReport } from "./report.ts";
import { openToday } from "./today.ts";

/** How many runs a page of the search has. */
const PAGE = 1000;

/**
 * Judges the newest finished run of each name in one process, each dataset loaded once; the newest run first.
 *
 * @param options.experiment Only runs of this experiment of the store; of all where left out.
 * @throws {ExperimentError} `RESOURCE_DOES_NOT_EXIST` for no such experiment.
 */
export async function* replayAll(
  options: Omit<ReplayOptions, "experiment" | "config"> & {
    readonly experimentName?: string;
    /** The replay config of a run by its name. */
    readonly configOf: (run: string) => Promise<ReplayOptions["config"]>;
  },
): AsyncGenerator<ReplayReport> {
  using _observed = observeProcess();
  const { store, signal } = options;
  const today = openToday(signal ? { signal } : {});
  for (const run of await newestRuns(store, options.experimentName)) {
    signal?.throwIfAborted();
    yield await replayRun(run, { ...options, today });
  }
}

/** The newest finished run of each name in each experiment, newest first. */
async function newestRuns(store: TrackingStore, experiment: string | undefined): Promise<readonly Run[]> {
  const experiments = await namedExperiments(store, experiment);
  const newest = new Map<string, Run>();
  let page_token: string | undefined;
  do {
    const page = await store.searchRuns({
      experiment_ids: experiments.map(({ experiment_id }) => experiment_id),
      status: "FINISHED",
      max_results: PAGE,
      ...(page_token === undefined ? {} : { page_token }),
    });
    for (const run of page.runs) {
      const key = JSON.stringify([run.info.experiment_id, run.info.run_name]);
      if (!newest.has(key)) newest.set(key, run);
    }
    page_token = page.next_page_token;
  } while (page_token !== undefined);
  return [...newest.values()];
}

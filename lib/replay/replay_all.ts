import { reasonOf } from "../base/error.ts";
import { Pages } from "../tracking/pages.ts";
import { observeProcess } from "../base/observe/observe.ts";
import { namedExperiments } from "../tracking/runs.ts";
import type { Run, TrackingStore } from "../tracking/store.ts";
import { type ReplayOptions, replayRun, unverifiable } from "./replay.ts";
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
    yield await judged(run, { ...options, today });
  }
}

/** The report of a run; where it can't be judged, an unverifiable one that says why, so that the others are judged. */
async function judged(run: Run, options: Parameters<typeof replayRun>[1]): Promise<ReplayReport> {
  try {
    return await replayRun(run, options);
  } catch (error) {
    return unverifiable(run, [reasonOf(error)]);
  }
}

/** The newest finished run of each name in each experiment, newest first. */
async function newestRuns(store: TrackingStore, experiment: string | undefined): Promise<readonly Run[]> {
  const experiments = await namedExperiments(store, experiment);
  const newest = new Map<string, Run>();
  const pages = new Pages(`The list of runs of ${store.uri}`);
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
    page_token = pages.after(page.runs.length, page.next_page_token);
  } while (page_token !== undefined);
  return [...newest.values()];
}

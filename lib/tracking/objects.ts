import { gunzipSync, gzipSync } from "node:zlib";
import { now } from "../environment.ts";
import { ExperimentError } from "../error.ts";
import type { TrackingStore } from "./store.ts";

/** The experiment whose runs keep what other runs share; lists of runs leave it out. */
export const OBJECTS_EXPERIMENT = "reprise-objects";

/** What runs share, each kept once under its digest. */
export interface Objects {
  /** Keeps what `make` gives under a digest, unless something is kept under it already. */
  put(digest: string, make: () => Promise<Uint8Array> | Uint8Array): Promise<void>;
  /** What is kept under a digest; undefined where nothing is. */
  get(digest: string): Promise<Uint8Array | undefined>;
}

/**
 * The objects of a store: artifacts, compressed with gzip, of a run that exists for them alone, so that any MLflow server
 * can keep them and its own tools show, copy and delete them.
 */
export function openObjects(store: TrackingStore): Objects {
  let holders: Promise<readonly string[]> | undefined;

  /** The runs that keep objects: one, unless two processes made the first at the same time. */
  async function find(): Promise<readonly string[]> {
    const experiment = await store.getExperimentByName(OBJECTS_EXPERIMENT);
    if (experiment === undefined) return [];
    const { runs } = await store.searchRuns({ experiment_ids: [experiment.experiment_id] });
    return runs.map(({ info }) => info.run_id).toReversed();
  }

  async function make(): Promise<readonly string[]> {
    const found = await find();
    if (found.length > 0) return found;
    const { experiment_id } = await store.ensureExperiment(OBJECTS_EXPERIMENT);
    const tags = { "mlflow.note.content": "Data and source that runs of Reprise share, by digest." };
    const at = now();
    const { run_id } = await store.createRun({
      experiment_id,
      run_name: "objects",
      user_id: "reprise",
      start_time: at,
      tags,
    });
    await store.updateRun(run_id, { status: "FINISHED", end_time: at });
    return [run_id];
  }

  async function holderOf(digest: string, among: readonly string[]): Promise<string | undefined> {
    const path = pathOf(digest);
    for (const run of among) {
      const entries = await store.listArtifacts(run, path.slice(0, path.indexOf("/")));
      if (entries.some((entry) => entry.path === path)) return run;
    }
    return undefined;
  }

  return {
    async put(digest, content) {
      holders ??= make();
      const among = await holders;
      if (await holderOf(digest, among) !== undefined) return;
      await store.logArtifact(among[0]!, pathOf(digest), gzipSync(await content()));
    },
    async get(digest) {
      for (const run of await (holders ?? find())) {
        try {
          return gunzipSync(await store.downloadArtifact(run, pathOf(digest)));
        } catch (error) {
          if (!(error instanceof ExperimentError) || error.code !== "RESOURCE_DOES_NOT_EXIST") throw error;
        }
      }
      return undefined;
    },
  };
}

const pathOf = (digest: string) => `${digest.slice(0, 2)}/${digest}.gz`;

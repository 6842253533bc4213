import { ExperimentError } from "../base/error.ts";
import { jsonIn } from "../base/json.ts";
import type { TrackingStore } from "./store.ts";

/** An artifact as text; undefined where there is none. */
export async function readText(
  store: TrackingStore,
  runId: string,
  path: string,
): Promise<string | undefined> {
  try {
    return new TextDecoder().decode(await store.downloadArtifact(runId, path));
  } catch (error) {
    if (error instanceof ExperimentError && error.code === "RESOURCE_DOES_NOT_EXIST") return undefined;
    throw error;
  }
}

/** The value of an artifact of JSON; undefined where there is none, or it is something else. */
export async function readJson(store: TrackingStore, runId: string, path: string): Promise<unknown> {
  return jsonIn(await readText(store, runId, path) ?? "");
}

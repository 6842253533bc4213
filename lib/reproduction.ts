import { recorded } from "./record.ts";
import type { TrackingStore } from "./tracking/store.ts";

/**
 * The first difference between two runs in words, bit for bit: in their metrics and curves by step, then in the files
 * of their models; undefined where there is none.
 */
export async function firstDifference(
  store: TrackingStore,
  pastId: string,
  currentId: string,
): Promise<string | undefined> {
  const [past, current] = await Promise.all([store.getRun(pastId), store.getRun(currentId)]);
  for (const key of bothSorted(Object.keys(past.metrics), Object.keys(current.metrics))) {
    const [before, after] = await Promise.all([
      store.getMetricHistory(pastId, key),
      store.getMetricHistory(currentId, key),
    ]);
    for (let point = 0; point < Math.max(before.length, after.length); point++) {
      const [a, b] = [before[point], after[point]];
      if (a?.step !== b?.step || !Object.is(a?.value, b?.value)) {
        return `the metric ${key} at step ${(a ?? b)!.step}: ${a?.value ?? "none"} → ${b?.value ?? "none"}`;
      }
    }
  }
  const [before, after] = await Promise.all([modelFiles(store, pastId), modelFiles(store, currentId)]);
  for (const path of bothSorted(before, after)) {
    if (!before.includes(path) || !after.includes(path)) {
      return `the model's file ${path} is only in the ${before.includes(path) ? "past" : "current"} run`;
    }
    const [a, b] = await Promise.all([
      store.downloadArtifact(pastId, path),
      store.downloadArtifact(currentId, path),
    ]);
    const at = a.length === b.length
      ? a.findIndex((byte, index) => byte !== b[index])
      : Math.min(a.length, b.length);
    if (at >= 0) return `the model's file ${path} from byte ${at + 1}`;
  }
  return undefined;
}

async function modelFiles(
  store: TrackingStore,
  runId: string,
  folder: string = recorded.model,
): Promise<string[]> {
  const entries = await store.listArtifacts(runId, folder);
  const files = await Promise.all(
    entries.map(({ path, is_dir }) => (is_dir ? modelFiles(store, runId, path) : [path])),
  );
  return files.flat();
}

function bothSorted(some: readonly string[], others: readonly string[]): readonly string[] {
  return [...new Set([...some, ...others])].sort();
}

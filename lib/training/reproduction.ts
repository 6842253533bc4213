import { byStep } from "../tracking/point.ts";
import { recorded } from "../tracking/recorded.ts";
import type { Metric, TrackingStore } from "../tracking/store.ts";
import { artifactPaths } from "../tracking/walk.ts";

/** What a run came to: what is compared bit for bit. */
export interface Outcome {
  /** Each metric's and curve's points, by name; in the order of their steps, equal steps by value. */
  readonly points: Readonly<Record<string, readonly Pick<Metric, "step" | "value">[]>>;
  /** The files of the model by their paths among the artifacts. */
  readonly files: Readonly<Record<string, Uint8Array>>;
}

/** The outcome that a run recorded. */
export async function outcomeOf(store: TrackingStore, runId: string): Promise<Outcome> {
  const [{ metrics }, paths] = await Promise.all([
    store.getRun(runId),
    artifactPaths(store, runId, { folder: recorded.model }),
  ]);
  const [points, files] = await Promise.all([
    pointsIn(store, runId, Object.keys(metrics)),
    Promise.all(paths.map(async (path) => [path, await store.downloadArtifact(runId, path)] as const)),
  ]);
  return { points, files: Object.fromEntries(files) };
}

/** Every point of some metrics of a run, as they are read back from its store. */
export async function pointsIn(
  store: TrackingStore,
  runId: string,
  keys: Iterable<string>,
): Promise<Outcome["points"]> {
  return Object.fromEntries(
    await Promise.all(
      [...keys].map(async (key) =>
        [key, [...await store.getMetricHistory(runId, key)].sort(byStepAndValue)] as const
      ),
    ),
  );
}

/** Orders points by step; those of one step by value, as nothing else that is compared tells them apart. */
export function byStepAndValue(a: Pick<Metric, "step" | "value">, b: Pick<Metric, "step" | "value">): number {
  return byStep({ key: "", timestamp: 0, ...pick(a) }, { key: "", timestamp: 0, ...pick(b) });
}

const pick = ({ step, value }: Pick<Metric, "step" | "value">) => ({ step, value });

/**
 * The first difference between two outcomes in words, bit for bit: in their metrics and curves by step, then in the files
 * of their models; undefined where there is none.
 */
export function outcomeDifference(past: Outcome, current: Outcome): string | undefined {
  for (const key of bothSorted(past.points, current.points)) {
    const [before = [], after = []] = [ownOf(past.points, key), ownOf(current.points, key)];
    for (let point = 0; point < Math.max(before.length, after.length); point++) {
      const [a, b] = [before[point], after[point]];
      if (a?.step !== b?.step || !Object.is(a?.value, b?.value)) {
        return `the metric ${key} at step ${(a ?? b)!.step}: ${a?.value ?? "none"} → ${b?.value ?? "none"}`;
      }
    }
  }
  for (const path of bothSorted(past.files, current.files)) {
    const [a, b] = [ownOf(past.files, path), ownOf(current.files, path)];
    if (a === undefined || b === undefined) {
      return `the model's file ${path} is only in the ${a === undefined ? "current" : "past"} run`;
    }
    const at = a.length === b.length
      ? a.findIndex((byte, index) => byte !== b[index])
      : Math.min(a.length, b.length);
    if (at >= 0) return `the model's file ${path} from byte ${at + 1}`;
  }
  return undefined;
}

/** What a map has under a name, which may be one of what every object has. */
function ownOf<Value>(map: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}

function bothSorted(some: object, others: object): readonly string[] {
  return [...new Set([...Object.keys(some), ...Object.keys(others)])].sort();
}

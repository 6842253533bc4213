import { now } from "../base/environment.ts";
import { ExperimentError } from "../base/error.ts";
import type { Metric, TrackingStore } from "../tracking/store.ts";
import { isMetric, turnTaker } from "./fit.ts";

/** How often a curve is recorded, in milliseconds. */
const RECORD_MS = 2000;

/** Records a training curve while the fit goes on, and lets signals and other work have their turn. */
export function openCurve(
  store: TrackingStore,
  runId: string,
  { onEpoch: tell, signal }: {
    readonly onEpoch: (epoch: number, metrics: Readonly<Record<string, number>>) => void;
    readonly signal?: AbortSignal;
  },
) {
  let points: Metric[] = [];
  const curves = new Map<string, Metric[]>();
  let recorded = now();
  const takeTurns = turnTaker(signal);
  const flush = async () => {
    const metrics = points;
    points = [];
    if (metrics.length > 0) await store.logBatch(runId, { metrics });
  };
  const onEpoch = async (epoch: number, metrics: Readonly<Record<string, number>>) => {
    const timestamp = now();
    for (const [key, value] of Object.entries(metrics)) {
      if (isMetric(key)) throw scoreName(key);
      const point = { key, value, timestamp, step: epoch };
      points.push(point);
      const curve = curves.get(key);
      if (curve) curve.push(point);
      else curves.set(key, [point]);
    }
    tell(epoch, metrics);
    await takeTurns();
    if (timestamp - recorded >= RECORD_MS) {
      await flush();
      recorded = now();
    }
  };
  return {
    onEpoch,
    flush,
    curves: () => [...curves].map(([key, points]) => ({ key, points })),
    last: () => Object.fromEntries([...curves].map(([key, points]) => [key, points.at(-1)!.value])),
  };
}

function scoreName(key: string): ExperimentError {
  return new ExperimentError(
    "INVALID_PARAMETER_VALUE",
    `The training curve "${key}" has the name of a test score, so the two could not be told apart.`,
    { hint: `Call it train_${key} in the model's onEpoch.` },
  );
}

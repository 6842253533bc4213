import type { Metric } from "./store.ts";

/** A metric point as MLflow's tables hold it. */
export interface Point {
  readonly key: string;
  readonly value: number;
  readonly timestamp: number;
  readonly step: number;
  readonly is_nan: 0 | 1;
}

/** A point as the tables hold it: NaN is 0 with a mark, an infinity the largest number of its sign. */
export function toPoint({ key, value, timestamp, step }: Metric): Point {
  const finite = Math.min(Math.max(value, -Number.MAX_VALUE), Number.MAX_VALUE);
  const is_nan = Number.isNaN(value) ? 1 : 0;
  return { key, value: is_nan ? 0 : finite, timestamp, step, is_nan };
}

/** The metric that a point in the tables stands for. */
export function toMetric({ key, value, timestamp, step, is_nan }: Point): Metric {
  return { key, value: is_nan ? NaN : fromStoredValue(value), timestamp, step };
}

/** The value that was recorded as a number that is not NaN: the largest number of either sign stands for infinity. */
export function fromStoredValue(value: number): number {
  return Math.abs(value) === Number.MAX_VALUE ? value * 2 : value;
}

/** Whether MLflow takes point `a` as newer than `b` when it keeps the latest of a metric. */
export function isLater(a: Point, b: Point): boolean {
  if (a.step !== b.step) return a.step > b.step;
  if (a.timestamp !== b.timestamp) return a.timestamp > b.timestamp;
  return a.value > b.value;
}

/** Orders metric points by step, then by time, then by value as the tables hold it. */
export function byStep(a: Metric, b: Metric): number {
  if (a.step !== b.step) return a.step - b.step;
  if (a.timestamp !== b.timestamp) return a.timestamp - b.timestamp;
  const [first, second] = [toPoint(a), toPoint(b)];
  return first.value - second.value || first.is_nan - second.is_nan;
}

import { type Matrix, takeRows } from "../../base/matrix.ts";
import { momentsOf } from "../../base/mean.ts";
import type { Random } from "../../base/random.ts";
import type { Prepared } from "../../experiment/prepare.ts";
import type { Importance } from "../../models/evaluation.ts";
import { lossOf } from "../../models/metrics.ts";
import { type FittedFold, scorerOf } from "../fit.ts";

const REPEATS = 5;
/** How many test rows are shuffled at most, and for how many rows a prediction is asked for, over all folds. */
const MOST_ROWS = 2000;
const PREDICTIONS = 20_000;
/** Fewer rows say nothing, where there are more to take. */
const FEWEST_ROWS = 20;

/** Collects by how much a metric gets worse when a feature is shuffled, fold by fold. */
export interface ImportanceCollector {
  /** Shuffles each feature among test rows of a fold; `takeTurn` is awaited after each prediction. */
  add(fold: FittedFold, takeTurn: () => Promise<void>): Promise<void>;
  /** What was found; undefined where there is nothing, as where the metric is not a number. */
  importance(): Importance | undefined;
}

/** Opens a collector of the importances by a run's first metric. */
export function collectImportance(prepared: Prepared, random: Random): ImportanceCollector {
  const { spec, features, splits } = prepared;
  const metric = spec.metrics[0]!;
  const most = Math.min(MOST_ROWS, Math.floor(PREDICTIONS / (REPEATS * features.length)));
  const losses = new Map<string, number[]>(features.map(({ name }) => [name, []]));
  let shuffled = 0;
  let folds = 0;
  return {
    async add({ design, estimator, test, x }, takeTurn) {
      const stream = random.stream(`fold_${++folds}`);
      const size = Math.min(test.length, Math.floor(most / splits.length));
      if (size < test.length && size * splits.length < FEWEST_ROWS) return;
      const chosen = size === test.length
        ? Uint32Array.from(test.keys())
        : stream.stream("rows").shuffle(Uint32Array.from(test.keys())).slice(0, size).sort();
      const rows = chosen.map((at) => test[at]!);
      const scoreOf = (predicted: Matrix) => scorerOf(predicted, prepared, rows)(metric);
      const intact = takeRows(x, chosen);
      const before = scoreOf(await estimator.predict(intact));
      const repeated = repeatRows(intact, REPEATS);
      for (const [feature, found] of losses) {
        const columns = [...design.origins.keys()].filter((column) => design.origins[column] === feature);
        shuffleColumns(repeated, intact, { columns, random: stream.stream(feature) });
        const predicted = await estimator.predict(repeated);
        restoreColumns(repeated, intact, columns);
        for (let repeat = 0; repeat < REPEATS; repeat++) {
          found.push(lossOf(metric, before, scoreOf(partOf(predicted, repeat))));
        }
        await takeTurn();
      }
      shuffled += size;
    },
    importance() {
      const found = [...losses].map(([feature, values]) => ({ feature, ...momentsOf(values) }));
      if (shuffled === 0 || found.some(({ mean }) => !Number.isFinite(mean))) return undefined;
      return {
        metric,
        rows: shuffled,
        repeats: REPEATS,
        features: found.sort((a, b) => b.mean - a.mean || (a.feature < b.feature ? -1 : 1)),
      };
    },
  };
}

function repeatRows({ rows, columns, data }: Matrix, times: number): Matrix {
  const repeated = new Float64Array(times * data.length);
  for (let time = 0; time < times; time++) repeated.set(data, time * data.length);
  return { rows: times * rows, columns, data: repeated };
}

/** Puts the values of some columns into another order in each repeat, the columns of a row staying together. */
function shuffleColumns(repeated: Matrix, { rows, columns, data }: Matrix, of: {
  readonly columns: readonly number[];
  readonly random: Random;
}): void {
  const order = Uint32Array.from({ length: rows }, (_, row) => row);
  for (let to = 0; to < repeated.rows; to++) {
    if (to % rows === 0) of.random.shuffle(order);
    for (const column of of.columns) {
      repeated.data[to * columns + column] = data[order[to % rows]! * columns + column]!;
    }
  }
}

function restoreColumns(repeated: Matrix, { rows, columns, data }: Matrix, of: readonly number[]): void {
  for (let to = 0; to < repeated.rows; to++) {
    for (const column of of) repeated.data[to * columns + column] = data[(to % rows) * columns + column]!;
  }
}

/** The rows of one repeat. */
function partOf({ rows, columns, data }: Matrix, repeat: number): Matrix {
  const part = rows / REPEATS;
  return { rows: part, columns, data: data.subarray(repeat * part * columns, (repeat + 1) * part * columns) };
}

import type { z } from "../../lib/deps/zod.ts";
import { type Estimator, ExperimentError, type FitInput, type Matrix } from "../../mod.ts";
import { toJsonLines } from "./_lines.ts";
import type { NEIGHBOUR_PARAMS } from "./_params.ts";
import { scale, scalingJson, scalingOf } from "./_scaling.ts";

/** How many train rows are compared with every row to predict in turn: they stay in the processor's cache. */
const TILE = 256;

/** What the neighbours of a row are asked for: numbers of each train row, and what they are called when saved. */
interface Answers {
  /** The length of a prediction. */
  readonly columns: number;
  /** Adds the answer of a train row, so many times, to a prediction. */
  add(prediction: Float64Array, row: number, weight: number): void;
  /** What is saved of them. */
  readonly saved: Readonly<Record<string, unknown>>;
}

/**
 * Keeps the train rows; a prediction is the weighted mean of the answers of the nearest, by Euclidean distance, the
 * earlier of two rows at the same distance. Weighted by distance, each counts with its inverse, unless rows are equal
 * to the one to predict: then they alone count.
 *
 * @throws {ExperimentError} `INVALID_PARAMETER_VALUE` where there are fewer train rows than neighbours.
 */
export function fitNeighbours(
  { x, features, params }: FitInput<z.output<typeof NEIGHBOUR_PARAMS>>,
  answers: Answers,
): Estimator {
  const { neighbours, weights, standardise } = params;
  if (neighbours > x.rows) {
    throw new ExperimentError(
      "INVALID_PARAMETER_VALUE",
      `model.params.neighbours: ${neighbours} neighbours can't be found among ${x.rows} train rows.`,
      { hint: `Ask for at most ${x.rows} neighbours, or train with more rows.` },
    );
  }
  const scaling = standardise ? scalingOf(x) : undefined;
  const train = scaling ? scale(x, scaling) : x.data;
  return {
    predict({ rows, columns, data }) {
      const asked = { rows, columns, data: scaling ? scale({ rows, columns, data }, scaling) : data };
      const { nearest, distances } = findNearest(train, asked, neighbours);
      const predicted = new Float64Array(rows * answers.columns);
      for (let row = 0; row < rows; row++) {
        const prediction = predicted.subarray(row * answers.columns, (row + 1) * answers.columns);
        const counts = weigh(distances.subarray(row * neighbours, (row + 1) * neighbours), weights);
        let total = 0;
        counts.forEach((count, index) => {
          answers.add(prediction, nearest[row * neighbours + index]!, count);
          total += count;
        });
        for (let column = 0; column < answers.columns; column++) prediction[column]! /= total;
      }
      return { rows, columns: answers.columns, data: predicted };
    },
    save: () => ({
      "model.json": JSON.stringify({
        format: "reprise/neighbours/1",
        features,
        neighbours,
        weights,
        ...(scaling && { scaling: scalingJson(scaling) }),
        ...answers.saved,
      }),
      "rows.jsonl": toJsonLines(rowsOf(train, x.columns)),
    }),
  };
}

function* rowsOf(data: Float64Array, columns: number): Generator<readonly number[]> {
  for (let at = 0; at < data.length; at += columns) yield [...data.subarray(at, at + columns)];
}

/** For each row of `x`, its nearest train rows, nearest first, and how far they are: `count` of them a row. */
function findNearest(
  train: Float64Array,
  { rows, columns, data }: Matrix,
  count: number,
): { readonly nearest: Uint32Array; readonly distances: Float64Array } {
  const nearest = new Uint32Array(rows * count);
  const squares = new Float64Array(rows * count).fill(Infinity);
  const trainRows = train.length / columns;
  const asked = new Float64Array(columns);
  for (let tile = 0; tile < trainRows; tile += TILE) {
    const end = Math.min(trainRows, tile + TILE);
    for (let row = 0; row < rows; row++) {
      asked.set(data.subarray(row * columns, (row + 1) * columns));
      const first = row * count;
      let furthest = squares[first + count - 1]!;
      for (let other = tile; other < end; other++) {
        const square = squareBelow(train, other * columns, asked, furthest);
        if (square >= furthest) continue;
        let at = first + count - 1;
        for (; at > first && squares[at - 1]! > square; at--) {
          squares[at] = squares[at - 1]!;
          nearest[at] = nearest[at - 1]!;
        }
        squares[at] = square;
        nearest[at] = other;
        furthest = squares[first + count - 1]!;
      }
    }
  }
  return { nearest, distances: squares.map(Math.sqrt) };
}

/** The square of the distance of a train row, or less of it, once that is no longer below `limit`. */
function squareBelow(train: Float64Array, start: number, asked: Float64Array, limit: number): number {
  const columns = asked.length;
  let sum = 0;
  let column = 0;
  for (; column + 3 < columns && sum < limit; column += 4) {
    const a = train[start + column]! - asked[column]!;
    const b = train[start + column + 1]! - asked[column + 1]!;
    const c = train[start + column + 2]! - asked[column + 2]!;
    const d = train[start + column + 3]! - asked[column + 3]!;
    sum += a * a + b * b + (c * c + d * d);
  }
  if (sum >= limit) return sum;
  for (; column < columns; column++) {
    const off = train[start + column]! - asked[column]!;
    sum += off * off;
  }
  return sum;
}

function weigh(distances: Float64Array, weights: "uniform" | "distance"): Float64Array {
  if (weights === "uniform") return distances.map(() => 1);
  return distances[0] === 0
    ? distances.map((distance) => distance === 0 ? 1 : 0)
    : distances.map((distance) => 1 / distance);
}

import type { z } from "../../lib/deps/zod.ts";
import type { ClassificationInput, Estimator } from "../../mod.ts";
import { descend } from "./_descent.ts";
import { log, softmax } from "./_elementary.ts";
import type { SOFTMAX_PARAMS } from "./_params.ts";
import { scale, scalingJson, scalingOf } from "./_scaling.ts";

/** The classes' coefficients, of each class one for each column, and their intercepts. */
interface Weights {
  readonly coefficients: Float64Array;
  readonly intercepts: Float64Array;
}

/**
 * Fits a softmax regression to standardised features: minimises the cross-entropy, and l2/2 · ‖W‖². The weights begin
 * at 0, so that of the seed only the order of the batches depends.
 */
export async function fitSoftmax(
  input: ClassificationInput<z.output<typeof SOFTMAX_PARAMS>>,
): Promise<Estimator> {
  const { x: { columns }, y, classes, features, params: { l2 } } = input;
  const count = classes.length;
  const scaling = scalingOf(input.x);
  const train = scale(input.x, scaling);
  const zeros = (): Weights => ({
    coefficients: new Float64Array(count * columns),
    intercepts: new Float64Array(count),
  });
  const weights = zeros();
  const slopes = zeros();
  const { shares, forGroups, addSlopes } = openGroups(weights);
  const lossOf = (share: number) => -log(Math.max(share, SMALLEST));

  await descend(input, {
    weights: [weights.coefficients, weights.intercepts],
    derive(rows) {
      slopes.coefficients.fill(0);
      slopes.intercepts.fill(0);
      let loss = 0;
      forGroups(train, rows, (first, end) => {
        for (let row = first, start = 0; row < end; row++, start += count) {
          const at = start + y[rows[row]!]!;
          loss += lossOf(shares[at]!);
          shares[at]!--;
        }
        for (let at = 0; at < shares.length; at++) shares[at]! /= rows.length;
        shares.fill(0, (end - first) * count);
        addSlopes(slopes, train);
      });
      if (l2 > 0) weights.coefficients.forEach((weight, at) => slopes.coefficients[at]! += l2 * weight);
      return { loss, gradients: [slopes.coefficients, slopes.intercepts] };
    },
    lossOf(rows) {
      let loss = 0;
      forGroups(train, rows, (first, end) => {
        for (let row = first, start = 0; row < end; row++, start += count) {
          loss += lossOf(shares[start + y[rows[row]!]!]!);
        }
      });
      return loss;
    },
  });
  return {
    predict(x) {
      const predicted = new Float64Array(x.rows * count);
      const rows = Uint32Array.from({ length: x.rows }, (_, row) => row);
      forGroups(scale(x, scaling), rows, (first, end) => {
        predicted.set(shares.subarray(0, (end - first) * count), first * count);
      });
      return { rows: x.rows, columns: count, data: predicted };
    },
    save: () => ({
      "model.json": JSON.stringify({
        format: "reprise/softmax/1",
        classes,
        features,
        scaling: scalingJson(scaling),
        coefficients: classes.map((_, c) => [
          ...weights.coefficients.subarray(c * columns, (c + 1) * columns),
        ]),
        intercepts: [...weights.intercepts],
      }),
    }),
  };
}

/** Where a share is 0, its logarithm is taken of the smallest number with all its digits. */
const SMALLEST = 2 ** -1022;

/** Goes through rows four at a time, which takes half as long, as their sums don't wait for each other. */
function openGroups({ coefficients, intercepts }: Weights) {
  const classes = intercepts.length;
  const columns = coefficients.length / classes;
  const shares = new Float64Array(4 * classes);
  // Where the rows of the group begin.
  let [a, b, c, d] = [0, 0, 0, 0];

  const fillShares = (data: Float64Array) => {
    for (let label = 0; label < classes; label++) {
      let [sumA, sumB, sumC, sumD] = [0, 0, 0, 0];
      for (let column = 0, at = label * columns; column < columns; column++, at++) {
        const weight = coefficients[at]!;
        sumA += weight * data[a + column]!;
        sumB += weight * data[b + column]!;
        sumC += weight * data[c + column]!;
        sumD += weight * data[d + column]!;
      }
      shares[label] = intercepts[label]! + sumA;
      shares[classes + label] = intercepts[label]! + sumB;
      shares[2 * classes + label] = intercepts[label]! + sumC;
      shares[3 * classes + label] = intercepts[label]! + sumD;
    }
    for (let start = 0; start < shares.length; start += classes) softmax(shares, start, start + classes);
  };

  return {
    /** The shares of the classes in each row of the group; `use` may make errors of them. */
    shares,
    /** Calls `use` for each group in turn, with the place of its first row and that behind its last. */
    forGroups(data: Float64Array, rows: Uint32Array, use: (first: number, end: number) => void): void {
      const last = rows.length - 1;
      for (let first = 0; first <= last; first += 4) {
        // The last group is filled up by the last row.
        a = rows[first]! * columns;
        b = rows[Math.min(first + 1, last)]! * columns;
        c = rows[Math.min(first + 2, last)]! * columns;
        d = rows[Math.min(first + 3, last)]! * columns;
        fillShares(data);
        use(first, Math.min(first + 4, rows.length));
      }
    },
    /** Adds the gradient by the weights to `slopes`, where the shares are errors by now. */
    addSlopes({ coefficients, intercepts }: Weights, data: Float64Array): void {
      for (let label = 0; label < classes; label++) {
        const errorA = shares[label]!;
        const errorB = shares[classes + label]!;
        const errorC = shares[2 * classes + label]!;
        const errorD = shares[3 * classes + label]!;
        intercepts[label]! += errorA + errorB + (errorC + errorD);
        for (let column = 0, at = label * columns; column < columns; column++, at++) {
          coefficients[at]! += errorA * data[a + column]! + errorB * data[b + column]! +
            (errorC * data[c + column]! + errorD * data[d + column]!);
        }
      }
    },
  };
}

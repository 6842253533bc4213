import type { Loss } from "./_boosting.ts";
import { exp, log } from "./_elementary.ts";

/** Half of the squared error. */
export function squaredError(y: Float64Array): Loss {
  const first = y[0]!;
  const mean = first + y.reduce((sum, value) => sum + (value - first), 0) / y.length;
  return {
    baseline: Float64Array.of(mean),
    derive([raw], [derivatives]) {
      const { gradient, hessian } = derivatives!;
      hessian.fill(1);
      let loss = 0;
      for (let row = 0; row < y.length; row++) {
        const error = gradient[row] = raw![row]! - y[row]!;
        loss += error * error;
      }
      return loss / 2 / y.length;
    },
  };
}

/** The cross-entropy of the classes that are present among the rows. */
export interface CrossEntropy extends Loss {
  /** The classes present, sorted. */
  readonly present: Uint32Array;
  /** The probability of each class present, of every row. */
  sharesOf(raw: readonly Float64Array[]): readonly Float64Array[];
}

/** The cross-entropy of the logistic function for two classes, and else of the softmax. */
export function crossEntropy(y: Uint32Array): CrossEntropy {
  const present = new Uint32Array(new Set(y)).sort();
  const labels = y.map((label) => present.indexOf(label));
  const counts = new Float64Array(present.length);
  for (const label of labels) counts[label]!++;
  const logs = counts.map((count) => log(count / y.length));
  return { present, ...(present.length === 2 ? logistic(labels, logs) : softmax(labels, logs)) };
}

/** From where on a product of sums is counted: one logarithm does for many rows. */
const LARGE = 1e150;

type WithShares = Omit<CrossEntropy, "present">;

/** The raw prediction is the logarithm of the odds of the second class. */
function logistic(labels: Uint32Array, logs: Float64Array): WithShares {
  return {
    baseline: Float64Array.of(logs[1]! - logs[0]!),
    derive([raw], [derivatives]) {
      const { gradient, hessian } = derivatives!;
      let loss = 0;
      let product = 1;
      for (let row = 0; row < labels.length; row++) {
        const odds = raw![row]!;
        const label = labels[row]!;
        const small = exp(-Math.abs(odds));
        const share = (odds >= 0 ? 1 : small) / (1 + small);
        gradient[row] = share - label;
        hessian[row] = small / ((1 + small) * (1 + small));
        loss += Math.max(odds, 0) - label * odds;
        product *= 1 + small;
        if (product > LARGE || row === labels.length - 1) {
          loss += log(product);
          product = 1;
        }
      }
      return loss / labels.length;
    },
    sharesOf([raw]) {
      const second = raw!.map((odds) => {
        const small = exp(-Math.abs(odds));
        return (odds >= 0 ? 1 : small) / (1 + small);
      });
      return [second.map((share) => 1 - share), second];
    },
  };
}

/** The raw predictions are logarithms of the shares of the classes, up to a summand. */
function softmax(labels: Uint32Array, logs: Float64Array): WithShares {
  const mean = logs.reduce((sum, value) => sum + value, 0) / logs.length;
  const shares = new Float64Array(logs.length);
  /** Fills in the shares of a row, and returns what they were divided by. */
  const share = (raw: readonly Float64Array[], row: number, largest: number): number => {
    let total = 0;
    for (let c = 0; c < raw.length; c++) total += shares[c] = exp(raw[c]![row]! - largest);
    for (let c = 0; c < raw.length; c++) shares[c]! /= total;
    return total;
  };
  return {
    baseline: logs.map((value) => value - mean),
    derive(raw, derivatives) {
      let loss = 0;
      let product = 1;
      for (let row = 0; row < labels.length; row++) {
        const label = labels[row]!;
        const largest = largestOf(raw, row);
        loss += largest - raw[label]![row]!;
        product *= share(raw, row, largest);
        if (product > LARGE || row === labels.length - 1) {
          loss += log(product);
          product = 1;
        }
        for (let c = 0; c < raw.length; c++) {
          const { gradient, hessian } = derivatives[c]!;
          gradient[row] = shares[c]! - (c === label ? 1 : 0);
          hessian[row] = shares[c]! * (1 - shares[c]!);
        }
      }
      return loss / labels.length;
    },
    sharesOf(raw) {
      const all = raw.map((values) => new Float64Array(values.length));
      for (let row = 0; row < raw[0]!.length; row++) {
        share(raw, row, largestOf(raw, row));
        all.forEach((values, c) => values[row] = shares[c]!);
      }
      return all;
    },
  };
}

function largestOf(raw: readonly Float64Array[], row: number): number {
  let largest = -Infinity;
  for (let c = 0; c < raw.length; c++) largest = Math.max(largest, raw[c]![row]!);
  return largest;
}

import type { Matrix } from "../../mod.ts";

/** What takes columns to mean 0 and standard deviation 1. */
export interface Scaling {
  readonly mean: Float64Array;
  readonly deviation: Float64Array;
}

/** The mean and the standard deviation of each column; 1 in place of the deviation of a constant one. */
export function scalingOf({ rows, columns, data }: Matrix): Scaling {
  const mean = data.slice(0, columns);
  const sums = new Float64Array(columns);
  for (let at = 0; at < data.length;) {
    for (let column = 0; column < columns; column++, at++) sums[column]! += data[at]! - mean[column]!;
  }
  for (let column = 0; column < columns; column++) mean[column]! += sums[column]! / rows;
  const squares = new Float64Array(columns);
  for (let at = 0; at < data.length;) {
    for (let column = 0; column < columns; column++, at++) {
      const off = data[at]! - mean[column]!;
      squares[column]! += off * off;
    }
  }
  return { mean, deviation: squares.map((square) => Math.sqrt(square / rows) || 1) };
}

/** The matrix's elements, scaled. */
export function scale({ columns, data }: Matrix, { mean, deviation }: Scaling): Float64Array {
  const scaled = new Float64Array(data.length);
  for (let at = 0; at < data.length;) {
    for (let column = 0; column < columns; column++, at++) {
      scaled[at] = (data[at]! - mean[column]!) / deviation[column]!;
    }
  }
  return scaled;
}

/** A scaling as it is saved. */
export function scalingJson({ mean, deviation }: Scaling) {
  return { mean: [...mean], deviation: [...deviation] };
}

import type { Matrix } from "../../mod.ts";

/**
 * The coefficients w and the intercept b that minimise ‖y − Xw − b‖² + l2 · ‖w‖²; of several, those with the smallest
 * ‖w‖. The columns are centred and brought to one length before a QR decomposition, so that their units don't matter
 * for what counts as dependent.
 */
export function fitLine(
  x: Matrix,
  y: Float64Array,
  l2: number,
): { readonly coefficients: Float64Array; readonly intercept: number } {
  const { rows } = x;
  const means = new Float64Array(x.columns);
  // The penalty is that of further rows: √l2 in one column each, with 0 as their target.
  const length = l2 > 0 ? rows + x.columns : rows;
  const columns = Array.from({ length: x.columns }, (_, c) => {
    const column = new Float64Array(length);
    for (let row = 0; row < rows; row++) column[row] = x.data[row * x.columns + c]!;
    means[c] = centre(column.subarray(0, rows));
    if (l2 > 0) column[rows + c] = Math.sqrt(l2);
    return column;
  });
  const target = new Float64Array(length);
  target.set(y);
  const mean = centre(target.subarray(0, rows));
  const coefficients = leastSquares(columns, target);
  const intercept = coefficients.reduce((sum, w, c) => sum - w * means[c]!, mean);
  return { coefficients, intercept };
}

/** Takes the mean away from the values, and returns it; equal values become exactly 0. */
function centre(values: Float64Array): number {
  const first = values[0]!;
  const mean = first + values.reduce((sum, value) => sum + (value - first), 0) / values.length;
  for (let at = 0; at < values.length; at++) values[at]! -= mean;
  return mean;
}

/** The smallest w that minimises ‖target − columns · w‖. Both arguments are used up. */
function leastSquares(columns: readonly Float64Array[], target: Float64Array): Float64Array {
  const lengths = columns.map(normalise);
  const { order, rank } = triangulate(columns, target);
  const w = solveTriangle(columns, order.subarray(0, rank), target).map((value, c) => value / lengths[c]!);
  if (rank === columns.length) return w;
  // Whatever of w lies in a direction that changes no prediction is taken away.
  const directions = Array.from(order.subarray(rank), (free) => {
    const direction = solveTriangle(columns, order.subarray(0, rank), columns[free]!);
    direction[free] = -1;
    return direction.map((value, c) => value / lengths[c]!);
  });
  directions.forEach(normalise);
  const shares = leastSquares(directions.map((direction) => direction.slice()), w.slice());
  directions.forEach((direction, index) => direction.forEach((value, c) => w[c]! -= shares[index]! * value));
  return w;
}

/** Divides a column by its length, and returns it; a column of zeros is left as it is. */
function normalise(column: Float64Array): number {
  const length = Math.sqrt(squares(column, 0)) || 1;
  for (let at = 0; at < column.length; at++) column[at]! /= length;
  return length;
}

function squares(column: Float64Array, from: number): number {
  let sum = 0;
  for (let at = from; at < column.length; at++) sum += column[at]! * column[at]!;
  return sum;
}

/**
 * Turns the columns into R of their QR decomposition, by Householder reflections with pivoting (Businger and Golub,
 * 1965), and the target into Qᵀ · target, in place. The k-th column of R is that at `order[k]`; the first `rank` of
 * them are independent.
 */
function triangulate(
  columns: readonly Float64Array[],
  target: Float64Array,
): { readonly order: Uint32Array; readonly rank: number } {
  const order = Uint32Array.from(columns.keys());
  const steps = Math.min(columns.length, target.length);
  let smallest = 0;
  for (let step = 0; step < steps; step++) {
    const { at, length } = longest(columns, order, step);
    if (step === 0) smallest = Math.max(columns.length, target.length) * Number.EPSILON * length;
    if (length <= smallest) return { order, rank: step };
    [order[step], order[at]] = [order[at]!, order[step]!];
    const mirror = columns[order[step]!]!;
    const corner = mirror[step]! < 0 ? length : -length;
    const scale = 1 / (length * (length + Math.abs(mirror[step]!)));
    mirror[step]! -= corner;
    for (const other of order.subarray(step + 1)) reflect(columns[other]!, mirror, { step, scale });
    reflect(target, mirror, { step, scale });
    mirror[step] = corner;
  }
  return { order, rank: steps };
}

/** Which of the columns from `order[step]` on is the longest, from row `step` on. */
function longest(columns: readonly Float64Array[], order: Uint32Array, step: number) {
  let [at, most] = [step, -1];
  for (let other = step; other < order.length; other++) {
    const sum = squares(columns[order[other]!]!, step);
    if (sum > most) [at, most] = [other, sum];
  }
  return { at, length: Math.sqrt(most) };
}

function reflect(
  column: Float64Array,
  mirror: Float64Array,
  { step, scale }: { readonly step: number; readonly scale: number },
): void {
  let product = 0;
  for (let at = step; at < column.length; at++) product += mirror[at]! * column[at]!;
  product *= scale;
  for (let at = step; at < column.length; at++) column[at]! -= product * mirror[at]!;
}

/** The w with 0 but at `order`, for which R · w = target in the first rows, by back substitution. */
function solveTriangle(
  columns: readonly Float64Array[],
  order: Uint32Array,
  target: Float64Array,
): Float64Array {
  const w = new Float64Array(columns.length);
  for (let row = order.length - 1; row >= 0; row--) {
    let sum = target[row]!;
    for (let k = row + 1; k < order.length; k++) sum -= columns[order[k]!]![row]! * w[order[k]!]!;
    w[order[row]!] = sum / columns[order[row]!]![row]!;
  }
  return w;
}

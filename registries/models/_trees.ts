import type { Matrix } from "../../mod.ts";

/** How many bins a column has at most, so that a bin fits in a byte. */
const MOST_BINS = 255;

/** The columns of a matrix cut into bins, in the manner of LightGBM (Ke et al., 2017). */
export interface BinnedColumns {
  readonly rows: number;
  /** Of each column, the bin of each row. */
  readonly bins: readonly Uint8Array[];
  /** Of each column, the upper bounds of its bins, but for the last: a value that equals one is within. */
  readonly bounds: readonly Float64Array[];
}

/** Cuts columns into bins: one for each value where there are few, else about equal shares of the rows. */
export function binColumns({ rows, columns, data }: Matrix): BinnedColumns {
  const bins: Uint8Array[] = [];
  const bounds: Float64Array[] = [];
  for (let column = 0; column < columns; column++) {
    const values = new Float64Array(rows);
    for (let row = 0; row < rows; row++) values[row] = data[row * columns + column]!;
    const upper = boundsOf(values.toSorted());
    bounds.push(upper);
    const places = new Uint8Array(rows);
    for (let row = 0; row < rows; row++) places[row] = countBelow(upper, values[row]!);
    bins.push(places);
  }
  return { rows, bins, bounds };
}

function boundsOf(sorted: Float64Array): Float64Array {
  const between = [];
  for (let at = 1; at < sorted.length && between.length < MOST_BINS; at++) {
    if (sorted[at] !== sorted[at - 1]) between.push(middleOf(sorted[at - 1]!, sorted[at]!));
  }
  if (between.length < MOST_BINS) return Float64Array.from(between);
  const cuts = new Float64Array(MOST_BINS - 1);
  for (let cut = 0; cut < cuts.length; cut++) {
    const place = (cut + 1) * (sorted.length - 1) / MOST_BINS;
    cuts[cut] = middleOf(sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!);
  }
  return cuts.filter((value, at) => value < sorted.at(-1)! && value !== cuts[at - 1]);
}

/** The middle of two numbers: at least the smaller one, and below the larger one unless they are equal. */
export function middleOf(low: number, high: number): number {
  const middle = low / 2 + high / 2;
  return middle < high ? Math.max(low, middle) : low;
}

/** How many of the sorted numbers are below a value. */
function countBelow(sorted: Float64Array, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * A binary decision tree. Its inner nodes are numbered from the root, 0, and so are its leaves; a child `~n` is the
 * leaf n. A tree without inner nodes is the leaf 0.
 */
export interface Tree {
  /** Of each inner node, the column that it looks at. */
  readonly feature: number[];
  /** Of each inner node, the largest value that goes to the left. */
  readonly threshold: number[];
  /** Of each inner node, the left child and the right child. */
  readonly children: number[];
  /** The values of the leaves, one leaf after another. */
  readonly values: number[];
}

/** Where in `children` a node hangs; the root hangs nowhere. */
export const ROOT = -1;

/** A tree to add nodes to. */
export function startTree(): Tree {
  return { feature: [], threshold: [], children: [], values: [] };
}

/** Adds an inner node, and returns the places where its left and its right child hang. */
export function addSplit(
  { feature, threshold, children }: Tree,
  place: number,
  split: { readonly feature: number; readonly threshold: number },
): readonly [left: number, right: number] {
  const node = feature.length;
  if (place !== ROOT) children[place] = node;
  feature.push(split.feature);
  threshold.push(split.threshold);
  children.push(0, 0);
  return [2 * node, 2 * node + 1];
}

/** Adds a leaf with its values, as many as any other leaf of the tree has. */
export function addLeaf({ children, values }: Tree, place: number, leaf: ArrayLike<number>): void {
  if (place !== ROOT) children[place] = ~(values.length / leaf.length);
  for (let at = 0; at < leaf.length; at++) values.push(leaf[at]!);
}

/** The leaf that the row of a matrix's data from `start` on comes to. */
export function leafOf({ feature, threshold, children }: Tree, data: Float64Array, start: number): number {
  let node = feature.length > 0 ? 0 : ~0;
  while (node >= 0) {
    node = children[2 * node + (data[start + feature[node]!]! <= threshold[node]! ? 0 : 1)]!;
  }
  return ~node;
}

/**
 * Orders `rows`, in place, so that those whose bin is at most `bin` come first, in the order that they had; returns
 * how many they are. `spare` is as long as `rows`, at least.
 */
export function partition(
  rows: Uint32Array,
  bins: Uint8Array,
  { bin, spare }: { readonly bin: number; readonly spare: Uint32Array },
): number {
  let [left, right] = [0, 0];
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at]!;
    if (bins[row]! <= bin) rows[left++] = row;
    else spare[right++] = row;
  }
  rows.set(spare.subarray(0, right), left);
  return left;
}

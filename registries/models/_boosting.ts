import type { z } from "../../lib/deps/zod.ts";
import { type FitInput, type Matrix, takeRows } from "../../mod.ts";
import { holdBack, watchLoss } from "./_early_stopping.ts";
import type { BOOSTING_PARAMS } from "./_params.ts";
import {
  addLeaf,
  addSplit,
  binColumns,
  type BinnedColumns,
  leafOf,
  partition,
  ROOT,
  startTree,
  type Tree,
} from "./_trees.ts";

/** The sum of the hessians that either side of a split has at least, as in scikit-learn. */
const LEAST_HESSIAN = 1e-3;
/** Keeps a leaf without any curvature from dividing by 0. */
const TINY = 1e-15;

type BoostingParams = z.output<typeof BOOSTING_PARAMS>;

/** What is minimised: a function of so many raw predictions a row. */
export interface Loss {
  /** The raw predictions before the first tree. */
  readonly baseline: Float64Array;
  /** Fills in the first and second derivatives by each raw prediction, and returns the mean loss. */
  derive(raw: readonly Float64Array[], derivatives: readonly Derivatives[]): number;
}

/** The derivatives of the loss by one raw prediction of each row. */
export interface Derivatives {
  readonly gradient: Float64Array;
  readonly hessian: Float64Array;
}

/** Boosted trees: a raw prediction is its baseline and the sum of its trees' values. */
export interface Boosted {
  readonly baseline: Float64Array;
  /** Of each iteration, a tree for each raw prediction. */
  readonly trees: readonly (readonly Tree[])[];
}

/**
 * Boosts histogram trees that grow leaf by leaf, the one with the largest gain first (Ke et al., 2017), by Newton's
 * steps (Friedman, 2001). The training curve has the loss after each iteration, as `train_loss`. With early stopping it
 * also has that of the validation rows, and no tree is kept after its least.
 *
 * @param lossOf The loss of some of the train rows.
 */
export async function boost(
  { x, y, params, random, onEpoch }: FitInput<BoostingParams> & { readonly y: Uint32Array | Float64Array },
  lossOf: (rows: Uint32Array) => Loss,
): Promise<Boosted> {
  const { early_stopping: stopping, iterations } = params;
  const { rows, validation } = holdBack(y, stopping, random.stream("validation"));
  const loss = lossOf(rows);
  const train = openPrediction(stopping ? takeRows(x, rows) : x, loss, loss.baseline);
  const grower = openGrower(binColumns(train.x), params);
  const held = stopping && openPrediction(takeRows(x, validation), lossOf(validation), loss.baseline);
  const watch = watchLoss(stopping ?? { patience: iterations });
  train.derive();
  const trees: Tree[][] = [];
  let best = iterations;
  for (let iteration = 1; iteration <= iterations && !watch.isOver(); iteration++) {
    const grown = train.raw.map((values, index) => grower.grow(train.derivatives[index]!, values));
    trees.push(grown);
    const train_loss = train.derive();
    if (!held) {
      await onEpoch(iteration, { train_loss });
      continue;
    }
    held.raw.forEach((values, index) => addTree(values, grown[index]!, held.x));
    const validation_loss = held.derive();
    if (watch.isLeast(validation_loss)) best = iteration;
    await onEpoch(iteration, { train_loss, validation_loss });
  }
  return { baseline: loss.baseline, trees: trees.slice(0, best) };
}

/** The raw predictions of some rows while trees are added, and the derivatives of their loss. */
function openPrediction(x: Matrix, { derive }: Loss, baseline: Float64Array) {
  const raw = Array.from(baseline, (start) => new Float64Array(x.rows).fill(start));
  const derivatives = raw.map(() => ({
    gradient: new Float64Array(x.rows),
    hessian: new Float64Array(x.rows),
  }));
  return { x, raw, derivatives, derive: () => derive(raw, derivatives) };
}

/** The raw predictions of each row of `x`. */
export function predictRaw({ baseline, trees }: Boosted, x: Matrix): Float64Array[] {
  return Array.from(baseline, (start, index) => {
    const raw = new Float64Array(x.rows).fill(start);
    for (const iteration of trees) addTree(raw, iteration[index]!, x);
    return raw;
  });
}

function addTree(raw: Float64Array, tree: Tree, { rows, columns, data }: Matrix): void {
  for (let row = 0; row < rows; row++) raw[row]! += tree.values[leafOf(tree, data, row * columns)]!;
}

/** A leaf of a tree that grows, and the best way to split it. */
interface Leaf extends Sums {
  readonly place: number;
  readonly start: number;
  readonly end: number;
  readonly histogram: Float64Array | undefined;
  readonly split: Split | undefined;
}

interface Sums {
  readonly gradient: number;
  readonly hessian: number;
}

interface Split {
  readonly gain: number;
  readonly feature: number;
  readonly bin: number;
  readonly left: Sums;
}

/** Grows trees on the same binned rows, with the same buffers. */
function openGrower(binned: BinnedColumns, params: BoostingParams) {
  const { rows: count, bounds } = binned;
  const { max_leaf_nodes, min_samples_leaf, learning_rate, l2 } = params;
  const histograms = openHistograms(binned);
  const rows = new Uint32Array(count);
  const spare = new Uint32Array(count);

  const leafAt = (
    { place, start, end }: Pick<Leaf, "place" | "start" | "end">,
    { gradient, hessian }: Sums,
    histogram: Float64Array | undefined,
  ): Leaf => {
    const sums = { gradient, hessian, count: end - start };
    const split = histogram && bestSplit(histogram, bounds, { sums, min_samples_leaf, l2 });
    if (histogram && !split) histograms.release(histogram);
    return { place, start, end, gradient, hessian, histogram: split && histogram, split };
  };

  return {
    /** Grows a tree by the derivatives, and adds its values to the raw predictions of its rows. */
    grow(derivatives: Derivatives, raw: Float64Array): Tree {
      const tree = startTree();
      for (let row = 0; row < count; row++) rows[row] = row;
      const whole = { gradient: sumOf(derivatives.gradient), hessian: sumOf(derivatives.hessian) };
      const first = histograms.fill(rows, derivatives);
      const leaves = [leafAt({ place: ROOT, start: 0, end: count }, whole, first)];
      while (leaves.length < max_leaf_nodes) {
        const at = indexOfBest(leaves);
        const { split, start, end, histogram, place, ...sums } = leaves[at]!;
        if (!split || !histogram) break;
        const { feature, bin } = split;
        const [left, right] = addSplit(tree, place, { feature, threshold: bounds[feature]![bin]! });
        const here = rows.subarray(start, end);
        const middle = start + partition(here, binned.bins[feature]!, { bin, spare });
        const isLast = leaves.length + 1 === max_leaf_nodes;
        const [ofLeft, ofRight] = isLast ? [] : histograms.halve(histogram, {
          left: rows.subarray(start, middle),
          right: rows.subarray(middle, end),
          derivatives,
        });
        if (isLast) histograms.release(histogram);
        const rest = {
          gradient: sums.gradient - split.left.gradient,
          hessian: sums.hessian - split.left.hessian,
        };
        leaves[at] = leafAt({ place: left, start, end: middle }, split.left, ofLeft);
        leaves.push(leafAt({ place: right, start: middle, end }, rest, ofRight));
      }
      for (const { place, start, end, gradient, hessian, histogram } of leaves) {
        const value = -learning_rate * gradient / (hessian + l2 + TINY);
        addLeaf(tree, place, [value]);
        for (let at = start; at < end; at++) raw[rows[at]!]! += value;
        if (histogram) histograms.release(histogram);
      }
      return tree;
    },
  };
}

function sumOf(values: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at]!;
  return sum;
}

function indexOfBest(leaves: readonly Leaf[]): number {
  let [best, most] = [0, 0];
  leaves.forEach(({ split }, at) => {
    if (split && split.gain > most) [best, most] = [at, split.gain];
  });
  return best;
}

/** The numbers of a bin in a histogram: the sums of its gradients and hessians, and how many rows it has. */
const BIN = 3;

/** Histograms of all columns, one after another, in buffers that are used again. */
function openHistograms({ rows: count, bins, bounds }: BinnedColumns) {
  const free: Float64Array[] = [];
  const ends: number[] = [0];
  for (const { length } of bounds) ends.push(ends.at(-1)! + BIN * (length + 1));
  const length = ends.at(-1)!;
  const part = (histogram: Float64Array, feature: number) =>
    histogram.subarray(ends[feature], ends[feature + 1]);
  const unread = part(new Float64Array(length), bins.length - 1);
  const gradients = new Float64Array(count);
  const hessians = new Float64Array(count);

  const release = (histogram: Float64Array) => void free.push(histogram);

  /** The histogram of some rows. */
  const fill = (rows: Uint32Array, { gradient, hessian }: Derivatives): Float64Array => {
    const histogram = free.pop()?.fill(0) ?? new Float64Array(length);
    for (let at = 0; at < rows.length; at++) {
      gradients[at] = gradient[rows[at]!]!;
      hessians[at] = hessian[rows[at]!]!;
    }
    for (let feature = 0; feature < bins.length; feature += 2) {
      const hasNext = feature + 1 < bins.length;
      accumulate(part(histogram, feature), hasNext ? part(histogram, feature + 1) : unread, {
        bins: bins[feature]!,
        others: hasNext ? bins[feature + 1]! : bins[feature]!,
        rows,
        gradients,
        hessians,
      });
    }
    return histogram;
  };

  return {
    fill,
    release,
    /** The histograms of both sides of the rows of one: that of the fewer is filled, the other is the difference. */
    halve(
      whole: Float64Array,
      { left, right, derivatives }: {
        readonly left: Uint32Array;
        readonly right: Uint32Array;
        readonly derivatives: Derivatives;
      },
    ): readonly [left: Float64Array, right: Float64Array] {
      const isLeft = left.length <= right.length;
      const smaller = fill(isLeft ? left : right, derivatives);
      for (let at = 0; at < length; at++) whole[at]! -= smaller[at]!;
      return isLeft ? [smaller, whole] : [whole, smaller];
    },
  };
}

/** Counts rows in the histograms of two columns at once: most of the time goes into reading the rows. */
function accumulate(
  histogram: Float64Array,
  other: Float64Array,
  { bins, others, rows, gradients, hessians }: {
    readonly bins: Uint8Array;
    readonly others: Uint8Array;
    readonly rows: Uint32Array;
    readonly gradients: Float64Array;
    readonly hessians: Float64Array;
  },
): void {
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at]!;
    const gradient = gradients[at]!;
    const hessian = hessians[at]!;
    const bin = BIN * bins[row]!;
    histogram[bin]! += gradient;
    histogram[bin + 1]! += hessian;
    histogram[bin + 2]!++;
    const otherBin = BIN * others[row]!;
    other[otherBin]! += gradient;
    other[otherBin + 1]! += hessian;
    other[otherBin + 2]!++;
  }
}

/** The split with the largest gain, the first of equals; none where no split gains anything. */
function bestSplit(
  histogram: Float64Array,
  bounds: readonly Float64Array[],
  { sums, min_samples_leaf, l2 }: {
    readonly sums: Sums & { readonly count: number };
    readonly min_samples_leaf: number;
    readonly l2: number;
  },
): Split | undefined {
  if (sums.count < 2 * min_samples_leaf) return;
  const whole = scoreOf(sums.gradient, sums.hessian + l2);
  let best: Split | undefined;
  let most = 0;
  let offset = 0;
  for (let feature = 0; feature < bounds.length; feature++) {
    const cuts = bounds[feature]!.length;
    let [gradient, hessian, count] = [0, 0, 0];
    for (let bin = 0; bin < cuts; bin++) {
      const at = offset + BIN * bin;
      gradient += histogram[at]!;
      hessian += histogram[at + 1]!;
      count += histogram[at + 2]!;
      if (count < min_samples_leaf || hessian < LEAST_HESSIAN) continue;
      if (sums.count - count < min_samples_leaf || sums.hessian - hessian < LEAST_HESSIAN) break;
      const gain = scoreOf(gradient, hessian + l2) +
        scoreOf(sums.gradient - gradient, sums.hessian - hessian + l2) - whole;
      if (gain <= most) continue;
      most = gain;
      best = { gain, feature, bin, left: { gradient, hessian } };
    }
    offset += BIN * (cuts + 1);
  }
  return best;
}

function scoreOf(gradient: number, hessian: number): number {
  return gradient * gradient / hessian;
}

import { type Derivatives, openHistograms } from "./_histograms.ts";
import type { BoostingParams } from "./_params.ts";
import { bestSplit, type Split, type Sums } from "./_splits.ts";
import { addLeaf, addSplit, type BinnedColumns, partition, ROOT, startTree, type Tree } from "./_trees.ts";

/** Keeps a leaf without any curvature from dividing by 0. */
const TINY = 1e-15;

/** A leaf of a tree that grows, and the best way to split it. */
interface Leaf extends Sums {
  readonly place: number;
  readonly start: number;
  readonly end: number;
  readonly histogram: Float64Array | undefined;
  readonly split: Split | undefined;
}

/** Grows trees on the same binned rows, with the same buffers. */
export function openGrower(binned: BinnedColumns, params: BoostingParams) {
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

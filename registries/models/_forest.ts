import type { z } from "../../lib/deps/zod.ts";
import { ExperimentError, type FitInput, type Matrix, type Random } from "../../mod.ts";
import type { FOREST_PARAMS } from "./_params.ts";
import {
  addLeaf,
  addSplit,
  binColumns,
  type BinnedColumns,
  leafOf,
  middleOf,
  partition,
  ROOT,
  startTree,
  type Tree,
} from "./_trees.ts";

type ForestParams = z.output<typeof FOREST_PARAMS>;

/**
 * What is predicted of each row: a vector that is 0 but in one place. Of a class that is 1 in its place; the Gini
 * impurity is then the variance of the vectors, and trees of both tasks are the same.
 */
export interface Targets {
  /** The length of the vectors. */
  readonly columns: number;
  /** The place of each row. */
  readonly place: Uint32Array;
  /** What is there, of each row. */
  readonly value: Float64Array;
}

/**
 * Grows a random forest (Breiman, 2001) of histogram trees, each on rows drawn with replacement; each split is the best
 * of some features, drawn without. The training curve has, after each tree, the mean squared error of the mean
 * prediction of each row by the trees that haven't drawn it, as `oob_loss`.
 *
 * @throws {ExperimentError} `INVALID_PARAMETER_VALUE` where `max_features` is more than there are features.
 */
export async function growForest(
  { x, features, params, random, onEpoch }: FitInput<ForestParams>,
  targets: Targets,
  defaultFeatures: number,
): Promise<Tree[]> {
  const tried = params.max_features ?? defaultFeatures;
  if (tried > features.length) {
    throw new ExperimentError(
      "INVALID_PARAMETER_VALUE",
      `model.params.max_features: a split can't choose among ${tried} features, the view has ${features.length}.`,
      { hint: `Ask for at most ${features.length}.` },
    );
  }
  const grower = openGrower(binColumns(x), targets, { ...params, max_features: tried });
  const outOfBag = openOutOfBag(x, targets);
  const trees: Tree[] = [];
  for (let index = 1; index <= params.trees; index++) {
    const stream = random.stream(`tree ${index}`);
    const draws = new Uint32Array(x.rows);
    for (let draw = 0; draw < x.rows; draw++) draws[stream.integer(x.rows)]!++;
    const tree = grower.grow(draws, stream);
    trees.push(tree);
    const loss = outOfBag.lossWith(tree, draws);
    await onEpoch(index, loss === undefined ? {} : { oob_loss: loss });
  }
  return trees;
}

/** The mean of the trees' predictions of each row of `x`. */
export function meanOfTrees(trees: readonly Tree[], { rows, columns, data }: Matrix, length: number): Matrix {
  const sums = new Float64Array(rows * length);
  for (const tree of trees) {
    for (let row = 0; row < rows; row++) {
      addTo(sums, row * length, { tree, length, leaf: leafOf(tree, data, row * columns) });
    }
  }
  return { rows, columns: length, data: sums.map((sum) => sum / trees.length) };
}

function addTo(
  sums: Float64Array,
  start: number,
  { tree, leaf, length }: { readonly tree: Tree; readonly leaf: number; readonly length: number },
): void {
  for (let column = 0; column < length; column++) {
    sums[start + column]! += tree.values[leaf * length + column]!;
  }
}

function openOutOfBag({ rows, columns, data }: Matrix, { columns: length, place, value }: Targets) {
  const sums = new Float64Array(rows * length);
  const trees = new Uint32Array(rows);
  return {
    /** Counts a tree that hasn't drawn the rows with 0 draws; there is no loss while all trees have drawn all rows. */
    lossWith(tree: Tree, draws: Uint32Array): number | undefined {
      let [loss, seen] = [0, 0];
      for (let row = 0; row < rows; row++) {
        if (draws[row] === 0) {
          addTo(sums, row * length, { tree, length, leaf: leafOf(tree, data, row * columns) });
          trees[row]!++;
        }
        if (trees[row] === 0) continue;
        seen++;
        for (let column = 0; column < length; column++) {
          const actual = column === place[row] ? value[row]! : 0;
          const error = sums[row * length + column]! / trees[row]! - actual;
          loss += error * error;
        }
      }
      return seen > 0 ? loss / seen : undefined;
    },
  };
}

interface Node {
  readonly place: number;
  readonly start: number;
  readonly end: number;
  readonly depth: number;
}

interface Split {
  readonly feature: number;
  readonly bin: number;
  readonly threshold: number;
}

/** Grows trees on the same binned rows, with the same buffers. */
function openGrower(
  binned: BinnedColumns,
  targets: Targets,
  params: ForestParams & { readonly max_features: number },
) {
  const { max_depth = Infinity, min_samples_leaf, max_features } = params;
  const { bins, bounds } = binned;
  const rows = new Uint32Array(binned.rows);
  const spare = new Uint32Array(binned.rows);
  const features = Uint32Array.from(bins.keys());
  const finder = openSplitFinder(binned, targets, min_samples_leaf);

  /** The best split by some features at random: as many as asked for, and more while all of them are constant. */
  const findSplit = (here: Uint32Array, random: Random): Split | undefined => {
    let best: Split | undefined;
    let most = -Infinity;
    let varied = false;
    for (let tried = 0; tried < features.length && !(varied && tried >= max_features); tried++) {
      const drawn = tried + random.integer(features.length - tried);
      const feature = features[drawn]!;
      features[drawn] = features[tried]!;
      features[tried] = feature;
      const { isConstant, score, bin, next } = finder.bestBin(bins[feature]!, here);
      if (!isConstant) varied = true;
      if (score <= most) continue;
      most = score;
      // Halfway between the bins with rows on both sides.
      const cuts = bounds[feature]!;
      best = { feature, bin, threshold: middleOf(cuts[bin]!, cuts[next - 1]!) };
    }
    return best;
  };

  return {
    /** Grows a tree on rows that were drawn so many times each. */
    grow(draws: Uint32Array, random: Random): Tree {
      const tree = startTree();
      let count = 0;
      draws.forEach((times, row) => {
        if (times > 0) rows[count++] = row;
      });
      features.forEach((_, at) => features[at] = at);
      const open: Node[] = [{ place: ROOT, start: 0, end: count, depth: 0 }];
      for (let node = open.pop(); node; node = open.pop()) {
        const { place, start, end, depth } = node;
        const here = rows.subarray(start, end);
        const isMixed = finder.enter(here, draws);
        const isFinal = !isMixed || depth >= max_depth || here.length < 2 * min_samples_leaf;
        const split = isFinal ? undefined : findSplit(here, random);
        if (!split) {
          addLeaf(tree, place, finder.mean());
          continue;
        }
        const [left, right] = addSplit(tree, place, split);
        const middle = start + partition(here, bins[split.feature]!, { bin: split.bin, spare });
        open.push({ place: right, start: middle, end, depth: depth + 1 });
        open.push({ place: left, start, end: middle, depth: depth + 1 });
      }
      return tree;
    },
  };
}

/** Finds the best splits of the rows of one node at a time. */
function openSplitFinder({ rows, bounds }: BinnedColumns, targets: Targets, min_samples_leaf: number) {
  const { columns, place, value } = targets;
  const most = bounds.reduce((most, { length }) => Math.max(most, length + 1), 0);
  // Of each bin: how many rows it has, how many times they were drawn, and the sum of their vectors.
  const stride = 2 + columns;
  const histogram = new Float64Array(most * stride);
  // A bit for each bin that has rows: small nodes have few.
  const filled = new Int32Array(Math.ceil(most / 32));
  const times = new Float64Array(rows);
  const amounts = new Float64Array(rows);
  const places = new Uint32Array(rows);
  const whole = new Float64Array(columns);
  const left = new Float64Array(columns);
  let drawn = 0;

  return {
    /** Comes to a node; tells whether its rows have different targets. */
    enter(here: Uint32Array, draws: Uint32Array): boolean {
      whole.fill(0);
      drawn = 0;
      let isMixed = false;
      for (let at = 0; at < here.length; at++) {
        const row = here[at]!;
        const count = draws[row]!;
        times[at] = count;
        places[at] = place[row]!;
        amounts[at] = count * value[row]!;
        whole[places[at]!]! += amounts[at]!;
        drawn += count;
        isMixed ||= place[row] !== place[here[0]!] || value[row] !== value[here[0]!];
      }
      return isMixed;
    },
    /** The mean vector of the node. */
    mean: (): Float64Array => whole.map((sum) => sum / drawn),
    /** The last bin of the left side of the best split, the next bin that has rows, and the split's score. */
    bestBin(bins: Uint8Array, here: Uint32Array) {
      for (let at = 0; at < here.length; at++) {
        const bin = bins[here[at]!]!;
        const start = bin * stride;
        filled[bin >> 5]! |= 1 << (bin & 31);
        histogram[start]!++;
        histogram[start + 1]! += times[at]!;
        histogram[start + 2 + places[at]!]! += amounts[at]!;
      }
      left.fill(0);
      let [count, weight, before] = [0, 0, -1];
      const best = { isConstant: true, score: -Infinity, bin: -1, next: -1 };
      for (let word = 0; word < filled.length; word++) {
        for (let bits = filled[word]!; bits !== 0; bits &= bits - 1) {
          const bin = 32 * word + 31 - Math.clz32(bits & -bits);
          if (before >= 0) {
            best.isConstant = false;
            if (count >= min_samples_leaf && here.length - count >= min_samples_leaf) {
              const score = scoreOf(left, whole, { weight, rest: drawn - weight });
              if (score > best.score) {
                best.score = score;
                best.bin = before;
                best.next = bin;
              }
            }
          }
          const start = bin * stride;
          count += histogram[start]!;
          weight += histogram[start + 1]!;
          for (let column = 0; column < columns; column++) left[column]! += histogram[start + 2 + column]!;
          for (let at = start; at < start + stride; at++) histogram[at] = 0;
          before = bin;
        }
        filled[word] = 0;
      }
      return best;
    },
  };
}

/** What the sum of squared errors falls by when each side predicts its own mean, up to a summand. */
function scoreOf(
  left: Float64Array,
  whole: Float64Array,
  { weight, rest }: { readonly weight: number; readonly rest: number },
): number {
  let [ofLeft, ofRight] = [0, 0];
  for (let column = 0; column < left.length; column++) {
    const sum = left[column]!;
    ofLeft += sum * sum;
    ofRight += (whole[column]! - sum) * (whole[column]! - sum);
  }
  return ofLeft / weight + ofRight / rest;
}

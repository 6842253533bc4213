import { type FitInput, type Matrix, takeRows } from "../../mod.ts";
import { holdBack, watchLoss } from "./_early_stopping.ts";
import { openGrower } from "./_grower.ts";
import type { Derivatives } from "./_histograms.ts";
import type { BoostingParams } from "./_params.ts";
import { binColumns, leafOf, type Tree } from "./_trees.ts";

/** What is minimised: a function of so many raw predictions a row. */
export interface Loss {
  /** The raw predictions before the first tree. */
  readonly baseline: Float64Array;
  /** Fills in the first and second derivatives by each raw prediction, and returns the mean loss. */
  derive(raw: readonly Float64Array[], derivatives: readonly Derivatives[]): number;
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

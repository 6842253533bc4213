import { BIN } from "./_histograms.ts";

/** The sum of the hessians that either side of a split has at least, as in scikit-learn. */
const LEAST_HESSIAN = 1e-3;

/** The sums of the derivatives of some rows. */
export interface Sums {
  readonly gradient: number;
  readonly hessian: number;
}

/** How the rows of a leaf are parted, and what that gains. */
export interface Split {
  readonly gain: number;
  readonly feature: number;
  readonly bin: number;
  readonly left: Sums;
}

/** The split with the largest gain, the first of equals; none where no split gains anything. */
export function bestSplit(
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

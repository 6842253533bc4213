import type { BinnedColumns } from "./_trees.ts";

/** The derivatives of the loss by one raw prediction of each row. */
export interface Derivatives {
  readonly gradient: Float64Array;
  readonly hessian: Float64Array;
}

/** The numbers of a bin in a histogram: the sums of its gradients and hessians, and how many rows it has. */
export const BIN = 3;

/** Histograms of all columns, one after another, in buffers that are used again. */
export function openHistograms({ rows: count, bins, bounds }: BinnedColumns) {
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

const MOST_BINS = 20;

/**
 * The edges of bins of equal width from the least to the greatest finite value, as many as Sturges' rule says for so many
 * values, but 20 at most; of equal values one bin around them, and none where there is no finite value.
 *
 * @param step Of how many values one is looked at. @default 1
 */
export function edgesOf(values: Float64Array, step = 1): readonly number[] {
  let [least, most, finite] = [Infinity, -Infinity, 0];
  for (let at = 0; at < values.length; at += step) {
    const value = values[at]!;
    if (!Number.isFinite(value)) continue;
    if (value < least) least = value;
    if (value > most) most = value;
    finite++;
  }
  if (finite === 0) return [];
  if (least === most) {
    const half = (Math.abs(least) || 1) / 2;
    return [least - half, least + half];
  }
  const bins = Math.min(MOST_BINS, Math.ceil(Math.log2(finite)) + 1);
  return Array.from({ length: bins + 1 }, (_, at) => least + at / bins * (most - least));
}

/** Counts a finite value into its bin: each has its lower edge, the last one both. */
export function countInto(counts: number[], edges: readonly number[], value: number): void {
  const [least, most] = [edges[0]!, edges.at(-1)!];
  const bin = Math.floor((value - least) / (most - least) * counts.length);
  counts[Math.min(counts.length - 1, bin)]!++;
}

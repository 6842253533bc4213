/** The arithmetic mean. */
export function meanOf(values: readonly number[] | Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** The mean, and the population standard deviation. */
export function momentsOf(
  values: readonly number[] | Float64Array,
): { readonly mean: number; readonly std: number } {
  const mean = meanOf(values);
  return { mean, std: Math.sqrt(meanOf(Float64Array.from(values, (value) => (value - mean) ** 2))) };
}

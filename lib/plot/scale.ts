/**
 * A linear scale from a domain, which isn't empty, to places of at most one decimal: more can't be seen, and would only
 * make the page heavy.
 */
export function linear(
  [least, most]: readonly [number, number],
  [from, to]: readonly [number, number],
): (value: number) => number {
  return (value) => Math.round((from + (value - least) / (most - least) * (to - from)) * 10) / 10;
}

/** A range that isn't empty, with a single value in its middle. */
export function widened([least, most]: readonly [number, number]): [number, number] {
  if (least !== most) return [least, most];
  const half = (Math.abs(least) || 1) / 2;
  return [least - half, most + half];
}

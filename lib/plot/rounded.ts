import type { ScaleLinear } from "../deps/d3_scale.ts";

/** A scale to places of at most one decimal: more can't be seen, and would only make the page heavy. */
export function rounded(scale: ScaleLinear<number, number>): (value: number) => number {
  return (value) => Number(scale(value).toFixed(1));
}

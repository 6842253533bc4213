/** What a round took, on either side, in the measure's unit. */
export interface Sample {
  readonly ours: number;
  readonly twin: number;
}

/** The rounds of one measure. */
export interface Measure {
  readonly name: string;
  readonly unit: "s" | "ms";
  /** What the project asks of it, in words. */
  readonly asked: string;
  readonly samples: readonly Sample[];
}

/** One side of a comparison: does its work once, and says how long it took. */
export type Side = () => Promise<number>;

/** Takes turns: ours, twin, ours, twin. One more pair of turns, before the others, doesn't count. */
export async function interleave(rounds: number, ours: Side, twin: Side): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  for (let round = 0; round <= rounds; round++) samples.push({ ours: await ours(), twin: await twin() });
  return samples.slice(1);
}

/** A measure as a row of the table: medians, and the median of the rounds' ratios, each with its range. */
export function tableRow({ name, unit, asked, samples }: Measure): string {
  const side = (of: keyof Sample) => `${spread(samples.map((sample) => sample[of]))} ${unit}`;
  const ratio = `${spread(samples.map(({ ours, twin }) => twin / ours))} ×`;
  return `| ${[name, side("ours"), side("twin"), ratio, asked, samples.length].join(" | ")} |`;
}

/** The head of the table. */
export const TABLE_HEAD =
  "| measure | ours | twin | twin ÷ ours | asked | rounds |\n|---|---|---|---|---|---|";

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
}

function spread(values: readonly number[]): string {
  const [low, middle, high] = [Math.min(...values), median(values), Math.max(...values)].map(digits);
  return `${middle} (${low}–${high})`;
}

const digits = (value: number): string => value >= 100 ? value.toFixed(0) : value.toPrecision(3);

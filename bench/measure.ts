/** A row of a table: the cells by the heads of their columns. */
export type Row = Readonly<Record<string, string>>;

/** What every group of measures is given. */
export interface Options {
  /** How many rounds count. */
  readonly rounds: number;
  /** The rows of the tables that are made; where it is undefined, as many as the project asks for. */
  readonly rows: number | undefined;
  /** A folder to make others in. */
  readonly parent: string;
}

/** A group of measures, which gives each row as soon as it is known. */
export type Group = (options: Options) => AsyncGenerator<Row>;

/**
 * The sides take turns: ours, twin, ours, twin. One more round, before the others, doesn't count: it fills the caches
 * of whatever starts cold. Leave it out, by `cold: false`, where the sides time what they do once they have started.
 *
 * @returns What each side found in each round.
 */
export async function interleave<Side extends string, Found>(
  rounds: number,
  sides: Readonly<Record<Side, () => Promise<Found>>>,
  { cold = true } = {},
): Promise<readonly Readonly<Record<Side, Found>>[]> {
  const found: Record<Side, Found>[] = [];
  for (let round = cold ? 0 : 1; round <= rounds; round++) {
    const turn: Partial<Record<Side, Found>> = {};
    for (const side of Object.keys(sides) as Side[]) turn[side] = await sides[side]();
    found.push(turn as Record<Side, Found>);
  }
  return found.slice(cold ? 1 : 0);
}

/** The median of values, with the lowest and the highest where there are several. */
export function spread(values: readonly number[], unit: string): string {
  const [low, middle, high] = [Math.min(...values), median(values), Math.max(...values)].map(digits);
  return values.length === 1 ? `${middle} ${unit}` : `${middle} (${low}–${high}) ${unit}`;
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
}

const digits = (value: number): string => value >= 100 ? value.toFixed(0) : value.toPrecision(3);

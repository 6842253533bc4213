import type { Column } from "./column.ts";

/** A column's values in short. */
export interface ColumnProfile {
  /** How many values it has, without nulls. */
  readonly count: number;
  /** How many of its cells have no value. */
  readonly nulls: number;
  /** The mean of numbers; the share of true among booleans. */
  readonly mean?: number;
  /** The least number. */
  readonly min?: number;
  /** The greatest number. */
  readonly max?: number;
  /** The first date-time, in ISO 8601. */
  readonly earliest?: string;
  /** The last date-time, in ISO 8601. */
  readonly latest?: string;
  /** How many rows have each level of a category, or each of the most frequent texts. */
  readonly levels?: Readonly<Record<string, number>>;
  /** How many different texts there are. */
  readonly distinct?: number;
}

/** How many levels of a category are counted, and how many texts. */
const MOST_LEVELS = 50;
const MOST_TEXTS = 10;

/**
 * The profile of a column, of the cells that have a value: the mean, the least and the greatest of numbers; the first
 * and the last of date-times; the share of true and the count of both among booleans; the rows of each level of a
 * category, unused ones too, in the order of the levels, or of the 50 most frequent where there are more; the number of
 * different texts and the rows of each of the 10 most frequent.
 */
export function profileOf(whole: Column): ColumnProfile {
  const column = withoutNulls(whole);
  const all = { count: column.values.length, nulls: whole.values.length - column.values.length };
  switch (column.kind) {
    case "number":
    case "integer": {
      const range = rangeOf(column.values);
      return { ...all, ...(range && { mean: meanOf(column.values), ...range }) };
    }
    case "date-time": {
      const range = rangeOf(column.values);
      const dateOf = (time: number) => new Date(time).toISOString();
      return { ...all, ...(range && { earliest: dateOf(range.min), latest: dateOf(range.max) }) };
    }
    case "boolean": {
      const yes = column.values.reduce((sum, value) => sum + value, 0);
      return {
        ...all,
        ...(all.count > 0 && { mean: yes / all.count }),
        levels: { true: yes, false: all.count - yes },
      };
    }
    case "category": {
      const counts = new Float64Array(column.levels.length);
      for (const code of column.values) counts[code]!++;
      const levels = column.levels.map((level, code) => [level, counts[code]!] as const);
      return { ...all, levels: mostFrequent(levels, MOST_LEVELS) };
    }
    case "text": {
      const counts = new Map<string, number>();
      for (const text of column.values) counts.set(text, (counts.get(text) ?? 0) + 1);
      const texts = [...counts].sort(byCount);
      return { ...all, levels: mostFrequent(texts, MOST_TEXTS), distinct: counts.size };
    }
  }
}

function withoutNulls(column: Column): Column {
  const { nulls, values, ...rest } = column;
  if (!nulls) return column;
  const hasValue = (_: unknown, row: number) => nulls[row] === 0;
  return { ...rest, values: values.filter(hasValue as never) } as Column;
}

function rangeOf(values: Float64Array): { readonly min: number; readonly max: number } | undefined {
  if (values.length === 0) return undefined;
  let [min, max] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { min, max };
}

/** The mean by Neumaier's compensated sum (Z. angew. Math. Mech. 54, 1974), whose error doesn't grow with the rows. */
function meanOf(values: Float64Array): number {
  const mean = sumOf(values, 1) / values.length;
  return Number.isFinite(mean) ? mean : sumOf(values, values.length);
}

/** The sum of the values, each divided by a number by which large ones don't overflow. */
function sumOf(values: Float64Array, divisor: number): number {
  let [sum, lost] = [0, 0];
  for (const value of values) {
    const part = value / divisor;
    const next = sum + part;
    lost += Math.abs(sum) >= Math.abs(part) ? sum - next + part : part - next + sum;
    sum = next;
  }
  return sum + lost;
}

type Count = readonly [value: string, count: number];

function mostFrequent(counts: readonly Count[], most: number): Readonly<Record<string, number>> {
  return Object.fromEntries(counts.length > most ? [...counts].sort(byCount).slice(0, most) : counts);
}

function byCount([, a]: Count, [, b]: Count): number {
  return b - a;
}

import { ExperimentError } from "../base/error.ts";
import { meanOf, momentsOf } from "../base/mean.ts";
import type { Learned, RawColumn, Transform, Transformable } from "./feature.ts";

function then<Row>(
  feature: Transformable<Row, number | string | boolean>,
  transform: Transform,
): Learned<Row> {
  return typeof feature === "function"
    ? { input: feature, transforms: [transform] }
    : { input: feature.input, transforms: [...feature.transforms, transform] };
}

/**
 * Fills in what has no value: by the mean or the median (the mean of the two middle values of an even number), or by the
 * most frequent value (the least of several) of the train rows, or by a constant.
 */
export function impute<Row>(
  feature: Transformable<Row, number | string | boolean>,
  by: "mean" | "median" | "most_frequent" | { readonly constant: number | string },
): Learned<Row> {
  const learnValue = (values: RawColumn): number | string => {
    if (typeof by === "object") return by.constant;
    if (by === "most_frequent") return mostFrequent(values);
    const known = numbersIn(values, `impute by ${by}`).filter((value) => !Number.isNaN(value));
    if (known.length === 0) throw nothingToLearn(`impute by ${by}`);
    return by === "mean" ? meanOf(known) : medianOf(known);
  };
  return then(feature, {
    name: "impute",
    learn: (values) => ({ value: learnValue(values) }),
    apply(values, { value }) {
      if (values instanceof Float64Array) return values.map((one) => Number.isNaN(one) ? Number(value) : one);
      return values.map((one) => one ?? String(value));
    },
  });
}

/** Takes away the mean of the train rows, and divides by their population standard deviation; by 1 where that is 0. */
export function standardise<Row>(feature: Transformable<Row, number>): Learned<Row> {
  return then(feature, {
    name: "standardise",
    learn(values) {
      const known = knownNumbers(values, "standardise");
      const { mean, std } = momentsOf(known);
      return { mean, deviation: std === 0 ? 1 : std };
    },
    apply: (values, { mean, deviation }) =>
      numbersIn(values, "standardise").map((value) => (value - Number(mean)) / Number(deviation)),
  });
}

/** Scales the train rows to [0, 1] by their least and greatest value; other rows may lie outside of it. */
export function minMax<Row>(feature: Transformable<Row, number>): Learned<Row> {
  return then(feature, {
    name: "min_max",
    learn(values) {
      const known = knownNumbers(values, "min_max");
      const least = known.reduce((a, b) => Math.min(a, b));
      return { least, range: known.reduce((a, b) => Math.max(a, b)) - least || 1 };
    },
    apply: (values, { least, range }) =>
      numbersIn(values, "min_max").map((value) => (value - Number(least)) / Number(range)),
  });
}

/**
 * The number of the bin that a value lies in, from 0: bins of equal width, or of about equal numbers of train rows. A
 * value on an edge belongs to the bin above it; what lies outside of the train rows, to the first or the last bin.
 */
export function bins<Row>(feature: Transformable<Row, number>, options: {
  readonly count: number;
  /** @default "quantile" */
  readonly by?: "quantile" | "width";
}): Learned<Row> {
  const { count, by = "quantile" } = options;
  return then(feature, {
    name: "bins",
    learn(values) {
      const sorted = knownNumbers(values, "bins").toSorted();
      const [least, most] = [sorted[0]!, sorted.at(-1)!];
      const edges = Array.from({ length: count - 1 }, (_, index) => {
        const share = (index + 1) / count;
        return by === "width" ? least + share * (most - least) : quantileOf(sorted, share);
      });
      return { edges: [...new Set(edges)] };
    },
    apply(values, { edges }) {
      const above = (value: number) => (edges as readonly number[]).filter((edge) => value >= edge).length;
      return numbersIn(values, "bins").map((value) => Number.isNaN(value) ? NaN : above(value));
    },
  });
}

/** A column of 0 and 1 for each text of the train rows, sorted; a text that they lack is 0 in all of them. */
export function oneHot<Row>(feature: Transformable<Row, string | boolean>): Learned<Row> {
  return then(feature, {
    name: "one_hot",
    learn: (values) => ({ levels: levelsIn(textsIn(values, "one_hot")) }),
    apply(values, { levels }) {
      const texts = textsIn(values, "one_hot");
      const columns = (levels as readonly string[]).map((name) => ({
        name,
        values: new Float64Array(texts.length),
      }));
      const byLevel = new Map<string | null, Float64Array>(columns.map(({ name, values }) => [name, values]));
      texts.forEach((text, row) => {
        const column = byLevel.get(text);
        if (column) column[row] = 1;
      });
      return columns;
    },
  });
}

/** The place of a text among those of the train rows, sorted, or in the order that is given; −1 for any other. */
export function ordinal<Row>(
  feature: Transformable<Row, string | boolean>,
  options: { readonly levels?: readonly string[] } = {},
): Learned<Row> {
  return then(feature, {
    name: "ordinal",
    learn: (values) => ({ levels: options.levels ?? levelsIn(textsIn(values, "ordinal")) }),
    apply(values, { levels }) {
      const places = new Map((levels as readonly string[]).map((level, index) => [level, index]));
      return Float64Array.from(
        textsIn(values, "ordinal"),
        (one) => one === null ? NaN : places.get(one) ?? -1,
      );
    },
  });
}

/** The share of the train rows that have a text; 0 for one that they lack. The target plays no part in it. */
export function frequency<Row>(feature: Transformable<Row, string | boolean>): Learned<Row> {
  return then(feature, {
    name: "frequency",
    learn(values) {
      const texts = textsIn(values, "frequency");
      const counts = Map.groupBy(texts.filter((one) => one !== null), (one) => one);
      const shares = [...counts].map(([text, some]) => [text, some.length / texts.length] as const);
      return { shares: Object.fromEntries(shares.sort(([a], [b]) => a < b ? -1 : 1)) };
    },
    apply(values, { shares }) {
      const known = new Map(Object.entries(shares as Readonly<Record<string, number>>));
      return Float64Array.from(
        textsIn(values, "frequency"),
        (one) => one === null ? NaN : known.get(one) ?? 0,
      );
    },
  });
}

function numbersIn(values: RawColumn, transform: string): Float64Array {
  if (values instanceof Float64Array) return values;
  throw new ExperimentError("INVALID_PARAMETER_VALUE", `${transform} takes numbers, and was given texts.`, {
    hint: "Make numbers of them first: one_hot, ordinal or frequency.",
  });
}

function knownNumbers(values: RawColumn, transform: string): Float64Array {
  const known = numbersIn(values, transform).filter((value) => !Number.isNaN(value));
  if (known.length === 0) throw nothingToLearn(transform);
  return known;
}

function textsIn(values: RawColumn, transform: string): readonly (string | null)[] {
  if (!(values instanceof Float64Array)) return values;
  throw new ExperimentError("INVALID_PARAMETER_VALUE", `${transform} takes texts, and was given numbers.`, {
    hint: "Give it a function of a row whose value is a text or a boolean.",
  });
}

function nothingToLearn(transform: string): ExperimentError {
  return new ExperimentError(
    "INVALID_PARAMETER_VALUE",
    `${transform} has nothing to learn from: no train row has a value.`,
  );
}

function levelsIn(texts: readonly (string | null)[]): readonly string[] {
  return [...new Set(texts.filter((one) => one !== null))].sort();
}

function mostFrequent(values: RawColumn): number | string {
  const known: readonly (number | string)[] = values instanceof Float64Array
    ? [...values].filter((value) => !Number.isNaN(value))
    : values.filter((value) => value !== null);
  const counts = new Map<number | string, number>();
  for (const value of known) counts.set(value, (counts.get(value) ?? 0) + 1);
  const [best] = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  if (best === undefined) throw nothingToLearn("impute by most_frequent");
  return best[0];
}

function medianOf(values: Float64Array): number {
  const sorted = values.toSorted();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** By linear interpolation between the sorted values, as numpy's default. */
function quantileOf(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const next = sorted[below + 1] ?? sorted[below]!;
  return sorted[below]! + (place - below) * (next - sorted[below]!);
}

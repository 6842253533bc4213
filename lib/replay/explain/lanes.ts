import type { Column } from "../../data/column.ts";

/** One of the two tables. */
export type Side = "past" | "current";

/** Both of them. */
export const SIDES: readonly Side[] = ["past", "current"];

/**
 * A column of both tables as numbers: two cells have the same value, or both none, where, and only where, their numbers
 * are equal.
 */
export interface Lane {
  /** A number of its own, by which equal numbers in two columns have different hashes. */
  readonly seed: number;
  readonly past: Float64Array;
  readonly current: Float64Array;
}

/** What stands for no value: no number, date-time or id is it. */
const NULL = Infinity;

/** A column of both tables as a lane. Where their values can't be equal, as of numbers and texts, none is. */
export function laneOf(past: Column, current: Column, place: number): Lane {
  const seed = Math.imul(place + 1, 0x9e3779b1);
  if (typeOf(past) !== typeOf(current)) {
    return {
      seed,
      past: withNulls(new Float64Array(past.values.length), past),
      current: withNulls(new Float64Array(current.values.length).fill(1), current),
    };
  }
  const ids = new Map<string, number>();
  const idOf = (text: string) => {
    const id = ids.get(text) ?? ids.size;
    if (id === ids.size) ids.set(text, id);
    return id;
  };
  return {
    seed,
    past: withNulls(numbersOf(past, idOf), past),
    current: withNulls(numbersOf(current, idOf), current),
  };
}

/** Adds to the hash of each of some rows those of its cells in a lane, times 1 or, to take them out again, -1. */
export function addHashes(
  hashes: Int32Array,
  lane: Lane,
  { side, rows, times }: { readonly side: Side; readonly rows: Int32Array; readonly times: 1 | -1 },
): void {
  const { buffer, byteOffset, length } = lane[side];
  const bits = new Uint32Array(buffer, byteOffset, 2 * length);
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at]!;
    const [low, high] = [bits[2 * row]!, bits[2 * row + 1]!];
    // -0 is equal to 0.
    let hash = lane.seed ^ low ^ Math.imul(high === 0x80000000 && low === 0 ? 0 : high, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    hashes[at]! += times * (hash ^ (hash >>> 16));
  }
}

/** Which columns can have equal values: numbers are equal whole or not, and a category and a text by its characters. */
function typeOf({ kind }: Column): string {
  return kind === "integer" ? "number" : kind === "category" ? "text" : kind;
}

function numbersOf(column: Column, idOf: (text: string) => number): Float64Array {
  switch (column.kind) {
    case "number":
    case "integer":
    case "date-time":
      return column.values;
    case "boolean":
      return Float64Array.from(column.values);
    case "category": {
      const ids = column.levels.map(idOf);
      return Float64Array.from(column.values, (code) => ids[code]!);
    }
    case "text":
      return Float64Array.from(column.values, idOf);
  }
}

function withNulls(numbers: Float64Array, { nulls }: Column): Float64Array {
  return nulls ? numbers.map((number, row) => nulls[row] === 1 ? NULL : number) : numbers;
}

import { ExperimentError } from "../base/error.ts";
import type { z } from "../deps/zod.ts";
import { dateOf } from "./date_time.ts";

/**
 * One column of a table. A category's values are indices into its levels, a boolean's are 0 and 1, a date-time's the
 * milliseconds since 1970 in UTC. Where a cell has no value, `nulls` has a 1 and `values` a 0 or an empty text.
 */
export type Column =
  & (
    | { readonly kind: "number" | "integer" | "date-time"; readonly values: Float64Array }
    | { readonly kind: "boolean"; readonly values: Uint8Array }
    | { readonly kind: "category"; readonly values: Uint32Array; readonly levels: readonly string[] }
    | { readonly kind: "text"; readonly values: readonly string[] }
  )
  & {
    /** Has a 1 for each row without a value, else 0; absent where all rows have one. */
    readonly nulls?: Uint8Array;
  };

/** What a column's zod type says of it: its kind, whether it has nulls, and the levels of a category. */
export interface ColumnKind {
  readonly kind: Column["kind"];
  readonly levels?: readonly string[];
  readonly nullable?: true;
}

/** What a column of a zod type holds. */
export function columnKind(type: z.ZodType): ColumnKind {
  const { type: kind } = type.def;
  if (kind === "nullable") {
    const inner = columnKind((type as z.ZodNullable<z.ZodType>).unwrap());
    if (!inner.nullable) return { ...inner, nullable: true };
  }
  if (kind === "number") return { kind: (type as z.ZodNumber).isInt ? "integer" : "number" };
  if (kind === "boolean") return { kind };
  if (kind === "date") return { kind: "date-time" };
  if (kind === "string") return { kind: "text" };
  if (kind === "enum") {
    const levels = (type as z.ZodEnum).options;
    if (levels.every((level) => typeof level === "string")) return { kind: "category", levels };
  }
  throw new ExperimentError(
    "INVALID_PARAMETER_VALUE",
    `A column can't be read: found the zod type ${kind}, but a column is z.number(), z.int(), z.boolean(), ` +
      "z.date(), z.string() or z.enum([…]) of texts, or one of these with .nullable().",
  );
}

/** What each column of a row holds, in their order. */
export function columnsOf(
  { shape }: { readonly shape: Readonly<Record<string, unknown>> },
): readonly (ColumnKind & { readonly name: string })[] {
  return Object.entries(shape).map(([name, type]) => ({ name, ...columnKind(type as z.ZodType) }));
}

/** What a source's values are: the texts of a CSV file's cells, or values that have types of their own. */
export type ValueForm = "text" | "typed";

/** A column in the making. */
export interface ColumnBuilder {
  /**
   * Adds the value of the next row: null for none, and `undefined` for one that is missing.
   *
   * @returns Whether the value is one of the column's type.
   */
  readonly add: (value: unknown) => boolean;
  /**
   * Adds many rows at once.
   *
   * @param numbers What the column's array is to hold for each of them; NaN where that isn't known.
   * @param count How many they are.
   * @param addRow Adds one of them in its turn, where its number isn't known or isn't one of the column's type.
   */
  readonly addNumbers: (numbers: Float64Array, count: number, addRow: (row: number) => void) => void;
  /** Tells about how many rows there will be, so that the array needn't grow so often. */
  readonly expect: (rows: number) => void;
  /** How many rows there are. */
  readonly rows: () => number;
  /** The value as the column's type is to have it, for a message. */
  readonly read: (value: unknown) => unknown;
  /** The column of all rows so far; none can be added after it. */
  readonly column: () => Column;
}

/** Makes a column of values of its zod type, one row after the other. */
export function buildColumn(type: z.ZodType, form: ValueForm): ColumnBuilder {
  const { kind, levels = [], nullable = false } = columnKind(type);
  const codes = new Map<unknown, number>(levels.map((level, code) => [level, code]));
  const readValue = form === "text" ? TEXT_READERS[kind] : TYPED_READERS[kind];
  const emptyIsNull = form === "text" && nullable && kind !== "text";
  const read = (value: unknown) => {
    if (emptyIsNull && value === "") return null;
    if (value === null || value === undefined) return nullable ? null : form === "text" ? "" : value;
    return readValue(value);
  };
  const isOfKind = kind === "category" ? (value: unknown) => codes.has(value) : CHECKS[kind];
  const encode = kind === "category" ? (value: unknown) => codes.get(value)! : Number;
  const range = rangeOf(type, kind);
  const isAccepted = (value: unknown) => {
    if (range === undefined) return type.safeParse(value).success;
    return value === null || kind === "text" || isWithin(range, encode(value));
  };
  const isRight = (value: unknown) => (value === null ? nullable : isOfKind(value)) && isAccepted(value);
  const isNumeric = range !== undefined && (kind === "number" || kind === "integer");
  const texts: string[] = [];
  let values = new ARRAYS[kind](1024);
  let nulls = new Uint8Array();
  let rows = 0;
  let expected = 0;
  const grow = (count: number) => {
    if (kind === "text" || count <= values.length) return;
    const likely = expected > rows ? Math.min(expected, 16 * rows) : 2 * rows;
    values = resized(values, Math.max(count, likely));
  };

  return {
    read,
    expect: (count) => void (expected = count),
    rows: () => rows,
    add(value) {
      const isRightNumber = isNumeric && typeof value === "number" && isWithin(range, value);
      const found = isRightNumber ? value + 0 : read(value);
      const right = isRightNumber || isRight(found);
      const isNull = found === null || !right;
      if (isNull) {
        if (rows >= nulls.length) nulls = resized(nulls, Math.max(2 * rows, values.length));
        nulls[rows] = 1;
      }
      if (kind === "text") texts.push(isNull ? "" : found as string);
      else {
        grow(rows + 1);
        values[rows] = isNull ? 0 : encode(found);
      }
      rows++;
      return right;
    },
    addNumbers(numbers, count, addRow) {
      grow(rows + count);
      for (let row = 0; row < count; row++) {
        const value = numbers[row]!;
        if (range !== undefined && isWithin(range, value)) values[rows++] = value + 0;
        else addRow(row);
      }
    },
    column: () =>
      ({
        kind,
        values: kind === "text" ? texts : cut(values, rows),
        ...(kind === "category" && { levels }),
        ...(nulls.length > 0 && { nulls: resized(nulls, rows) }),
      }) as Column,
  };
}

type Reader = (value: unknown) => unknown;

/** A cell may have been read as a number already. */
function numberIn(cell: unknown): unknown {
  return typeof cell === "number" ? cell : numberOf(cell as string) ?? cell;
}

const TEXT_READERS: Readonly<Record<Column["kind"], Reader>> = {
  number: numberIn,
  integer: numberIn,
  boolean: (cell) => cell === "true" ? true : cell === "false" ? false : cell,
  "date-time": (cell) => dateOf(cell as string) ?? cell,
  category: (cell) => cell,
  text: (cell) => cell,
};

/** -0 reads as 0, as they mean the same, and an integer of any width as a number where that holds it. */
const toNumber: Reader = (value) => {
  if (typeof value === "number") return value + 0;
  return typeof value === "bigint" && Number.isSafeInteger(Number(value)) ? Number(value) : value;
};

const TYPED_READERS: Readonly<Record<Column["kind"], Reader>> = {
  ...TEXT_READERS,
  number: toNumber,
  integer: toNumber,
  boolean: (value) => value,
  "date-time": (value) => typeof value === "string" ? dateOf(value) ?? value : value,
};

const CHECKS: Readonly<Record<Exclude<Column["kind"], "category">, (value: unknown) => boolean>> = {
  number: Number.isFinite,
  integer: Number.isSafeInteger,
  boolean: (value) => typeof value === "boolean",
  "date-time": (value) => value instanceof Date && !Number.isNaN(value.getTime()),
  // Half a surrogate pair, which JSON can write, is no Unicode: a snapshot couldn't hold it.
  text: (value) => typeof value === "string" && value.isWellFormed(),
};

/** The numbers that a type takes. */
interface Range {
  readonly above: number;
  readonly least: number;
  readonly most: number;
  readonly below: number;
  readonly isWhole: boolean;
}

function isWithin({ above, least, most, below, isWhole }: Range, value: number): boolean {
  return value > above && value >= least && value <= most && value < below &&
    (!isWhole || Number.isInteger(value));
}

const ALL: Range = { above: -Infinity, least: -Infinity, most: Infinity, below: Infinity, isWhole: false };

const RANGES: Readonly<Record<Column["kind"], Range>> = {
  number: ALL,
  integer: { ...ALL, above: -(2 ** 53), below: 2 ** 53, isWhole: true },
  "date-time": { ...ALL, least: -8.64e15, most: 8.64e15, isWhole: true },
  boolean: ALL,
  category: ALL,
  text: ALL,
};

/** What a type's checks let a column's array hold; undefined where zod alone can tell. */
function rangeOf(type: z.ZodType, kind: Column["kind"]): Range | undefined {
  const { checks = [], format, innerType } = type.def as z.core.$ZodTypeDef & {
    readonly format?: string;
    readonly innerType?: z.ZodType;
  };
  if (format !== undefined && format !== "safeint") return undefined;
  let range = innerType ? rangeOf(innerType, kind) : RANGES[kind];
  for (const { _zod: { def } } of checks) {
    const { check, format, value, inclusive } = def as z.core.$ZodCheckDef & {
      readonly format?: string;
      readonly value?: number | Date;
      readonly inclusive?: boolean;
    };
    if (range === undefined || (check === "number_format" && format === "safeint")) continue;
    const { above, least, most, below } = range;
    const limit = Number(value);
    if (check === "greater_than") {
      range = inclusive
        ? { ...range, least: Math.max(least, limit) }
        : { ...range, above: Math.max(above, limit) };
    } else if (check === "less_than") {
      range = inclusive
        ? { ...range, most: Math.min(most, limit) }
        : { ...range, below: Math.min(below, limit) };
    } else range = undefined;
  }
  return range;
}

/** A finite decimal number; -0 reads as 0, as they mean the same. */
function numberOf(cell: string): number | undefined {
  if (!/^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(cell)) return undefined;
  const value = Number(cell) + 0;
  return Number.isFinite(value) ? value : undefined;
}

const ARRAYS = {
  number: Float64Array,
  integer: Float64Array,
  "date-time": Float64Array,
  boolean: Uint8Array,
  category: Uint32Array,
  text: Uint8Array,
} as const;

type Values = Float64Array<ArrayBuffer> | Uint8Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

/** An array that begins with the values of another, which can't be used any more. */
function resized<Some extends Values>(values: Some, length: number): Some {
  const Some = values.constructor as new (buffer: ArrayBuffer) => Some;
  return new Some(values.buffer.transfer(length * values.BYTES_PER_ELEMENT));
}

/** The first values of an array, in its own memory where little of that is more than they need. */
function cut(values: Values, length: number): Values {
  return values.length > 1.125 * length ? resized(values, length) : values.subarray(0, length);
}

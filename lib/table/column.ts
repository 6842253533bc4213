import type { z } from "../deps/zod.ts";
import { ExperimentError } from "../error.ts";
import type { Column } from "../table.ts";

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
  const bare = isBare(type);
  const isBareNumber = bare && (kind === "number" || kind === "integer");
  const isRight = (value: unknown) =>
    (value === null ? nullable : isOfKind(value)) && (bare || type.safeParse(value).success);
  const encode = kind === "category" ? (value: unknown) => codes.get(value)! : Number;
  const texts: string[] = [];
  const numbers = kind === "text" ? undefined : growing(kind);
  const nullRows: number[] = [];
  let rows = 0;

  return {
    read,
    add(value) {
      if (isBareNumber && typeof value === "number" && isOfKind(value)) {
        numbers!.push(value + 0);
        rows++;
        return true;
      }
      const found = read(value);
      const right = isRight(found);
      const isNull = found === null || !right;
      if (isNull) nullRows.push(rows);
      if (numbers === undefined) texts.push(isNull ? "" : found as string);
      else numbers.push(isNull ? 0 : encode(found));
      rows++;
      return right;
    },
    column() {
      const values = numbers === undefined ? texts : numbers.values();
      const column = kind === "category" ? { kind, values, levels } : { kind, values };
      return (nullRows.length === 0 ? column : { ...column, nulls: maskOf(nullRows, rows) }) as Column;
    },
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

/** Whether a type asks for nothing but its kind, so that a value can be told to be right without zod. */
function isBare(type: z.ZodType): boolean {
  const { checks = [], format, innerType } = type.def as z.core.$ZodTypeDef & {
    readonly format?: string;
    readonly innerType?: z.ZodType;
  };
  return checks.length === 0 && (format === undefined || format === "safeint") &&
    (innerType === undefined || isBare(innerType));
}

/** A finite decimal number; -0 reads as 0, as they mean the same. */
function numberOf(cell: string): number | undefined {
  if (!/^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(cell)) return undefined;
  const value = Number(cell) + 0;
  return Number.isFinite(value) ? value : undefined;
}

const DATE_TIME = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d(?::\d\d(?:\.\d{1,3}0*)?)?)(Z|[+-]\d\d:\d\d))?$/;

/**
 * The moment of an ISO 8601 text with its offset, to the millisecond, or the midnight in UTC of a plain date; undefined
 * for other texts, and for days that no calendar has.
 */
function dateOf(text: string): Date | undefined {
  const [, day, time, offset] = DATE_TIME.exec(text) ?? [];
  if (day === undefined || new Date(day).toJSON()?.slice(0, 10) !== day) return undefined;
  const date = new Date(time === undefined ? day : `${day}T${time}${offset}`);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

const ARRAYS = {
  number: Float64Array,
  integer: Float64Array,
  "date-time": Float64Array,
  boolean: Uint8Array,
  category: Uint32Array,
} as const;

/** A typed array that grows. */
function growing(kind: keyof typeof ARRAYS): {
  readonly push: (value: number) => void;
  readonly values: () => Float64Array | Uint8Array | Uint32Array;
} {
  const Values = ARRAYS[kind];
  let values = new Values(1024);
  let length = 0;
  const resize = (to: number) => {
    values = new Values(values.buffer.transfer(to * Values.BYTES_PER_ELEMENT));
  };
  return {
    push(value) {
      if (length === values.length) resize(2 * length);
      values[length++] = value;
    },
    values() {
      resize(length);
      return values;
    },
  };
}

function maskOf(rows: readonly number[], length: number): Uint8Array {
  const mask = new Uint8Array(length);
  for (const row of rows) mask[row] = 1;
  return mask;
}

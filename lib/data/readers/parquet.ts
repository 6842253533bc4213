import { ExperimentError, messageOf } from "../../base/error.ts";
import {
  type DecodedArray,
  getTreePath,
  parquetMetadata,
  parquetSchema,
  type SchemaElement,
} from "../../deps/hyparquet.ts";
import { checkNames, type TableBuilder } from "../builder.ts";
import { gather } from "./files.ts";
import { dateOf, type Page, pagesOf } from "./parquet_pages.ts";

/**
 * Reads the rows of a Parquet file, page by page of each column. Timestamps without a time zone are read as UTC.
 *
 * @throws {ExperimentError} `INVALID_PARAMETER_VALUE` where it isn't one, or lacks a column.
 */
export async function readParquet(
  parts: AsyncIterable<Uint8Array>,
  builder: TableBuilder,
  { place, size }: { readonly place: string; readonly size?: number | undefined },
): Promise<void> {
  const bytes = await gather(parts, size);
  const attempt = <Result>(read: () => Result): Result => {
    try {
      return read();
    } catch (cause) {
      // What hyparquet stumbles over is a fault of the file's.
      const isFault = cause instanceof TypeError || cause instanceof RangeError;
      const reason = isFault ? "what it says of itself is broken" : messageOf(cause);
      throw new ExperimentError("INVALID_PARAMETER_VALUE", `${place} can't be read as Parquet: ${reason}.`, {
        cause,
      });
    }
  };
  const metadata = attempt(() => {
    const metadata = parquetMetadata(bytes);
    const { num_rows, row_groups } = metadata;
    const rows = row_groups.reduce((sum, group) => sum + group.num_rows, 0n);
    if (rows !== num_rows) throw new Error(`it says ${num_rows} rows, and its row groups have ${rows}`);
    if (num_rows < 0n || row_groups.some((group) => group.num_rows < 0n)) {
      throw new Error("it says that it has less than no rows");
    }
    if (num_rows > MOST_ROWS) throw new Error(`it has ${num_rows} rows, and ${MOST_ROWS} can be read`);
    return metadata;
  });
  const names = builder.columns.map(({ name }) => name);
  const schema = attempt(() => {
    const schema = parquetSchema(metadata);
    const isNamed = schema.children.every(({ element }) => typeof element.name === "string");
    if (!isNamed) throw new Error("it has a column without a name");
    return schema;
  });
  checkNames(names, schema.children.map(({ element }) => element.name), place);
  const adders = builder.beginBlocks({ place, by: "row" });
  builder.expect(Number(metadata.num_rows));
  builder.columns.forEach((column, at) => {
    const schemaPath = getTreePath(schema, [column.name]);
    const { read, perMillisecond } = takeReader(schemaPath[1]!.element);
    const toNumbers = numbersReader(column, { read, perMillisecond });
    let values: DecodedArray = [];
    let numbersOf: Float64Array = new Float64Array();
    let rowsBefore = 0;
    for (const group of metadata.row_groups) {
      const pages = pagesOf(bytes, group, schemaPath);
      for (let page = attempt(() => pages.next()); !page.done; page = attempt(() => pages.next())) {
        const { rows } = page.value;
        if (values !== page.value.values) numbersOf = toNumbers(values = page.value.values);
        const places = placesOf(page.value);
        const [of, before] = [values, rowsBefore];
        adders[at]!({
          rows,
          numbers: places === undefined ? numbersOf : taken(numbersOf, places),
          valueAt(row) {
            const value: unknown = of[places === undefined ? row : places[row]!] ?? null;
            return read === undefined || value === null ? value : read(value);
          },
          placeAt: (row) => before + row + 1,
        });
        rowsBefore += rows;
      }
    }
  });
}

/** The most rows of a file: so many doubles of a column take 2 GiB. */
const MOST_ROWS = 2 ** 28;

/** For each row the place of its value, -1 where it has none; undefined where they are in the order of the rows. */
function placesOf({ rows, indices, present }: Page): Int32Array | undefined {
  if (indices === undefined && present === undefined) return undefined;
  const places = new Int32Array(rows);
  let next = 0;
  for (let row = 0; row < rows; row++) {
    if (present !== undefined && present[row] === 0) places[row] = -1;
    else {
      places[row] = indices === undefined ? next : indices[next] as number;
      next++;
    }
  }
  return places;
}

function taken(numbers: Float64Array, places: Int32Array): Float64Array {
  const found = new Float64Array(places.length);
  for (let row = 0; row < found.length; row++) {
    const place = places[row]!;
    found[row] = place < 0 ? NaN : numbers[place]!;
  }
  return found;
}

/** How the values of a column are read that hyparquet leaves as they are kept. */
interface Reading {
  readonly read?: ((value: unknown) => unknown) | undefined;
  /** Of moments, how many of their units a millisecond has. */
  readonly perMillisecond?: bigint | undefined;
}

/**
 * What reads a column of decimals or of moments, which is left as the integers that it is kept as: hyparquet would round
 * the ones twice, and make an object of each of the others.
 */
function takeReader(element: SchemaElement): Reading {
  const { converted_type, logical_type, scale = 0 } = element;
  const unit = logical_type?.type === "TIMESTAMP"
    ? logical_type.unit
    : converted_type?.replace(/^TIMESTAMP_/, "");
  const perMillisecond = { MILLIS: 1n, MICROS: 1000n, NANOS: 1_000_000n }[unit as string];
  const isDecimal = converted_type === "DECIMAL";
  if (!isDecimal && perMillisecond === undefined) return {};
  delete element.converted_type;
  delete element.logical_type;
  return isDecimal
    ? { read: (value) => decimalOf(value, scale) }
    : { read: (value) => dateOf(value as bigint, perMillisecond!), perMillisecond };
}

/** What a column's array is to hold for some values; NaN for those that it can't. */
function numbersReader(
  { kind, levels = [] }: TableBuilder["columns"][number],
  { read, perMillisecond }: Reading,
): (values: DecodedArray) => Float64Array {
  const codes = new Map<unknown, number>(levels.map((level, code) => [level, code]));
  const toNumber = {
    number: numberOf,
    integer: numberOf,
    boolean: (value: unknown) => typeof value === "boolean" ? Number(value) : NaN,
    "date-time": (value: unknown) => value instanceof Date ? value.getTime() : NaN,
    category: (value: unknown) => codes.get(value) ?? NaN,
    text: () => NaN,
  }[kind];
  const isNumber = toNumber === numberOf && read === undefined;
  const unit = isNumber ? 1 : kind === "date-time" ? Number(perMillisecond) : NaN;
  return (values) => {
    if (values instanceof Float64Array && isNumber) return values;
    const numbers = values instanceof BigInt64Array
      ? wholeNumbers(values, unit)
      : new Float64Array(values.length).fill(NaN);
    for (let at = 0; at < numbers.length; at++) {
      if (!Number.isNaN(numbers[at])) continue;
      const value: unknown = values[at];
      numbers[at] = toNumber(read === undefined ? value : read(value));
    }
    return numbers;
  };
}

/** The greatest time that a date-time can be, in milliseconds. */
const MAX_TIME = 8.64e15;

/**
 * The values divided by a unit, where that gives a whole number that a double surely holds, and else NaN. They are read
 * in halves, as to make a BigInt of each takes several times as long.
 */
function wholeNumbers(values: BigInt64Array, unit: number): Float64Array {
  const halves = new Uint32Array(values.buffer, values.byteOffset, 2 * values.length);
  const numbers = new Float64Array(values.length);
  for (let at = 0; at < numbers.length; at++) {
    const value = (halves[2 * at + 1]! | 0) * 2 ** 32 + halves[2 * at]!;
    numbers[at] = Math.abs(value) <= MAX_TIME && value % unit === 0 ? value / unit : NaN;
  }
  return numbers;
}

function numberOf(value: unknown): number {
  const isExact = typeof value === "number" ||
    (typeof value === "bigint" && Number.isSafeInteger(Number(value)));
  return isExact ? Number(value) : NaN;
}

/** The number nearest to a decimal, which is kept as an integer or as its bytes. */
function decimalOf(value: unknown, scale: number): number {
  const integer = value instanceof Uint8Array
    ? BigInt.asIntN(8 * value.length, BigInt(`0x${value.toHex()}`))
    : value;
  return Number(`${integer}e${-scale}`);
}

import { ExperimentError } from "../base/error.ts";
import { suggestionOf } from "../base/nearest.ts";
import type { Column } from "../data/column.ts";
import type { EarlierOf, FeatureOf, Learned, RawColumn, WindowInput } from "./feature.ts";

/** The columns of a row whose values are of a type, or missing. */
export type ColumnOf<Row, Value> =
  & keyof {
    [Name in keyof Row as Row[Name] extends Value | null ? Name : never]: unknown;
  }
  & string;

/** Which rows are before a row, and how many of them a window has. */
export interface WindowOptions<Row> {
  /** The column of numbers or date-times that orders the rows. */
  readonly by: ColumnOf<Row, number | Date>;
  /** The columns whose values part the rows into groups: only rows of one group see each other. */
  readonly within?:
    | ColumnOf<Row, number | string | boolean>
    | readonly ColumnOf<Row, number | string | boolean>[];
  /** How many rows. */
  readonly rows: number;
}

/** A feature of earlier rows, of which nothing is learned. It has no value where there aren't enough of them. */
export interface Window<Row, Value extends number | string = number | string> extends Learned<Row> {
  /** What is computed of which rows. */
  readonly input: WindowInput<Row, Value>;
  /** None. */
  readonly transforms: readonly [];
}

/**
 * The value of the row that is `rows` rows before. Before a row are the rows of its group whose `by` is less, never
 * equal; rows of one moment are in the order of the table.
 *
 * @example
 * ```ts
 * impute(lag((row) => row.sold, { by: "date", rows: 1, within: "store" }), { constant: 0 })
 * ```
 */
export function lag<Row, Value extends number | string>(
  of: (row: EarlierOf<Row>) => Value | null,
  options: WindowOptions<Row>,
): Window<Row, Value> {
  const { rows } = options;
  const value: WindowInput<Row>["value"] = (values, { from, to }) =>
    to - rows < from ? null : values[to - rows]!;
  return { input: { of, ...placeOf(options), value }, transforms: [] };
}

/** What is told of the values in a window. */
export type Statistic = "mean" | "sum" | "min" | "max" | "std";

/**
 * A statistic of the last `rows` rows before; `std` is the population standard deviation. Before a row are the rows of
 * its group whose `by` is less, never equal; rows of one moment are in the order of the table. Each window is computed
 * anew, from its oldest row on, so no error adds up; the time it takes grows with `rows`.
 *
 * @param options.atLeast How many of them have to be there with a value, else the window has none. @default `rows`
 *
 * @example
 * ```ts
 * impute(rolling((row) => row.sold, "mean", { by: "date", rows: 7, within: "store" }), "median")
 * ```
 */
export function rolling<Row>(
  of: (row: EarlierOf<Row>) => number | null,
  statistic: Statistic,
  options: WindowOptions<Row> & { readonly atLeast?: number },
): Window<Row, number> {
  const { rows, atLeast = rows } = options;
  const place = placeOf(options);
  checkCount("atLeast", atLeast, rows);
  const compute = STATISTICS[statistic];
  const known = new Float64Array(rows);
  const value: WindowInput<Row>["value"] = (values, { from, to }) => {
    if (!(values instanceof Float64Array)) {
      throw unfit("its window rolls over texts or booleans", "Make numbers of them first: Number(…).");
    }
    let count = 0;
    for (let at = Math.max(from, to - rows); at < to; at++) {
      if (!Number.isNaN(values[at])) known[count++] = values[at]!;
    }
    return count < atLeast ? NaN : compute(known, count);
  };
  return { input: { of, ...place, value }, transforms: [] };
}

const STATISTICS: Readonly<Record<Statistic, (values: Float64Array, count: number) => number>> = {
  mean: meanOf,
  sum: sumOf,
  min: (values, count) => {
    let least = values[0]!;
    for (let at = 1; at < count; at++) least = Math.min(least, values[at]!);
    return least;
  },
  max: (values, count) => {
    let most = values[0]!;
    for (let at = 1; at < count; at++) most = Math.max(most, values[at]!);
    return most;
  },
  std: (values, count) => {
    const mean = meanOf(values, count);
    let squares = 0;
    for (let at = 0; at < count; at++) squares += (values[at]! - mean) ** 2;
    return Math.sqrt(squares / count);
  },
};

function meanOf(values: Float64Array, count: number): number {
  return sumOf(values, count) / count;
}

function sumOf(values: Float64Array, count: number): number {
  let sum = 0;
  for (let at = 0; at < count; at++) sum += values[at]!;
  return sum;
}

function placeOf<Row>(
  { by, within = [], rows }: WindowOptions<Row>,
): Pick<WindowInput<Row>, "by" | "within" | "rows"> {
  checkCount("rows", rows);
  return { by, within: typeof within === "string" ? [within] : within, rows };
}

function checkCount(name: string, count: number, most = Infinity): void {
  if (Number.isSafeInteger(count) && count >= 1 && count <= most) return;
  throw new ExperimentError(
    "INVALID_PARAMETER_VALUE",
    `A window's ${name} is ${count}, but it has to be a whole number of at least 1${
      most < Infinity ? ` and at most ${most}, its rows` : ""
    }.`,
  );
}

/** The window that a feature is of, or that something is learned from; undefined where it is of its own row. */
export function windowIn(feature: FeatureOf<never>): WindowInput<never> | undefined {
  return typeof feature === "function" || typeof feature.input === "function" ? undefined : feature.input;
}

/** Rows, group by group, and in each by time; those of one moment in the order of the table. */
export interface RowOrder {
  /** The rows' indices in that order. */
  readonly order: Uint32Array;
  /** The number of each row's group. */
  readonly groups: Uint32Array;
  /** The time of each row. */
  readonly times: Float64Array;
}

/**
 * Orders a table's rows as a window asks.
 *
 * @param columns The columns that it may name.
 * @throws {ExperimentError} `INVALID_PARAMETER_VALUE` where a column isn't there, is of another kind, or lacks a time.
 */
export function orderRows(
  { by, within }: Pick<WindowInput<never>, "by" | "within">,
  columns: Readonly<Record<string, Column>>,
): RowOrder {
  const { values, nulls } = namedColumn(by, {
    columns,
    part: "by",
    kinds: ["number", "integer", "date-time"],
  });
  const missing = nulls?.indexOf(1) ?? -1;
  if (missing >= 0) {
    throw unfit(
      `its window is ordered by "${by}", which has no value in row ${missing + 1}`,
      "Order it by a column without missing values.",
    );
  }
  const times = values as Float64Array;
  const kinds = ["category", "text", "integer", "boolean"] as const;
  const parts = within.map((name) => namedColumn(name, { columns, part: "within", kinds }));
  const { groups, count } = groupRows(parts, times.length);
  const starts = new Uint32Array(count + 1);
  for (const group of groups) starts[group + 1]!++;
  for (let group = 0; group < count; group++) starts[group + 1]! += starts[group]!;
  const places = starts.slice();
  const order = new Uint32Array(times.length);
  groups.forEach((group, row) => order[places[group]!++] = row);
  for (let group = 0; group < count; group++) {
    const rows = order.subarray(starts[group], starts[group + 1]);
    if (!isAscending(rows, times)) rows.sort((a, b) => times[a]! - times[b]!);
  }
  return { order, groups, times };
}

/** The values of a window for every row, of those of its function. */
export function computeWindow(
  { value }: Pick<WindowInput<never>, "value">,
  { values, order: { order, groups, times } }: { readonly values: RawColumn; readonly order: RowOrder },
): RawColumn {
  const isNumbers = values instanceof Float64Array;
  const ordered = isNumbers ? new Float64Array(values.length) : new Array<string | null>(values.length);
  const computed = isNumbers ? new Float64Array(values.length) : new Array<string | null>(values.length);
  order.forEach((row, place) => ordered[place] = values[row]!);
  let from = 0;
  let to = 0;
  order.forEach((row, place) => {
    const before = order[place - 1];
    if (before === undefined || groups[row] !== groups[before]) from = to = place;
    else if (times[row] !== times[before]) to = place;
    computed[row] = value(ordered, { from, to }) ?? (isNumbers ? NaN : null);
  });
  return computed;
}

/** Numbers the groups of rows that have the same values in all columns; rows without a value are alike. */
function groupRows(
  columns: readonly Column[],
  rows: number,
): { readonly groups: Uint32Array; readonly count: number } {
  const groups = new Uint32Array(rows);
  let count = 1;
  for (const { values, nulls } of columns) {
    const refined = Array.from({ length: count }, () => new Map<unknown, number>());
    count = 0;
    for (let row = 0; row < rows; row++) {
      const known = refined[groups[row]!]!;
      const value = nulls?.[row] === 1 ? null : values[row];
      let group = known.get(value);
      if (group === undefined) known.set(value, group = count++);
      groups[row] = group;
    }
  }
  return { groups, count };
}

function isAscending(rows: Uint32Array, times: Float64Array): boolean {
  for (let at = 1; at < rows.length; at++) if (times[rows[at]!]! < times[rows[at - 1]!]!) return false;
  return true;
}

function namedColumn(name: string, { columns, part, kinds }: {
  readonly columns: Readonly<Record<string, Column>>;
  readonly part: "by" | "within";
  readonly kinds: readonly Column["kind"][];
}): Column {
  const column = columns[name];
  if (column === undefined) {
    throw unfit(
      `its window's \`${part}\` is "${name}", which is no column of the dataset, or is its target`,
      suggestionOf(name, Object.keys(columns)),
    );
  }
  if (kinds.includes(column.kind)) return column;
  throw unfit(
    `its window's \`${part}\` is "${name}", a ${column.kind} column`,
    `Name a column that is one of: ${kinds.join(", ")}.`,
  );
}

function unfit(reason: string, hint: string): ExperimentError {
  return new ExperimentError("INVALID_PARAMETER_VALUE", reason, { hint });
}

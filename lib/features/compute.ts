import { ExperimentError } from "../base/error.ts";
import type { Column } from "../data/column.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Table } from "../data/table.ts";
import type { RawColumn, WindowInput } from "./feature.ts";
import { type FeatureView, isPlain } from "./features.ts";
import { openRow, type RowCursor } from "./row.ts";
import { computeWindow, orderRows, type RowOrder, windowIn } from "./window.ts";

/** A feature view and its name in the registry. */
export interface NamedView {
  readonly name: string;
  readonly view: FeatureView;
}

/** What features gave, and what they read. */
export interface Computed {
  /** Each view's features, computed for every row: by view, then by feature in the order of their names. */
  readonly values: Readonly<Record<string, Readonly<Record<string, RawColumn>>>>;
  /**
   * What each feature read in any row, by view and feature: the sorted names of columns and of features of the views
   * below; of a window also the columns that it is ordered and grouped by and, where it read that of earlier rows, the
   * target.
   */
  readonly reads: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

/**
 * Computes each view's features for every row of a table.
 *
 * @throws {ExperimentError} `INVALID_PARAMETER_VALUE` where one can't be computed, with its name and the row.
 */
export function computeFeatures(
  { dataset: { target }, views }: { readonly dataset: Dataset; readonly views: readonly NamedView[] },
  table: Table,
): Computed {
  const values: Record<string, Record<string, RawColumn>> = {};
  const reads: Record<string, Record<string, readonly string[]>> = {};
  const orderOf = orderOnce(table, target);
  let readable = table.columns;
  for (const { name, view } of views) {
    const present = openRow(readable, { hidden: target });
    const earlier = openRow(readable);
    const computed: Record<string, RawColumn> = values[name] = {};
    const read: Record<string, readonly string[]> = reads[name] = {};
    for (const feature of Object.keys(view.features).sort()) {
      const given = view.features[feature]!;
      const place = `${name}.${feature}`;
      const window = windowIn(given);
      if (window) {
        const of = evaluate(window.of, { cursor: earlier, rows: table.rows, place, admit: admitRaw });
        try {
          computed[feature] = computeWindow(window, { values: of, order: orderOf(window) });
        } catch (cause) {
          throw failure(`The feature ${place} can't be computed`, cause);
        }
        read[feature] = [...new Set([...earlier.takeReads(), window.by, ...window.within])].sort();
      } else {
        const [of, admit] = typeof given === "function" ? [given, admitNumber] : [given.input, admitRaw];
        computed[feature] = evaluate(of as Compute, { cursor: present, rows: table.rows, place, admit });
        read[feature] = present.takeReads().toSorted();
      }
    }
    // What is learned differs from fold to fold, so no other feature can read it.
    const plain = Object.entries(computed).filter(([feature]) => isPlain(view.features[feature]!));
    const columns = Object.fromEntries(plain.map(([feature, column]) => [feature, columnOf(column)]));
    readable = { ...readable, ...columns, [target]: table.columns[target]! };
  }
  return { values, reads };
}

/** Orders the rows for windows; once for all that have the same order. */
function orderOnce(table: Table, target: string): (window: WindowInput<never>) => RowOrder {
  const { [target]: _target, ...columns } = table.columns;
  const orders = new Map<string, RowOrder>();
  return ({ by, within }) => {
    const key = JSON.stringify([by, within]);
    const order = orders.get(key) ?? orderRows({ by, within }, columns);
    orders.set(key, order);
    return order;
  };
}

type Compute = (row: never) => unknown;

/** What a function gives for every row: numbers, NaN for null, or texts. */
function evaluate(compute: Compute, { cursor: { row, at }, rows, place, admit }: {
  readonly cursor: RowCursor;
  readonly rows: number;
  /** The name of the feature. */
  readonly place: string;
  /** What is to stand for a value that is no finite number. */
  readonly admit: (found: unknown) => string | null;
}): RawColumn {
  const numbers = new Float64Array(rows);
  let texts: (string | null)[] | undefined;
  let index = 0;
  try {
    for (; index < rows; index++) {
      at[0] = index;
      const found = compute(row as never);
      if (typeof found === "number" && Number.isFinite(found)) numbers[index] = found;
      else {
        const text = admit(found);
        numbers[index] = NaN;
        if (text !== null) (texts ??= new Array<string | null>(rows).fill(null))[index] = text;
      }
    }
  } catch (cause) {
    throw failure(`The feature ${place} can't be computed for row ${index + 1}`, cause);
  }
  if (texts === undefined) return numbers;
  if (numbers.every(Number.isNaN)) return texts;
  throw new ExperimentError(
    "INVALID_PARAMETER_VALUE",
    `The feature ${place} can't be computed: it is a number in some rows and a text in others.`,
  );
}

function failure(what: string, cause: unknown): ExperimentError {
  const reason = cause instanceof Error ? cause.message : `it threw ${String(cause)}`;
  const hint = cause instanceof ExperimentError ? cause.hint : undefined;
  return new ExperimentError("INVALID_PARAMETER_VALUE", `${what}: ${reason}.`, { hint, cause });
}

function admitNumber(found: unknown): never {
  throw new Error(`found ${String(found)}, but a feature is a finite number`);
}

function admitRaw(found: unknown): string | null {
  if (found === null || typeof found === "string") return found;
  if (typeof found === "boolean") return String(found);
  throw new Error(
    `found ${String(found)}, but what is learned from is a finite number, a text, a boolean or null`,
  );
}

/** A feature's values as a column that other features read. */
function columnOf(values: RawColumn): Column {
  const column = values instanceof Float64Array
    ? { kind: "number" as const, values }
    : { kind: "text" as const, values: values as readonly string[] };
  const nulls = new Uint8Array(values.length);
  for (let row = 0; row < nulls.length; row++) {
    if (values[row] === null || Number.isNaN(values[row])) nulls[row] = 1;
  }
  return nulls.includes(1) ? { ...column, nulls } : column;
}

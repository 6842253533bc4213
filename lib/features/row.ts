import { ExperimentError } from "../base/error.ts";
import type { Column } from "../data/column.ts";

/** One row object that stands for each row of a table in turn, and the columns that functions read of it. */
export interface RowCursor {
  /** Has a getter for each column, which gives the cell of the row that the cursor is at. */
  readonly row: object;
  /** Holds the index of that row, as its only element. */
  readonly at: Int32Array;
  /** The names of the columns that were read since this was last asked. */
  takeReads(): readonly string[];
}

/**
 * Opens columns to functions of a row.
 *
 * @param options.hidden The name of the target, which can't be read.
 */
export function openRow(
  columns: Readonly<Record<string, Column>>,
  options: { readonly hidden?: string } = {},
): RowCursor {
  const { hidden } = options;
  const names = Object.keys(columns).filter((name) => name !== hidden);
  const at = new Int32Array(1);
  const seen = new Uint8Array(names.length);
  // An object with a prototype of its own is of a class of its own to V8, else it turns into a slow dictionary as soon
  // as another row has had getters of the same names.
  const row: object = Object.create({});
  names.forEach((name, index) => {
    Object.defineProperty(row, name, {
      get: cellGetter(columns[name]!, { at, seen, index }),
      enumerable: true,
    });
  });
  if (hidden !== undefined) {
    Object.defineProperty(row, hidden, {
      get: () => {
        throw new ExperimentError(
          "INVALID_PARAMETER_VALUE",
          `it reads "${hidden}", the target, which features can't read`,
        );
      },
    });
  }
  return {
    row,
    at,
    takeReads() {
      const reads = names.filter((_, index) => seen[index] === 1);
      seen.fill(0);
      return reads;
    },
  };
}

/**
 * Reads a column's cell of the row that the cursor is at, and says so in `seen`. Each kind of array has a function of its
 * own, over constants alone, so that V8 can inline it.
 */
function cellGetter(column: Column, place: {
  readonly at: Int32Array;
  readonly seen: Uint8Array;
  readonly index: number;
}): () => unknown {
  const { at, seen, index } = place;
  const { nulls, ...rest } = column;
  if (nulls) {
    const get = cellGetter(rest as Column, place);
    return () => {
      seen[index] = 1;
      return nulls[at[0]!] === 1 ? null : get();
    };
  }
  switch (column.kind) {
    case "category": {
      const { values, levels } = column;
      return () => {
        seen[index] = 1;
        return levels[values[at[0]!]!];
      };
    }
    case "boolean": {
      const { values } = column;
      return () => {
        seen[index] = 1;
        return values[at[0]!] === 1;
      };
    }
    case "text": {
      const { values } = column;
      return () => {
        seen[index] = 1;
        return values[at[0]!];
      };
    }
    case "date-time": {
      const { values } = column;
      return () => {
        seen[index] = 1;
        return new Date(values[at[0]!]!);
      };
    }
    default: {
      const { values } = column;
      return () => {
        seen[index] = 1;
        return values[at[0]!];
      };
    }
  }
}

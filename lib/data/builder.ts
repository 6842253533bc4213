import { ExperimentError } from "../base/error.ts";
import { suggestionOf } from "../base/nearest.ts";
import type { z } from "../deps/zod.ts";
import { mismatchOf } from "../document/document.ts";
import { show } from "../document/show.ts";
import { buildColumn, type Column, type ColumnKind, columnsOf, type ValueForm } from "./column.ts";

/** How many broken rows are told one by one. */
const MAX_TOLD = 5;

/** Adds a column's value of the next row, which is on this line, or has this 1-based number, in the source. */
export type AddValue = (value: unknown, at: number) => void;

/** The values of a column in many rows. */
export interface Block {
  readonly rows: number;
  /** What the column's array is to hold for each row; NaN where only the value tells. */
  readonly numbers: Float64Array;
  readonly valueAt: (row: number) => unknown;
  /** The row's line or 1-based number in the source. */
  readonly placeAt: (row: number) => number;
}

/** Adds a column's values of the next rows. */
export type AddBlock = (block: Block) => void;

/** A part of a source: a file, or the result of a query. */
export interface Part {
  /** Its name in messages. */
  readonly place: string;
  /** How its rows are told in messages. */
  readonly by: "line" | "row";
}

/** A table in the making, from one part of its source after the other. */
export interface TableBuilder {
  /** The columns to read. */
  readonly columns: readonly (ColumnKind & { readonly name: string })[];
  /** Begins a part; what adds the values of each column, in the order of the columns. */
  readonly begin: (part: Part) => readonly AddValue[];
  /** Begins a part whose rows are added many at a time. */
  readonly beginBlocks: (part: Part) => readonly AddBlock[];
  /** Tells about how many more rows there will be. */
  readonly expect: (rows: number) => void;
  /**
   * The rows and columns.
   *
   * @throws {ExperimentError} `INVALID_PARAMETER_VALUE` where rows break the schema: the first of them with file, line,
   * column and value, and how many more there are.
   */
  readonly table: () => { readonly rows: number; readonly columns: Readonly<Record<string, Column>> };
}

const NAMES_HINT = "The names in the dataset's `row` schema have to be names of the source's columns.";

/**
 * Checks that a source has the columns that are to be read.
 *
 * @throws {ExperimentError} `INVALID_PARAMETER_VALUE` where it lacks one.
 */
export function checkNames(names: readonly string[], found: readonly string[], place: string): void {
  const missing = names.find((name) => !found.includes(name));
  if (missing === undefined) return;
  throw new ExperimentError(
    "INVALID_PARAMETER_VALUE",
    `${place}: no column "${missing}". ${suggestionOf(missing, found)}`,
    { hint: NAMES_HINT },
  );
}

/** Makes a table of these columns from values of one form. */
export function buildTable(shape: Readonly<Record<string, z.ZodType>>, form: ValueForm): TableBuilder {
  const broken = new Set<number>();
  let last = "";
  const columns = Object.entries(shape).map(([name, type]) => ({
    name,
    type,
    ...buildColumn(type, form),
    isGiven: false,
    problems: [] as Problem[],
  }));
  const begin = ({ place, by }: Part) => {
    last = place;
    return columns.map((column): AddValue => (value, at) => {
      const row = column.rows();
      if (value !== undefined) column.isGiven = true;
      if (column.add(value)) return;
      broken.add(row);
      if (column.problems.length === MAX_TOLD) return;
      const where = by === "line" ? `${place}:${at}:` : `${place}: row ${at},`;
      const found = column.read(value);
      const mismatch = mismatchOf(column.type, found) ?? `not accepted: found ${show(found)}`;
      column.problems.push({ row, message: `${where} column "${column.name}": ${mismatch}` });
    });
  };
  return {
    columns: columnsOf({ shape }),
    begin,
    beginBlocks: (part) =>
      begin(part).map((add, column) => ({ rows, numbers, valueAt, placeAt }) => {
        columns[column]!.isGiven = true;
        columns[column]!.addNumbers(numbers, rows, (row) => add(valueAt(row), placeAt(row)));
      }),
    expect(rows) {
      for (const column of columns) column.expect(column.rows() + rows);
    },
    table() {
      if (broken.size > 0) throw errorOf(columns.flatMap(({ problems }) => problems), broken.size);
      const missing = columns.find(({ rows, isGiven }) => rows() > 0 && !isGiven);
      if (missing) {
        throw new ExperimentError(
          "INVALID_PARAMETER_VALUE",
          `${last}: no row has "${missing.name}", not even as null.`,
          { hint: NAMES_HINT },
        );
      }
      return {
        rows: columns[0]?.rows() ?? 0,
        columns: Object.fromEntries(columns.map(({ name, column }) => [name, column()])),
      };
    },
  };
}

interface Problem {
  readonly row: number;
  readonly message: string;
}

function errorOf(problems: readonly Problem[], brokenRows: number): ExperimentError {
  const firstOfRow = new Map<number, string>();
  for (const { row, message } of problems.toSorted((a, b) => a.row - b.row)) {
    if (!firstOfRow.has(row)) firstOfRow.set(row, message);
  }
  const told = [...firstOfRow.values()].slice(0, MAX_TOLD);
  if (brokenRows > told.length) told.push(`… and ${brokenRows - told.length} more`);
  return new ExperimentError("INVALID_PARAMETER_VALUE", told.join("\n"), {
    hint: "Mend the row, or the type of the column in the dataset's `row` schema.",
  });
}

import type { Column } from "../../data/column.ts";
import { profileOf } from "../../data/profile.ts";
import type { Table } from "../../data/table.ts";
import type { Cell, CellChange, DataChange } from "./explanation.ts";
import { type Lane, laneOf } from "./lanes.ts";
import { matchRows } from "./match.ts";

/**
 * What differs between two states of a dataset. Rows are matched without a key, so where they can hardly be told apart
 * the counts are one of several readings; those added less those removed are always what the table grew by. Cells are
 * compared by value: 2 is the same in columns of numbers and of integers, a category is the text of its level, and a cell
 * without value is the same as another one.
 */
export function dataChange(
  dataset: string,
  past: Table,
  current: Table,
  options: {
    /** The column to predict, whose cells are labels. */
    readonly target: string;
    /** How many edited cells are listed. @default 10 */
    readonly cells?: number;
  },
): DataChange {
  const names = Object.keys(current.columns).filter((name) => Object.hasOwn(past.columns, name));
  const lanes = names.map((name, place) => laneOf(past.columns[name]!, current.columns[name]!, place));
  const columns = {
    added: Object.keys(current.columns).filter((name) => !names.includes(name)),
    removed: Object.keys(past.columns).filter((name) => !names.includes(name)),
  };
  const { places, reordered } = matchRows(lanes, { past: past.rows, current: current.rows });
  const origins = new Int32Array(current.rows).fill(-1);
  places.forEach((place, row) => {
    if (place >= 0) origins[place] = row;
  });

  const cells: CellChange[] = [];
  let [matched, edited, changed, labels] = [0, 0, 0, 0];
  origins.forEach((origin, row) => {
    if (origin < 0) return;
    matched++;
    const before = changed;
    lanes.forEach((lane, place) => {
      if (lane.past[origin] === lane.current[row]) return;
      const column = names[place]!;
      changed++;
      if (column === options.target) labels++;
      if (cells.length >= (options.cells ?? 10)) return;
      cells.push({
        row: row + 1,
        column,
        past: cellOf(past.columns[column]!, origin),
        current: cellOf(current.columns[column]!, row),
      });
    });
    if (changed > before) edited++;
  });

  const rows = { added: current.rows - matched, removed: past.rows - matched, edited, reordered };
  const isAlike = columns.added.length === 0 && columns.removed.length === 0 &&
    names.every((name) => past.columns[name]!.kind === current.columns[name]!.kind);
  return {
    dataset,
    past_rows: past.rows,
    current_rows: current.rows,
    rows,
    append_only: isAlike && current.rows > past.rows && places.every((place, row) => place === row) &&
      edited === 0,
    columns,
    cells_changed: changed,
    labels_changed: labels,
    cells,
    profiles: Object.fromEntries([
      ...names
        .filter((name, place) => isChanged(past.columns[name]!, current.columns[name]!, lanes[place]!))
        .map((name) => [name, {
          past: profileOf(past.columns[name]!),
          current: profileOf(current.columns[name]!),
        }]),
      ...columns.added.map((name) => [name, { current: profileOf(current.columns[name]!) }]),
      ...columns.removed.map((name) => [name, { past: profileOf(past.columns[name]!) }]),
    ]),
  };
}

/** Whether a column's kind, levels or any value differ, row by row. */
function isChanged(past: Column, current: Column, lane: Lane): boolean {
  return past.kind !== current.kind || lane.past.length !== lane.current.length ||
    (past.kind === "category" && current.kind === "category" && !isSameList(past.levels, current.levels)) ||
    !isSameList(lane.past, lane.current);
}

function isSameList<Value>(a: ArrayLike<Value>, b: ArrayLike<Value>): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}

function cellOf(column: Column, row: number): Cell {
  if (column.nulls?.[row]) return null;
  if (column.kind === "category") return column.levels[column.values[row]!]!;
  if (column.kind === "boolean") return column.values[row] === 1;
  if (column.kind === "date-time") return new Date(column.values[row]!).toISOString();
  return column.values[row]!;
}

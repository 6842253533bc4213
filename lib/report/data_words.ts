import type { ColumnProfile } from "../data/profile.ts";
import { count, short } from "../document/show.ts";
import type { DataChange } from "../replay/explain/explanation.ts";

/** How a dataset differs, a sentence each. */
export function dataWords(change: DataChange): readonly string[] {
  const { rows, columns, past_rows, current_rows, append_only, cells_changed, labels_changed } = change;
  const rowCounts = [
    [rows.edited, "edited"],
    [rows.added, append_only ? "added after the last" : "added"],
    [rows.removed, "removed"],
    [rows.reordered, "only reordered"],
  ] as const;
  const [first, ...others] = rowCounts.filter(([amount]) => amount > 0);
  const cellCounts = [
    ...(cells_changed > 0 ? [`${count(cells_changed, "cell")} edited`] : []),
    ...(labels_changed > 0 ? [`${count(labels_changed, "label")} flipped`] : []),
  ];
  const named = (names: readonly string[], word: string) =>
    names.length === 0 ? [] : [`${names.length === 1 ? "column" : "columns"} ${word}: ${names.join(", ")}`];
  return [
    past_rows === current_rows
      ? count(past_rows, "row")
      : `${count(past_rows, "row")} before, ${current_rows} now`,
    ...(first
      ? [[`${count(first[0], "row")} ${first[1]}`, ...others.map((one) => one.join(" "))].join(", ")]
      : []),
    ...(cellCounts.length > 0 ? [cellCounts.join(", ")] : []),
    ...named(columns.added, "added"),
    ...named(columns.removed, "removed"),
  ];
}

/** The measures of a profile that are numbers or times. */
const MEASURES = ["count", "nulls", "distinct", "mean", "min", "max", "earliest", "latest"] as const;

/** Profiles of one column as a table: its head, then a row for each side that has the column. */
export function profileTable(
  { past, current }: { readonly past?: ColumnProfile; readonly current?: ColumnProfile },
): readonly (readonly string[])[] {
  const measures = MEASURES.filter((measure) => (past?.[measure] ?? current?.[measure]) !== undefined);
  const words = (value: number | string | undefined) =>
    typeof value === "number" ? short(value) : value ?? "";
  const row = (side: string, profile: ColumnProfile | undefined) =>
    profile ? [[side, ...measures.map((measure) => words(profile[measure]))]] : [];
  return [["", ...measures], ...row("past", past), ...row("current", current)];
}

/** How often each level is in both sides, those whose number differs; the greatest difference first. */
export function levelChanges(
  { past, current }: { readonly past?: ColumnProfile; readonly current?: ColumnProfile },
): readonly { readonly level: string; readonly past: number; readonly current: number }[] {
  const [before, after] = [past?.levels ?? {}, current?.levels ?? {}];
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .map((level) => ({ level, past: before[level] ?? 0, current: after[level] ?? 0 }))
    .filter(({ past, current }) => past !== current)
    .sort((a, b) =>
      Math.abs(b.current - b.past) - Math.abs(a.current - a.past) || (a.level < b.level ? -1 : 1)
    );
}

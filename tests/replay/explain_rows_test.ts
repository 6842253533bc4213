import assert from "node:assert/strict";
import fc from "fast-check";
import { randomOf } from "../../lib/base/random.ts";
import type { Column } from "../../lib/data/column.ts";
import { profileOf } from "../../lib/data/profile.ts";
import type { Table } from "../../lib/data/table.ts";
import { dataChange } from "../../lib/replay/explain/rows.ts";

const bytes = "00".repeat(32);
const species = ["setosa", "versicolor", "virginica"];
type Row = readonly [
  width: number,
  length: number,
  count: number,
  fresh: boolean,
  kind: string,
  note: string,
];

const tableOf = (rows: readonly Row[]): Table => ({
  rows: rows.length,
  bytes,
  columns: {
    width: { kind: "number", values: Float64Array.from(rows, (row) => row[0]) },
    length: { kind: "number", values: Float64Array.from(rows, (row) => row[1]) },
    count: { kind: "integer", values: Float64Array.from(rows, (row) => row[2]) },
    fresh: { kind: "boolean", values: Uint8Array.from(rows, (row) => Number(row[3])) },
    kind: {
      kind: "category",
      values: Uint32Array.from(rows, (row) => species.indexOf(row[4])),
      levels: species,
    },
    note: { kind: "text", values: rows.map((row) => row[5]) },
  },
});

/** Flowers that are all different in each of their numbers and texts. */
const flowers = (count: number, first = 0): Row[] =>
  Array.from({ length: count }, (_, at) => {
    const row = first + at;
    return [row + 0.5, -row / 8, 1000 + row, row % 2 === 0, species[row % 3]!, `note ${row}`];
  });

const numbers = (...columns: readonly (readonly number[])[]): Table => ({
  rows: columns[0]!.length,
  bytes,
  columns: Object.fromEntries(
    columns.map((values, at) => [String.fromCharCode(97 + at), {
      kind: "number",
      values: Float64Array.from(values),
    }]),
  ),
});

const change = (past: readonly Row[], current: readonly Row[], cells = 10) =>
  dataChange("flowers", tableOf(past), tableOf(current), { target: "kind", cells });
const none = { added: 0, removed: 0, edited: 0, reordered: 0 };

Deno.test("equal tables differ in nothing", () => {
  assert.deepEqual(change(flowers(9), flowers(9)), {
    dataset: "flowers",
    past_rows: 9,
    current_rows: 9,
    rows: none,
    append_only: false,
    columns: { added: [], removed: [] },
    cells_changed: 0,
    labels_changed: 0,
    cells: [],
    profiles: {},
  });
});

Deno.test("rows after the last one are only appended", () => {
  const { rows, append_only, past_rows, current_rows, profiles } = change(flowers(9), flowers(12));
  assert.deepEqual(rows, { ...none, added: 3 });
  assert.deepEqual([append_only, past_rows, current_rows], [true, 9, 12]);
  assert.deepEqual(profiles.fresh, {
    past: { count: 9, nulls: 0, mean: 5 / 9, levels: { true: 5, false: 4 } },
    current: { count: 12, nulls: 0, mean: 0.5, levels: { true: 6, false: 6 } },
  });
});

Deno.test("rows before the last one are added, not appended", () => {
  const rows = flowers(12);
  const { rows: counts, append_only } = change(rows.toSpliced(4, 2), rows);
  assert.deepEqual(counts, { ...none, added: 2 });
  assert.equal(append_only, false);
});

Deno.test("an appended row that is a copy of another leaves the table append-only", () => {
  const { rows, append_only } = change([...flowers(3), ...flowers(3)], [
    ...flowers(3),
    ...flowers(3),
    ...flowers(2),
  ]);
  assert.deepEqual(rows, { ...none, added: 2 });
  assert.equal(append_only, true);
});

Deno.test("rows that are gone are removed", () => {
  const { rows, append_only, cells_changed } = change(
    flowers(12),
    flowers(12).filter((_, at) => at !== 0 && at !== 7),
  );
  assert.deepEqual(rows, { ...none, removed: 2 });
  assert.deepEqual([append_only, cells_changed], [false, 0]);
});

Deno.test("three flipped labels are three edited rows, each with its cell", () => {
  const past = flowers(50);
  const current = past.map((row, at): Row =>
    [3, 4, 21].includes(at) ? row.with(4, "virginica") as never : row
  );
  const { rows, cells, labels_changed, cells_changed, profiles } = change(past, current);
  assert.deepEqual(rows, { ...none, edited: 3 });
  assert.deepEqual([labels_changed, cells_changed], [3, 3]);
  assert.deepEqual(
    cells,
    [
      { row: 4, column: "kind", past: "setosa", current: "virginica" },
      { row: 5, column: "kind", past: "versicolor", current: "virginica" },
      { row: 22, column: "kind", past: "setosa", current: "virginica" },
    ],
  );
  assert.deepEqual(Object.keys(profiles), ["kind"]);
});

Deno.test("cells are listed by row, then by column, with their values in their kinds, up to a number", () => {
  const past = flowers(6);
  const current = past.with(1, [past[1]![0], 77, past[1]![2], true, past[1]![4], ""]).with(4, [
    4.25,
    ...past[4]!.slice(1),
  ] as unknown as Row);
  const { cells, cells_changed, rows } = change(past, current);
  assert.deepEqual(rows, { ...none, edited: 2 });
  assert.deepEqual(cells, [
    { row: 2, column: "length", past: -0.125, current: 77 },
    { row: 2, column: "fresh", past: false, current: true },
    { row: 2, column: "note", past: "note 1", current: "" },
    { row: 5, column: "width", past: 4.5, current: 4.25 },
  ]);
  const shown = change(past, current, 2);
  assert.deepEqual([shown.cells, shown.cells_changed], [cells.slice(0, 2), cells_changed]);
});

Deno.test("two swapped rows are two reordered rows, and a rotation is the one that moved", () => {
  const past = flowers(20);
  const swapped = past.with(3, past[15]!).with(15, past[3]!);
  assert.deepEqual(change(past, swapped).rows, { ...none, reordered: 2 });
  assert.deepEqual(change(past, past.with(3, past[4]!).with(4, past[3]!)).rows, { ...none, reordered: 1 });
  const { rows, profiles, append_only } = change(past, [...past.slice(1), past[0]!]);
  assert.deepEqual(rows, { ...none, reordered: 1 });
  assert.deepEqual([Object.keys(profiles).length, append_only], [6, false]);
});

Deno.test("duplicates aren't reordered where an edit or a removal shifts them", () => {
  const [a, b, c, x] = [1, 2, 3, 9];
  const table = (...values: readonly number[]) => numbers(values, values.map((value) => value * 2));
  const counts = (past: Table, current: Table) => dataChange("d", past, current, { target: "a" }).rows;
  assert.deepEqual(counts(table(a, b, a, c), table(b, a, c)), { ...none, removed: 1 });
  assert.deepEqual(counts(table(a, a, b, a, b, a), table(a, b, a, b, a)), { ...none, removed: 1 });
  assert.deepEqual(counts(table(a, a, a, a), table(a, a)), { ...none, removed: 2 });
  assert.deepEqual(
    counts(
      numbers([a, b, a, c], [1, 1, 1, 1], [5, 6, 5, 7]),
      numbers([x, b, a, c], [1, 1, 1, 1], [5, 6, 5, 7]),
    ),
    { ...none, edited: 1 },
  );
});

Deno.test("in a large table of few different rows, a removed and an edited row are just these", () => {
  const random = randomOf(7);
  const values = Array.from({ length: 40_000 }, () => random.integer(6));
  const others = Array.from({ length: 40_000 }, () => random.integer(2));
  const past = numbers(values, others, values.map((value) => value * 3));
  const edited = values.with(30_000, 99);
  const current = numbers(
    edited.toSpliced(200, 1),
    others.toSpliced(200, 1),
    values.map((value) => value * 3).toSpliced(200, 1),
  );
  const { rows, cells } = dataChange("d", past, current, { target: "b" });
  assert.deepEqual(rows, { ...none, removed: 1, edited: 1 });
  assert.deepEqual(cells, [{ row: 30_000, column: "a", past: values[30_000], current: 99 }]);
});

Deno.test("a column that was scaled makes every row edited, also where rows were added and removed", () => {
  const past = flowers(60);
  const scaled = (rows: readonly Row[]) => rows.map((row): Row => row.with(0, row[0] * 2.54 + 1) as never);
  const whole = change(past, scaled(past));
  assert.deepEqual([whole.rows, whole.cells_changed], [{ ...none, edited: 60 }, 60]);
  assert.deepEqual(change(past, scaled(flowers(70))).rows, { ...none, edited: 60, added: 10 });
  assert.deepEqual(change(past, scaled(past.toSpliced(5, 2).toSpliced(30, 3))).rows, {
    ...none,
    edited: 55,
    removed: 5,
  });
  const both = change(past, [...flowers(4, 900), ...scaled(past.toSpliced(20, 1)), ...flowers(3, 800)]);
  assert.deepEqual(both.rows, { ...none, edited: 59, removed: 1, added: 7 });
});

Deno.test("two columns that were scaled at once make every row edited, also where rows were removed", () => {
  const past = flowers(60);
  const scaled = past.map((row): Row => row.with(0, row[0] * 2.54 + 1).with(1, row[1] - 1000) as never);
  const { rows, cells_changed } = change(past, scaled.toSpliced(10, 1).toSpliced(40, 1));
  assert.deepEqual([rows, cells_changed], [{ ...none, edited: 58, removed: 2 }, 116]);
});

Deno.test("a table of a scaled column and a label has all rows edited", () => {
  const width = Array.from({ length: 30 }, (_, at) => at + 0.25);
  const label = width.map((_, at) => at % 3);
  const scaled = width.map((value) => value * 100);
  const counts = (current: Table) => dataChange("d", numbers(width, label), current, { target: "b" }).rows;
  assert.deepEqual(counts(numbers(scaled, label)), { ...none, edited: 30 });
  assert.deepEqual(counts(numbers([...scaled, 7, 8], [...label, 0, 1])), { ...none, edited: 30, added: 2 });
});

Deno.test("a table of one column has edited rows by their index", () => {
  const counts = (past: readonly number[], current: readonly number[]) =>
    dataChange("d", numbers(past), numbers(current), { target: "a" }).rows;
  assert.deepEqual(counts([1, 2, 3], [1, 9, 3]), { ...none, edited: 1 });
  assert.deepEqual(counts([1, 2, 3], [1, 9]), { ...none, removed: 2, added: 1 });
});

Deno.test("a row that was edited and moved is edited", () => {
  const past = flowers(20);
  const moved = past[2]!.with(5, "another note") as unknown as Row;
  assert.deepEqual(change(past, [...past.toSpliced(2, 1), moved]).rows, { ...none, edited: 1 });
});

Deno.test("a row that was removed and another one elsewhere aren't an edited row", () => {
  const past = flowers(20);
  assert.deepEqual(change(past, [...past.toSpliced(2, 1), ...flowers(1, 500)]).rows, {
    ...none,
    removed: 1,
    added: 1,
  });
});

Deno.test("rows are matched by the columns that both tables have", () => {
  const past = tableOf(flowers(8));
  const { note, ...rest } = past.columns;
  const current: Table = { ...past, columns: { ...rest, size: note! } };
  const { rows, columns, profiles, cells_changed } = dataChange("d", past, current, { target: "kind" });
  assert.deepEqual([rows, cells_changed], [none, 0]);
  assert.deepEqual(columns, { added: ["size"], removed: ["note"] });
  assert.deepEqual(profiles, { size: { current: profileOf(note!) }, note: { past: profileOf(note!) } });
  const apart = dataChange("d", numbers([1, 2]), { ...numbers([1, 2, 3]), columns: {} }, { target: "a" });
  assert.deepEqual([apart.rows, apart.columns.removed], [{ ...none, added: 1 }, ["a"]]);
  const longer = tableOf(flowers(9));
  const { note: _, ...fewer } = longer.columns;
  assert.equal(
    dataChange("d", past, { ...longer, columns: fewer }, { target: "kind" }).append_only,
    false,
  );
});

Deno.test("cells are compared by value: levels and texts by their characters, numbers and texts never", () => {
  const past = tableOf(flowers(6));
  const reverse = species.toReversed();
  const having = (name: string, column: Column) =>
    dataChange("d", past, { ...past, columns: { ...past.columns, [name]: column } }, { target: "kind" });
  const kinds = [...(past.columns.kind as { values: Uint32Array }).values];

  const relevelled = having("kind", {
    kind: "category",
    values: Uint32Array.from(kinds, (c) => 2 - c),
    levels: reverse,
  });
  assert.deepEqual([relevelled.rows, Object.keys(relevelled.profiles)], [none, ["kind"]]);
  const asText = having("kind", { kind: "text", values: kinds.map((code) => species[code]!) });
  assert.deepEqual([asText.rows, Object.keys(asText.profiles)], [none, ["kind"]]);
  const counts = past.columns.count as { values: Float64Array };
  const asNumber = having("count", { kind: "number", values: counts.values });
  assert.deepEqual([asNumber.rows, Object.keys(asNumber.profiles)], [none, ["count"]]);

  const texts = having("count", { kind: "text", values: Array.from(counts.values, String) });
  assert.deepEqual([texts.rows, texts.cells_changed], [{ ...none, edited: 6 }, 6]);
  assert.deepEqual(texts.cells[0], { row: 1, column: "count", past: 1000, current: "1000" });
  const flags = having("fresh", { kind: "integer", values: Float64Array.from([1, 0, 1, 0, 1, 0]) });
  assert.deepEqual(flags.rows, { ...none, edited: 6 });
});

const between = (first: string, last: string) => ({
  earliest: `${first}T00:00:00.000Z`,
  latest: `${last}T00:00:00.000Z`,
});

Deno.test("a null is the same as another one, of whatever kind, and differs from any value", () => {
  const nulls = Uint8Array.of(1, 0, 0);
  const table = (width: Column, note: Column, at: Column): Table => ({
    rows: 3,
    bytes,
    columns: { id: { kind: "integer", values: Float64Array.of(1, 2, 3) }, width, note, at },
  });
  const past = table(
    { kind: "number", values: Float64Array.of(0, 0, 5), nulls },
    { kind: "text", values: ["", "", "x"], nulls },
    { kind: "date-time", values: Float64Array.of(0, 0, 86_400_000), nulls },
  );
  assert.deepEqual(dataChange("d", past, past, { target: "id" }).rows, none);
  const filled = table(
    { kind: "integer", values: Float64Array.of(0, 0, 5) },
    { kind: "category", values: Uint32Array.of(0, 0, 1), levels: ["", "x"] },
    { kind: "date-time", values: Float64Array.of(0, 0, 86_400_000) },
  );
  const { rows, cells, profiles } = dataChange("d", past, filled, { target: "id" });
  assert.deepEqual(rows, { ...none, edited: 1 });
  assert.deepEqual(cells, [
    { row: 1, column: "width", past: null, current: 0 },
    { row: 1, column: "note", past: null, current: "" },
    { row: 1, column: "at", past: null, current: "1970-01-01T00:00:00.000Z" },
  ]);
  assert.deepEqual(profiles.at, {
    past: { count: 2, nulls: 1, ...between("1970-01-01", "1970-01-02") },
    current: { count: 3, nulls: 0, ...between("1970-01-01", "1970-01-02") },
  });
  const flags = table(
    { kind: "boolean", values: Uint8Array.of(0, 1, 1), nulls },
    past.columns.note!,
    { kind: "number", values: Float64Array.of(0, 0, 86_400_000), nulls },
  );
  const { cells: others } = dataChange("d", past, flags, { target: "id" });
  assert.deepEqual(others.map(({ row, column }) => [row, column]), [
    [2, "width"],
    [2, "at"],
    [3, "width"],
    [3, "at"],
  ]);
});

Deno.test("a profile is of the cells that have a value", () => {
  const nulls = Uint8Array.of(0, 1, 0, 1);
  const all = { count: 2, nulls: 2 };
  const none = { count: 0, nulls: 2 };
  const only = Uint8Array.of(1, 1);
  assert.deepEqual(profileOf({ kind: "number", values: Float64Array.of(4, 0, 6, 0), nulls }), {
    ...all,
    ...{ mean: 5, min: 4, max: 6 },
  });
  assert.deepEqual(profileOf({ kind: "boolean", values: Uint8Array.of(1, 0, 1, 0), nulls }), {
    ...all,
    ...{ mean: 1, levels: { true: 2, false: 0 } },
  });
  assert.deepEqual(
    profileOf({ kind: "category", values: Uint32Array.of(1, 0, 1, 0), levels: ["a", "b"], nulls }),
    {
      ...all,
      levels: { a: 0, b: 2 },
    },
  );
  assert.deepEqual(profileOf({ kind: "text", values: ["x", "", "", ""], nulls }), {
    ...all,
    ...{ levels: { x: 1, "": 1 }, distinct: 2 },
  });
  assert.deepEqual(profileOf({ kind: "date-time", values: new Float64Array(2), nulls: only }), none);
});

Deno.test("a table without rows has all rows added or removed", () => {
  assert.deepEqual(change([], flowers(3)).rows, { ...none, added: 3 });
  assert.deepEqual(change(flowers(3), []).rows, { ...none, removed: 3 });
  assert.equal(change([], flowers(3)).append_only, true);
});

Deno.test("known edits of rows that can be told apart are counted exactly", () => {
  const setting = fc.record({
    rows: fc.integer({ min: 1, max: 60 }),
    edits: fc.uniqueArray(fc.record({ row: fc.nat({ max: 59 }), column: fc.nat({ max: 5 }) }), {
      maxLength: 6,
      selector: ({ row }) => row,
    }),
    removed: fc.uniqueArray(fc.nat({ max: 59 }), { maxLength: 5 }),
    inserted: fc.array(fc.nat({ max: 59 }), { maxLength: 5 }),
    appended: fc.nat({ max: 5 }),
  });
  fc.assert(
    fc.property(setting, ({ rows, edits, removed, inserted, appended }) => {
      const past = flowers(rows);
      const kept = edits.filter(({ row }) => row < rows && !removed.includes(row));
      const gone = removed.filter((row) => row < rows);
      let current = past.map((row) => row);
      for (const { row, column } of kept) current[row] = edit(current[row]!, column);
      current = current.filter((_, row) => !gone.includes(row));
      inserted.forEach((at, extra) =>
        current.splice(at % (current.length + 1), 0, ...flowers(1, 5000 + extra))
      );
      current.push(...flowers(appended, 9000));
      // In tables as long as each other, a removed row and another one at its index can be an edited one.
      fc.pre(current.length !== past.length || gone.length === 0);
      const { rows: counts, labels_changed, cells_changed, append_only } = change(past, current);
      assert.deepEqual(counts, {
        added: inserted.length + appended,
        removed: gone.length,
        edited: kept.length,
        reordered: 0,
      });
      assert.equal(cells_changed, kept.length);
      assert.equal(labels_changed, kept.filter(({ column }) => column === 4).length);
      if (gone.length + kept.length + inserted.length === 0) assert.equal(append_only, appended > 0);
    }),
    { numRuns: 500 },
  );
});

Deno.test("a permutation has reordered rows alone, as few as can be", () => {
  const permutation = fc.integer({ min: 1, max: 40 }).chain((length) =>
    fc.shuffledSubarray(Array.from({ length }, (_, at) => at), { minLength: length, maxLength: length })
  );
  fc.assert(fc.property(permutation, fc.integer({ min: 1, max: 40 }), (order, different) => {
    const rows = flowers(different);
    const past = order.map((_, at) => at % different);
    const current = order.map((at) => at % different);
    const { rows: counts } = change(past.map((at) => rows[at]!), current.map((at) => rows[at]!));
    assert.deepEqual(counts, { ...none, reordered: order.length - common(past, current) });
  }));
});

Deno.test("any two tables: the counts add up, and are zero where the tables are equal alone", () => {
  const rows = fc.array(
    fc.tuple(
      fc.nat({ max: 2 }),
      fc.nat({ max: 1 }),
      fc.nat({ max: 2 }),
      fc.boolean(),
      fc.constantFrom(...species),
      fc.constantFrom("", "x"),
    ),
    { maxLength: 14 },
  );
  fc.assert(
    fc.property(rows, rows, fc.boolean(), (past, other, same) => {
      const current = same ? past : other;
      const { rows: counts, past_rows, current_rows, cells_changed, labels_changed, append_only } = change(
        past,
        current,
      );
      assert.equal(counts.added - counts.removed, current_rows - past_rows);
      assert.ok(Object.values(counts).every((count) => count >= 0));
      assert.equal(
        Object.values(counts).every((count) => count === 0),
        JSON.stringify(past) === JSON.stringify(current),
      );
      assert.ok(labels_changed <= counts.edited && counts.edited <= cells_changed);
      assert.ok(counts.edited + counts.added <= current_rows && counts.edited + counts.removed <= past_rows);
      assert.equal(
        append_only,
        current.length > past.length &&
          JSON.stringify(past) === JSON.stringify(current.slice(0, past.length)),
      );
    }),
    { numRuns: 1000 },
  );
});

Deno.test("200,000 rows with edits of every kind are told apart", () => {
  const past = flowers(200_000);
  const current = past.map((row, at): Row => at % 1000 === 7 ? edit(row, at % 6) : row).toSpliced(
    150_000,
    10,
  );
  current.splice(90, 0, ...flowers(3, 300_000));
  [current[1000], current[160_001]] = [current[160_001]!, current[1000]!];
  const { rows } = change(past, [...current, ...flowers(20, 400_000)]);
  assert.deepEqual(rows, { added: 23, removed: 10, edited: 200 - 1, reordered: 2 });
});

Deno.test("the profile of numbers has their mean to the last bit, however far apart they are", () => {
  const profile = (...values: readonly number[]) =>
    profileOf({ kind: "number", values: Float64Array.from(values) });
  assert.deepEqual(profile(1e100, 1, -1e100, 1), { count: 4, nulls: 0, mean: 0.5, min: -1e100, max: 1e100 });
  assert.equal(profile(...new Array(1000).fill(0.1)).mean, 0.1);
  assert.equal(profile(Number.MAX_VALUE, Number.MAX_VALUE).mean, Number.MAX_VALUE);
  assert.deepEqual(profile(), { count: 0, nulls: 0 });
});

Deno.test("the profile of a category counts each level, or the 50 most frequent", () => {
  assert.deepEqual(
    profileOf({ kind: "category", values: Uint32Array.of(2, 0, 2), levels: ["z", "unused", "__proto__"] }),
    { count: 3, nulls: 0, levels: Object.fromEntries([["z", 1], ["unused", 0], ["__proto__", 2]]) },
  );
  const levels = Array.from({ length: 60 }, (_, level) => `level ${level}`);
  const values = Uint32Array.from([...levels.keys(), 58, 57, 58]);
  const { levels: counted } = profileOf({ kind: "category", values, levels });
  assert.deepEqual(Object.entries(counted!).slice(0, 3), [["level 58", 3], ["level 57", 2], ["level 0", 1]]);
  assert.equal(Object.keys(counted!).length, 50);
});

Deno.test("the profile of texts counts the different ones and names the 10 most frequent", () => {
  const values = [...Array.from({ length: 12 }, (_, at) => `text ${at}`), "text 11", "text 11", "text 3"];
  const profile = profileOf({ kind: "text", values });
  assert.deepEqual([profile.count, profile.distinct], [15, 12]);
  assert.deepEqual(Object.entries(profile.levels!).slice(0, 3), [["text 11", 3], ["text 3", 2], [
    "text 0",
    1,
  ]]);
  assert.equal(Object.keys(profile.levels!).length, 10);
});

/** A row with another value in one column. */
function edit(row: Row, column: number): Row {
  const others = [
    row[0] + 0.125,
    row[1] - 9999,
    -row[2],
    !row[3],
    species[(species.indexOf(row[4]) + 1) % 3]!,
    `${row[5]}!`,
  ];
  return row.with(column, others[column]!) as unknown as Row;
}

/** The length of the longest common subsequence, by the textbook's table. */
function common(a: readonly number[], b: readonly number[]): number {
  let above = new Array<number>(b.length + 1).fill(0);
  for (const value of a) {
    const line = [0];
    b.forEach((other, at) =>
      line.push(value === other ? above[at]! + 1 : Math.max(above[at + 1]!, line[at]!))
    );
    above = line;
  }
  return above[b.length]!;
}

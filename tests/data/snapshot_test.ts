import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { ExperimentError } from "../../lib/base/error.ts";
import type { Column } from "../../lib/data/column.ts";
import { fromSnapshot, toSnapshot } from "../../lib/data/snapshot.ts";
import { sizeOf, type Table } from "../../lib/data/table.ts";
import { parquetWriteBuffer } from "../../lib/deps/hyparquet_writer.ts";
import { withPython } from "../mlflow/python.ts";

const bytes = "5f".repeat(32);
const tableOf = (columns: Readonly<Record<string, Column>>): Table => ({
  rows: Object.values(columns)[0]?.values.length ?? 0,
  columns,
  bytes,
});

const double = fc.double({ noNaN: true, noDefaultInfinity: true });
// Texts of whole code points: a lone surrogate isn't Unicode text.
const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom("", "\0", "\ufeffx", '"a",\r\n', "😀", "\u2028"),
);

/** A column with a null in each place of the mask, and what is always beneath one. */
function withNulls(column: Column, nulls: Uint8Array): Column {
  if (!nulls.includes(1)) return column;
  const empty = column.kind === "text" ? "" : 0;
  const values = (column.values as Float64Array).map((value, row) => nulls[row] ? empty as number : value);
  return { ...column, values, nulls } as Column;
}

function columnOf(rows: number): fc.Arbitrary<Column> {
  const nulls = fc.array(fc.boolean(), { minLength: rows, maxLength: rows });
  return fc.tuple(fullColumnOf(rows), fc.option(nulls, { nil: [] })).map(([column, nulls]) =>
    withNulls(column, Uint8Array.from(nulls, Number))
  );
}

function fullColumnOf(rows: number): fc.Arbitrary<Column> {
  const list = <Value>(value: fc.Arbitrary<Value>) => fc.array(value, { minLength: rows, maxLength: rows });
  return fc.oneof(
    list(double).map((values) => ({ kind: "number" as const, values: Float64Array.from(values) })),
    list(fc.constantFrom(0, -0, 5e-324)).map((values) => ({
      kind: "number" as const,
      values: Float64Array.from(values),
    })),
    list(fc.oneof(fc.maxSafeInteger(), fc.constantFrom(-0, 2 ** 53, -(2 ** 53)))).map((values) => ({
      kind: "integer" as const,
      values: Float64Array.from(values),
    })),
    list(fc.maxSafeInteger()).map((values) => ({
      kind: "integer" as const,
      values: Float64Array.from(values),
    })),
    list(fc.date({ noInvalidDate: true })).map((values) => ({
      kind: "date-time" as const,
      values: Float64Array.from(values, Number),
    })),
    list(fc.boolean()).map((values) => ({
      kind: "boolean" as const,
      values: Uint8Array.from(values, Number),
    })),
    list(text).map((values) => ({ kind: "text" as const, values })),
    fc.uniqueArray(text, { minLength: 1, maxLength: 9 }).chain((levels) =>
      list(fc.nat({ max: levels.length - 1 })).map((codes) => ({
        kind: "category" as const,
        values: Uint32Array.from(codes),
        levels,
      }))
    ),
  );
}

const table = fc.integer({ min: 1, max: 60 }).chain((rows) =>
  fc.uniqueArray(fc.tuple(fc.oneof(text, fc.constantFrom("__proto__", "a.b", "a", "")), columnOf(rows)), {
    minLength: 1,
    maxLength: 6,
    selector: ([name]) => name,
  })
).map((columns) => tableOf(Object.fromEntries(columns)));

Deno.test("a snapshot holds any table to the last bit, columns in order", async () => {
  await fc.assert(
    fc.asyncProperty(table, async (table) => {
      const back = await fromSnapshot(await toSnapshot(table));
      assert.deepEqual(back, table);
      assert.deepEqual(Object.keys(back.columns), Object.keys(table.columns));
    }),
    { numRuns: 300 },
  );
});

Deno.test("a snapshot tells 0 from -0, and holds integers up to 2^53", async () => {
  const numbers = Float64Array.of(0, -0, 0, -0, 5e-324, Number.MAX_VALUE);
  const integers = Float64Array.of(2 ** 53, -(2 ** 53), 1 - 2 ** 53, -0, 0, 1);
  const { columns } = await fromSnapshot(
    await toSnapshot(
      tableOf({
        numbers: { kind: "number", values: numbers },
        integers: { kind: "integer", values: integers },
      }),
    ),
  );
  for (const [name, past] of Object.entries({ numbers, integers })) {
    const back = columns[name]!.values as Float64Array;
    assert.deepEqual(new Uint8Array(back.buffer), new Uint8Array(past.buffer), name);
  }
});

Deno.test("a snapshot keeps levels that no row has, in their order", async () => {
  const levels = ["unused", "", "b", "a"];
  const one = tableOf({ kind: { kind: "category", values: Uint32Array.of(3), levels } });
  assert.deepEqual(await fromSnapshot(await toSnapshot(one)), one);
  const none = tableOf({
    kind: { kind: "category", values: new Uint32Array(), levels: [] },
    note: { kind: "text", values: [] },
  });
  assert.deepEqual(await fromSnapshot(await toSnapshot(none)), none);
});

Deno.test("a snapshot holds columns of nulls alone, of any kind", async () => {
  const nulls = Uint8Array.of(1, 1);
  const table = tableOf({
    width: { kind: "number", values: new Float64Array(2), nulls },
    count: { kind: "integer", values: new Float64Array(2), nulls },
    at: { kind: "date-time", values: new Float64Array(2), nulls },
    fresh: { kind: "boolean", values: new Uint8Array(2), nulls },
    kind: { kind: "category", values: new Uint32Array(2), levels: ["a"], nulls },
    bare: { kind: "category", values: new Uint32Array(2), levels: [], nulls },
    note: { kind: "text", values: ["", ""], nulls },
  });
  assert.deepEqual(await fromSnapshot(await toSnapshot(table)), table);
});

Deno.test("columns whose names differ in a byte order mark alone stay two", async () => {
  const named = tableOf({
    "\ufeffa": { kind: "text", values: ["x"] },
    a: { kind: "text", values: ["y"] },
  });
  assert.deepEqual(await fromSnapshot(await toSnapshot(named)), named);
});

Deno.test("equal tables have equal snapshots, and 100,000 rows of every kind come back", async () => {
  const snapshot = await toSnapshot(large());
  assert.deepEqual(await toSnapshot(large()), snapshot);
  assert.deepEqual(await fromSnapshot(snapshot), large());
});

Deno.test("a snapshot inside a larger buffer is read from where it begins", async () => {
  const one = tableOf({ note: { kind: "text", values: ["x"] } });
  const snapshot = await toSnapshot(one);
  const padded = new Uint8Array(snapshot.length + 20).fill(7);
  padded.set(snapshot, 9);
  assert.deepEqual(await fromSnapshot(padded.subarray(9, 9 + snapshot.length)), one);
});

Deno.test("bytes that aren't a snapshot are an error", async () => {
  const snapshot = await toSnapshot(tableOf({
    kind: { kind: "category", values: Uint32Array.of(0, 1), levels: ["a", "b"] },
    width: { kind: "number", values: Float64Array.of(1, 2) },
  }));
  const ours = JSON.stringify({
    version: 1,
    bytes,
    columns: [{ name: "x", kind: "category", levels: ["a"] }],
  });
  const foreign = (value: string, data: readonly string[]) =>
    new Uint8Array(parquetWriteBuffer({
      columnData: [{ name: "x", data: [...data], type: "STRING" }],
      kvMetadata: [{ key: "reprise", value }],
    }));
  const wrong = [
    new Uint8Array(),
    new TextEncoder().encode("width,kind\n1,a\n"),
    snapshot.subarray(0, snapshot.length - 1),
    snapshot.subarray(40),
    new Uint8Array(parquetWriteBuffer({ columnData: [{ name: "x", data: [1, 2] }] })),
    foreign("{", ["a"]),
    foreign(ours.replace('"version":1', '"version":2'), ["a"]),
    foreign(ours, ["a", "c"]),
    foreign(ours.replace("]}]", ']},{"name":"y","kind":"text"}]'), ["a"]),
  ];
  for (const [place, bytes] of wrong.entries()) {
    await assert.rejects(fromSnapshot(bytes), (error) => {
      assert.ok(error instanceof ExperimentError, `${place}: ${error}`);
      assert.equal(error.code, "INVALID_STATE");
      assert.equal(error.message, "A snapshot can't be read: its bytes aren't a snapshot's.");
      return true;
    });
  }
  assert.deepEqual((await fromSnapshot(foreign(ours, ["a", "a"]))).rows, 2);
});

Deno.test("a snapshot that was cut off or changed anywhere is read or an error, never a fault", async () => {
  const snapshot = await toSnapshot(tableOf({
    kind: { kind: "category", values: Uint32Array.of(0, 1, 1), levels: ["a", "b"] },
    count: { kind: "integer", values: Float64Array.of(1, 2, 900) },
    fresh: { kind: "boolean", values: Uint8Array.of(1, 0, 1) },
    note: { kind: "text", values: ["x", "", "😀"] },
  }));
  const place = fc.nat({ max: snapshot.length - 1 });
  await fc.assert(
    fc.asyncProperty(place, fc.integer({ min: 1, max: 255 }), fc.boolean(), async (at, bits, cut) => {
      const changed = snapshot.slice(0, cut ? at : snapshot.length);
      if (!cut) changed[at]! ^= bits;
      await fromSnapshot(changed).catch((error) =>
        assert.ok(error instanceof ExperimentError, String(error))
      );
    }),
    { numRuns: 300 },
  );
});

Deno.test("the size of a table counts its typed columns", () => {
  assert.equal(
    sizeOf(tableOf({
      width: { kind: "number", values: Float64Array.of(1, 2) },
      count: { kind: "integer", values: Float64Array.of(1, 2) },
      fresh: { kind: "boolean", values: Uint8Array.of(1, 0) },
      kind: { kind: "category", values: Uint32Array.of(0, 0), levels: ["a long level"] },
      note: { kind: "text", values: ["abc", "😀"] },
      at: { kind: "date-time", values: new Float64Array(2), nulls: Uint8Array.of(0, 1) },
    })),
    16 + 16 + 2 + 8 + 10 + 16 + 2,
  );
});

for (const version of ["3.17.2", "2.22.0"] as const) {
  Deno.test(`pyarrow and pandas of MLflow ${version} read a snapshot as it is`, async () => {
    const past = tableOf({
      "a width": { kind: "number", values: Float64Array.of(0.1, -0, 5e-324, 1.7976931348623157e308) },
      grade: { kind: "number", values: Float64Array.of(1.5, 1.5, 2.5, 2.5) },
      count: { kind: "integer", values: Float64Array.of(2 ** 53 - 1, 1 - 2 ** 53, 0, 7) },
      fresh: { kind: "boolean", values: Uint8Array.of(1, 0, 0, 1) },
      kind: { kind: "category", values: Uint32Array.of(2, 0, 2, 2), levels: ["z", "unused", "é"] },
      note: { kind: "text", values: ["", '"a",\r\n', "\0😀", "\ufeffx"] },
      at: { kind: "date-time", values: Float64Array.of(0, -1, 1_714_566_600_123, 0) },
      few: { kind: "integer", values: Float64Array.of(0, 5, 0, 0), nulls: Uint8Array.of(1, 0, 0, 1) },
      said: { kind: "text", values: ["", "x", "", ""], nulls: Uint8Array.of(1, 0, 0, 1) },
    });
    const directory = await Deno.makeTempDir();
    try {
      const [small, big] = [join(directory, "small.parquet"), join(directory, "big.parquet")];
      await Deno.writeFile(small, await toSnapshot(past));
      await Deno.writeFile(big, await toSnapshot(large()));
      const told = await withPython(
        version,
        `import pandas, pyarrow.parquet
table = pyarrow.parquet.read_table(args[0])
frame = pandas.read_parquet(args[0])
big = pandas.read_parquet(args[1])
tell({
  "types": [str(field.type) for field in table.schema],
  "values": {name: [repr(value) if isinstance(value, float) else value for value in table[name].to_pylist()] for name in frame if name != "at"},
  "times": [time.isoformat() for time in table["at"].to_pylist()],
  "nulls": {name: int(frame[name].isna().sum()) for name in frame},
  "metadata": json.loads(table.schema.metadata[b"reprise"]),
  "sums": [len(big), repr(float(big["wave"][99_999])), int(big["count"].sum()), int(big["fresh"].sum()), int((big["kind"] == "level 7").sum()), big["note"][99_999]],
})`,
        small,
        big,
      );
      const count = large().columns.count!.values as Float64Array;
      assert.deepEqual(told, {
        types: [
          ...["double", "double", "int64", "bool", "string", "string"],
          ...["timestamp[ms, tz=UTC]", "int64", "string"],
        ],
        times: [
          "1970-01-01T00:00:00+00:00",
          "1969-12-31T23:59:59.999000+00:00",
          "2024-05-01T12:30:00.123000+00:00",
          "1970-01-01T00:00:00+00:00",
        ],
        nulls: { "a width": 0, grade: 0, count: 0, fresh: 0, kind: 0, note: 0, at: 0, few: 2, said: 2 },
        values: {
          "a width": ["0.1", "-0.0", "5e-324", "1.7976931348623157e+308"],
          grade: ["1.5", "1.5", "2.5", "2.5"],
          count: [9007199254740991, -9007199254740991, 0, 7],
          fresh: [true, false, false, true],
          kind: ["é", "z", "é", "é"],
          note: ["", '"a",\r\n', "\0😀", "\ufeffx"],
          few: [null, 5, 0, null],
          said: [null, "x", "", null],
        },
        metadata: {
          version: 1,
          bytes,
          columns: [
            { name: "a width", kind: "number" },
            { name: "grade", kind: "number" },
            { name: "count", kind: "integer" },
            { name: "fresh", kind: "boolean" },
            { name: "kind", kind: "category", levels: ["z", "unused", "é"] },
            { name: "note", kind: "text" },
            { name: "at", kind: "date-time" },
            { name: "few", kind: "integer" },
            { name: "said", kind: "text" },
          ],
        },
        sums: [
          100_000,
          String((large().columns.wave!.values as Float64Array)[99_999]),
          count.reduce((sum, value) => sum + value),
          33_334,
          7_692,
          large().columns.note!.values[99_999],
        ],
      });
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  });
}

/** 100,000 rows of every kind. */
function large(): Table {
  const rows = Array.from({ length: 100_000 }, (_, row) => row);
  return tableOf({
    wave: { kind: "number", values: Float64Array.from(rows, (row) => Math.sqrt(row) / 7) },
    count: { kind: "integer", values: Float64Array.from(rows, (row) => (row * 7919) % 1_000_003 - 500) },
    fresh: { kind: "boolean", values: Uint8Array.from(rows, (row) => Number(row % 3 === 0)) },
    kind: {
      kind: "category",
      values: Uint32Array.from(rows, (row) => row % 13),
      levels: Array.from({ length: 20 }, (_, level) => `level ${level}`),
    },
    note: { kind: "text", values: rows.map((row) => `note ${(row * 31) % 50_017}`) },
  });
}

import assert from "node:assert/strict";
import { parquet } from "../../lib/data/dataset.ts";
import { hybridOf } from "../../lib/data/readers/parquet_levels.ts";
import { loadTable } from "../../lib/data/table.ts";
import { type ColumnSource, parquetWriteBuffer } from "../../lib/deps/hyparquet_writer.ts";
import { z } from "../../lib/deps/zod.ts";
import { numbersIn, withNumber } from "./thrift.ts";

const COLUMNS = {
  numbers: { name: "x", data: [1.5, 2.5, 3.5, 4.5], type: "DOUBLE", nullable: false },
  holes: { name: "x", data: [1.5, null, 3.5, 4.5], type: "DOUBLE" },
  words: { name: "x", data: Array.from({ length: 40 }, (_, row) => "abc"[row % 3]), type: "STRING" },
  truths: { name: "x", data: [true, false, true, true], type: "BOOLEAN" },
} as const satisfies Readonly<Record<string, ColumnSource>>;

const SHAPES = {
  numbers: z.number(),
  holes: z.number().nullable(),
  words: z.string(),
  truths: z.boolean(),
};

/** A change to a file: another number in a field of its footer or of a page's head, or other bytes in a page. */
type Change =
  | readonly ["footer" | "head" | "next head", field: string, value: number]
  | readonly ["page" | "next page", byte: number, value: number];

function footerOf(bytes: Uint8Array): number {
  return bytes.length - 8 - new DataView(bytes.buffer).getUint32(bytes.length - 8, true);
}

function changed(bytes: Uint8Array, [where, place, value]: Change): Uint8Array {
  const first = numbersIn(bytes, 4);
  const second = first.end + first.fields.get("3")!.value;
  const at = where === "footer" ? footerOf(bytes) : where.startsWith("next") ? second : 4;
  const { fields, end } = numbersIn(bytes, at);
  if (typeof place === "number") {
    const copy = bytes.slice();
    copy[end + place] = value;
    return copy;
  }
  const field = fields.get(place);
  assert.ok(field, `there is no field ${place}: ${[...fields.keys()]}`);
  const other = withNumber(bytes, field, value);
  if (where === "footer") {
    new DataView(other.buffer).setUint32(
      other.length - 8,
      other.length - 8 - at,
      true,
    );
    return other;
  }
  // The column chunk is longer by as much as the head of its page is, and the next one begins later.
  return [CHUNK_BYTES, NEXT_CHUNK].reduce((file, field) => {
    const { fields } = numbersIn(file, footerOf(file));
    const { value } = fields.get(field)!;
    return changed(file, ["footer", field, value + other.length - bytes.length]);
  }, other);
}

const NEXT_CHUNK = "4.0.1.1.3.9";
const CHUNK_VALUES = "4.0.1.0.3.5";
const CHUNK_BYTES = "4.0.1.0.3.7";

/** A file of a column, and of a target that has a value in each row. */
function fileOf(kind: keyof typeof COLUMNS, codec: "UNCOMPRESSED" | "SNAPPY"): Uint8Array {
  const target: ColumnSource = {
    name: "y",
    data: COLUMNS[kind].data.map((_, row) => row),
    type: "DOUBLE",
    nullable: false,
  };
  const columnData = [COLUMNS[kind], target];
  return new Uint8Array(parquetWriteBuffer({ columnData, codec, statistics: false }));
}

async function load(
  kind: keyof typeof COLUMNS,
  changes: readonly Change[],
  codec: "UNCOMPRESSED" | "SNAPPY" = "UNCOMPRESSED",
): Promise<readonly unknown[]> {
  const file = await Deno.makeTempFile({ suffix: ".parquet" });
  try {
    await Deno.writeFile(file, changes.reduce(changed, fileOf(kind, codec)));
    const row = z.object({ x: SHAPES[kind], y: z.number() });
    const { columns } = await loadTable({ row, target: "y", source: parquet(file, import.meta) });
    return [...columns.x!.values as Iterable<unknown>];
  } catch (error) {
    if (error instanceof Error) error.message = error.message.replaceAll(file, "FILE");
    throw error;
  } finally {
    await Deno.remove(file);
  }
}

Deno.test("the files that are forged below are sound before", async () => {
  assert.deepEqual(await load("numbers", []), [1.5, 2.5, 3.5, 4.5]);
  assert.deepEqual(await load("numbers", [["footer", "3", 4]]), [1.5, 2.5, 3.5, 4.5]);
  assert.deepEqual(await load("numbers", [["head", "2", 32]], "SNAPPY"), [1.5, 2.5, 3.5, 4.5]);
  assert.equal((await load("words", [])).length, 40);
  assert.equal((await load("truths", [], "SNAPPY")).length, 4);
  assert.equal((await load("holes", [], "SNAPPY")).length, 4);
});

const LATE = "a page ends before its values do";
const FORGED: readonly (readonly [
  kind: keyof typeof COLUMNS,
  changes: readonly Change[],
  reason: string,
  codec?: "SNAPPY",
])[] = [
  ["numbers", [["footer", "3", 5]], "it says 5 rows, and its row groups have 4"],
  ["numbers", [["footer", "3", 3]], "it says 3 rows, and its row groups have 4"],
  ["numbers", [["footer", "4.0.3", 3]], "it says 4 rows, and its row groups have 3"],
  ["numbers", [["footer", "3", -4], ["footer", "4.0.3", -4]], "it says that it has less than no rows"],
  [
    "numbers",
    [["footer", "3", 2 ** 40], ["footer", "4.0.3", 2 ** 40]],
    "it has 1099511627776 rows, and 268435456 can be read",
  ],
  [
    "numbers",
    [["footer", "3", 3], ["footer", "4.0.3", 3]],
    'the column "x" has 4 values in a row group of 3 rows',
  ],
  ["numbers", [["footer", CHUNK_VALUES, 5]], 'the column "x" has 5 values in a row group of 4 rows'],
  [
    "numbers",
    [["footer", "3", 5], ["footer", "4.0.3", 5], ["footer", CHUNK_VALUES, 5]],
    'the column "x" lacks 1 of its 5 values',
  ],
  [
    "numbers",
    [["footer", "3", 3], ["footer", "4.0.3", 3], ["footer", CHUNK_VALUES, 3]],
    'the column "x" has a page of 4 values where 3 are left',
  ],
  ["numbers", [["footer", CHUNK_BYTES, 50]], 'the column "x" has a page that isn\'t whole'],
  ["numbers", [["footer", CHUNK_BYTES, 5000]], 'the column "x" lies outside of the file'],
  ["numbers", [["footer", "4.0.1.0.3.9", 1000]], 'the column "x" lies outside of the file'],
  ["numbers", [["footer", "4.0.1.0.3.1", 2]], 'the column "x" is of INT64 where its schema says DOUBLE'],
  ["numbers", [["head", "3", 35]], 'the column "x" has a page that isn\'t whole'],
  ["numbers", [["head", "3", -1]], 'the column "x" has a page that isn\'t whole'],
  ["numbers", [["head", "2", -1]], 'the column "x" has a page of -1 bytes'],
  ["numbers", [["head", "2", 2 ** 30 + 1]], 'the column "x" has a page of 1073741825 bytes'],
  ["numbers", [["head", "8.1", 5]], 'the column "x" has a page of 5 values where 4 are left'],
  ["numbers", [["head", "8.1", -4]], 'the column "x" has a page of -4 values where 4 are left'],
  ["numbers", [["head", "8.3", 3]], "a page has 3 rows where it has 4 values"],
  ["numbers", [["head", "8.6", 1]], "a page has 4 rows where it has 4 values"],
  ["holes", [["head", "8.2", 0]], "a page has 1 nulls where it says 0"],
  ["holes", [["head", "8.2", 2]], "a page has 1 nulls where it says 2"],
  ["holes", [["page", 1, 0x0f]], "a page has 0 nulls where it says 1"],
  ["holes", [["page", 1, 0x0f], ["head", "8.2", 0]], LATE],
  ["holes", [["page", 0, 0x08], ["page", 1, 7]], "a page has the number 7 where 1 is the greatest there is"],
  ["holes", [["page", 0, 0x80]], "a page has more values than it says"],
  ["holes", [["page", 0, 0x00]], "a page has a run of nothing"],
  ["holes", [["page", 0, 0x0a]], "a page has more values than it says"],
  ["holes", [["head", "8.5", 27]], "a page has other definition levels than it says"],
  ["holes", [["head", "8.5", 1]], LATE],
  ["words", [["head", "7.1", 4]], LATE],
  ["words", [["head", "7.1", 2]], "a page has the number 2 where 1 is the greatest there is"],
  ["words", [["page", 0, 100]], LATE],
  ["words", [["next page", 4, 0xff]], "a page has the number 3 where 2 is the greatest there is"],
  ["words", [["next page", 2, 40]], "a page has numbers of 40 bits"],
  ["words", [["head", "1", 1]], "there is a page of the type INDEX_PAGE that isn't one"],
  ["words", [["next head", "1", 0]], "there is a page of the type DATA_PAGE that isn't one"],
  ["words", [["next head", "8.4", 0]], LATE],
  ["words", [["footer", "4.0.1.0.3.11", 32]], "a page is of a dictionary that isn't there"],
  ["numbers", [["head", "2", 24]], "a page is longer or shorter than it says", "SNAPPY"],
  ["numbers", [["head", "2", 40]], "a page is longer or shorter than it says", "SNAPPY"],
  [
    "numbers",
    [0xfc, 0xf0, 0xff, 0xff, 0xff].map((byte, at) => ["page", 1 + at, byte] as const),
    "a page is longer or shorter than it says",
    "SNAPPY",
  ],
  ["truths", [["head", "8.1", 3], ["head", "8.3", 3]], 'the column "x" lacks 1 of its 4 values'],
];

Deno.test("a Parquet file that disagrees with itself is refused, in words", async () => {
  for (const [kind, changes, reason, codec] of FORGED) {
    await assert.rejects(load(kind, changes, codec), {
      name: "ExperimentError",
      code: "INVALID_PARAMETER_VALUE",
      message: `FILE can't be read as Parquet: ${reason}.`,
    }, JSON.stringify(changes));
  }
});

Deno.test("a Parquet file with any byte changed or cut off is read or refused, and never a fault", async () => {
  for (const kind of ["holes", "words", "truths"] as const) {
    const whole = fileOf(kind, "UNCOMPRESSED");
    const file = await Deno.makeTempFile();
    const row = z.object({ x: SHAPES[kind], y: z.number() });
    const read = async (bytes: Uint8Array) => {
      await Deno.writeFile(file, bytes);
      try {
        const { rows } = await loadTable({ row, target: "y", source: parquet(file, import.meta) });
        assert.equal(rows, COLUMNS[kind].data.length);
      } catch (error) {
        assert.equal((error as Error).name, "ExperimentError", String((error as Error).stack));
      }
    };
    for (let at = 0; at < whole.length; at++) {
      for (const flip of [0x01, 0x80, 0xff]) {
        const bytes = whole.slice();
        bytes[at]! ^= flip;
        await read(bytes);
      }
      await read(whole.slice(0, at));
    }
    await Deno.remove(file);
  }
});

Deno.test("numbers in runs and packed bits are read in every width", () => {
  const packed = (width: number, values: readonly number[]): Uint8Array => {
    const bits = values.reduce((sum, value, at) => sum + (BigInt(value) << BigInt(at * width)), 0n);
    const bytes = Array.from({ length: width }, (_, at) => Number(bits >> BigInt(8 * at) & 255n));
    return Uint8Array.from([3, ...bytes]);
  };
  for (let width = 0; width <= 31; width++) {
    const most = 2 ** width - 1;
    const values = [0, most, 1, most, 0, 2, most - 1, 3].map((value) => Math.max(0, Math.min(value, most)));
    const options = { width, count: 8, below: 2 ** width };
    assert.deepEqual([...hybridOf(packed(width, values), options)], values);
    const run = [...Array(Math.ceil(width / 8)).keys()].map((at) => Math.floor(most / 256 ** at) % 256);
    assert.deepEqual([...hybridOf(Uint8Array.from([16, ...run]), options)], Array(8).fill(most));
  }
  const endless = Uint8Array.from([0x80, 0x80, 0x80, 0x80, 0x80, 1, 1]);
  assert.throws(() => hybridOf(endless, { width: 1, count: 8, below: 2 }), {
    message: "a page has a run that is too long",
  });
});

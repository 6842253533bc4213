import assert from "node:assert/strict";
import fc from "fast-check";
import { parse } from "../lib/deps/csv_parse.ts";
import type { TableBuilder } from "../lib/table/builder.ts";
import { decimalIn } from "../lib/table/cells.ts";
import { readCsv } from "../lib/table/csv.ts";

type Read = { readonly rows: readonly (readonly unknown[])[]; readonly lines: readonly number[] };

/** Reads all columns of a CSV file that comes in parts, as texts. */
async function read(
  bytes: Uint8Array,
  names: readonly string[],
  cuts: readonly number[] = [],
): Promise<Read> {
  const rows: unknown[][] = [];
  const lines: number[] = [];
  const builder: TableBuilder = {
    columns: names.map((name) => ({ name, kind: "text" })),
    begin: () =>
      names.map((_, column) => (value, line) => {
        if (column === 0) {
          rows.push([]);
          lines.push(line);
        }
        rows.at(-1)!.push(value);
      }),
    table: () => assert.fail("not asked for"),
  };
  await readCsv(partsOf(bytes, cuts), "rows.csv", builder);
  return { rows, lines };
}

async function* partsOf(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  for (const [at, place] of places.slice(1).entries()) yield bytes.slice(places[at], place);
}

const encode = (text: string) => new TextEncoder().encode(text);
const cuts = fc.array(fc.nat(400), { maxLength: 8 });
const lineEnd = fc.constantFrom("\n", "\r\n", "\r");

Deno.test("any cells come back as they were written, wherever the file is cut", async () => {
  const plain = fc.string({ unit: fc.constantFrom("a", "é", "😀", " ", "1"), maxLength: 8 });
  const quoted = fc.string({ unit: fc.constantFrom("a", '"', ",", "\n", "é", "\ufeff"), maxLength: 40 });
  const cell = fc.oneof(
    plain.map((text) => ({ value: text === "" ? null : text, written: text })),
    quoted.map((text) => ({ value: text, written: `"${text.replaceAll('"', '""')}"` })),
  );
  const table = fc.integer({ min: 2, max: 5 }).chain((width) =>
    fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 12 })
  );
  await fc.assert(
    fc.asyncProperty(
      table,
      lineEnd,
      cuts,
      fc.boolean(),
      fc.boolean(),
      async (rows, end, cuts, ends, marked) => {
        const names = rows[0]!.map((_, at) => `c${at}`);
        const written = [names.join(","), ...rows.map((row) => row.map(({ written }) => written).join(","))];
        const text = (marked ? "\ufeff" : "") + written.join(end + end) + (ends ? end : "");
        const found = await read(encode(text), names, cuts);
        assert.deepEqual(found.rows, rows.map((row) => row.map(({ value }) => value)));
        const linesIn = (text: string) => text.split("\n").length - 1;
        let line = 1;
        assert.deepEqual(
          found.lines,
          written.slice(0, -1).map((text) => line += linesIn(text) + 2),
        );
      },
    ),
    { numRuns: 500 },
  );
});

Deno.test("a file is read, and refused for the same reason, as csv-parse does", async () => {
  const character = fc.constantFrom("a", "b", "é", "1", ",", ",", "\n", "\n", '"', '"');
  const text = fc.string({ unit: character, maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(text, cuts, fc.boolean(), async (text, cuts, isCrlf) => {
      const file = `a,b\n${text}`.replaceAll("\n", isCrlf ? "\r\n" : "\n");
      const expected = (): unknown => {
        try {
          return parse(file, { skip_empty_lines: true }).slice(1);
        } catch (error) {
          return (error as Error).message.split(":")[0];
        }
      };
      const found = await read(encode(file), ["a", "b"], cuts).then(
        ({ rows }) => rows.map((row) => row.map((cell) => cell ?? "")),
        (error: Error) => error.message.includes("has no rows") ? [] : error.message.split(/as CSV: |:/)[1],
      );
      assert.deepEqual(found, expected());
    }),
    { numRuns: 2000 },
  );
});

Deno.test("a record of many cells, and a cell longer than any part, are read whole", async () => {
  const names = Array.from({ length: 1000 }, (_, at) => `c${at}`);
  const wide = names.map((name) => name.toUpperCase());
  assert.deepEqual((await read(encode(`${names}\n${wide}`), names)).rows, [wide]);
  const long = "é\n".repeat(500_000);
  const bytes = encode(`a,b\n"${long}",1\n2,3\n`);
  const places = Array.from({ length: 150 }, (_, at) => at * 10_000);
  assert.deepEqual(await read(bytes, ["a", "b"], places), {
    rows: [[long, "1"], ["2", "3"]],
    lines: [2, 500_003],
  });
});

Deno.test("texts that are met again are the same, and those that aren't are told apart", async () => {
  const texts = Array.from({ length: 30_000 }, (_, at) => `text ${at % 20_000}`);
  const { rows } = await read(encode(`a\n${texts.join("\n")}\n`), ["a"]);
  assert.deepEqual(rows.map(([text]) => text), texts);
});

Deno.test("a file that isn't UTF-8 is an error, wherever it is cut", async () => {
  const bytes = Uint8Array.of(...encode("a\né\n"), 0xc3, ...encode("\nx"));
  for (let cut = 0; cut <= bytes.length; cut++) {
    await assert.rejects(read(bytes, ["a"], [cut]), {
      message: "rows.csv can't be read as CSV: it is not UTF-8.",
    });
  }
});

Deno.test("a decimal is read to the last bit, or not at all", () => {
  const digits = (maxLength: number) => fc.string({ unit: fc.constantFrom(..."0123456789"), maxLength });
  const text = fc.oneof(
    fc.tuple(fc.constantFrom("", "-", "+"), digits(9), fc.constantFrom("", "."), digits(9)).map((all) =>
      all.join("")
    ),
    fc.double().map(String),
    fc.string({ unit: fc.constantFrom(..."0123456789.-+eE x"), maxLength: 6 }),
  );
  fc.assert(
    fc.property(text, (text) => {
      const found = decimalIn(encode(`7${text}7`), 1, 1 + text.length);
      if (/^-?(\d+\.?\d*|\.\d+)$/.test(text) && text.replace(/\D/g, "").length <= 15) {
        assert.equal(found, Number(text) + 0);
        assert.ok(!Object.is(found, -0));
      } else assert.ok(Number.isNaN(found), text);
    }),
    { numRuns: 5000 },
  );
});

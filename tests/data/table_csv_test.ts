import assert from "node:assert/strict";
import fc from "fast-check";
import type { TableBuilder } from "../../lib/data/builder.ts";
import { dateOf, timeIn } from "../../lib/data/date_time.ts";
import { codeReader } from "../../lib/data/readers/cells.ts";
import { readCsv } from "../../lib/data/readers/csv.ts";
import { decimalIn } from "../../lib/data/readers/decimal.ts";
import { parse } from "../../lib/deps/csv_parse.ts";

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
    begin: () => assert.fail("not asked for"),
    beginBlocks: () =>
      names.map((_, column) => (block) => {
        for (let row = 0; row < block.rows; row++) {
          const value = block.valueAt(row);
          if (column > 0) rows.at(row - block.rows)!.push(value);
          else {
            rows.push([value]);
            lines.push(block.placeAt(row));
          }
        }
      }),
    expect: () => {},
    table: () => assert.fail("not asked for"),
  };
  await readCsv(partsOf(bytes, cuts), builder, { place: "rows.csv" });
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
  const sign = fc.constantFrom("", "-", "+");
  const join = (all: readonly string[]) => all.join("");
  const decimal = fc.tuple(sign, digits(11), fc.constantFrom("", "."), digits(11)).map(join);
  const text = fc.oneof(
    decimal,
    fc.tuple(decimal, fc.constantFrom("e", "E"), sign, digits(3)).map(join),
    fc.double().map(String),
    fc.double({ min: -1e9, max: 1e9 }).map(String),
    // In the middle of two doubles, and one digit beside it.
    fc.tuple(fc.bigInt(2n ** 53n, 2n ** 57n), fc.nat(18)).map(([whole, at]) =>
      String(whole).replace(new RegExp(`(?<=^.{${at}})`), ".")
    ),
    fc.string({ unit: fc.constantFrom(..."0123456789.-+eE x"), maxLength: 6 }),
  );
  fc.assert(
    fc.property(text, (text) => {
      const found = decimalIn(encode(`7${text}7`), 1, 1 + text.length);
      const [, digits, exponent] = /^-?0*((?:\d+\.?\d*|\.\d+))(e[+-]?\d+)?$/i.exec(text) ?? [];
      if (Number.isNaN(found)) {
        // What is short enough is always read.
        assert.ok(
          digits === undefined || exponent !== undefined || digits.replace(".", "").length > 15,
          text,
        );
      } else {
        assert.ok(digits !== undefined, text);
        assert.ok(Object.is(found, Number(text) + 0), `${text}: ${found}`);
      }
    }),
    { numRuns: 20_000 },
  );
});

Deno.test("most numbers as programs write them are read without a text", () => {
  const numbers = fc.sample(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { numRuns: 2000, seed: 1 })
    .filter((number) => Math.abs(number) > 1e-3);
  const unread = numbers.map(String).filter((text) => Number.isNaN(decimalIn(encode(text), 0, text.length)));
  assert.ok(unread.length < numbers.length / 100, unread.join());
});

Deno.test("a date-time is read from its bytes as from its text, or not at all", () => {
  const text = fc.date({ min: new Date("0000-01-01"), max: new Date("9999-12-31"), noInvalidDate: true })
    .chain((date) => {
      const iso = date.toISOString();
      const forms = [
        iso,
        iso.slice(0, 10),
        `${iso.slice(0, 16)}Z`,
        `${iso.slice(0, 19)}+05:30`,
        `${iso.slice(0, 23)}000-11:45`,
        `${iso.slice(0, 21)}Z`,
      ];
      const edit = fc.tuple(fc.nat(30), fc.nat(1), fc.constantFrom("", ..."0123456789-:TZ+. "));
      return fc.tuple(fc.constantFrom(...forms), fc.array(edit, { maxLength: 2 })).map(([form, edits]) =>
        edits.reduce((text, [at, more, put]) => text.slice(0, at) + put + text.slice(at + more), form)
      );
    });
  fc.assert(
    fc.property(text, (text) => {
      const found = timeIn(encode(`7${text}7`), 1, 1 + text.length);
      const expected = dateOf(text)?.getTime();
      if (!Number.isNaN(found)) assert.equal(found, expected, text);
      else assert.ok(expected === undefined || text.includes("24:00"), text);
    }),
    { numRuns: 20_000 },
  );
});

Deno.test("a cell has the code of its level, in quotes or without, or none", () => {
  const level = fc.string({ unit: fc.constantFrom("a", "b", '"', ",", "é"), maxLength: 3 });
  fc.assert(
    fc.property(fc.uniqueArray(level, { minLength: 1, maxLength: 40 }), level, (levels, text) => {
      const codeIn = codeReader(levels);
      const code = levels.indexOf(text);
      const quoted = encode(`,"${text.replaceAll('"', '""')}",`);
      assert.equal(codeIn(quoted, 1, quoted.length - 1), text === "" || code < 0 ? NaN : code);
      if (/[",]/.test(text)) return;
      const plain = encode(`,${text},`);
      assert.equal(codeIn(plain, 1, plain.length - 1), text === "" || code < 0 ? NaN : code);
    }),
  );
});

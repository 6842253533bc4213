import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { csv, type Dataset, defineDataset } from "../lib/dataset.ts";
import { z } from "../lib/deps/zod.ts";
import { ExperimentError } from "../lib/error.ts";
import { fingerprintOf, loadTable } from "../lib/table.ts";

const row = z.object({
  width: z.number().positive(),
  count: z.int(),
  fresh: z.boolean(),
  kind: z.enum(["a", "b"]),
  note: z.string(),
});
const header = "width,count,fresh,kind,note";

/** Runs a test on a dataset of this text. */
async function withCsv<Result>(
  text: string | Uint8Array,
  use: (dataset: Dataset, place: string) => Promise<Result>,
): Promise<Result> {
  const directory = await Deno.makeTempDir();
  try {
    const file = join(directory, "rows.csv");
    await Deno.writeFile(file, typeof text === "string" ? new TextEncoder().encode(text) : text);
    const source = csv("./rows.csv", { url: pathToFileURL(join(directory, "module.ts")).href });
    return await use(defineDataset({ row, target: "kind", source }), file);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const fingerprint = (text: string) =>
  withCsv(text, async (dataset) => fingerprintOf(dataset, await loadTable(dataset)));

Deno.test("a table has each column in its type", async () => {
  const table = await withCsv(
    `${header}\n1.5,2,true,b,"x, ""y"""\n2e1,-3,false,a,\n`,
    (dataset) => loadTable(dataset),
  );
  assert.deepEqual(table.columns, {
    width: { kind: "number", values: Float64Array.of(1.5, 20) },
    count: { kind: "integer", values: Float64Array.of(2, -3) },
    fresh: { kind: "boolean", values: Uint8Array.of(1, 0) },
    kind: { kind: "category", values: Uint32Array.of(1, 0), levels: ["a", "b"] },
    note: { kind: "text", values: ['x, "y"', ""] },
  });
});

Deno.test("a row that breaks the schema is an error with file, line, column and value", async () => {
  const cases: readonly [string, string][] = [
    ["x,1,true,a,n", 'column "width": expected a number, found "x"'],
    ["-1,1,true,a,n", 'column "width": expected a number above 0, found -1'],
    ["1,1.5,true,a,n", 'column "count": expected a whole number, found 1.5'],
    ["1,1,yes,a,n", 'column "fresh": expected true or false, found "yes"'],
    ["1,1,true,c,n", 'column "kind": expected one of a, b, found "c". Did you mean "a"?'],
    [",1,true,a,n", 'column "width": expected a number, found ""'],
    ["Infinity,1,true,a,n", 'column "width": expected a number, found "Infinity"'],
    ["0x10,1,true,a,n", 'column "width": expected a number, found "0x10"'],
    ["1e999,1,true,a,n", 'column "width": expected a number, found "1e999"'],
  ];
  for (const [line, message] of cases) {
    await withCsv(`${header}\n1,1,true,a,n\n${line}\n`, async (dataset, place) => {
      await assert.rejects(
        loadTable(dataset),
        new ExperimentError("INVALID_PARAMETER_VALUE", `${place}:3: ${message}`, {
          hint: "Mend the row, or the type of the column in the dataset's `row` schema.",
        }),
      );
    });
  }
});

Deno.test("a file that is no table is an error that says why", async () => {
  const cases: readonly [string | Uint8Array, string][] = [
    ["", " has no rows: expected a header line, then rows."],
    [`${header}\n`, " has no rows: expected a header line, then rows."],
    [`${header}\n1,2\n`, " can't be read as CSV: Invalid Record Length: expect 5, got 2 on line 2."],
    [Uint8Array.of(0xff, 0xfe, 0x00), " can't be read as CSV: it is not UTF-8."],
    ["width,cuont,fresh,kind,note\n1,1,true,a,n\n", ': no column "count". Did you mean "cuont"?'],
  ];
  for (const [text, message] of cases) {
    await withCsv(text, async (dataset, place) => {
      await assert.rejects(loadTable(dataset), (error: Error) => {
        assert.equal(error.message, place + message);
        return true;
      });
    });
  }
});

Deno.test("a missing file is an error that names it", async () => {
  await withCsv(header, async (dataset, place) => {
    await Deno.remove(place);
    await assert.rejects(loadTable(dataset), (error: ExperimentError) => {
      assert.equal(error.code, "RESOURCE_DOES_NOT_EXIST");
      assert.equal(error.message, `The data can't be read: no file ${place}.`);
      return true;
    });
  });
});

Deno.test("a fingerprint is blind to the form of the file", async () => {
  const one = await fingerprint(`${header}\n1.50,2,true,b,x\n0,3,false,a,é\n`.replace("\n0,", "\n1,"));
  assert.deepEqual(
    await fingerprint(`note,kind,fresh,count,width,more\r\n"x",b,true,2,15e-1,9\r\né,a,false,3,1,9`),
    one,
  );
});

Deno.test("a fingerprint tells any cell that changed, and its column", async () => {
  const cells = [["1", "2"], ["5", "6"], ["true", "false"], ["a", "b"], ["n", "m"]] as const;
  const names = header.split(",");
  const text = (rows: readonly (readonly string[])[]) =>
    [header, ...rows.map((row) => row.join(","))].join("\n");
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(...cells.map((values) => fc.constantFrom(...values))), {
        minLength: 1,
        maxLength: 8,
      }),
      fc.nat(),
      fc.nat(names.length - 1),
      async (rows, at, column) => {
        const edited = rows.map((row) => [...row]);
        const cell = edited[at % rows.length]!;
        cell[column] = cells[column]!.find((value) => value !== cell[column])!;
        const [before, after] = [await fingerprint(text(rows)), await fingerprint(text(edited))];
        assert.notEqual(before.rows, after.rows);
        assert.equal(before.schema, after.schema);
        assert.deepEqual(names.filter((name) => before.columns[name] !== after.columns[name]), [
          names[column],
        ]);
      },
    ),
    { numRuns: 25 },
  );
});

Deno.test("a fingerprint tells the order of the rows", async () => {
  const [a, b] = ["1,1,true,a,n", "2,1,true,a,n"];
  assert.notDeepEqual(await fingerprint(`${header}\n${a}\n${b}`), await fingerprint(`${header}\n${b}\n${a}`));
});

import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { ExperimentError } from "../../lib/base/error.ts";
import { csv, type Dataset, defineDataset } from "../../lib/data/dataset.ts";
import { fingerprintOf, loadTable, ROW_GROUP, rowGroupsOf } from "../../lib/data/table.ts";
import { z } from "../../lib/deps/zod.ts";
import { computeValues, type Prepared } from "../../lib/experiment/prepare.ts";
import { defineFeatures } from "../../lib/features/features.ts";
import { datasetInputOf } from "../../lib/training/record.ts";

const row = z.object({
  width: z.number().positive(),
  count: z.int(),
  fresh: z.boolean(),
  kind: z.enum(["a", "b"]),
  note: z.string(),
});
const header = "width,count,fresh,kind,note";

/** A row whose cells may be empty, but for its kind. */
const sparse = z.object({
  width: z.number().nullable(),
  count: z.int().nullable(),
  fresh: z.boolean().nullable(),
  at: z.date().nullable(),
  colour: z.enum(["red", "blue"]).nullable(),
  note: z.string().nullable(),
  kind: z.enum(["a", "b"]),
});
const sparseHeader = "width,count,fresh,at,colour,note,kind";

/** Runs a test on a dataset of this text. */
async function withCsv<Result>(
  text: string | Uint8Array,
  use: (dataset: Dataset, place: string) => Promise<Result>,
  shape: z.ZodObject = row,
): Promise<Result> {
  const directory = await Deno.makeTempDir();
  try {
    const file = join(directory, "rows.csv");
    await Deno.writeFile(file, typeof text === "string" ? new TextEncoder().encode(text) : text);
    const source = csv("./rows.csv", { url: pathToFileURL(join(directory, "module.ts")).href });
    return await use({ row: shape, target: "kind", source }, file);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const fingerprint = (text: string, shape: z.ZodObject = row) =>
  withCsv(text, async (dataset) => fingerprintOf(dataset, await loadTable(dataset)), shape);

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

Deno.test("an empty cell of a nullable column has no value, and a text in quotes is an empty one", async () => {
  const table = await withCsv(
    `${sparseHeader}\n,,,,,,a\n0,0,false,1970-01-01,red,"",b\n"","","","","",x,b\n`,
    (dataset) => loadTable(dataset),
    sparse,
  );
  const nulls = Uint8Array.of(1, 0, 1);
  assert.deepEqual(table.columns, {
    width: { kind: "number", values: new Float64Array(3), nulls },
    count: { kind: "integer", values: new Float64Array(3), nulls },
    fresh: { kind: "boolean", values: new Uint8Array(3), nulls },
    at: { kind: "date-time", values: new Float64Array(3), nulls },
    colour: { kind: "category", values: new Uint32Array(3), levels: ["red", "blue"], nulls },
    note: { kind: "text", values: ["", "", "x"], nulls: Uint8Array.of(1, 0, 0) },
    kind: { kind: "category", values: Uint32Array.of(0, 1, 1), levels: ["a", "b"] },
  });
});

Deno.test("a date-time is ISO 8601 with its offset, or a date, and nothing else", async () => {
  const shape = z.object({ at: z.date().min(new Date("1000-01-01")), kind: z.enum(["a"]) });
  const read = (at: string) =>
    withCsv(`at,kind\n${at},a\n`, async (dataset) => (await loadTable(dataset)).columns.at!.values[0], shape);
  const times: readonly [string, string][] = [
    ["2024-05-01", "2024-05-01T00:00:00.000Z"],
    ["2024-02-29", "2024-02-29T00:00:00.000Z"],
    ["2024-05-01T12:30Z", "2024-05-01T12:30:00.000Z"],
    ["2024-05-01T12:30:15.5Z", "2024-05-01T12:30:15.500Z"],
    ["2024-05-01T12:30:15.123000Z", "2024-05-01T12:30:15.123Z"],
    ["2024-05-01T00:30:00+02:00", "2024-04-30T22:30:00.000Z"],
    ["1969-12-31T23:59:59.999-05:30", "1970-01-01T05:29:59.999Z"],
  ];
  for (const [text, time] of times) assert.equal(await read(text), Date.parse(time), text);
  const wrong = [
    "2024-05-01T12:30:00",
    "2024-02-30",
    "2023-02-29T00:00Z",
    "2024-13-01",
    "2024-05-01T25:00Z",
    "2024-05-01T12:30:15.1234Z",
    "2024-05-01 12:30:00Z",
    " 2024-05-01",
    "1714521600000",
    "1 May 2024",
    "",
  ];
  for (const text of wrong) {
    await assert.rejects(read(text), (error: Error) => {
      const message = `: expected a date-time such as 2024-05-01T12:30:00Z, found ${JSON.stringify(text)}`;
      assert.ok(error.message.endsWith(message), error.message);
      return true;
    });
  }
  await assert.rejects(
    read("0999-12-31"),
    /: expected a date-time not before 1000-01-01T00:00:00.000Z, found 0999-12-31T00:00:00.000Z$/,
  );
});

Deno.test("a nullable column takes what its type takes, and nothing else", async () => {
  const shape = z.object({ width: z.number().positive().nullable(), kind: z.enum(["a"]) });
  const read = (width: string) =>
    withCsv(`width,kind\n${width},a\n`, async (dataset) => (await loadTable(dataset)).columns.width, shape);
  assert.deepEqual(await read(""), { kind: "number", values: Float64Array.of(0), nulls: Uint8Array.of(1) });
  assert.deepEqual(await read("2"), { kind: "number", values: Float64Array.of(2) });
  await assert.rejects(read("-1"), /column "width": expected a number above 0, found -1$/);
  await assert.rejects(read("null"), /column "width": expected a number, found "null"$/);
});

Deno.test("a number, an integer and a date-time are right where zod says so, whatever their checks", async () => {
  const bound = fc.constantFrom(-1, -0.5, 0, 1, 2.5, 3);
  const check = fc.tuple(fc.constantFrom("gt", "min", "lt", "max", "multipleOf", "refine"), bound);
  const cell = fc.constantFrom(-2, -1, -0.5, 0, 0.5, 1, 2, 2.5, 3, 4, 1e9, null);
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("number", "integer", "date-time"),
      fc.array(check, { maxLength: 3 }),
      fc.boolean(),
      cell,
      async (kind, checks, nullable, value) => {
        const checked = checks.reduce(
          (type: z.ZodNumber | z.ZodDate, [name, bound]) => {
            if (type instanceof z.ZodDate) {
              if (name === "refine") return type.refine((value) => Number(value) !== bound);
              return name === "gt" || name === "min" ? type.min(new Date(bound)) : type.max(new Date(bound));
            }
            if (name === "refine") return type.refine((value) => value !== bound);
            return type[name as "gt" | "min" | "lt" | "max" | "multipleOf"](
              name === "multipleOf" ? Math.abs(bound) || 1 : bound,
            );
          },
          kind === "number" ? z.number() : kind === "integer" ? z.int() : z.date(),
        );
        const type = nullable ? checked.nullable() : checked;
        const typed = kind === "date-time" && value !== null ? new Date(Math.trunc(value) % 5) : value;
        const shape = z.object({ x: type, kind: z.enum(["a"]) });
        const written = typed instanceof Date ? typed.toISOString() : String(typed ?? "");
        const read = await withCsv(`x,kind\n${written},a\n`, (dataset) => loadTable(dataset), shape)
          .then(() => true, () => false);
        assert.equal(read, type.safeParse(typed).success, `${kind} ${JSON.stringify(checks)} ${written}`);
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("a nullable target is an error", async () => {
  const shape = z.object({ kind: z.enum(["a", "b"]).nullable() });
  await withCsv("kind\na\n", async (dataset) => {
    await assert.rejects(
      loadTable(dataset),
      new ExperimentError(
        "INVALID_PARAMETER_VALUE",
        'The target "kind" is nullable, but a row without it can neither be learned from nor scored.',
        { hint: "Leave out the rows without it, and `.nullable()` in the dataset's `row` schema." },
      ),
    );
  }, shape);
});

Deno.test("rows that break the schema are told one by one, then counted", async () => {
  const broken = ["1,x,true,c,n", "1,1,true,a,n", "x,x,true,a,n", ...new Array(4).fill("1,1,no,a,n")];
  await withCsv(`${header}\n${broken.join("\n")}\n`, async (dataset, place) => {
    await assert.rejects(loadTable(dataset), (error: Error) => {
      assert.deepEqual(error.message.split("\n"), [
        `${place}:2: column "count": expected a whole number, found "x"`,
        `${place}:4: column "width": expected a number, found "x"`,
        `${place}:5: column "fresh": expected true or false, found "no"`,
        `${place}:6: column "fresh": expected true or false, found "no"`,
        `${place}:7: column "fresh": expected true or false, found "no"`,
        "… and 1 more",
      ]);
      return true;
    });
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

Deno.test("a fingerprint tells a null from any value, and from an empty text", async () => {
  const full = '0,0,false,1970-01-01,red,"",a'.split(",");
  const text = (cells: readonly string[]) => `${sparseHeader}\n${full.join(",")}\n${cells.join(",")}\n`;
  const before = await fingerprint(text(full), sparse);
  for (const [at, name] of sparseHeader.split(",").slice(0, -1).entries()) {
    const after = await fingerprint(text(full.with(at, "")), sparse);
    assert.notEqual(after.rows, before.rows);
    assert.deepEqual(
      Object.keys(before.columns).filter((column) => after.columns[column] !== before.columns[column]),
      [name],
    );
  }
});

Deno.test("a fingerprint tells whether nulls are allowed, in the schema alone where there are none", async () => {
  const text = "width,count,fresh,kind,note\n1,2,true,a,x\n";
  const strict = z.object({ width: z.number(), kind: z.enum(["a"]) });
  const loose = z.object({ width: z.number().nullable(), kind: z.enum(["a"]) });
  const [one, other] = [await fingerprint(text, strict), await fingerprint(text, loose)];
  assert.deepEqual(one.columns, other.columns);
  assert.equal(one.rows, other.rows);
  assert.notEqual(one.schema, other.schema);
});

Deno.test("the digests of today's kinds are what they always were", async () => {
  assert.deepEqual(await fingerprint(`${header}\n1.5,2,true,b,"x, ""y"""\n2e1,-3,false,a,\n`), {
    schema: "cf5d9f01a9cf2c33d7f18f659f11454096e7f1aaeaad09b28c47a929c5300ea4",
    rows: "9b83af9baf23c9a100f9e7cd3234a5d8aac413556775d23b576530576135b6e4",
    columns: {
      width: "430a2623ddc8d2b7ba414d501bb3bb48bc0fcde64ec4b1abcc31d26a1ff899dc",
      count: "62e23c5f9ba0d2624b453fd9e2745376e1cd4599c861c883661c060a34822ac3",
      fresh: "83e85aaa939d7a93b8eaa91f038b2b204a2c5ea3a64d311bc4756051dbb2da85",
      kind: "e94a91067c63467f0f5bee5e1d05e6161b11bdf3c221eae1fcdfc84766454c32",
      note: "dcfcf1832b411f59a42bddf44019476b1c174f8d8245fce54418b591a452dd31",
    },
  });
});

Deno.test("a group of rows without nulls has the digest of a column without nulls", () => {
  const values = new Float64Array(ROW_GROUP + 1);
  const nulls = new Uint8Array(ROW_GROUP + 1);
  nulls[ROW_GROUP] = 1;
  const full = rowGroupsOf({ kind: "number", values });
  const sparse = rowGroupsOf({ kind: "number", values, nulls });
  assert.equal(sparse[0], full[0]);
  assert.notEqual(sparse[1], full[1]);
});

Deno.test("a feature reads null where a cell is empty, and a Date where it is a date-time", async () => {
  const source = csv("./rows.csv", { url: "file:///" });
  const rows = defineDataset({ row: sparse, target: "kind", source });
  const view = defineFeatures(rows, {
    day: ({ at }) => at === null ? -1 : at.getUTCDate(),
    missing: (row) =>
      [row.width, row.count, row.fresh, row.colour, row.note].filter((v) => v === null).length,
  });
  const table = await withCsv(
    `${sparseHeader}\n,,,,,,a\n0,0,false,2024-05-31T23:30:00-01:00,red,"",b\n`,
    (dataset) => loadTable(dataset),
    sparse,
  );
  const { day, missing } = computeValues({ dataset: rows, views: [{ name: "view", view }] }, table).view!;
  assert.deepEqual([day, missing], [Float64Array.of(-1, 1), Float64Array.of(5, 0)]);
});

Deno.test("MLflow is told each column's type, and which need a value", async () => {
  const table = await withCsv(`${sparseHeader}\n,,,,,,a\n`, (dataset) => loadTable(dataset), sparse);
  const dataset = { row: sparse, target: "kind", source: csv("./rows.csv", { url: "file:///" }) };
  const { schema } = datasetInputOf(
    {
      spec: { data: { name: "rows" } },
      dataset,
      table,
      fingerprint: fingerprintOf(dataset, table),
    } as unknown as Prepared,
  );
  assert.deepEqual(JSON.parse(schema), {
    mlflow_colspec: [
      { type: "double", name: "width", required: false },
      { type: "long", name: "count", required: false },
      { type: "boolean", name: "fresh", required: false },
      { type: "datetime", name: "at", required: false },
      { type: "string", name: "colour", required: false },
      { type: "string", name: "note", required: false },
      { type: "string", name: "kind", required: true },
    ],
  });
});

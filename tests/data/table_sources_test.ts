import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { digestOf } from "../../lib/base/digest.ts";
import { ExperimentError } from "../../lib/base/error.ts";
import { csv, json, parquet, sql, type TableSource } from "../../lib/data/dataset.ts";
import { fingerprintOf, loadTable, sourceBytesDigest } from "../../lib/data/table.ts";
import { type ColumnSource, parquetWriteBuffer } from "../../lib/deps/hyparquet_writer.ts";
import { z } from "../../lib/deps/zod.ts";
import { openStore } from "../../lib/tracking/open_store.ts";
import { withPython } from "../mlflow/python.ts";
import { scriptOver } from "../postgres/experiment.ts";
import { openProject } from "../project.ts";

const row = z.object({
  width: z.number(),
  count: z.int(),
  fresh: z.boolean(),
  at: z.date(),
  colour: z.enum(["red", "blue"]),
  note: z.string(),
  width_or: z.number().nullable(),
  count_or: z.int().nullable(),
  fresh_or: z.boolean().nullable(),
  at_or: z.date().nullable(),
  colour_or: z.enum(["red", "blue"]).nullable(),
  note_or: z.string().nullable(),
  kind: z.enum(["a", "b"]),
});
const names = Object.keys(row.shape);

const WHEN = "2024-05-01T12:30:15.123Z";
const none = { width_or: null, count_or: null, fresh_or: null, at_or: null, colour_or: null, note_or: null };
const ROWS: readonly Readonly<Record<string, unknown>>[] = [
  {
    width: 0.1,
    count: 9007199254740991,
    fresh: true,
    at: WHEN,
    colour: "blue",
    note: 'é, "x"',
    ...none,
    kind: "a",
  },
  {
    ...{ width: -2.5e-7, count: -3, fresh: false, at: "1969-12-31T23:59:59.999Z", colour: "red", note: "" },
    ...{ width_or: 0, count_or: 0, fresh_or: false, at_or: "1970-01-01", colour_or: "red", note_or: "" },
    kind: "b",
  },
  {
    ...{ width: 0, count: 0, fresh: false, at: "2024-05-01", colour: "red", note: "😀\n2" },
    ...{ width_or: 1e300, count_or: 7, fresh_or: true, at_or: WHEN, colour_or: "blue", note_or: "null" },
    kind: "b",
  },
];

/** Opens a folder, and gives the URL of a module in it. */
async function withFolder(
  use: (folder: string, meta: { readonly url: string }) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder, { url: pathToFileURL(join(folder, "module.ts")).href });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const datasetOf = (source: TableSource, shape: z.ZodObject = row) => ({ row: shape, target: "kind", source });
const small = z.object({ width: z.number(), kind: z.enum(["a", "b"]) });

async function fingerprint(source: TableSource, shape: z.ZodObject = row) {
  const dataset = datasetOf(source, shape);
  const table = await loadTable(dataset);
  assert.equal(await sourceBytesDigest(dataset), table.bytes);
  return fingerprintOf(dataset, table);
}

function csvOf(rows: typeof ROWS): string {
  const cell = (value: unknown) => {
    if (value === null) return "";
    return typeof value === "string" ? `"${value.replaceAll('"', '""')}"` : String(value);
  };
  return [names.join(","), ...rows.map((row) => names.map((name) => cell(row[name])).join(","))].join("\n");
}

const linesOf = (rows: typeof ROWS) => rows.map((row) => JSON.stringify(row)).join("\n");

function parquetOf(rows: typeof ROWS): Uint8Array {
  const types: Readonly<Record<string, NonNullable<ColumnSource["type"]>>> = {
    width: "DOUBLE",
    count: "INT64",
    fresh: "BOOLEAN",
    at: "TIMESTAMP",
  };
  const columnData = names.map((name) => {
    const type = types[name.replace("_or", "")] ?? "STRING";
    const data = rows.map(({ [name]: value }) => {
      if (value === null) return null;
      if (type === "INT64") return BigInt(value as number);
      return type === "TIMESTAMP" ? new Date(value as string) : value;
    });
    return { name, data, type };
  });
  return new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: 2 }));
}

function writeSqlite(file: string, rows: typeof ROWS): void {
  using database = new DatabaseSync(file);
  database.exec(`create table flowers (id integer primary key, ${names.join(", ")})`);
  const insert = database.prepare(
    `insert into flowers (${names.join(", ")}) values (${names.map(() => "?").join(", ")})`,
  );
  for (const row of rows) {
    insert.run(...names.map((name) => {
      const value = row[name];
      if (typeof value === "boolean") return Number(value);
      return typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : value as string;
    }));
  }
}

Deno.test("a fingerprint is the same from CSV, JSON, JSON lines, Parquet and SQLite", async () => {
  await withFolder(async (folder, meta) => {
    await Deno.writeTextFile(join(folder, "rows.csv"), csvOf(ROWS));
    await Deno.writeTextFile(join(folder, "rows.json"), JSON.stringify(ROWS, null, 2));
    await Deno.writeTextFile(join(folder, "rows.jsonl"), linesOf(ROWS));
    await Deno.writeFile(join(folder, "rows.parquet"), parquetOf(ROWS));
    writeSqlite(join(folder, "rows.db"), ROWS);
    const expected = await fingerprint(csv("./rows.csv", meta));
    assert.deepEqual(await fingerprint(json("./rows.json", meta)), expected);
    assert.deepEqual(await fingerprint(json("./rows.jsonl", meta)), expected);
    assert.deepEqual(await fingerprint(parquet("./rows.parquet", meta)), expected);
    const query = "select * from flowers order by id";
    assert.deepEqual(await fingerprint(sql(query, { database: "./rows.db" }, meta)), expected);
  });
});

Deno.test("files that match are one table, in the order of their names", async () => {
  await withFolder(async (folder, meta) => {
    await Deno.writeTextFile(join(folder, "all.csv"), csvOf(ROWS));
    const expected = await fingerprint(csv("./all.csv", meta));
    const write = {
      csv: async (file: string, rows: typeof ROWS) => await Deno.writeTextFile(file, csvOf(rows)),
      json: async (file: string, rows: typeof ROWS) => await Deno.writeTextFile(file, linesOf(rows)),
      parquet: async (file: string, rows: typeof ROWS) => await Deno.writeFile(file, parquetOf(rows)),
    };
    for (const [kind, source] of Object.entries({ csv, json, parquet })) {
      const extension = kind as keyof typeof write;
      await Deno.mkdir(join(folder, kind, "b"), { recursive: true });
      await Deno.mkdir(join(folder, kind, "a %"));
      await write[extension](join(folder, kind, "b", `part-0.${kind}`), ROWS.slice(2));
      await write[extension](join(folder, kind, "a %", `part-2.${kind}`), ROWS.slice(1, 2));
      await write[extension](join(folder, kind, "a %", `part-1.${kind}`), ROWS.slice(0, 1));
      await Deno.writeTextFile(join(folder, kind, "b", `.part-9.${kind}`), "no table");
      await Deno.writeTextFile(join(folder, kind, "b", "other"), "no table");
      const files = source(`./${kind}/*/*.${kind}`, meta);
      assert.deepEqual(await fingerprint(files), expected, kind);
      const bytes = await Promise.all(
        [`a %/part-1`, `a %/part-2`, `b/part-0`].map((name) =>
          Deno.readFile(join(folder, kind, `${name}.${kind}`))
        ),
      );
      assert.equal(
        await sourceBytesDigest(datasetOf(files)),
        digestOf(new Uint8Array(await new Blob(bytes).bytes())),
      );
    }
    await assert.rejects(loadTable(datasetOf(csv("./c*/x-*.csv", meta))), {
      code: "RESOURCE_DOES_NOT_EXIST",
      message: `The data can't be read: no file ${folder}/c*/x-*.csv.`,
    });
  });
});

Deno.test("a star in a path stands for any part of a name, and for nothing across folders", async () => {
  await withFolder(async (folder, meta) => {
    for (const name of ["ab.csv", "a-b.csv", "a-b-b.csv", "b.csv", "a.csv.gz", "ba.csv"]) {
      await Deno.writeTextFile(join(folder, name), `width,kind\n${name.length},a\n`);
    }
    await Deno.mkdir(join(folder, "a.csv"));
    const widths = async (
      path: string,
    ) => [...(await loadTable(datasetOf(csv(path, meta), small))).columns.width!.values as Float64Array];
    assert.deepEqual(await widths("./a*b.csv"), [9, 7, 6]);
    assert.deepEqual(await widths("./a*-*.csv"), [9, 7]);
    assert.deepEqual(await widths("./*b*.csv"), [9, 7, 6, 5, 6]);
    assert.deepEqual(await widths("./a*csv*"), [9, 7, 8, 6]);
    await assert.rejects(widths("./ab*b.csv"), { code: "RESOURCE_DOES_NOT_EXIST" });
  });
});

Deno.test("a source at a URL is fetched, and a missing one is an error", async () => {
  await using server = Deno.serve({ port: 0, onListen: () => {} }, (request) => {
    const found = new URL(request.url).pathname === "/rows*.jsonl";
    return found ? new Response(linesOf(ROWS)) : new Response("no", { status: 404 });
  });
  const meta = { url: `http://localhost:${server.addr.port}/module.ts` };
  await withFolder(async (folder, local) => {
    await Deno.writeTextFile(join(folder, "rows.csv"), csvOf(ROWS));
    const expected = await fingerprint(csv("./rows.csv", local));
    assert.deepEqual(await fingerprint(json("./rows*.jsonl", meta)), expected);
  });
  await assert.rejects(loadTable(datasetOf(json("./gone.json", meta))), {
    code: "RESOURCE_DOES_NOT_EXIST",
    message: `The data can't be read: no file http://localhost:${server.addr.port}/gone.json.`,
  });
});

Deno.test("a row of JSON that breaks the schema is an error with its line or number, and what was found", async () => {
  const shape = z.object({
    width: z.number(),
    at: z.date().nullable(),
    kind: z.enum(["a", "b"]),
    note: z.string().nullable(),
  });
  const cases: readonly [string, string][] = [
    ['{"width":"1","at":null,"kind":"a"}', 'column "width": expected a number, found "1"'],
    ['{"width":null,"at":null,"kind":"a"}', 'column "width": expected a number, found null'],
    ['{"at":null,"kind":"a"}', 'column "width": missing (expected a number)'],
    ['{"width":1e999,"at":null,"kind":"a"}', 'column "width": expected a number, found Infinity'],
    [
      '{"width":1,"at":0,"kind":"a"}',
      'column "at": expected a date-time such as 2024-05-01T12:30:00Z, found 0',
    ],
    ['{"width":1,"kind":"c"}', 'column "kind": expected one of a, b, found "c". Did you mean "a"?'],
    ['{"width":1}', 'column "kind": missing (expected one of a, b)'],
    ['{"width":1,"kind":"a","at":null,"note":"\\ud800"}', 'column "note": not accepted: found "\\ud800"'],
    ["[1]", "expected an object, found a list of 1 item"],
  ];
  const good = '{"width":1,"at":"2024-05-01","kind":"a","note":"\\ud83d\\ude00"}';
  await withFolder(async (folder, meta) => {
    for (const [wrong, message] of cases) {
      await Deno.writeTextFile(join(folder, "lines"), `${good}\n\n${wrong}\r\n`);
      await assert.rejects(loadTable(datasetOf(json("./lines", meta), shape)), {
        code: "INVALID_PARAMETER_VALUE",
        message: `${folder}/lines:3: ${message}`,
      });
      await Deno.writeTextFile(join(folder, "list"), `\n [${good},\n${wrong}]`);
      await assert.rejects(loadTable(datasetOf(json("./list", meta), shape)), {
        message: `${folder}/list: row 2${message.startsWith("column") ? "," : ":"} ${message}`,
      });
    }
  });
});

Deno.test("what is no JSON, or has no rows or a wrong name, is an error that says so", async () => {
  const shape = z.object({ widht: z.number().nullable(), kind: z.enum(["a"]) });
  await withFolder(async (folder, meta) => {
    const told = async (text: string | Uint8Array) => {
      await Deno.writeFile(
        join(folder, "rows"),
        typeof text === "string" ? new TextEncoder().encode(text) : text,
      );
      const error = await loadTable(datasetOf(json("./rows", meta), shape)).catch((error) => error);
      assert.ok(error instanceof ExperimentError, String(error));
      return error.message.replace(folder, "");
    };
    assert.match(await told('{"kind":"a"}\n{"kind":\n'), /^\/rows:2 can't be read as JSON: .+\.$/);
    assert.match(await told('[{"kind":"a"},'), /^\/rows can't be read as JSON: .+\.$/);
    assert.equal(await told(Uint8Array.of(0x7b, 0xff)), "/rows can't be read as JSON: it is not UTF-8.");
    assert.equal(await told(Uint8Array.of(0x7b, 0xc3)), "/rows can't be read as JSON: it is not UTF-8.");
    assert.equal(await told(" \n"), "/rows has no rows.");
    assert.equal(await told("[]"), "/rows has no rows.");
    assert.equal(await told('{"kind":"a","width":1}'), '/rows: no row has "widht", not even as null.');
  });
});

Deno.test("a member of every object isn't a column", async () => {
  const shape = z.object({ constructor: z.string().nullable(), kind: z.enum(["a"]) });
  await withFolder(async (folder, meta) => {
    await Deno.writeTextFile(join(folder, "rows"), '{"kind":"a"}\n{"kind":"a","constructor":"x"}');
    const { columns } = await loadTable(datasetOf(json("./rows", meta), shape));
    assert.deepEqual(columns.constructor, { kind: "text", values: ["", "x"], nulls: Uint8Array.of(1, 0) });
  });
});

Deno.test("JSON lines longer than the parts of a file are read whole", async () => {
  await withFolder(async (folder, meta) => {
    const note = "é".repeat(3_000_000);
    const lines = Array.from({ length: 3 }, (_, at) => JSON.stringify({ kind: "a", note: note + at })).join(
      "\n",
    );
    await Deno.writeTextFile(join(folder, "rows"), lines);
    const shape = z.object({ kind: z.enum(["a"]), note: z.string() });
    const { columns } = await loadTable(datasetOf(json("./rows", meta), shape));
    assert.ok([0, 1, 2].every((at) => columns.note!.values[at] === note + at));
  });
});

Deno.test("Parquet of other programs is read to the last digit, whatever its compression", async () => {
  await withFolder(async (folder, meta) => {
    await withPython(
      "3.17.2",
      `import datetime, decimal, pyarrow, pyarrow.parquet
D = decimal.Decimal
at = datetime.datetime(2024, 5, 1, 12, 30, 15, 123000)
table = pyarrow.table({
  "price": pyarrow.array([D("0.57"), None, D("-1.10"), D("12345678901234567.89")], pyarrow.decimal128(19, 2)),
  "small": pyarrow.array([D("0.57"), D("0.29"), D("-1.10"), D("0.00")], pyarrow.decimal128(5, 2)),
  "half": pyarrow.array([0.5, 0.1, None, -0.0], pyarrow.float32()),
  "count": pyarrow.array([1, None, 255, 0], pyarrow.uint8()),
  "big": pyarrow.array([2**53 - 1, 0, None, 1 - 2**53], pyarrow.int64()),
  "micros": pyarrow.array([at, None, datetime.datetime(1969, 12, 31, 23, 59, 59, 999000), at], pyarrow.timestamp("us")),
  "nanos": pyarrow.array([at, None, datetime.datetime(1969, 12, 31, 23, 59, 59, 999000), at], pyarrow.timestamp("ns", "UTC")),
  "day": pyarrow.array([at.date(), None, datetime.date(1969, 12, 31), at.date()], pyarrow.date32()),
  "fresh": pyarrow.array([True, None, False, True]),
  "note": pyarrow.array(["x", None, "", "x"]).dictionary_encode(),
  "kind": ["a", "b", "a", "b"],
})
for compression in ["none", "snappy", "gzip", "brotli", "zstd"]:
  for version in ["1.0", "2.0"]:
    pyarrow.parquet.write_table(table, f"{args[0]}/{compression}-{version}.parquet", compression=compression, data_page_version=version, row_group_size=3)
tell(True)`,
      folder,
    );
    const shape = z.object({
      price: z.number().nullable(),
      small: z.number(),
      half: z.number().nullable(),
      count: z.int().nullable(),
      big: z.int().nullable(),
      micros: z.date().nullable(),
      nanos: z.date().nullable(),
      day: z.date().nullable(),
      fresh: z.boolean().nullable(),
      note: z.string().nullable(),
      kind: z.enum(["a", "b"]),
    });
    await Deno.writeTextFile(
      join(folder, "rows.csv"),
      `price,small,half,count,big,micros,nanos,day,fresh,note,kind
0.57,0.57,0.5,1,9007199254740991,2024-05-01T12:30:15.123Z,2024-05-01T12:30:15.123Z,2024-05-01,true,x,a
,0.29,${Math.fround(0.1)},,0,,,,,,b
-1.1,-1.1,,255,,1969-12-31T23:59:59.999Z,1969-12-31T23:59:59.999Z,1969-12-31,false,"",a
12345678901234567.89,0,0,0,-9007199254740991,2024-05-01T12:30:15.123Z,2024-05-01T12:30:15.123Z,2024-05-01,true,x,b
`,
    );
    const expected = await fingerprint(csv("./rows.csv", meta), shape);
    for (const compression of ["none", "snappy", "gzip", "brotli", "zstd"]) {
      for (const version of ["1.0", "2.0"]) {
        const file = `./${compression}-${version}.parquet`;
        assert.deepEqual(await fingerprint(parquet(file, meta), shape), expected, file);
      }
    }
  });
});

Deno.test("a row of Parquet that breaks the schema is an error with its number", async () => {
  await withFolder(async (folder, meta) => {
    const write = (columnData: ColumnSource[]) =>
      Deno.writeFile(join(folder, "rows"), new Uint8Array(parquetWriteBuffer({ columnData })));
    const load = (shape: z.ZodObject) => loadTable(datasetOf(parquet("./rows", meta), shape));
    const kind = { name: "kind", data: ["a", "a", "a"] };
    const at = (message: string) => ({ message: `${folder}/rows: row 2, column "x": ${message}` });

    await write([kind, { name: "x", data: [1n, 2n ** 53n, 3n] }]);
    await assert.rejects(
      load(z.object({ kind: z.enum(["a"]), x: z.int() })),
      at("expected a whole number, found 9007199254740992"),
    );
    await write([kind, { name: "x", data: Float64Array.of(1, NaN, 3) }]);
    await assert.rejects(
      load(z.object({ kind: z.enum(["a"]), x: z.number().nullable() })),
      at("expected a number, found NaN"),
    );
    await write([kind, { name: "x", data: [1, null, 3] }]);
    await assert.rejects(
      load(z.object({ kind: z.enum(["a"]), x: z.int() })),
      at("expected a whole number, found null"),
    );
    await assert.rejects(load(z.object({ kind: z.enum(["a"]), y: z.int() })), {
      message: `${folder}/rows: no column "y". Did you mean "x"?`,
    });
    await Deno.writeTextFile(join(folder, "rows"), "x,kind\n1,a\n");
    await assert.rejects(load(z.object({ kind: z.enum(["a"]) })), /rows can't be read as Parquet: .+\.$/);
  });
});

Deno.test("a query that can't be run is an error, and it can't change the database", async () => {
  await withFolder(async (folder, meta) => {
    const database = "./rows.db";
    const load = (query: string) => loadTable(datasetOf(sql(query, { database }, meta)));
    await assert.rejects(load("select 1"), {
      code: "RESOURCE_DOES_NOT_EXIST",
      message: `The data can't be read: no file ${folder}/rows.db.`,
    });
    writeSqlite(join(folder, "rows.db"), ROWS);
    await assert.rejects(load("select * from birds"), {
      code: "INVALID_PARAMETER_VALUE",
      message: `${folder}/rows.db: the query can't be run: no such table: birds.`,
    });
    await assert.rejects(load("select width from flowers"), /rows.db: no column "count"\. /);
    await assert.rejects(load("select * from flowers where false"), {
      message: `${folder}/rows.db has no rows.`,
    });
    await assert.rejects(load("delete from flowers returning *"), /the query can't be run: near "delete": /);
    await assert.rejects(load("select 1; delete from flowers"), /attempt to write a readonly database/);
    await assert.rejects(load("select abs(-9223372036854775808 + id - id) from flowers"), /integer overflow/);
  });
});

Deno.test("SQLite's own form of a date-time is in UTC, and its numbers are no booleans but 0 and 1", async () => {
  await withFolder(async (folder, meta) => {
    writeSqlite(join(folder, "rows.db"), ROWS);
    const shape = z.object({ at: z.date(), fresh: z.boolean(), kind: z.enum(["a"]) });
    const load = (fresh: string) =>
      loadTable(datasetOf(
        sql(`select datetime(1714566615, 'unixepoch') as at, ${fresh} as fresh, 'a' as kind`, {
          database: "./rows.db",
        }, meta),
        shape,
      ));
    const { columns } = await load("1");
    assert.deepEqual(columns.at!.values, Float64Array.of(1_714_566_615_000));
    assert.deepEqual(columns.fresh!.values, Uint8Array.of(1));
    await assert.rejects(load("2"), {
      message: `${folder}/rows.db: row 1, column "fresh": expected true or false, found 2`,
    });
  });
});

Deno.test("the digest of a query's result tells its values, their types and their names", async () => {
  await withFolder(async (folder, meta) => {
    writeSqlite(join(folder, "rows.db"), ROWS);
    const queries = [
      "1 as a",
      "1.0 as a",
      "'1' as a",
      "x'01' as a",
      "null as a",
      "2 as a",
      "1 as b",
      "1 as a, 1 as b",
    ];
    const digests = await Promise.all(
      queries.map((query) =>
        sourceBytesDigest(datasetOf(sql(`select ${query}`, { database: "./rows.db" }, meta)))
      ),
    );
    assert.equal(new Set(digests).size, queries.length);
  });
});

Deno.test("a run over SQLite names its file and its query, or the digest of a long one", async () => {
  await using project = await openProject();
  {
    using database = new DatabaseSync(join(project.directory, "shapes.db"));
    database.exec("create table shapes (id, width, kind)");
    const insert = database.prepare("insert into shapes values (?, ?, ?)");
    for (let id = 0; id < 20; id++) insert.run(id, id / 7, id % 3 === 0 ? "a" : "b");
  }
  await project.write("shapes.ts", scriptOver("./shapes.db"));
  const sourceOf = async (file: string) => {
    const uri = `sqlite:///${join(project.directory, file)}`;
    const { document } = await project.json("train", "shapes.ts", "--tracking-uri", uri);
    await using store = await openStore(uri);
    const { datasets: [input] } = await store.getRun(document.run_id);
    assert.equal(input!.source_type, "local");
    return JSON.parse(input!.source);
  };
  const query = "select width, kind from shapes order by id";
  assert.deepEqual(await sourceOf("a.db"), { uri: "shapes.db", query });
  const long = `${query} -- ${"x".repeat(10_000)}`;
  await project.edit("shapes.ts", query, long);
  assert.deepEqual(await sourceOf("b.db"), { uri: "shapes.db", query_digest: digestOf(long) });
});

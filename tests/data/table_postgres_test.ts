import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { csv, defineDataset, sql, type TableSource } from "../../lib/data/dataset.ts";
import { fingerprintOf, loadTable, sourceBytesDigest } from "../../lib/data/table.ts";
import { z } from "../../lib/deps/zod.ts";
import { openStore } from "../../lib/tracking/open_store.ts";
import { freePort } from "../mlflow/server.ts";
import { scriptOver, SHAPES } from "../postgres/experiment.ts";
import { type PostgresServer, startPostgres } from "../postgres/server.ts";
import { openProject } from "../project.ts";

const row = z.object({
  small: z.int(),
  count: z.int().nullable(),
  big: z.int(),
  width: z.number(),
  half: z.number().nullable(),
  price: z.number(),
  exact: z.string(),
  fresh: z.boolean().nullable(),
  day: z.date(),
  at: z.date(),
  at_zone: z.date().nullable(),
  colour: z.enum(["red", "blue"]).nullable(),
  note: z.string(),
  kind: z.enum(["a", "b"]),
});

const CSV = `small,count,big,width,half,price,exact,fresh,day,at,at_zone,colour,note,kind
-3,7,9007199254740991,0.1,0.5,12.50,12.50,true,2024-05-01,2024-05-01T12:30:15Z,2024-05-01T12:30:15.123Z,blue,"é, ""x""",a
0,,-9007199254740991,-2.5e-7,,0,1234567890123456789.01,,1969-12-31,1969-12-31T23:59:59.999Z,,,"",b
5,0,0,1e300,${Math.fround(0.1)},-0.07,0.00,false,2000-02-29,1970-01-01,1970-01-01,red,"😀
2",b
`;
const FLOWERS = `
create type colour as enum ('blue', 'red');
create table flowers (
  id int primary key, small smallint, count int, big bigint, width double precision, half real, price numeric(12, 2),
  exact numeric, fresh boolean, day date, at timestamp, at_zone timestamptz, colour colour, note text, kind varchar(1)
);
set timezone = 'Asia/Tokyo';
insert into flowers values
  (3, 5, 0, 0, 1e300, 0.1, -0.07, 0.00, false, '2000-02-29', '1970-01-01', '1970-01-01 09:00', 'red', E'😀\\n2', 'b'),
  (1, -3, 7, 9007199254740991, 0.1, 0.5, 12.50, 12.50, true, '2024-05-01', '2024-05-01 12:30:15',
    '2024-05-01 21:30:15.123', 'blue', 'é, "x"', 'a'),
  (2, 0, null, -9007199254740991, -2.5e-7, null, 0, 1234567890123456789.01, null, '1969-12-31',
    '1969-12-31 23:59:59.999', null, null, '', 'b');
-- What a server's administrator may have chosen must make no difference.
alter database postgres set timezone = 'America/New_York';
alter database postgres set datestyle = 'German';
alter database postgres set extra_float_digits = 0;
`;
const QUERY = "select * from flowers order by id;";

const datasetOf = (source: TableSource, shape: z.ZodObject = row) => ({ row: shape, target: "kind", source });
const small = z.object({ x: z.number(), kind: z.enum(["a"]) });

async function fingerprint(source: TableSource) {
  const dataset = datasetOf(source);
  const table = await loadTable(dataset);
  assert.equal(await sourceBytesDigest(dataset), table.bytes);
  return fingerprintOf(dataset, table);
}

let server: PostgresServer;

Deno.test.beforeAll(async () => {
  server = await startPostgres();
  await server.run(FLOWERS);
});
Deno.test.afterAll(async () => await server[Symbol.asyncDispose]());

/** Reads with these credentials, or with none where they are undefined. */
async function as(credentials: Partial<PostgresServer["env"]>, use: () => Promise<void>): Promise<void> {
  const names = ["PGUSER", "PGPASSWORD"] as const;
  const before = names.map((name) => Deno.env.get(name));
  const set = (values: readonly (string | undefined)[]) =>
    names.forEach((name, at) =>
      values[at] === undefined ? Deno.env.delete(name) : Deno.env.set(name, values[at])
    );
  set(names.map((name) => credentials[name]));
  try {
    await use();
  } finally {
    set(before);
  }
}

Deno.test("PostgreSQL is read as the same table in CSV and in SQLite is", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const meta = { url: pathToFileURL(join(folder, "module.ts")).href };
    await Deno.writeTextFile(join(folder, "rows.csv"), CSV);
    const expected = await fingerprint(csv("./rows.csv", meta));
    {
      using database = new DatabaseSync(join(folder, "rows.db"));
      database.exec(
        "create table flowers (id, small, count, big, width, half, price, exact, fresh, day, at, at_zone, colour, note, kind)",
      );
      const insert = database.prepare(`insert into flowers values (${Array(15).fill("?").join()})`);
      const [big, half] = [9007199254740991n, Math.fround(0.1)];
      const [day, at, at_zone] = ["2024-05-01", "2024-05-01 12:30:15", "2024-05-01 12:30:15.123"];
      insert.run(1, -3, 7, big, 0.1, 0.5, 12.5, "12.50", 1, day, at, at_zone, "blue", 'é, "x"', "a");
      const last = "1969-12-31 23:59:59.999";
      insert.run(
        2,
        0,
        null,
        -big,
        -2.5e-7,
        null,
        0,
        "1234567890123456789.01",
        null,
        "1969-12-31",
        last,
        null,
        null,
        "",
        "b",
      );
      insert.run(
        3,
        5,
        0,
        0,
        1e300,
        half,
        -0.07,
        "0.00",
        0,
        "2000-02-29",
        "1970-01-01",
        "1970-01-01",
        "red",
        "😀\n2",
        "b",
      );
    }
    assert.deepEqual(await fingerprint(sql(QUERY, { database: "./rows.db" }, meta)), expected);
    await as(server.env, async () => {
      const { url } = server;
      assert.deepEqual(await fingerprint(sql(QUERY, { database: url }, meta)), expected);
      const other = url.replace("postgres:", "postgresql:");
      assert.deepEqual(await fingerprint(sql(QUERY, { database: other }, meta)), expected);
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("what PostgreSQL can tell and its dataset's columns can't is an error", async () => {
  await as(server.env, async () => {
    const { url } = server;
    const cases: readonly [string, z.ZodType, string][] = [
      ["9007199254740992::bigint", z.int(), "expected a whole number, found 9007199254740992"],
      ["9007199254740992::bigint", z.number(), "expected a number, found 9007199254740992"],
      ["'NaN'::real", z.number().nullable(), "expected a number, found NaN"],
      ["'-Infinity'::float8", z.number(), "expected a number, found -Infinity"],
      ["'NaN'::numeric", z.number(), "expected a number, found NaN"],
      ["1.5::numeric", z.int(), "expected a whole number, found 1.5"],
      ["1", z.boolean(), "expected true or false, found 1"],
      ["'1'", z.number(), 'expected a number, found "1"'],
      ["true", z.string(), "expected a text, found true"],
      ["null", z.string(), "expected a text, found null"],
      ...["timestamp", "timestamptz"].map((type): [string, z.ZodType, string] => [
        `'2024-05-01 12:30:15.123456Z'::${type}`,
        z.date(),
        'expected a date-time such as 2024-05-01T12:30:00Z, found "2024-05-01T12:30:15.123456Z"',
      ]),
      [
        "'infinity'::timestamp",
        z.date(),
        'expected a date-time such as 2024-05-01T12:30:00Z, found "infinity"',
      ],
      [
        "'0044-03-15 BC'::date",
        z.date(),
        'expected a date-time such as 2024-05-01T12:30:00Z, found "0044-03-15 BC"',
      ],
    ];
    for (const [value, type, message] of cases) {
      const source = sql(`select ${value} as x, 'a' as kind`, { database: url }, import.meta);
      const shape = z.object({ x: type, kind: z.enum(["a"]) }) as typeof small;
      await assert.rejects(loadTable(datasetOf(source, shape)), {
        code: "INVALID_PARAMETER_VALUE",
        message: `${url}: row 1, column "x": ${message}`,
      }, value);
    }
  });
});

Deno.test("more rows than are taken at once come in their order, all of one state of the database", async () => {
  await as(server.env, async () => {
    await server.run("create table many as select i as x, 'a' as kind from generate_series(1, 20000) i");
    const source = sql("select x, kind from many order by x", { database: server.url }, import.meta);
    const dataset = datasetOf(source, small);
    const { rows, columns } = await loadTable(dataset);
    assert.equal(rows, 20_000);
    assert.ok(columns.x!.values.every((value, at) => value === at + 1));

    const { openPostgres } = await import("../../lib/data/readers/postgres.ts");
    await using result = await openPostgres(
      { kind: "sql", url: server.url, query: "select x from many" },
      {},
    );
    let seen = 0;
    for await (const batch of result.batches) {
      if (seen === 0) await server.run("insert into many values (0, 'a'); delete from many where x > 10");
      seen += batch.length;
    }
    assert.equal(seen, 20_000);
  });
});

Deno.test("a query that can't be run is an error, and it can't change the database", async () => {
  await as(server.env, async () => {
    const { url } = server;
    await server.run(`create sequence numbers; create table secrets as select 1 as x;
      create role guest login password 'guest'; grant select on flowers to guest;
      create function write() returns int language sql as 'insert into secrets values (2) returning x'`);
    const load = (query: string) => loadTable(datasetOf(sql(query, { database: url }, import.meta), small));
    const cases: readonly [string, string][] = [
      ["selec 1", 'syntax error at or near "selec"'],
      ["select * from birds", 'relation "birds" does not exist'],
      ["select 1 / (id - 2) as x, 'a' as kind from flowers", "division by zero"],
      ["delete from flowers returning 1 as x, kind", 'syntax error at or near "delete"'],
      [
        "with gone as (delete from flowers returning 1 as x, kind) select * from gone",
        "DECLARE CURSOR must not contain data-modifying statements in WITH",
      ],
      ["select 1; commit; delete from flowers", "cannot insert multiple commands into a prepared statement"],
      ["select write() as x, 'a' as kind", "cannot execute INSERT in a read-only transaction"],
      ["select nextval('numbers') as x, 'a' as kind", "cannot execute nextval() in a read-only transaction"],
    ];
    for (const [query, message] of cases) {
      await assert.rejects(load(query), {
        code: "INVALID_PARAMETER_VALUE",
        message: `${url}: the query can't be run: ${message}.`,
      });
    }
    await assert.rejects(load("select 1 as y, 'a' as kind"), {
      message: `${url}: no column "x". Did you mean "y"?`,
    });
    await assert.rejects(load("select 1 as x, 'a' as kind where false"), { message: `${url} has no rows.` });
    assert.equal((await load("select count(*) as x, 'a' as kind from flowers")).columns.x!.values[0], 3);

    await as(
      { PGUSER: "guest", PGPASSWORD: "guest" },
      () =>
        assert.rejects(load("select x, 'a' as kind from secrets"), {
          code: "PERMISSION_DENIED",
          message: `${url}: the query can't be run: permission denied for table secrets.`,
        }),
    );
  });
});

Deno.test("a server that refuses or can't be reached is an error without the user and the password", async () => {
  await as(server.env, async () => {
    const { url } = server;
    const query = "select 1 as x, 'a' as kind";
    const load = (database: string) => loadTable(datasetOf(sql(query, { database }, import.meta), small));
    const rejects = (database: string, code: string, words: string) =>
      assert.rejects(load(database), { code, message: `The data can't be read: ${database} ${words}` });

    const gone = `postgres://127.0.0.1:${freePort()}/postgres`;
    const { port } = new URL(gone);
    await rejects(
      gone,
      "TEMPORARILY_UNAVAILABLE",
      `can't be reached: connect ECONNREFUSED 127.0.0.1:${port}.`,
    );
    const encrypted = `${url}?sslmode=verify-full`;
    await rejects(
      encrypted,
      "TEMPORARILY_UNAVAILABLE",
      "can't be reached: The server does not support SSL connections.",
    );
    await rejects(url.replace(/postgres$/, "flowers"), "RESOURCE_DOES_NOT_EXIST", "is no database there.");
    const form = "isn't of the form postgres://host:port/database.";
    for (const wrong of [url.replace(/postgres$/, ""), `${url}?sslmode=prefer`, `${url}?user=ada`]) {
      await rejects(wrong, "INVALID_PARAMETER_VALUE", form);
    }
    await rejects(
      "mysql://host/flowers",
      "INVALID_PARAMETER_VALUE",
      "is neither a file nor a PostgreSQL database.",
    );

    const { PGUSER } = server.env;
    const refusals: readonly [Partial<PostgresServer["env"]>, string][] = [
      [{ PGUSER, PGPASSWORD: "wrong" }, "refuses: password authentication failed for user of PGUSER."],
      [{ PGUSER }, "asks for a password, and PGPASSWORD isn't set."],
      [{}, "asks who reads, and PGUSER isn't set."],
    ];
    for (const [credentials, words] of refusals) {
      await as(credentials, () => rejects(url, "UNAUTHENTICATED", words));
    }
  });
});

Deno.test("a user or password in a database's URL is refused where the dataset is defined", () => {
  for (
    const database of ["postgres://ada@host/db", "postgres://:pw@host/db", "postgres://host/db?password=pw"]
  ) {
    assert.throws(
      () => defineDataset({ row: small, target: "kind", source: sql("select 1", { database }, import.meta) }),
      {
        code: "INVALID_PARAMETER_VALUE",
        message:
          "The source at postgres://host/db can't have a user or a password in its URL: a dataset's module is " +
          "recorded with each run.",
        hint: "Leave them out. Those of a PostgreSQL database are read from PGUSER and PGPASSWORD.",
      },
    );
  }
});

Deno.test("a query ends when it is stopped, and when the server ends the connection", async () => {
  await as(server.env, async () => {
    const asleep = sql("select pg_sleep(600), 1 as x, 'a' as kind", { database: server.url }, import.meta);
    const stop = new AbortController();
    const reason = new Error("stopped");
    const stopped = assert.rejects(loadTable(datasetOf(asleep, small), { signal: stop.signal }), reason);
    const sleeping = "select 1 / count(*) from pg_stat_activity where wait_event = 'PgSleep'";
    const until = async (statements: string) => {
      while (!await server.run(statements).then(() => true, () => false));
    };
    await until(sleeping);
    stop.abort(reason);
    await stopped;
    await until("select 1 / (count(*) - 1) from pg_stat_activity where wait_event = 'PgSleep'");
    await assert.rejects(loadTable(datasetOf(asleep, small), { signal: stop.signal }), reason);

    const ended = assert.rejects(loadTable(datasetOf(asleep, small)), {
      code: "TEMPORARILY_UNAVAILABLE",
      message:
        `The data can't be read: ${server.url} can't answer: terminating connection due to administrator command.`,
    });
    await until(sleeping);
    await server.run("select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep'");
    await ended;
  });
});

Deno.test("a run over PostgreSQL records no credentials, is replayed, and can be run again when the server is gone", async () => {
  await using running = new AsyncDisposableStack();
  const own = running.use(await startPostgres());
  await own.run(SHAPES);
  await using project = await openProject(own.env);
  await project.write("shapes.ts", scriptOver(own.url));
  const { code, document, stderr } = await project.json("train", "shapes.ts");
  assert.equal(code, 0, stderr);

  await using store = await openStore(`sqlite:///${join(project.directory, "mlflow.db")}`);
  const { datasets: [input] } = await store.getRun(document.run_id);
  assert.equal(input!.source_type, "external");
  assert.deepEqual(JSON.parse(input!.source), {
    url: own.url,
    query: "select width, kind from shapes order by id",
  });

  assert.equal((await project.json("replay", "shapes", "--judged-by", "shapes.ts")).document.verdict, "safe");
  await own.run("update shapes set width = 0 where id = 1");
  const { document: edited } = await project.json("replay", "shapes", "--judged-by", "shapes.ts");
  assert.equal(edited.verdict, "blocked");

  await running.disposeAsync();
  const { code: exit, document: gone } = await project.json("replay", "shapes", "--judged-by", "shapes.ts");
  assert.deepEqual([exit, gone.verdict], [1, "unverifiable"]);
  assert.match(
    gone.reasons.join(),
    /The data can't be read: postgres:.* can't be reached: connect ECONNREFUSED/,
  );
  const again = await project.json(
    "replay",
    "shapes",
    "--judged-by",
    "shapes.ts",
    "--rerun",
    "--as-recorded",
  );
  assert.equal(again.document.verdict, "reproduced", again.stderr);

  const files = await filesIn(project.directory);
  assert.ok(files.some((path) => path.endsWith("contract.json")));
  for (const path of files) {
    for (const [name, secret] of Object.entries(own.env)) {
      const bytes = (await Deno.readFile(path)).toHex();
      assert.ok(!bytes.includes(new TextEncoder().encode(secret).toHex()), `${name} in ${path}`);
    }
  }
});

async function filesIn(folder: string): Promise<readonly string[]> {
  const found = await Array.fromAsync(
    Deno.readDir(folder),
    ({ name, isDirectory }) => isDirectory ? filesIn(join(folder, name)) : [join(folder, name)],
  );
  return found.flat();
}

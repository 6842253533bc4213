import assert from "node:assert/strict";
import { join } from "node:path";
import { openProject, ROOT } from "../project.ts";
import { pipelineOf, type Reading, ROWS } from "./pipeline.ts";

/** A pipeline, and what becomes of it. */
interface Case extends Reading {
  /** The clauses that it gives. */
  readonly clauses: readonly string[];
  /** The verdict before anything changes, and after the files, the environment and the time zone did. */
  readonly verdicts: readonly [before: string, after: string];
}

const AGAIN = ["safe", "blocked"] as const;
const NEVER = ["unverifiable", "unverifiable"] as const;
const feature = (code: string, clause: string, head?: string): Case => ({
  feature: code,
  clauses: [clause],
  verdicts: /^inputs\.(file\.|env\.|timezone)/.test(clause) ? AGAIN : NEVER,
  ...(head === undefined ? {} : { head }),
});
const OS = JSON.stringify("node:os");
const A = "inputs.file.notes/a.txt";

const CASES: Readonly<Record<string, Case>> = {
  nothing: { feature: "new Date(row.x).getUTCHours()", clauses: [], verdicts: ["safe", "safe"] },

  deno_read: feature(`Deno.readTextFileSync("notes/a.txt").length`, A),
  deno_open: feature(`Deno.openSync("notes/a.txt").close() ?? 0`, A),
  deno_load: feature("text.length", A, `const text = await Deno.readTextFile("notes/a.txt");`),
  fetched_file: feature(
    "text.length",
    A,
    `const text = await (await fetch(new URL("../notes/a.txt", import.meta.url))).text();`,
  ),
  fs_named: feature(`readFileSync("notes/a.txt").length`, A, `import { readFileSync } from "node:fs";`),
  fs_bare: feature(`readFileSync("notes/a.txt").length`, A, `import { readFileSync } from "fs";`),
  fs_default: feature(`fs.readFileSync("notes/a.txt").length`, A, `import fs from "node:fs";`),
  fs_namespace: feature(`fs.readFileSync("notes/a.txt").length`, A, `import * as fs from "node:fs";`),
  fs_promises: feature(
    "text.length",
    A,
    `import { readFile } from "node:fs/promises"; const text = await readFile("notes/a.txt");`,
  ),
  fs_required: feature(
    `createRequire(import.meta.url)("fs").readFileSync("notes/a.txt").length`,
    A,
    `import { createRequire } from "node:module";`,
  ),
  required: feature(
    `createRequire(import.meta.url)("../notes/table.json").x`,
    "inputs.file.notes/table.json",
    `import { createRequire } from "node:module";`,
  ),
  fs_got: feature(`process.getBuiltinModule("node:fs").readFileSync("notes/a.txt").length`, A),
  sqlite: {
    head: `import { DatabaseSync } from "node:sqlite";
const database = new DatabaseSync("notes/b.db");
const found = database.prepare("select 1").all();
database.close();`,
    feature: "found.length",
    clauses: ["inputs.file.notes/b.db"],
    // It can't be opened any more.
    verdicts: ["safe", "unverifiable"],
  },
  missing: feature(
    `Number(existsSync("notes/none.txt"))`,
    "inputs.file.notes/none.txt",
    `import { existsSync } from "node:fs";`,
  ),

  env_deno: feature(`Number(Deno.env.get("NOTE"))`, "inputs.env.NOTE"),
  env_unset: feature(`Number(Deno.env.has("NONE"))`, "inputs.env.NONE"),
  env_global: feature("Number(process.env.NOTE)", "inputs.env.NOTE"),
  env_named: feature("Number(env.NOTE)", "inputs.env.NOTE", `import { env } from "node:process";`),
  env_all: feature("Object.keys(Deno.env.toObject()).length", "inputs.environment"),

  timezone: feature("new Date(0).getHours() * 0", "inputs.timezone"),
  timezone_parsed: feature(`new Date("2024-05-01T00:00:00").getTime() * 0`, "inputs.timezone"),
  timezone_intl: feature(
    "Intl.DateTimeFormat('en').resolvedOptions().timeZone.length * 0",
    "inputs.timezone",
  ),

  clock_date: feature("new Date().getTime()", "inputs.clock"),
  clock_now: feature("Date.now()", "inputs.clock"),
  clock_performance: feature("performance.now()", "inputs.clock"),
  clock_temporal: feature("Temporal.Now.instant().epochMilliseconds", "inputs.clock"),
  clock_event: feature(`new Event("now").timeStamp`, "inputs.clock"),
  clock_hrtime: feature("hrtime()[0]", "inputs.clock", `import { hrtime } from "node:process";`),
  clock_bigint: feature(
    "Number(process.hrtime.bigint())",
    "inputs.clock",
    `import process from "node:process";`,
  ),
  clock_load: feature("started", "inputs.clock", "const started = Date.now();"),

  random: feature("Math.random()", "inputs.random"),
  random_kept: feature("random()", "inputs.random", "const { random } = Math;"),
  random_given: feature("[0].map(Math.random)[0]!", "inputs.random"),
  random_uuid: feature("crypto.randomUUID().length", "inputs.random"),
  random_bytes: feature("randomBytes(1)[0]!", "inputs.random", `import { randomBytes } from "node:crypto";`),
  random_later: feature(
    "drawn",
    "inputs.random",
    "let drawn = 0; await new Promise<void>((done) => setTimeout(() => { drawn = Math.random(); done(); }, 1));",
  ),

  network: feature(
    "found",
    "inputs.network",
    `const found = await fetch("http://127.0.0.1:1").then(() => 1, () => 0);`,
  ),
  network_dns: feature(
    "looked",
    "inputs.network",
    `import { getServers } from "node:dns"; const looked = getServers().length;`,
  ),
  network_socket: feature(
    "failed",
    "inputs.network",
    `const failed = await Deno.connect({ port: 1 }).then(() => 0, () => 1);`,
  ),
  program: feature("code", "inputs.program", `const { code } = await new Deno.Command("true").output();`),
  program_named: {
    head: `import { execSync } from "node:child_process";`,
    feature: `execSync("true").length`,
    // Node's own code hands the environment and the standard streams on, and looks for the program's file.
    clauses: [
      ...["inputs.env.NODE_V8_COVERAGE", "inputs.environment", "inputs.machine", "inputs.program"],
      "inputs.terminal",
    ],
    verdicts: NEVER,
  },
  listing: feature(`[...Deno.readDirSync("notes")].length`, "inputs.listing"),
  listing_named: feature(
    `readdirSync("notes").length`,
    "inputs.listing",
    `import { readdirSync } from "node:fs";`,
  ),
  metadata: feature(`Deno.statSync("notes/a.txt").size`, "inputs.metadata"),
  device: feature(`Deno.openSync("/dev/urandom").readSync(new Uint8Array(1))!`, "inputs.device"),
  machine: feature("Deno.hostname().length", "inputs.machine"),
  machine_pid: feature("Deno.pid", "inputs.machine"),
  machine_named: feature("cpus().length", "inputs.machine", `import { cpus } from "node:os";`),
  arguments: feature("Deno.args.length", "inputs.arguments"),
  terminal: feature("Number(Deno.stdin.isTerminal())", "inputs.terminal"),
  storage: feature("localStorage.length", "inputs.storage"),
  worker: feature(
    "0",
    "inputs.worker",
    `new Worker("data:text/javascript,1", { type: "module" }).terminate();`,
  ),
  native: feature(
    "opened",
    "inputs.native",
    `let opened = 0; try { Deno.dlopen("none.so", {}); } catch { opened = 1; }`,
  ),
  realm: feature(
    `Number(runInNewContext("1"))`,
    "inputs.realm",
    `import { runInNewContext } from "node:vm";`,
  ),

  params: {
    params: "{ since: z.number().default(() => Date.now()) }",
    clauses: ["inputs.clock"],
    verdicts: ["blocked", "blocked"],
  },
  many: {
    feature: `Array.from({ length: 1001 }, (_, at) => Deno.env.get("NONE" + at)).length`,
    clauses: [...Array.from({ length: 1000 }, (_, at) => `inputs.env.NONE${at}`).sort(), "inputs.many"],
    verdicts: NEVER,
  },

  check: { check: "Date.now() > 0", clauses: ["inputs.clock"], verdicts: NEVER },

  fit_file: {
    fit: `Deno.readTextFileSync("notes/a.txt");`,
    clauses: ["inputs.fit.file.notes/a.txt"],
    verdicts: AGAIN,
  },
  fit_env: { fit: `Deno.env.get("NOTE");`, clauses: ["inputs.fit.env.NOTE"], verdicts: AGAIN },
  fit_timezone: { fit: "new Date(0).toString();", clauses: ["inputs.fit.timezone"], verdicts: AGAIN },
  fit_clock: { fit: "await Promise.resolve(); Date.now();", clauses: ["inputs.fit.clock"], verdicts: NEVER },
  fit_random: {
    fit: "setTimeout(() => Math.random(), 0); await new Promise((done) => setTimeout(done, 5));",
    clauses: ["inputs.fit.random"],
    verdicts: NEVER,
  },
  fit_listener: {
    fit: `await new Promise<void>((done) => {
      AbortSignal.timeout(5).addEventListener("abort", () => { Math.random(); done(); });
      setTimeout(done, 5000);
    });`,
    clauses: ["inputs.fit.random"],
    verdicts: NEVER,
  },
  fit_hidden: { fit: `Deno.readTextFileSync(".env");`, clauses: ["inputs.fit.file..env"], verdicts: NEVER },
  fit_outside: {
    fit: `Deno.readTextFileSync(new URL("${ROOT.href}deno.json"));`,
    clauses: ["inputs.fit.file.…/deno.json"],
    verdicts: NEVER,
  },
  fit_linked: {
    fit: `Deno.readTextFileSync("notes/link");`,
    clauses: ["inputs.fit.file.…/deno.json"],
    verdicts: NEVER,
  },
  fit_store: {
    fit: `Deno.readFileSync("mlflow.db");`,
    clauses: ["inputs.fit.file.mlflow.db"],
    verdicts: NEVER,
  },
  fit_written: {
    fit: `Deno.readTextFileSync("notes/c.txt"); Deno.writeTextFileSync("notes/c.txt", Math.PI.toString());`,
    clauses: ["inputs.fit.file.notes/c.txt", "inputs.fit.rewritten"],
    verdicts: ["blocked", "blocked"],
  },
  fit_imported: {
    fit: `const { hostname } = await import(${OS}); hostname();`,
    clauses: ["inputs.fit.machine"],
    verdicts: NEVER,
  },
};

Deno.test("what code reads besides its data is told, recorded and judged", async (t) => {
  await using project = await openProject({ NOTE: "1", TZ: "UTC" });
  await project.write("notes/a.txt", "one");
  await project.write("notes/b.db", "");
  await project.write("notes/table.json", '{ "x": 1 }');
  await project.write("notes/c.txt", "three");
  await project.write(".env", "SECRET=1");
  await Deno.symlink(new URL("deno.json", ROOT), join(project.directory, "notes/link"));
  await project.write("rows.csv", ROWS);
  for (const [name, one] of Object.entries(CASES)) {
    await project.write(`configs/${name}.ts`, pipelineOf(name, one));
  }

  for (const [name, { clauses }] of Object.entries(CASES)) {
    await t.step(`${name}: a run tells it, and records it`, async () => {
      const { code, document, stderr } = await project.json("train", name);
      assert.equal(code, 0, stderr);
      const found = Object.keys(document.contract.clauses).filter((clause) => clause.startsWith("inputs."));
      assert.deepEqual(found.map((clause) => clause.replace(/\.\.\/.*\//, "…/")), clauses);
      const told = stderr.split("\n").filter((line) => line.startsWith("inputs besides the data: "));
      assert.equal(told.length, clauses.length === 0 ? 0 : 1, stderr);
      const isLost = CASES[name]!.verdicts[1] === "unverifiable" && !/file|env/.test(clauses.join());
      if (isLost) assert.match(told[0]!, /; no replay can call this run safe, as it can't have again: /);
    });
  }
  const judge = async (when: string, env: Readonly<Record<string, string>>, at: 0 | 1) => {
    const reports = await judged(project.directory, env);
    for (const [name, { verdicts }] of Object.entries(CASES)) {
      await t.step(`${name} ${when}: ${verdicts[at]}`, () => {
        const { verdict, drifts, reasons } = reports.get(name)!;
        assert.equal(verdict, verdicts[at], JSON.stringify({ drifts, reasons }));
      });
    }
  };
  await judge("before a change", { NOTE: "1", TZ: "UTC" }, 0);
  await project.write("notes/a.txt", "two");
  await project.write("notes/b.db", "two");
  await project.write("notes/table.json", '{ "x": 2 }');
  await project.write("notes/none.txt", "");
  await judge("after a change", { NOTE: "2", NONE: "1", TZ: "Asia/Kathmandu" }, 1);
});

/** Judges the newest run of each name in an environment. */
async function judged(
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<ReadonlyMap<string, Judged>> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--quiet", "--no-lock", "--config", "deno.json", new URL("cli.ts", ROOT).href],
      ...["replay", "--all", "--json"],
    ],
    cwd,
    env: { ...env, MLFLOW_TRACKING_URI: "", NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const { reports } = JSON.parse(new TextDecoder().decode(stdout)) as { readonly reports: readonly Judged[] };
  return new Map(reports.map((report) => [report.run_name, report]));
}

interface Judged {
  readonly run_name: string;
  readonly verdict: string;
  readonly drifts: readonly unknown[];
  readonly reasons: readonly string[];
}

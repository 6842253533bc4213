import assert from "node:assert/strict";
import { join } from "node:path";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { digestOf, digestOfJson } from "../../lib/base/digest.ts";
import { observeProcess } from "../../lib/base/observe/observe.ts";
import { driftsBetween } from "../../lib/contract/compare.ts";
import type { ContractRecord } from "../../lib/contract/record.ts";
import { loadExperiment } from "../../lib/experiment/experiment.ts";
import { openStore } from "../../lib/tracking/open_store.ts";
import { train } from "../../lib/training/train.ts";
import { openProject, type Project, ROOT } from "../project.ts";
import { pipelineOf, type Reading, ROWS } from "../training/pipeline.ts";

/** A project with pipelines that read something, by the names of their configs. */
async function openReading(pipelines: Readonly<Record<string, Reading>>): Promise<Project> {
  const project = await openProject({ NOTE: "secret" });
  await project.write("notes/a.txt", "one");
  await project.write("rows.csv", ROWS);
  for (const [name, reading] of Object.entries(pipelines)) {
    await project.write(`configs/${name}.ts`, pipelineOf(name, reading));
  }
  return project;
}

/** The line of a text in a file of a project. */
async function lineOf(project: Project, file: string, text: string): Promise<number> {
  return (await project.read(file)).split("\n").findIndex((line) => line.includes(text)) + 1;
}

Deno.test("a run says at once what it read, and its replay why that can't be judged", async () => {
  await using project = await openReading({
    reader: {
      feature: `Date.now() + Deno.readTextFileSync("notes/a.txt").length`,
      fit: `Deno.env.get("NOTE"); Math.random();`,
    },
  });
  const made = await lineOf(project, "configs/reader.ts", "Date.now()");
  const fitted = await lineOf(project, "configs/reader.ts", "Math.random()");
  const { stderr } = await project.run("train", "reader");
  assert.deepEqual(stderr.split("\n").filter((line) => line.startsWith("inputs")), [
    `inputs besides the data: the clock (configs/reader.ts:${made}), notes/a.txt (configs/reader.ts:${made}); ` +
    "no replay can call this run safe, as it can't have again: the clock",
    `inputs besides the data: the environment variable NOTE (configs/reader.ts:${fitted}), randomness that isn't of the run's seed (configs/reader.ts:${fitted}); ` +
    "no replay can call this run safe, as it can't have again: randomness that isn't of the run's seed",
  ]);
  const record = await project.json("replay", "reader");
  assert.deepEqual([record.code, record.document.verdict, record.document.drifts, record.document.reasons], [
    1,
    "unverifiable",
    [],
    [
      `What was read besides the data can't be had again: the clock (configs/reader.ts:${made}), ` +
      `randomness that isn't of the run's seed (configs/reader.ts:${fitted}).`,
    ],
  ]);
  const database = new DatabaseSync(join(project.directory, "mlflow.db"));
  const kept = JSON.stringify(database.prepare("select value from params").all());
  database.close();
  assert.ok(!kept.includes("secret"));
});

Deno.test("the recorded source is run again without what it read, and says so", async () => {
  await using project = await openReading({
    clock: { fit: "Date.now();" },
    file: { feature: `Deno.readTextFileSync("notes/a.txt").length` },
  });
  for (const name of ["clock", "file"]) await project.run("train", name);
  const note = await lineOf(project, "configs/clock.ts", "Date.now()");
  const clock = await project.json("replay", "clock", "--rerun", "--as-recorded");
  assert.equal(clock.document.verdict, "reproduced", JSON.stringify(clock.document.reasons));
  assert.ok(
    clock.document.notes.includes(`The run read besides its data: the clock (configs/clock.ts:${note}).`),
    clock.document.notes.join("\n"),
  );
  const file = await project.json("replay", "file", "--rerun", "--as-recorded");
  assert.equal(file.document.verdict, "unverifiable");
});

Deno.test("a run that was recorded before inputs were observed is safe where today's code reads nothing", async () => {
  await using project = await openReading({ reading: { feature: "Date.now()" }, pure: {} });
  for (const name of ["reading", "pure"]) {
    const { document } = await project.json("train", name);
    await forge(project, document.run_id, ({ observed: _observed, ...record }) => ({
      ...record,
      clauses: Object.fromEntries(
        Object.entries(record.clauses).filter(([clause]) => !clause.startsWith("inputs.")),
      ),
    }));
  }
  const line = await lineOf(project, "configs/reading.ts", "Date.now()");
  const judged = async (name: string) => {
    const { document: { verdict, reasons } } = await project.json("replay", name);
    return { verdict, reasons };
  };
  assert.deepEqual(await judged("pure"), { verdict: "safe", reasons: [] });
  assert.deepEqual(await judged("reading"), {
    verdict: "unverifiable",
    reasons: [
      "The run was recorded before it was observed what code reads by itself, and today's reads " +
      `the clock (configs/reading.ts:${line}).`,
    ],
  });
});

Deno.test("what a record says that a fit read is read below the project alone, and told to nobody", async () => {
  await using project = await openReading({ pure: {} });
  const other = "0".repeat(64);
  await project.write(".env", "SECRET=1");
  await project.write("plain.txt", "plain");
  const { document } = await project.json("train", "pure");
  await forge(project, document.run_id, (record) => ({
    ...record,
    clauses: {
      ...record.clauses,
      "inputs.fit.file..env": other,
      "inputs.fit.file.../x": other,
      "inputs.fit.file.plain.txt": other,
      "inputs.fit.file.mlartifacts/x": other,
      "inputs.fit.env.NOTE": other,
      "inputs.fit.env.PGPASSWORD": other,
      "inputs.fit.telepathy": other,
    },
  }));
  const { document: { verdict, reasons, drifts } } = await project.json("replay", "pure");
  assert.equal(verdict, "blocked");
  assert.deepEqual(
    reasons,
    [
      "The fit read .env, which can't be read again: it is hidden.",
      "The fit read ../x, which can't be read again: it isn't below the project.",
      "The fit read mlartifacts/x, which can't be read again: it is of the store.",
      "The fit read the environment variable PGPASSWORD, which can't be read again: it may hold a secret.",
      "What was read besides the data can't be had again: inputs.fit.telepathy.",
    ],
  );
  const current = Object.fromEntries(drifts.map(({ clause, current }) => [clause, current]));
  assert.deepEqual(Object.keys(current), ["inputs.fit.env.NOTE", "inputs.fit.file.plain.txt"]);
  // The digest of what isn't the same would let its writer try values.
  const mask = digestOf(`other than ${other}`);
  assert.deepEqual(Object.values(current), [mask, mask]);
});

Deno.test("a script that is a program is observed from where it imports Reprise on", async () => {
  await using project = await openReading({});
  const script = (name: string, reading: Reading) =>
    `import { main } from "${ROOT.href}mod.ts";\n${
      pipelineOf(name, reading)
    }if (import.meta.main) await main(experiment);\n`;
  await project.write(
    "scripts/clock.ts",
    script("clock", { head: "const now = Date.now();", feature: "now" }),
  );
  await project.write(
    "scripts/named.ts",
    script("named", {
      head: `import { readFileSync } from "node:fs";`,
      feature: `readFileSync("notes/a.txt").length`,
    }),
  );
  await project.write("scripts/pure.ts", script("pure", { feature: "new Date(row.x).getTime()" }));
  const inputsOf = async (name: string) => {
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--quiet",
        "--no-lock",
        "--config",
        "deno.json",
        `scripts/${name}.ts`,
        "train",
        "--json",
      ],
      cwd: project.directory,
      env: { NO_COLOR: "1", MLFLOW_TRACKING_URI: "" },
      stdin: "null",
    }).output();
    const { contract } = JSON.parse(new TextDecoder().decode(stdout));
    return Object.keys(contract.clauses).filter((clause) => clause.startsWith("inputs."));
  };
  assert.deepEqual(await inputsOf("clock"), ["inputs.clock"]);
  assert.deepEqual(await inputsOf("named"), ["inputs.unseen"]);
  assert.deepEqual(await inputsOf("pure"), []);
});

Deno.test("two trainings at once in a process keep what they read apart, and leave it as it was", async () => {
  await using project = await openReading({
    clock: { fit: "await new Promise((done) => setTimeout(done, 20)); Date.now();" },
    random: { fit: "await new Promise((done) => setTimeout(done, 10)); Math.random();" },
    pure: { fit: "await new Promise((done) => setTimeout(done, 30));" },
  });
  const before = [Date, Math.random, Deno.readFile, crypto.randomUUID, process.env, globalThis.process];
  await using store = await openStore(`sqlite:///${join(project.directory, "mlflow.db")}`);
  const runs = await Promise.all(["clock", "random", "pure"].map(async (name) => {
    const experiment = await loadExperiment(join(project.directory, `configs/${name}.ts`));
    const { contract } = await train(experiment, { store });
    return Object.keys(contract.clauses).filter((clause) => clause.startsWith("inputs."));
  }));
  assert.deepEqual(runs, [["inputs.fit.clock"], ["inputs.fit.random"], []]);
  const after = [Date, Math.random, Deno.readFile, crypto.randomUUID, process.env, globalThis.process];
  assert.ok(after.every((one, at) => one === before[at]));
  {
    using _observed = observeProcess();
    assert.notEqual(Date, before[0]);
    assert.ok(new Date() instanceof Date && new Date().constructor === Date);
    assert.equal(new Date(5).getTime(), 5);
    class Later extends Date {}
    assert.ok(new Later(1) instanceof Later && new Later(1).getTime() === 1);
    assert.equal(Date.UTC(2000), 946_684_800_000);
  }
  assert.equal(Date, before[0]);
});

Deno.test("what Deno audits of a pipeline is in its clauses", async () => {
  const reading: Reading = {
    head: `import { readFileSync } from "node:fs"; import { hostname } from "node:os";`,
    feature:
      `Deno.readTextFileSync("notes/a.txt").length + readFileSync("notes/b.txt").length + hostname().length`,
    fit: `Deno.env.get("NOTE");
    await Deno.connect({ port: 1 }).catch(() => {});`,
  };
  await using project = await openReading({ reading, pure: {} });
  await project.write("notes/b.txt", "two");
  const audit = async (name: string) => {
    const log = join(project.directory, `${name}.jsonl`);
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", "--quiet", "--no-lock", "--config", "deno.json", new URL("cli.ts", ROOT).href],
        ...["train", name, "--json"],
      ],
      cwd: project.directory,
      env: { NO_COLOR: "1", MLFLOW_TRACKING_URI: "", NOTE: "1", DENO_AUDIT_PERMISSIONS: log },
      stdin: "null",
    }).output();
    const { clauses } = JSON.parse(new TextDecoder().decode(stdout)).contract;
    const lines = (await Deno.readTextFile(log)).trim().split("\n").map((line) => JSON.parse(line));
    return {
      clauses: Object.keys(clauses),
      asked: lines.map(({ permission, value }) => `${permission} ${value}`.replaceAll(name, "NAME")),
    };
  };
  const [pure, read] = [await audit("pure"), await audit("reading")];
  // The observers look for where the project is, by its real path.
  const usual = new Set([...pure.asked, "read .", "write ."]);
  const own = [
    ...new Set(read.asked.filter((asked) => !usual.has(asked) && !/mlartifacts|mlflow\.db/.test(asked))),
  ];
  const explained: readonly (readonly [RegExp, string])[] = [
    // Deno audits each opening of a file as one to write too, where all is allowed.
    [/^(?:read|write) .*notes\/a\.txt"?$/, "inputs.file.notes/a.txt"],
    [/^(?:read|write) .*notes\/b\.txt"?$/, "inputs.file.notes/b.txt"],
    [/^sys .*hostname/, "inputs.machine"],
    [/^env .*NOTE/, "inputs.fit.env.NOTE"],
    [/^net /, "inputs.fit.network"],
  ];
  for (const asked of own) {
    const clause = explained.find(([pattern]) => pattern.test(asked))?.[1];
    assert.ok(
      clause !== undefined && read.clauses.includes(clause),
      `${asked} is in no clause of ${read.clauses}`,
    );
  }
  for (const [pattern, clause] of explained) assert.ok(own.some((asked) => pattern.test(asked)), clause);
});

Deno.test("what a module keeps of what an earlier run of the process read is of the later ones too", async () => {
  const reading = { head: `import { lookup } from "../kept.ts";`, fit: "lookup();" };
  await using project = await openReading({ first: reading, second: reading, other: {} });
  await project.write(
    "kept.ts",
    `let text: string | undefined;\nexport const lookup = () => text ??= Deno.readTextFileSync("notes/a.txt");\n`,
  );
  await project.write(
    "twice.ts",
    `import { loadExperiment } from "${ROOT.href}lib/experiment/experiment.ts";
import { openStore } from "${ROOT.href}lib/tracking/open_store.ts";
import { train } from "${ROOT.href}lib/training/train.ts";
await using store = await openStore("sqlite:///" + Deno.cwd() + "/mlflow.db");
for (const name of ["first", "second", "other"]) {
  const { contract } = await train(await loadExperiment(name), { store });
  console.log(name, ...Object.keys(contract.clauses).filter((clause) => clause.startsWith("inputs.")));
}
`,
  );
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--no-lock", "--config", "deno.json", "twice.ts"],
    cwd: project.directory,
    env: { NO_COLOR: "1", MLFLOW_TRACKING_URI: "" },
    stdin: "null",
  }).output();
  const asked = "inputs.fit.file.notes/a.txt";
  assert.equal(new TextDecoder().decode(stdout), `first ${asked}\nsecond ${asked}\nother\n`);
  await project.write("notes/a.txt", "two");
  for (const [name, verdict] of [["first", "blocked"], ["second", "blocked"], ["other", "safe"]] as const) {
    assert.equal((await project.json("replay", name)).document.verdict, verdict, name);
  }
});

Deno.test("files that a fit may have read are looked at by their real path", async () => {
  await using project = await openReading({});
  const refusals = {
    "notes/a.txt": null,
    "notes/none.txt": null,
    "out/deno.json": "it isn't below the project",
    "/etc/passwd": "it isn't below the project",
    "../x": "it isn't below the project",
    ".": "it isn't below the project",
    "seen/config": "it is hidden",
    "hidden/.git/config": "it is hidden",
    "mlartifacts/1/x": "it is of the store",
    "my.db": "it is of the store",
    "my.db-wal": "it is of the store",
  };
  await project.write("hidden/.git/config", "");
  await Deno.symlink(fileURLToPath(ROOT), join(project.directory, "out"));
  await Deno.symlink("hidden/.git", join(project.directory, "seen"));
  await project.write(
    "refusals.ts",
    `import { refusalOf } from "${new URL("lib/base/observe/files.ts", ROOT)}";
const refused = (name: string) => [name, refusalOf(name, ["mlartifacts", "my.db"]) ?? null];
console.log(JSON.stringify(Object.fromEntries(${JSON.stringify(Object.keys(refusals))}.map(refused))));
`,
  );
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--no-lock", "--config", "deno.json", "refusals.ts"],
    cwd: project.directory,
  }).output();
  assert.deepEqual(JSON.parse(new TextDecoder().decode(stdout)), refusals);
});

Deno.test("a feature's values that differ while nothing does that they are made of block", () => {
  const record = (clauses: Readonly<Record<string, string>>): ContractRecord => ({
    version: 1,
    scheme: "canon/1",
    clauses,
    evidence: {},
  });
  const past = {
    "data.d.rows": "1",
    "features.below.b": "1",
    "features.v.f": "1",
    "features.v.f.values": "1",
    "features.v.g": "1",
    "features.v.g.values": "1",
    "packages.zod": "1",
    "split": "1",
  };
  const bindingWith = (current: Readonly<Record<string, string>>, advisory: readonly string[] = []) => {
    const found = driftsBetween(record(past), record({ ...past, ...current }), {
      policy: { binding: [], advisory },
    });
    return found.find(({ clause }) => clause === "features.v.f.values")!.binding;
  };
  const values = { "features.v.f.values": "2" };
  assert.equal(bindingWith(values), true);
  assert.equal(bindingWith({ ...values, "features.v.g": "2", "features.v.g.values": "2" }), true);
  assert.equal(bindingWith({ ...values, split: "2" }), true);
  assert.equal(bindingWith({ ...values, "features.v.f": "2" }), false);
  assert.equal(bindingWith({ ...values, "features.below.b": "2" }), false);
  assert.equal(bindingWith({ ...values, "data.d.rows": "2" }), false);
  assert.equal(bindingWith({ ...values, "packages.zod": "2" }), false);
  assert.equal(bindingWith({ ...values, "inputs.file.x": "2" }), false);
  assert.equal(bindingWith(values, ["*.values"]), false);
});

/** Changes a run's contract, and the param that vouches for it, as one can who may write to the store's file. */
async function forge(
  project: Project,
  runId: string,
  change: (record: ContractRecord) => ContractRecord,
): Promise<void> {
  using database = new DatabaseSync(join(project.directory, "mlflow.db"));
  const { artifact_uri } = database.prepare("select artifact_uri from runs where run_uuid = ?").get(runId)!;
  const file = join(String(artifact_uri).replace(/^file:\/\//, ""), "contract.json");
  const record = change(JSON.parse(await Deno.readTextFile(file)));
  await Deno.writeTextFile(file, JSON.stringify(record));
  const { changes } = database.prepare(
    "update params set value = ? where run_uuid = ? and key = 'contract.digest'",
  )
    .run(digestOfJson(record), runId);
  assert.equal(changes, 1);
}

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { openStore } from "../../lib/tracking/open_store.ts";
import { openSqliteFile } from "../../lib/tracking/sqlite_file.ts";
import { newName, refusal, startRun, testStore } from "./tracking_suite.ts";

const folder = await Deno.makeTempDir({ prefix: "reprise_" });
Deno.test.afterAll(() => Deno.remove(folder, { recursive: true }));

function sql(path: string, statement: string, ...values: string[]): void {
  using file = new DatabaseSync(path);
  if (values.length === 0) file.exec(statement);
  else file.prepare(statement).run(...values);
}

async function inSuite(statement: string, id: string): Promise<void> {
  await Promise.resolve(sql(`${folder}/suite.db`, statement, id));
}

testStore({
  name: "embedded",
  open: () => openStore(`sqlite:///${folder}/suite.db`),
  deleteRun: (id) => inSuite("UPDATE runs SET lifecycle_stage = 'deleted' WHERE run_uuid = ?", id),
  deleteExperiment: (id) =>
    inSuite("UPDATE experiments SET lifecycle_stage = 'deleted' WHERE experiment_id = ?", id),
});

/** Runs a program that may import the library, and gives what it prints. */
async function program(
  source: string,
  options: { readonly cwd?: string; readonly allow?: readonly string[] } = {},
) {
  const path = `${folder}/${crypto.randomUUID()}.ts`;
  const library = new URL("../../lib/tracking/open_store.ts", import.meta.url);
  await Deno.writeTextFile(path, `import { openStore } from ${JSON.stringify(library)};\n${source}`);
  const args = ["run", "--no-prompt", "--no-check", ...(options.allow ?? ["-A"]), path];
  return new Deno.Command(Deno.execPath(), {
    args,
    cwd: options.cwd ?? folder,
    stdout: "piped",
    stderr: "piped",
  });
}

async function told(command: Promise<Deno.Command>): Promise<string> {
  const { success, stdout, stderr } = await (await command).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

Deno.test("embedded store is made once by eight processes that open it at once, and loses nothing", async () => {
  const writer = (index: number) => `
    await using store = await openStore("sqlite:///race/mlflow.db");
    const { experiment_id } = await store.ensureExperiment("iris");
    for (let number = 0; number < 20; number++) {
      const run = { experiment_id, run_name: "run ${index} " + number, user_id: "", start_time: number, tags: {} };
      const { run_id } = await store.createRun(run);
      const metrics = Array.from({ length: 50 }, (_, step) => ({ key: "m", value: step, timestamp: step, step }));
      await store.logBatch(run_id, { params: { index: "${index}" }, metrics });
      await store.logArtifact(run_id, "a.txt", run.run_name);
      await store.updateRun(run_id, { status: "FINISHED", end_time: number });
    }`;
  await Deno.mkdir(`${folder}/race`);
  await Promise.all(Array.from({ length: 8 }, (_, index) => told(program(writer(index)))));
  await using store = await openStore(`sqlite:///${folder}/race/mlflow.db`);
  assert.deepEqual((await store.searchExperiments()).map(({ name }) => name).sort(), ["Default", "iris"]);
  const { runs } = await store.searchRuns({ status: "FINISHED", max_results: 1000 });
  assert.equal(new Set(runs.map(({ info }) => info.run_name)).size, 160);
  for (const { info, metrics } of runs) {
    assert.equal(metrics["m"]?.value, 49);
    assert.equal((await store.getMetricHistory(info.run_id, "m")).length, 50);
    assert.equal(new TextDecoder().decode(await store.downloadArtifact(info.run_id, "a.txt")), info.run_name);
  }
  using file = new DatabaseSync(`${folder}/race/mlflow.db`);
  assert.equal(file.prepare("PRAGMA integrity_check").get()?.["integrity_check"], "ok");
  assert.equal(file.prepare("PRAGMA journal_mode").get()?.["journal_mode"], "wal");
});

Deno.test("embedded store leaves artifacts whole or absent, and lists nothing else, when its process is killed", async () => {
  const uri = `sqlite:///${folder}/killed/mlflow.db`;
  await Deno.mkdir(`${folder}/killed`);
  await using store = await openStore(uri);
  const { run_id } = await startRun(store);
  const size = 8_000_000;
  const source = `
    const store = await openStore(${JSON.stringify(uri)});
    const content = new Uint8Array(${size}).fill(7);
    console.log("ready");
    for (let number = 0;; number++) await store.logArtifact("${run_id}", "big/" + (number % 5), content);`;
  for (let round = 0; round < 4; round++) {
    const child = (await program(source)).spawn();
    const reader = child.stdout.getReader();
    await reader.read();
    await new Promise((resolve) => setTimeout(resolve, 20 + 17 * round));
    child.kill("SIGKILL");
    await Promise.all([child.status, reader.cancel(), child.stderr.cancel()]);
  }
  const listed = await store.listArtifacts(run_id, "big");
  assert.ok(listed.length > 0);
  for (const { path, file_size } of listed) {
    assert.match(path, /^big\/[0-4]$/);
    assert.equal(file_size, size);
  }
  assert.deepEqual(await store.listArtifacts(run_id), [{ path: "big", is_dir: true, file_size: undefined }]);
});

Deno.test("embedded store keeps nothing of a batch that fails", async () => {
  await using store = await openStore(`sqlite:///${folder}/suite.db`);
  const { run_id } = await startRun(store);
  await store.logBatch(run_id, { params: { b: "1" } });
  const metrics = [{ key: "m", value: 1, timestamp: 0, step: 0 }];
  await refusal(store.logBatch(run_id, { params: { a: "1", b: "2" }, metrics, tags: { t: "1" } }));
  const run = await store.getRun(run_id);
  assert.deepEqual([run.params, run.metrics, run.tags["t"]], [{ b: "1" }, {}, undefined]);
});

Deno.test("embedded store says what is wrong with a file", async () => {
  const at = (name: string) => `${folder}/wrong/${name}`;
  await Deno.mkdir(at("folder"), { recursive: true });
  await Deno.writeTextFile(at("text.db"), "experiment: iris\n".repeat(500));
  sql(at("other.db"), "CREATE TABLE flowers (name TEXT)");
  sql(at("old.db"), "CREATE TABLE alembic_version (version_num TEXT); CREATE TABLE experiments (name TEXT)");
  await (await openStore(`sqlite:///${at("damaged.db")}`))[Symbol.asyncDispose]();
  const bytes = await Deno.readFile(at("damaged.db"));
  await Deno.writeFile(at("damaged.db"), bytes.fill(255, 100, 8000));
  await (await openStore(`sqlite:///${at("teams.db")}`))[Symbol.asyncDispose]();
  sql(
    at("teams.db"),
    "CREATE TABLE workspaces (name TEXT); INSERT INTO workspaces VALUES ('default'), ('team-a')",
  );
  const missing = "datasets, experiments, input_tags, inputs, latest_metrics, metrics, params, runs, tags";
  const restore = "Restore it from a copy, or name another file.";
  for (
    const [path, code, message, hint] of [
      [
        at("none/mlflow.db"),
        "RESOURCE_DOES_NOT_EXIST",
        `${at("none/mlflow.db")} can't be made: its folder doesn't exist.`,
        `Make it with: mkdir -p ${at("none")}`,
      ],
      [
        at("folder"),
        "PERMISSION_DENIED",
        `${at("folder")} can't be written: unable to open database file: ${at("folder")}.`,
        "Check who may write it and its folder.",
      ],
      [
        at("text.db"),
        "INVALID_STATE",
        `${at("text.db")} is no SQLite file, or a damaged one: file is not a database.`,
        restore,
      ],
      [
        at("damaged.db"),
        "INVALID_STATE",
        `${at("damaged.db")} is no SQLite file, or a damaged one: database disk image is malformed.`,
        restore,
      ],
      [
        at("other.db"),
        "INVALID_STATE",
        `${
          at("other.db")
        } is an SQLite file but not a store of MLflow: it has no table alembic_version, ${missing}.`,
        "Name another file.",
      ],
      [
        at("old.db"),
        "INVALID_STATE",
        `${at("old.db")} is a store of an older MLflow: it has no table ${
          missing.replace(" experiments,", "")
        }.`,
        `Upgrade it with: mlflow db upgrade sqlite:///${at("old.db")}`,
      ],
      [
        at("teams.db"),
        "INVALID_STATE",
        `${at("teams.db")} has the workspace "team-a": only an MLflow server can tell its workspaces apart.`,
        `Start one with: mlflow server --enable-workspaces --backend-store-uri sqlite:///${at("teams.db")}`,
      ],
    ] as const
  ) assert.deepEqual(await refusal(openStore(`sqlite:///${path}`)), { code, message, hint });
  assert.equal(await Deno.readTextFile(at("text.db")), "experiment: iris\n".repeat(500));
});

Deno.test("embedded store says that another process holds its file", async () => {
  const path = `${folder}/locked.db`;
  using holder = new DatabaseSync(path);
  holder.exec("BEGIN EXCLUSIVE");
  assert.deepEqual(await refusal(openSqliteFile(path, { seed: () => {}, patience: 100 })), {
    code: "TEMPORARILY_UNAVAILABLE",
    message: `${path} is locked by another process, and was for 0.1 seconds.`,
    hint: "End that process or wait for it, and try again.",
  });
});

Deno.test("embedded store says that it was closed", async () => {
  const store = await openStore(`sqlite:///${folder}/suite.db`);
  await store[Symbol.asyncDispose]();
  assert.deepEqual(await refusal(store.searchExperiments()), {
    code: "INVALID_STATE",
    message: `${folder}/suite.db can't be used: the store was closed.`,
  });
});

Deno.test("embedded store needs leave for its file and its artifacts only, and says so", async () => {
  const cwd = `${folder}/allowed`;
  await Deno.mkdir(cwd);
  const source = `
    const tell = (error) => console.log(error.code + ": " + error.message + " " + error.hint);
    try {
      await using store = await openStore("sqlite:///mlflow.db");
      const { experiment_id } = await store.ensureExperiment("iris");
      const { run_id } = await store.createRun({ experiment_id, run_name: "r", user_id: "", start_time: 0, tags: {} });
      await store.logArtifact(run_id, "a/b.txt", "whole");
      console.log(new TextDecoder().decode(await store.downloadArtifact(run_id, "a/b.txt")));
    } catch (error) {
      tell(error);
    }`;
  const allow = ["--allow-read=mlflow.db,mlartifacts", "--allow-write=mlflow.db,mlartifacts"];
  assert.equal(await told(program(source, { cwd, allow })), "whole\n");
  assert.equal(
    await told(program(source, { cwd, allow: [] })),
    `PERMISSION_DENIED: ${cwd}/mlflow.db can't be opened: Deno was not given leave to read and write it. ` +
      `Run again with: --allow-read=${cwd}/mlflow.db --allow-write=${cwd}/mlflow.db\n`,
  );
  const server = `await (await openStore("http://127.0.0.1:4999")).searchExperiments().catch((error) =>
    console.log(error.code + ": " + error.message + " " + error.hint));`;
  assert.equal(
    await told(program(server, { cwd, allow: [] })),
    "PERMISSION_DENIED: The MLflow server at http://127.0.0.1:4999 can't be reached: Deno was not given leave to. " +
      "Run again with: --allow-net=127.0.0.1:4999\n",
  );
});

Deno.test("embedded store can't reach artifacts that are kept elsewhere, and says where", async () => {
  const path = `${folder}/suite.db`;
  await using store = await openStore(`sqlite:///${path}`);
  const elsewhere = await store.ensureExperiment(newName());
  sql(
    path,
    "UPDATE experiments SET artifact_location = 's3://bucket/x' WHERE experiment_id = ?",
    elsewhere.experiment_id,
  );
  const run = { experiment_id: elsewhere.experiment_id, run_name: "r", user_id: "", start_time: 0, tags: {} };
  const { run_id } = await store.createRun(run);
  assert.deepEqual(await refusal(store.logArtifact(run_id, "a.txt", "")), {
    code: "INVALID_STATE",
    message:
      `The artifacts of the run ${run_id} can't be reached: they are kept in s3://bucket/x/${run_id}/artifacts.`,
    hint: "Open the MLflow server of this file instead of the file.",
  });
});

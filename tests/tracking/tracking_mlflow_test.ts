import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { openStore } from "../../lib/tracking/open_store.ts";
import type { TrackingStore } from "../../lib/tracking/store.ts";
import { withPython } from "../mlflow/python.ts";
import { startServer } from "../mlflow/server.ts";
import { iris } from "./tracking_suite.ts";

async function newFolder() {
  const path = await Deno.makeTempDir({ prefix: "reprise_" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** All that makes the tables of a file what they are, whatever their SQL looks like. */
function structureOf(path: string): unknown {
  using file = new DatabaseSync(path, { readOnly: true });
  const all = (sql: string) => file.prepare(sql).all().map((row) => ({ ...row }));
  const sorted = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).sort();
  const tables = all("SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY name");
  return tables.map(({ name, sql }) => {
    const plain = String(sql).replace(/["\n\t]/g, " ").replace(/ +/g, " ").toLowerCase();
    return {
      name,
      columns: all(`PRAGMA table_info(${name})`),
      references: sorted(all(`PRAGMA foreign_key_list(${name})`).map(({ id: _, ...key }) => key)),
      indexes: sorted(
        all(`PRAGMA index_list(${name})`).map(({ seq: _, ...index }) => ({
          ...index,
          columns: all(`PRAGMA index_info(${index["name"]})`),
        })),
      ),
      checks: [...plain.matchAll(/check \(.+?\)+/g)].map(([check]) => check).sort(),
      constraints: [...plain.matchAll(/constraint (\w+)/g)].map(([, constraint]) => constraint).sort(),
    };
  });
}

const RECORD = `
client = MlflowClient("sqlite:///" + args[0])
experiment = client.get_experiment_by_name("iris")
id = experiment.experiment_id if experiment else client.create_experiment("iris")
run = client.create_run(id, run_name="by python", start_time=1700000000000).info.run_id
client.log_param(run, "lr", "0.1")
for step, value in enumerate([1.5, float("nan"), float("inf")]): client.log_metric(run, "loss", value, step * 10, step)
client.log_text(run, "from python", "notes/python.txt")
client.set_terminated(run, end_time=1700000000005)
tell(run)
`;

async function assertReadsPython(store: TrackingStore, runId: string): Promise<void> {
  const run = await store.getRun(runId);
  const { run_name, status, start_time, end_time } = run.info;
  assert.deepEqual([run_name, status, start_time, end_time], [
    "by python",
    "FINISHED",
    1700000000000,
    1700000000005,
  ]);
  assert.deepEqual(run.params, { lr: "0.1" });
  assert.deepEqual(await store.getMetricHistory(runId, "loss"), [
    { key: "loss", value: 1.5, timestamp: 0, step: 0 },
    { key: "loss", value: NaN, timestamp: 10, step: 1 },
    { key: "loss", value: Infinity, timestamp: 20, step: 2 },
  ]);
  assert.deepEqual(await store.listArtifacts(runId, "notes"), [
    { path: "notes/python.txt", is_dir: false, file_size: 11 },
  ]);
  assert.equal(
    new TextDecoder().decode(await store.downloadArtifact(runId, "notes/python.txt")),
    "from python",
  );
}

const READ = `
client = MlflowClient("sqlite:///" + args[0])
experiment = client.get_experiment_by_name("iris")
[run] = client.search_runs([experiment.experiment_id],
    "attributes.run_name = 'exp_v1' and tags.\`mlflow.runName\` = 'exp_v1' and params.lr = '0.1' and metrics.loss < 1"
    " and attributes.status = 'FINISHED'")
assert [run.info.run_id] == [r.info.run_id for r in client.search_runs([experiment.experiment_id], "dataset.name = 'iris_v1'")]
id = run.info.run_id
[input] = run.inputs.dataset_inputs
tell({
    "experiment": experiment.experiment_id,
    "info": [run.info.run_name, run.info.user_id, run.info.status, run.info.start_time, run.info.end_time],
    "params": run.data.params,
    "tags": {key: value for key, value in run.data.tags.items() if not key.startswith("mlflow.log")},
    "latest": run.data.metrics["loss"],
    "history": [[str(m.value), m.timestamp, m.step] for m in client.get_metric_history(id, "loss")],
    "input": [input.dataset.name, input.dataset.digest, input.dataset.source_type, input.dataset.source,
              input.dataset.schema, input.dataset.profile, [[tag.key, tag.value] for tag in input.tags]],
    "files": [[f.path, f.is_dir, f.file_size] for f in client.list_artifacts(id)],
    "text": open(client.download_artifacts(id, "model/contract.json")).read(),
})
`;

const POINTS = [[0.9, 5, 0], [NaN, 6, 1], [-Infinity, 7, 2], [0.25, 8, 3]] as const;

async function recordRun(store: TrackingStore): Promise<string> {
  const { experiment_id } = await store.ensureExperiment("iris");
  const start = { experiment_id, user_id: "ada", start_time: 1700000000000 };
  const { run_id } = await store.createRun({
    ...start,
    run_name: "exp_v1",
    tags: { "mlflow.source.type": "LOCAL" },
  });
  await store.logBatch(run_id, {
    params: { lr: "0.1", "model.params.größe": "数" },
    metrics: POINTS.map(([value, timestamp, step]) => ({ key: "loss", value, timestamp, step })),
    tags: { "reprise.verdict": "✅" },
  });
  await store.logInputs(run_id, [iris]);
  await store.logArtifact(run_id, "model/contract.json", `{"é":1}`);
  await store.updateRun(run_id, { status: "FINISHED", end_time: 1700000000009 });
  return run_id;
}

const asPythonReads = {
  experiment: "1",
  info: ["exp_v1", "ada", "FINISHED", 1700000000000, 1700000000009],
  params: { lr: "0.1", "model.params.größe": "数" },
  tags: {
    "mlflow.runName": "exp_v1",
    "mlflow.user": "ada",
    "mlflow.source.type": "LOCAL",
    "reprise.verdict": "✅",
  },
  latest: 0.25,
  history: [["0.9", 5, 0], ["nan", 6, 1], ["-1.7976931348623157e+308", 7, 2], ["0.25", 8, 3]],
  input: [
    iris.name,
    iris.digest,
    iris.source_type,
    iris.source,
    iris.schema,
    iris.profile,
    [["mlflow.data.context", "training"]],
  ],
  files: [["model", true, null]],
  text: `{"é":1}`,
};

Deno.test("embedded store makes the tables that MLflow 2.22 makes, and takes the file that it made", async () => {
  await using folder = await newFolder();
  const theirs = `${folder.path}/theirs.db`;
  const runId = await withPython(
    "2.22.0",
    `import os\nos.chdir("${folder.path}")\n${RECORD}`,
    theirs,
  ) as string;
  await using ours = await openStore(`sqlite:///${folder.path}/ours.db`);
  assert.deepEqual(structureOf(`${folder.path}/ours.db`), structureOf(theirs));
  assert.deepEqual((await ours.searchExperiments()).map(({ experiment_id, name }) => [experiment_id, name]), [
    ["0", "Default"],
  ]);
  await using store = await openStore(`sqlite:///${theirs}`);
  await assertReadsPython(store, runId);
  await recordRun(store);
  assert.deepEqual(await withPython("2.22.0", READ, theirs), asPythonReads);
});

Deno.test("embedded store takes a file that MLflow 3.17.2 made", async () => {
  await using folder = await newFolder();
  const theirs = `${folder.path}/theirs.db`;
  const runId = await withPython(
    "3.17.2",
    `import os\nos.chdir("${folder.path}")\n${RECORD}`,
    theirs,
  ) as string;
  await using store = await openStore(`sqlite:///${theirs}`);
  await assertReadsPython(store, runId);
  await recordRun(store);
  assert.deepEqual(await withPython("3.17.2", READ, theirs), asPythonReads);
});

Deno.test("embedded store shares its file with MLflow 2.22, then with the 3.17.2 that upgrades it, then with a server", async () => {
  await using folder = await newFolder();
  const file = `${folder.path}/mlflow.db`;
  await using store = await openStore(`sqlite:///${file}`);
  const runId = await recordRun(store);
  assert.deepEqual(await withPython("2.22.0", READ, file), asPythonReads);
  await assertReadsPython(store, await withPython("2.22.0", RECORD, file) as string);

  assert.deepEqual(await withPython("3.17.2", READ, file), asPythonReads);
  using database = new DatabaseSync(file, { readOnly: true });
  assert.deepEqual({ ...database.prepare("SELECT version_num FROM alembic_version").get() }, {
    version_num: "dc11669786a5",
  });
  // This store was opened before the upgrade.
  await store.logBatch(runId, {
    metrics: [{ key: "after", value: 1, timestamp: 1, step: 0 }],
    tags: { after: "yes" },
  });

  await using server = await startServer(folder.path);
  await using remote = await openStore(server.uri);
  const upgraded = await recordRun(store);
  for (const id of [runId, upgraded]) {
    assert.deepEqual(await remote.getRun(id), await store.getRun(id));
    assert.deepEqual(await remote.getMetricHistory(id, "loss"), await store.getMetricHistory(id, "loss"));
    assert.deepEqual(await remote.listArtifacts(id, "model"), await store.listArtifacts(id, "model"));
    assert.equal(
      new TextDecoder().decode(await remote.downloadArtifact(id, "model/contract.json")),
      `{"é":1}`,
    );
  }
  assert.equal((await remote.getRun(runId)).tags["after"], "yes");
  // Each writes the artifacts of the other's run.
  await remote.logArtifact(upgraded, "model/late.txt", "late");
  assert.equal(new TextDecoder().decode(await store.downloadArtifact(upgraded, "model/late.txt")), "late");
  const { experiment_id, artifact_location } = await remote.ensureExperiment("made by the server");
  assert.equal(artifact_location, `mlflow-artifacts:/${experiment_id}`);
  const run = { experiment_id, run_name: "r", user_id: "", start_time: 0, tags: {} };
  for (const [writer, reader] of [[remote, store], [store, remote]] as const) {
    const { run_id } = await writer.createRun(run);
    await writer.logArtifact(run_id, "a/b.txt", writer.uri);
    assert.deepEqual(await reader.listArtifacts(run_id, "a"), [
      { path: "a/b.txt", is_dir: false, file_size: writer.uri.length },
    ]);
    await reader.logArtifact(run_id, "a/c.txt", "c");
    assert.equal(new TextDecoder().decode(await writer.downloadArtifact(run_id, "a/c.txt")), "c");
  }
});

Deno.test("embedded store keeps artifacts where MLflow finds them, whatever its folder is called", async () => {
  await using folder = await newFolder();
  const files: string[] = [];
  for (const name of ["sp ace", "per%41cent", "ha#sh", "é数😀", "plus+&=", "it's"]) {
    const path = `${folder.path}/${name}`;
    await Deno.mkdir(path);
    await using store = await openStore(`sqlite:///${path}/mlflow.db`);
    await recordRun(store);
    files.push(`${path}/mlflow.db`);
  }
  const script = `
texts = []
for file in args:
    client = MlflowClient("sqlite:///" + file)
    [run] = client.search_runs(["1"])
    client.log_text(run.info.run_id, "added", "added.txt")
    texts.append(open(client.download_artifacts(run.info.run_id, "model/contract.json")).read())
tell(texts)`;
  assert.deepEqual(await withPython("2.22.0", script, ...files), files.map(() => `{"é":1}`));
  for (const file of files) {
    await using store = await openStore(`sqlite:///${file}`);
    const { info } = (await store.searchRuns({ run_name: "exp_v1" })).runs[0]!;
    assert.equal(new TextDecoder().decode(await store.downloadArtifact(info.run_id, "added.txt")), "added");
  }
});

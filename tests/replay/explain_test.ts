import assert from "node:assert/strict";
import { join } from "node:path";
import type { ReportDocument } from "../../lib/replay/report.ts";
import { openObjects } from "../../lib/tracking/objects.ts";
import { openStore } from "../../lib/tracking/open_store.ts";
import { startServer } from "../mlflow/server.ts";
import { openProject, type Project } from "../project.ts";

const VIEW = "features.iris_v1_features_v1";
const CSV = "registries/datasets/iris_v1.csv";

const storeOf = (project: Project) => openStore(`sqlite:///${join(project.directory, "mlflow.db")}`);

async function train(project: Project, ...args: readonly string[]): Promise<string> {
  const { code, document, stderr } = await project.json("train", ...args);
  assert.equal(code, 0, stderr);
  return document.run_id;
}

async function replay(
  project: Project,
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly report: ReportDocument }> {
  const { code, document } = await project.json("replay", ...args);
  return { code, report: document as unknown as ReportDocument };
}

function driftOf({ drifts }: ReportDocument, clause: string) {
  const drift = drifts.find((one) => one.clause === clause);
  assert.ok(drift, `${clause} hasn't drifted: ${drifts.map((one) => one.clause)}`);
  return drift;
}

/** Changes the lines of the data, the header first. */
async function editData(project: Project, edit: (lines: string[]) => readonly string[]): Promise<void> {
  const lines = (await project.read(CSV)).trimEnd().split("\n");
  await project.write(CSV, `${edit(lines).join("\n")}\n`);
}

Deno.test("a changed value of the config is told with its past, its current value and where each was written", async () => {
  await using project = await openProject();
  await train(project, "exp_v1", "--set", "seed=41");
  await project.edit("configs/exp_v1.yaml", "epochs: 200", "epochs: 100");
  const { report } = await replay(project, "exp_v1");
  const params = driftOf(report, "params");
  assert.deepEqual(params.changes, [{
    path: "model.params.epochs",
    past: 200,
    current: 100,
    origin: { past: "configs/exp_v1.yaml:5:55", current: "configs/exp_v1.yaml:5:55" },
  }]);
  assert.deepEqual(params.origin, params.changes![0]!.origin);
  const { stdout } = await project.run("replay", "exp_v1");
  assert.match(stdout, /^\s*model\.params\.epochs 200 → 100, configs\/exp_v1\.yaml:5:55/m);
  assert.deepEqual(report.drifts.map(({ clause }) => clause), ["params"]);

  await train(project, "exp_v1");
  await project.edit("configs/exp_v1.yaml", "seed: 42", "seed: 7");
  const { report: next } = await replay(project, "exp_v1");
  assert.deepEqual(driftOf(next, "split").changes?.map(({ path }) => path), ["seed"]);
  assert.deepEqual(driftOf(next, "seed").changes?.map(({ past, current }) => [past, current]), [[42, 7]]);
});

Deno.test("code that computes the same values says so, with the number of rows compared, also when the data changed", async () => {
  await using project = await openProject();
  await train(project, "exp_v1");
  await project.edit("registries/features/_helpers.ts", "length / width", "length / width / 1");
  const shape = `${VIEW}.petal_shape`;
  const first = (await replay(project, "exp_v1")).report;
  assert.deepEqual(
    [driftOf(first, shape).values_equal, driftOf(first, shape).rows_compared, first.verdict],
    [true, 150, "blocked"],
  );
  await editData(project, (lines) => [...lines, lines[1]!, lines[2]!]);
  const second = (await replay(project, "exp_v1")).report;
  assert.deepEqual(
    [driftOf(second, shape).values_equal, driftOf(second, shape).rows_compared],
    [true, 150],
  );
  await project.edit("registries/features/_helpers.ts", "length / width / 1", "length / width / 2");
  assert.equal(driftOf((await replay(project, "exp_v1")).report, shape).values_equal, false);
});

Deno.test("a shared helper's change is shown once, as a diff, with the features that reach it", async () => {
  await using project = await openProject();
  await train(project, "exp_v1");
  await project.edit("registries/features/_helpers.ts", "length / width", "length / (width + 1)");
  const { report } = await replay(project, "exp_v1");
  assert.equal(report.code.length, 1);
  const [change] = report.code;
  assert.deepEqual(
    [change!.kind, change!.declaration, change!.clauses],
    ["changed", "registries/features/_helpers.ts#ratio", [`${VIEW}.petal_shape`, `${VIEW}.sepal_shape`]],
  );
  assert.match(
    change!.diff,
    /^--- registries\/features\/_helpers\.ts\n\+\+\+ registries\/features\/_helpers\.ts\n@@ /,
  );
  assert.match(change!.diff, /^-.*length \/ width/m);
  assert.match(change!.diff, /^\+.*length \/ \(width \+ 1\)/m);
  const lines = (await project.read("registries/features/_helpers.ts")).split("\n");
  const drift = driftOf(report, `${VIEW}.petal_shape`);
  assert.match(lines[drift.line! - 1]!, /ratio/);
  assert.deepEqual([drift.file, drift.diff, drift.shared_by], [change!.file, change!.diff, change!.clauses]);
});

Deno.test("the past source is shown from the run's own record, when it is in no repository any more", async () => {
  await using server = await startServer();
  await using project = await openProject({ MLFLOW_TRACKING_URI: server.uri });
  await train(project, "exp_v1");
  await project.write(
    "registries/features/_helpers.ts",
    "export const ratio = (length: number, width: number): number => length - width;\n",
  );
  const { report } = await replay(project, "exp_v1");
  assert.match(report.code[0]!.diff, /^-.*length \/ width/m);
});

Deno.test("edited cells, flipped labels, added and reordered rows are counted and shown", async () => {
  await using project = await openProject();
  await train(project, "exp_v1");
  await editData(project, (lines) => {
    const cells = (row: number) => lines[row]!.split(",");
    const set = (row: number, column: number, value: string) => {
      lines[row] = cells(row).with(column, value).join(",");
    };
    const species = lines[0]!.split(",").indexOf("species");
    set(17, 0, "9.25");
    for (const row of [3, 5, 8]) set(row, species, "virginica");
    return lines;
  });
  const { code, report } = await replay(project, "exp_v1");
  assert.deepEqual([code, report.verdict], [1, "blocked"]);
  const rows = driftOf(report, "data.iris_v1.rows");
  assert.deepEqual(rows.rows, { added: 0, removed: 0, edited: 4, reordered: 0 });
  assert.equal(rows.labels_changed, 3);
  const species = driftOf(report, "data.iris_v1.columns.species");
  assert.deepEqual(species.cells?.map(({ row, past, current }) => [row, past, current]), [
    [3, "setosa", "virginica"],
    [5, "setosa", "virginica"],
    [8, "setosa", "virginica"],
  ]);
  assert.deepEqual(species.profile?.current?.levels, { setosa: 47, versicolor: 50, virginica: 53 });
  assert.equal(report.data?.cells_changed, 4);
  const { stdout } = await project.run("replay", "exp_v1");
  assert.match(stdout, /row 17 +sepal_length +5\.4 → 9\.25/);
});

Deno.test("a replay config allows rows to be appended, and nothing else", async () => {
  await using project = await openProject();
  await train(project, "exp_v1");
  await project.write("configs/replay_exp_v1.yaml", "run: exp_v1\ndata: { allow: [append_only] }\n");
  await editData(project, (lines) => [...lines, "5.5,3.5,1.3,0.3,setosa"]);
  const appended = await replay(project, "exp_v1");
  assert.deepEqual([appended.code, appended.report.verdict], [0, "safe"]);
  assert.deepEqual(driftOf(appended.report, "data.iris_v1.rows").allowed_by, ["append_only"]);
  assert.deepEqual(driftOf(appended.report, "split").allowed_by, ["append_only"]);
  assert.ok(appended.report.notes.includes("The replay config allows the data to change: append_only."));

  await editData(project, (lines) => lines.with(1, lines[1]!.replace("setosa", "virginica")));
  const flipped = await replay(project, "exp_v1");
  assert.deepEqual([flipped.code, flipped.report.verdict], [1, "blocked"]);
  await project.write("configs/replay_exp_v1.yaml", "run: exp_v1\ndata: { allow: [added, labels] }\n");
  assert.equal((await replay(project, "exp_v1")).report.verdict, "safe");
  await project.write("configs/replay_exp_v1.yaml", "run: exp_v1\ndata: { allow: [appended] }\n");
  const { code, stderr } = await project.run("replay", "exp_v1");
  assert.equal(code, 2);
  assert.match(stderr, /configs\/replay_exp_v1\.yaml:2:17 {2}data\.allow\.0: /);
});

Deno.test("without a snapshot the report says what it can't tell, and in which rows the change is", async () => {
  await using project = await openProject();
  const id = await train(project, "exp_v1", "--set", "data.snapshot.max_mb=0");
  await editData(project, (lines) => lines.with(1, lines[1]!.replace("setosa", "virginica")));
  const { report } = await replay(project, "exp_v1");
  assert.equal(report.data, undefined);
  assert.deepEqual(report.untold, [
    `Which rows changed can't be told: run ${id} kept no snapshot of iris_v1, which was larger than data.snapshot.max_mb allows.`,
    "data.iris_v1.columns.species differs within rows 1–65536.",
  ]);
});

Deno.test("a snapshot that was damaged, exchanged or removed is never compared with, and that is told", async () => {
  await using project = await openProject();
  const id = await train(project, "exp_v1");
  await editData(project, (lines) => lines.with(1, lines[1]!.replace("setosa", "virginica")));
  await using store = await storeOf(project);
  const executed = JSON.parse(new TextDecoder().decode(await store.downloadArtifact(id, "executed.json")));
  const digest: string = executed.snapshot;
  const folder = join(project.directory, "mlartifacts/reprise-objects", digest.slice(0, 2));
  const file = join(folder, `${digest}.gz`);
  const why = async () => {
    const { report } = await replay(project, "exp_v1");
    assert.deepEqual([report.verdict, report.data], ["blocked", undefined]);
    return report.untold;
  };
  const whole = await Deno.readFile(file);
  await Deno.writeFile(file, whole.slice(0, whole.length / 2));
  assert.deepEqual(await why(), [
    `Which rows changed can't be told: The object ${
      digest.slice(0, 12)
    } in sqlite:///mlflow.db can't be read: it was changed since it was kept.`,
  ]);
  await train(project, "exp_v1", "--set", "run=other");
  const [other] = [...Deno.readDirSync(join(folder, ".."))].flatMap(({ name }) =>
    [...Deno.readDirSync(join(folder, "..", name))].map((entry) => join(folder, "..", name, entry.name))
  ).filter((path) => path !== file && Deno.statSync(path).size < 3000);
  await Deno.copyFile(other!, file);
  assert.deepEqual(await why(), [
    "Which rows changed can't be told: the snapshot was changed since it was kept.",
  ]);
  await Deno.remove(file);
  assert.deepEqual(await why(), [
    `Which rows changed can't be told: the snapshot of iris_v1 that run ${id} kept is gone from sqlite:///mlflow.db.`,
  ]);
});

Deno.test("what runs share is kept once, and an edit keeps only its own part again", async () => {
  await using project = await openProject();
  const kept = () => {
    const files: string[] = [];
    const shared = join(project.directory, "mlartifacts/reprise-objects");
    for (const { name } of Deno.readDirSync(shared)) {
      for (const file of Deno.readDirSync(join(shared, name))) files.push(file.name);
    }
    return files.sort();
  };
  const id = await train(project, "exp_v1");
  const objects = kept();
  await train(project, "exp_v1", "--set", "seed=1", "--set", "experiment=others");
  assert.deepEqual(kept(), objects);
  await project.edit("registries/features/_helpers.ts", "length / width", "length / (width + 1)");
  await train(project, "exp_v1");
  assert.equal(kept().length, objects.length + 1);
  await using store = await storeOf(project);
  assert.equal(await openObjects(store, id).get("0".repeat(64)), undefined);
});

Deno.test("two recorded runs are compared by what they recorded, with no code at hand", async () => {
  await using project = await openProject();
  const a = await train(project, "exp_v1");
  await project.edit("registries/features/_helpers.ts", "length / width", "length / (width + 1)");
  await editData(project, (lines) => lines.toSpliced(10, 1));
  const b = await train(project, "exp_v1", "--set", "model.params.epochs=20");
  await Deno.remove(join(project.directory, "registries"), { recursive: true });
  const { code, stdout } = await project.run("runs", "compare", a, b, "--json");
  const report: ReportDocument = JSON.parse(stdout);
  assert.deepEqual([code, report.verdict, report.run_id, report.rerun_id], [1, "different", a, b]);
  assert.equal(report.code[0]?.declaration, "registries/features/_helpers.ts#ratio");
  assert.deepEqual(report.data?.rows, { added: 0, removed: 1, edited: 0, reordered: 0 });
  assert.deepEqual(driftOf(report, "params").origin, { past: "configs/exp_v1.yaml:5:55", current: "--set" });
  assert.notEqual(report.metrics?.past.log_loss, report.metrics?.current.log_loss);
  const same = await project.run("runs", "compare", a, a, "--json");
  assert.deepEqual([same.code, JSON.parse(same.stdout).verdict], [0, "same"]);
});

import assert from "node:assert/strict";
import { join } from "node:path";
import { openStore } from "../../lib/tracking/open_store.ts";
import { startServer } from "../mlflow/server.ts";
import { openProject, type Project } from "../project.ts";

const embedded = (project: Project) => openStore(`sqlite:///${join(project.directory, "mlflow.db")}`);

async function train(project: Project, ...args: readonly string[]): Promise<string> {
  const { code, document, stderr } = await project.json("train", ...args);
  assert.equal(code, 0, stderr);
  return document.run_id;
}

Deno.test("a replay prints each clause past and current, and ends with the verdict", async () => {
  await using project = await openProject();
  const id = await train(project, "exp_v1");
  await project.edit("registries/features/_helpers.ts", "length / width", "length / width / 1");
  await project.edit("configs/exp_v1.yaml", "seed: 42", "seed: 7");
  const { code, stdout } = await project.run("replay", "exp_v1");
  assert.equal(code, 1);
  const lines = stdout.trimEnd().split("\n");
  assert.equal(lines[0], `Replay of exp_v1 (run ${id})`);
  assert.match(
    lines[1]!,
    /^Recorded as exp_v1 of the experiment iris, by the config exp_v1 \([0-9a-f]{12}\)$/,
  );
  assert.deepEqual(lines.slice(2, 4), ["Judged by configs/exp_v1.yaml", ""]);
  assert.match(lines[4]!, /^ {3}clause {2,}past {2,}current$/);
  assert.match(stdout, /^= {2}data\.iris_v1\.rows {2,}([0-9a-f]{12}) {2,}\1$/m);
  assert.match(
    stdout,
    /^✗ {2}features\.iris_v1_features_v1\.petal_shape {2,}[0-9a-f]{12} {2,}[0-9a-f]{12} {2,}changed, binding\n {5}in registries\/features\/_helpers\.ts#ratio$/m,
  );
  assert.match(stdout, /^✗ {2}seed {2,}42 {2,}7 {2,}changed, binding$/m);
  assert.deepEqual(lines.slice(-2), ["4 binding and 0 advisory drifts.", "❌ rerun blocked due to drift"]);
});

for (const kind of ["embedded store", "MLflow server"] as const) {
  Deno.test(`a safe replay in the ${kind} reruns, and reproduces the run bit for bit`, async () => {
    await using server = kind === "MLflow server" ? await startServer() : undefined;
    await using project = await openProject(server ? { MLFLOW_TRACKING_URI: server.uri } : {});
    const id = await train(project, "exp_v1");
    const { code, document } = await project.json("replay", "exp_v1", "--rerun");
    assert.deepEqual([code, document.verdict, document.run_id, document.drifts], [0, "reproduced", id, []]);
    await using store = server ? await openStore(server.uri) : await embedded(project);
    const again = await store.getRun(document.rerun_id!);
    assert.deepEqual([again.info.status, again.tags["reprise.replay_of"]], ["FINISHED", id]);
  });
}

Deno.test("a rerun that differs has diverged, with the first difference", async () => {
  await using project = await openProject();
  // The fit reads a file, of which the replay config says that it doesn't matter.
  await project.write("configs/replay_exp_v1.yaml", 'run: exp_v1\nadvisory: ["inputs.fit.*"]\n');
  await project.edit(
    "registries/models/mod.ts",
    "export { mlp }",
    'export { moody } from "./moody.ts";\nexport { mlp }',
  );
  await project.write(
    "registries/models/moody.ts",
    `import { logistic_regression } from "./logistic_regression.ts";
export const moody = {
  ...logistic_regression,
  async fit(input: Parameters<typeof logistic_regression.fit>[0]) {
    const mood = Number(await Deno.readTextFile("mood.txt"));
    const onEpoch: typeof input.onEpoch = (epoch, { train_loss }) => input.onEpoch(epoch, { train_loss: train_loss! + (epoch === 7 ? mood : 0) });
    return await logistic_regression.fit({ ...input, onEpoch });
  },
};
`,
  );
  await project.write("mood.txt", "0");
  await train(project, "exp_v1", "--set", "model.name=moody");
  await project.write("mood.txt", "1");
  const { code, document } = await project.json("replay", "exp_v1", "--rerun");
  const drifts = document.drifts.map(({ clause, binding }) => ({ clause, binding }));
  assert.deepEqual([code, document.verdict, drifts], [1, "diverged", [
    { clause: "inputs.fit.file.mood.txt", binding: false },
  ]]);
  assert.match(String(document.reasons), /^the metric train_loss at step 7: 0\.\d+ → 1\.\d+$/);
});

Deno.test("a rerun of another model's bytes has diverged in the model's file", async () => {
  await using project = await openProject();
  await project.edit(
    "registries/models/majority_class.ts",
    "counts[label]!++;",
    "counts[label]!++;\n    const mood = Deno.readTextFileSync('mood.txt');",
  );
  await project.edit(
    "registries/models/majority_class.ts",
    "classes, features, shares",
    "mood, classes, features, shares",
  );
  await project.write("configs/replay_baseline.yaml", 'run: baseline\nadvisory: ["inputs.fit.*"]\n');
  await project.write("mood.txt", "glad");
  await train(project, "baseline");
  await project.write("mood.txt", "grim");
  const { document } = await project.json("replay", "baseline", "--rerun");
  assert.deepEqual([document.verdict, document.reasons], ["diverged", [
    "the model's file model/model.json from byte 47",
  ]]);
});

Deno.test("a blocked replay never reruns", async () => {
  await using project = await openProject();
  await train(project, "baseline");
  await project.edit("configs/baseline.yaml", "seed: 42", "seed: 1");
  const { code, document } = await project.json("replay", "baseline", "--rerun");
  assert.deepEqual([code, document.verdict, "rerun_id" in document], [1, "blocked", false]);
  await using store = await embedded(project);
  assert.equal((await store.searchRuns({})).runs.length, 1);
});

Deno.test("a replay of a name takes the newest finished run, and says so", async () => {
  await using project = await openProject();
  const first = await train(project, "baseline");
  const second = await train(project, "baseline", "--set", "seed=7");
  const newest = await project.json("replay", "baseline");
  assert.equal(newest.document.run_id, second);
  assert.deepEqual(newest.document.notes, [
    'Other runs are named "baseline" too; this is the newest finished one. --run-id picks another.',
  ]);
  // Each is judged as it was run: with its own overrides.
  assert.deepEqual([newest.document.verdict, newest.document.drifts], ["safe", []]);
  const picked = await project.json("replay", "--run-id", first);
  assert.deepEqual([picked.document.run_id, picked.document.verdict, picked.document.notes], [
    first,
    "safe",
    [],
  ]);
});

Deno.test("a replay of a name without a run is an error with the nearest name", async () => {
  await using project = await openProject();
  await train(project, "baseline");
  const { code, stdout, stderr } = await project.run("replay", "basline");
  assert.deepEqual([code, stdout], [2, ""]);
  assert.equal(
    stderr,
    'error: There is no run named "basline" in sqlite:///mlflow.db. Did you mean "baseline"?\n' +
      "hint: `runs list` shows what there is; --tracking-uri names another store.\n",
  );
});

Deno.test("a replay config moves clauses between binding and advisory, and the report says so", async () => {
  await using project = await openProject();
  await train(project, "exp_v1");
  await project.edit("registries/features/_helpers.ts", "length / width", "length / (2 * width)");
  const judge = async (config: string) => {
    await project.write("configs/replay_exp_v1.yaml", `run: exp_v1\n${config}`);
    const { document } = await project.json("replay", "exp_v1");
    const drifts = document.drifts;
    return [
      document.verdict,
      document.notes,
      drifts.filter(({ binding }) => binding).map(({ clause }) => clause),
    ];
  };
  const view = "features.iris_v1_features_v1";
  assert.deepEqual(await judge(""), ["blocked", [], [`${view}.petal_shape`, `${view}.sepal_shape`]]);
  assert.deepEqual(await judge(`advisory: ["features.*"]`), ["safe", [
    "The replay config makes features.* advisory.",
  ], []]);
  assert.deepEqual(await judge(`advisory: ["features.*"]\nbinding: ["*.petal_shape.values"]`), [
    "blocked",
    ["The replay config makes *.petal_shape.values binding.", "The replay config makes features.* advisory."],
    [`${view}.petal_shape.values`],
  ]);
  const { code, stderr } = await project.write("configs/replay_exp_v1.yaml", "run: exp_v1\nbindng: []\n")
    .then(() => project.run("replay", "exp_v1"));
  assert.deepEqual([code, stderr], [
    2,
    'error: configs/replay_exp_v1.yaml:2:1  bindng: unknown key. Did you mean "binding"?\n',
  ]);
});

Deno.test("a replay of a run that Reprise didn't record, or whose contract is unreadable, is unverifiable", async () => {
  await using project = await openProject();
  const id = await train(project, "baseline");
  const store = await embedded(project);
  const { experiment_id } = await store.ensureExperiment("iris");
  const { run_id } = await store.createRun({
    experiment_id,
    run_name: "foreign",
    user_id: "ada",
    start_time: 1,
    tags: {},
  });
  await store.updateRun(run_id, { status: "FINISHED", end_time: 2 });
  const contract = new TextDecoder().decode(await store.downloadArtifact(id, "contract.json"));
  const judge = async (run: string) => {
    const { code, document } = await project.json("replay", "--run-id", run);
    assert.deepEqual([code, document.verdict, document.drifts], [1, "unverifiable", []]);
    return document.reasons;
  };
  assert.deepEqual(await judge(run_id), [
    "The run has no contract.json: it was not recorded by Reprise, or its artifacts are gone.",
  ]);
  await store.logArtifact(id, "contract.json", contract.replace('"version": 1', '"version": 2'));
  assert.deepEqual(await judge(id), [
    "The run's contract has version 2 (canon/1), but this Reprise knows version 1 (canon/1).",
  ]);
  await store.logArtifact(id, "contract.json", contract.slice(1));
  assert.deepEqual(await judge(id), [
    "The run's contract.json was changed since it was recorded: it is not JSON.",
  ]);
  await store.logArtifact(id, "contract.json", contract.replace('"seed": "', '"seed": "0'));
  assert.deepEqual(await judge(id), [
    "The run's contract.json was changed since it was recorded: its digest isn't the one of the param contract.digest.",
  ]);
  await store.updateRun(id, { status: "FAILED", end_time: 3 });
  assert.deepEqual(await judge(id), ["The run is FAILED, so it isn't known to be one of its contract."]);
  await store[Symbol.asyncDispose]();
});

Deno.test("a replay tells a package's other version", async () => {
  await using project = await openProject();
  const use = (version: string) =>
    project.write(
      "registries/features/near.ts",
      `export { default as leven } from "npm:leven@${version}";\n`,
    );
  await project.edit(
    "registries/features/_helpers.ts",
    "export const ratio",
    'import { leven } from "./near.ts";\nexport const ratio',
  );
  await project.edit("registries/features/_helpers.ts", "length / width", 'length / width * leven("a", "b")');
  await use("4.1.0");
  await train(project, "exp_v1");
  await use("4.0.0");
  const { document } = await project.json("replay", "exp_v1");
  assert.equal(document.verdict, "blocked");
  const [drift, ...others] = document.drifts.filter(({ binding }) => binding);
  assert.deepEqual(others, []);
  assert.deepEqual([drift!.clause, drift!.kind, drift!.values], ["packages.leven", "changed", {
    past: "4.1.0",
    current: "4.0.0",
  }]);
});

Deno.test("a replay tells JSON data that a feature imports", async () => {
  await using project = await openProject();
  await project.write("registries/features/units.json", '{ "per": 1 }\n');
  await project.edit(
    "registries/features/_helpers.ts",
    "export const ratio",
    'import units from "./units.json" with { type: "json" };\nexport const ratio',
  );
  await project.edit("registries/features/_helpers.ts", "length / width", "length / width / units.per");
  await train(project, "exp_v1");
  await project.write("registries/features/units.json", '{\n  "per":   1.0\n}\n');
  assert.equal((await project.json("replay", "exp_v1")).document.verdict, "safe");
  await project.write("registries/features/units.json", '{ "per": 2 }\n');
  const { document } = await project.json("replay", "exp_v1");
  const drifts = document.drifts;
  assert.deepEqual(
    drifts.filter(({ binding }) => binding).map(({ clause, declarations }) => [clause, declarations]),
    [
      ["features.iris_v1_features_v1.petal_shape", ["registries/features/units.json#json"]],
      ["features.iris_v1_features_v1.sepal_shape", ["registries/features/units.json#json"]],
    ],
  );
});

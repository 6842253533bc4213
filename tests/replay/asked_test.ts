import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openStore } from "../../lib/tracking/open_store.ts";
import { openProject, type Project } from "../project.ts";

const embedded = (project: Project) => openStore(`sqlite:///${join(project.directory, "mlflow.db")}`);

async function train(project: Project, ...args: readonly string[]): Promise<string> {
  const { code, document, stderr } = await project.json("train", ...args);
  assert.equal(code, 0, stderr);
  return document.run_id;
}

/** What a replay says in short. */
async function judge(project: Project, ...args: readonly string[]) {
  const { document, code } = await project.json("replay", ...args);
  const { verdict, config, judged_by, reasons } = document as typeof document & {
    readonly judged_by?: string;
  };
  return { verdict, config, judged_by, reasons, code };
}

/** Changes what MLflow wouldn't change: with the database at hand, anything can be. */
function forge(project: Project, statement: string, ...values: readonly string[]): void {
  using database = new DatabaseSync(join(project.directory, "mlflow.db"));
  assert.ok(database.prepare(statement).run(...values).changes > 0);
}

const setParam = (project: Project, key: string, value: string) =>
  forge(project, "UPDATE params SET value = ? WHERE key = ?", value, key);

/** Renames the only run, which MLflow allows at any time. */
function rename(project: Project, name: string): void {
  forge(project, "UPDATE runs SET name = ?", name);
  forge(project, "UPDATE tags SET value = ? WHERE key = 'mlflow.runName'", name);
}

/** A module that leaves a trace where it is run. */
const EVIL = 'await Deno.writeTextFile("ran.txt", "ran");\nexport const experiment = {};\n';

Deno.test("a run records what it was asked by, which every report shows", async () => {
  await using project = await openProject();
  const id = await train(
    project,
    "configs/exp_v1.yaml",
    "--set",
    "run=mine",
    "--set",
    "model.params.epochs=3",
  );
  await using store = await embedded(project);
  const { params } = await store.getRun(id);
  const asked = {
    experiment: "iris",
    run: "mine",
    config: "exp_v1",
    set: ["run=mine", "model.params.epochs=3"],
    resolved: params["config.digest"],
    digest: params["asked.digest"],
  };
  assert.deepEqual(
    ["experiment", "run", "config", "set"].map((name) => params[`asked.${name}`]),
    ["iris", "mine", "exp_v1", '["run=mine","model.params.epochs=3"]'],
  );
  const { document } = await project.json("replay", "mine");
  assert.deepEqual((document as unknown as { asked: unknown }).asked, asked);
  const { stdout } = await project.run("replay", "mine");
  assert.equal(
    stdout.split("\n")[1],
    "Recorded as mine of the experiment iris, by the config exp_v1, with run=mine, model.params.epochs=3 " +
      `(${asked.digest!.slice(0, 12)})`,
  );
});

Deno.test("no tag chooses what a run is judged by", async () => {
  await using project = await openProject();
  const id = await train(project, "baseline");
  await project.write("mlartifacts/evil.ts", EVIL);
  await project.write("configs/easy.yaml", await project.read("configs/baseline.yaml"));
  await project.edit("configs/baseline.yaml", "seed: 42", "seed: 1");
  await using store = await embedded(project);
  const expected = await judge(project, "baseline");
  assert.deepEqual([expected.verdict, expected.judged_by], ["blocked", "today"]);
  const names = [
    "easy",
    "mlartifacts/evil.ts",
    "http://127.0.0.1:9/evil.ts",
    "../evil.ts",
    "configs/easy.yaml",
  ];
  for (const name of names) {
    await store.logBatch(id, { tags: { "reprise.config": name, "reprise.set": '["seed=42"]' } });
    assert.deepEqual(await judge(project, "baseline"), expected);
  }
  await assert.rejects(project.read("ran.txt"), Deno.errors.NotFound);
});

Deno.test("params of what a run was asked by that were changed make it unverifiable", async () => {
  const changes = {
    "asked.config": "easy",
    "asked.set": '["seed=42"]',
    "asked.run": "easy",
    "asked.experiment": "easy",
    "config.digest": "0".repeat(64),
  };
  const reasons = [
    "The run's params asked.config, asked.set and their like aren't those that it was recorded with: " +
    "their digest isn't the one in its contract.",
  ];
  for (const [key, value] of Object.entries(changes)) {
    await using project = await openProject();
    await train(project, "baseline");
    setParam(project, key, value);
    const judged = await judge(project, "baseline");
    assert.deepEqual([judged.verdict, judged.reasons, judged.code], ["unverifiable", reasons, 1], key);
    if (key !== "asked.config") continue;
    forge(project, "DELETE FROM params WHERE key LIKE ?", "asked.%");
    assert.deepEqual((await judge(project, "baseline")).reasons, reasons);
  }
});

Deno.test("a run whose config is gone is unverifiable, unless the recorded one is asked for", async () => {
  await using project = await openProject();
  const id = await train(project, "baseline");
  await Deno.remove(join(project.directory, "configs/baseline.yaml"));
  const gone = await judge(project, "baseline");
  assert.deepEqual([gone.verdict, gone.code, gone.reasons], ["unverifiable", 1, [
    'There is no config "baseline" in configs/ any more, which the run was asked by. ' +
    "Judge it by the recorded config, --recorded-config, or by another one, --judged-by.",
  ]]);
  const asked = await judge(project, "baseline", "--recorded-config");
  assert.deepEqual(asked, {
    verdict: "safe",
    config: `config.yaml of run ${id}`,
    judged_by: "recorded",
    reasons: [],
    code: 0,
  });
  const { stdout } = await project.run("replay", "baseline", "--recorded-config");
  assert.equal(stdout.trimEnd().split("\n").at(-1), "✅ safe to rerun, judged by the recorded config");
  const given = await judge(project, "baseline", "--judged-by", "exp_v1");
  assert.deepEqual([given.verdict, given.judged_by], ["blocked", "given"]);
});

Deno.test("a recorded config that was changed makes a run unverifiable", async () => {
  await using project = await openProject();
  const id = await train(project, "baseline");
  await project.edit("configs/baseline.yaml", "seed: 42", "seed: 1");
  await using store = await embedded(project);
  const text = new TextDecoder().decode(await store.downloadArtifact(id, "config.yaml"));
  for (
    const changed of [text.replace("seed: 42", "seed: 1"), `${text}# a word more\n`, "", "[]", "a: &a [*a]"]
  ) {
    await store.logArtifact(id, "config.yaml", changed);
    const judged = await judge(project, "baseline", "--recorded-config");
    assert.deepEqual([judged.verdict, judged.reasons], ["unverifiable", [
      "The run's config.yaml was changed since it was recorded: it isn't what the run's params say.",
    ]]);
  }
});

Deno.test("a run of a config outside of configs/ is judged by its record, and that is said", async () => {
  await using project = await openProject();
  await project.write("elsewhere/mine.yaml", await project.read("configs/baseline.yaml"));
  const id = await train(project, "elsewhere/mine.yaml");
  await project.write("elsewhere/mine.yaml", "changed: true\n");
  assert.deepEqual(await judge(project, "baseline"), {
    verdict: "safe",
    config: `config.yaml of run ${id}`,
    judged_by: "recorded",
    reasons: [],
    code: 0,
  });
});

Deno.test("a run that was renamed isn't taken for the one of that name", async () => {
  await using project = await openProject();
  const id = await train(project, "baseline");
  rename(project, "exp_v1");
  const judged = await judge(project, "exp_v1");
  assert.deepEqual([judged.verdict, judged.reasons], ["unverifiable", [
    'The run that is called "exp_v1" in the store now was recorded as "baseline": which of the two is meant ' +
    `can't be told. Ask for it by --run-id ${id}.`,
  ]]);
  const { document } = await project.json("replay", "--run-id", id);
  assert.deepEqual([document.verdict, document.notes], ["safe", [
    'It was recorded as "baseline", and is called "exp_v1" in the store now.',
  ]]);
});

Deno.test("a run that is asked for by its id is judged by the replay config of its name", async () => {
  await using project = await openProject();
  const id = await train(project, "baseline");
  await project.write("configs/replay_baseline.yaml", 'run: baseline\nadvisory: ["seed"]\n');
  await project.edit("configs/baseline.yaml", "seed: 42", "seed: 1");
  const { document } = await project.json("replay", "--run-id", id);
  assert.ok(document.notes.includes("The replay config makes seed advisory."), document.notes.join("\n"));
  assert.equal(document.drifts.find(({ clause }) => clause === "seed")?.binding, false);
});

Deno.test("no name in a store chooses what a replay allows", async () => {
  await using project = await openProject();
  await train(project, "baseline");
  await project.edit("configs/baseline.yaml", "seed: 42", "seed: 1");
  const lax = 'run: baseline\nadvisory: ["*"]\n';
  await project.write("configs/replay_lax.yaml", lax);
  await project.write("mlartifacts/pol.yaml", lax);
  await Deno.mkdir(join(project.directory, "configs/replay_x"));
  for (const name of ["lax", "x/../../mlartifacts/pol", "../mlartifacts/pol"]) {
    rename(project, name);
    const { code, stdout } = await project.run("replay", "--all", "--json");
    const [report] = (JSON.parse(stdout) as { reports: { verdict: string }[] }).reports;
    assert.deepEqual([report!.verdict, code], ["blocked", 1], name);
  }
});

import assert from "node:assert/strict";
import { join } from "node:path";
import { openStore } from "../../lib/tracking/open_store.ts";
import { type Document, openProject, type Project } from "../project.ts";

const SHORT = ["--set", "model.params.epochs=5"] as const;

async function train(project: Project, config: string, ...args: readonly string[]): Promise<Document> {
  const { code, document, stderr } = await project.json("train", config, ...args);
  assert.equal(code, 0, stderr);
  return document;
}

const splitBy = (split: string) => ["--set", `split=${split}`] as const;

Deno.test("a run of several folds records each fold's scores by step, their mean and deviation, curves and models", async () => {
  await using project = await openProject();
  const { run_id, metrics } = await train(
    project,
    "exp_v1",
    ...SHORT,
    ...splitBy("{ kind: k_fold, folds: 3 }"),
  );
  await using store = await openStore(`sqlite:///${join(project.directory, "mlflow.db")}`);
  const scores = (await store.getMetricHistory(run_id, "folds/accuracy")).map((
    { step, value },
  ) => [step, value]);
  assert.deepEqual(scores.map(([step]) => step), [1, 2, 3]);
  const values = scores.map(([, value]) => value!);
  const mean = values.reduce((sum, value) => sum + value, 0) / 3;
  assert.equal(metrics.accuracy, mean);
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 3);
  assert.ok(Math.abs(metrics.accuracy_std! - deviation) < 1e-12);
  for (const fold of ["fold_1", "fold_2", "fold_3"]) {
    assert.equal((await store.getMetricHistory(run_id, `${fold}/train_loss`)).length, 5);
    const files = await store.listArtifacts(run_id, `model/${fold}`);
    assert.deepEqual(files.map(({ path }) => path), [`model/${fold}/model.json`]);
  }
});

for (
  const split of [
    "{ kind: holdout, test: 0.3, repeats: 2 }",
    "{ kind: k_fold, folds: 4, repeats: 2 }",
    "{ kind: grouped, folds: 3, by: petal_width }",
    "{ kind: time_ordered, folds: 3, by: sepal_length, gap: 2 }",
  ]
) {
  Deno.test(`a run split by ${split} is reproduced bit for bit, today and as recorded`, async () => {
    await using project = await openProject();
    await train(project, "exp_v1", ...SHORT, ...splitBy(split));
    for (const flags of [["--rerun"], ["--as-recorded"]]) {
      const { document } = await project.json("replay", "exp_v1", ...flags);
      assert.deepEqual([document.verdict, document.drifts], ["reproduced", []], String(document.reasons));
    }
  });
}

Deno.test("another assignment of rows is a drift of the split, with the value of the config that changed", async () => {
  await using project = await openProject();
  await project.edit(
    "configs/exp_v1.yaml",
    "{ kind: holdout, test: 0.2, stratify: true }",
    "{ kind: k_fold, folds: 3 }",
  );
  await train(project, "exp_v1", ...SHORT);
  await project.edit("configs/exp_v1.yaml", "folds: 3", "folds: 4");
  const { document } = await project.json("replay", "exp_v1");
  assert.deepEqual(
    document.drifts.map(({ clause, values, changes }) => [clause, values, changes?.[0]?.path]),
    [[
      "split",
      {
        past: "3 folds, the first of 100 train, 50 test rows",
        current: "4 folds, the first of 112 train, 38 test rows",
      },
      "split.folds",
    ]],
  );
});

Deno.test("a regression is trained, scored by its own metrics, and reproduced", async () => {
  await using project = await openProject();
  const { metrics } = await train(project, "diabetes");
  // On other splits, linear regression is known to explain some half of the variance.
  assert.ok(metrics.r2! > 0.3 && metrics.r2! < 0.7, `r2 ${metrics.r2}`);
  const baseline = await train(project, "diabetes", "--set", "model.name=mean_value", "--set", "run=mean");
  assert.ok(metrics.rmse! < baseline.metrics.rmse!);
  assert.ok(Math.abs(baseline.metrics.r2!) < 0.1);
  for (const flags of [["--rerun"], ["--as-recorded"]]) {
    assert.equal((await project.json("replay", "diabetes", ...flags)).document.verdict, "reproduced");
  }
});

Deno.test("a model, a metric, a target and a split that don't go together are told before anything is trained", async () => {
  await using project = await openProject();
  const refused = async (config: string, ...overrides: readonly string[]) => {
    const { code, stderr } = await project.run(
      "train",
      config,
      ...overrides.flatMap((one) => ["--set", one]),
    );
    assert.equal(code, 2, stderr);
    return stderr.split("\n").find((line) => line.startsWith("error:"));
  };
  assert.equal(
    await refused("diabetes", "metrics=[rmse, accuracy]"),
    'error: --set metrics=[rmse, accuracy]  metrics.1: accuracy is no metric of a regression, which "linear_regression" ' +
      "is for: choose among rmse, mae, r2, mape",
  );
  assert.equal(
    await refused("exp_v1", "model={ name: mean_value }", "metrics=[rmse]"),
    'error: model.name: "mean_value" is a model of a regression, which needs a number, but the target "species" of ' +
      '"iris_v1" is a category column.',
  );
  assert.equal(
    await refused("exp_v1", "split={ kind: grouped, folds: 3, by: petal_widht }"),
    'error: split.by: "iris_v1" has no column "petal_widht". Did you mean "petal_width"?',
  );
  assert.match(
    (await refused("diabetes", "split={ kind: k_fold, folds: 3, stratify: true }"))!,
    /stratify/,
  );
  assert.match((await refused("exp_v1", "split={ kind: k_fold, folds: 1 }"))!, /split\.folds: expected/);
});

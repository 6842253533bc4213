import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { openStore } from "../../lib/tracking/open_store.ts";
import type { Run, TrackingStore } from "../../lib/tracking/store.ts";
import { withPython } from "../mlflow/python.ts";
import { startServer } from "../mlflow/server.ts";
import { openProject, type Project, ROOT } from "../project.ts";

const embedded = (project: Project) => openStore(`sqlite:///${join(project.directory, "mlflow.db")}`);

/** A model that does what a test asks in the middle of its fit. */
const saboteur = (deed: string) => `
import { majority_class } from "./majority_class.ts";

export const saboteur = {
  ...majority_class,
  async fit(input: Parameters<typeof majority_class.fit>[0]) {
    ${deed}
    return await majority_class.fit(input);
  },
};
`;

async function withSaboteur(project: Project, deed: string): Promise<void> {
  await project.write("registries/models/saboteur.ts", saboteur(deed));
  await project.edit(
    "registries/models/mod.ts",
    "export { mlp }",
    'export { saboteur } from "./saboteur.ts";\nexport { mlp }',
  );
}

const train = ["train", "baseline", "--set", "model.name=saboteur", "--set", "run=sabotaged"] as const;

async function onlyRun(store: TrackingStore): Promise<Run> {
  const { runs } = await store.searchRuns({});
  assert.equal(runs.length, 1);
  return runs[0]!;
}

Deno.test("training twice with one seed gives the same bits, and with another seed others", async () => {
  await using project = await openProject();
  await using store = await embedded(project);
  for (const config of ["exp_v1", "configs/exp_v2.ts", "baseline"]) {
    const trained = await Promise.all([
      project.json("train", config),
      project.json("train", config),
      project.json("train", config, "--set", "seed=43"),
    ]);
    const [one, same, other] = trained.map(({ document }) => document);
    const [bytes, sameBytes, otherBytes] = await Promise.all(
      [one!, same!, other!].map(({ run_id }) => store.downloadArtifact(run_id, "model/model.json")),
    );
    assert.deepEqual(same!.metrics, one!.metrics);
    assert.deepEqual(same!.contract, one!.contract);
    assert.deepEqual(sameBytes, bytes);
    if (config !== "baseline") assert.notDeepEqual(otherBytes, bytes);
  }
});

Deno.test("training learns: the models beat the baseline on the test rows", async () => {
  await using project = await openProject();
  const [softmax, mlp, baseline] = await Promise.all(
    ["exp_v1", "exp_v2", "baseline"].map(async (config) =>
      (await project.json("train", config)).document.metrics
    ),
  );
  assert.ok(softmax!.accuracy! >= 0.93, `logistic regression ${softmax!.accuracy}`);
  assert.ok(mlp!.accuracy! >= 0.93, `mlp ${mlp!.accuracy}`);
  assert.ok(Math.abs(baseline!.accuracy! - 1 / 3) < 1e-12, `baseline ${baseline!.accuracy}`);
});

for (const kind of ["embedded store", "MLflow server"] as const) {
  Deno.test(`a run in the ${kind} holds all that it was made of`, async () => {
    await using project = await openProject({ USER: "ada" });
    await using server = kind === "MLflow server" ? await startServer() : undefined;
    for (
      const args of [
        ["init", "-q", "-b", "trunk"],
        ["remote", "add", "origin", "https://ada:secret@example.org/iris.git"],
        ["add", "."],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "start"],
      ]
    ) {
      assert.ok(
        (await new Deno.Command("git", { args, cwd: project.directory }).output()).success,
        args.join(" "),
      );
    }
    const uri = server ? ["--tracking-uri", server.uri] : [];
    const { document, code } = await project.json(
      "train",
      "exp_v1",
      "--set",
      "model.params.epochs=30",
      ...uri,
    );
    assert.equal(code, 0);
    assert.deepEqual(Object.keys(document), [
      "run_id",
      "run_name",
      "experiment",
      "status",
      "params",
      "metrics",
      "contract",
    ]);

    await using store = server ? await openStore(server.uri) : await embedded(project);
    const run = await store.getRun(document.run_id);
    assert.deepEqual([run.info.run_name, run.info.status, run.info.user_id], ["exp_v1", "FINISHED", "ada"]);
    assert.equal((await store.getExperimentByName("iris"))?.experiment_id, run.info.experiment_id);
    assert.deepEqual(run.params, document.params);
    assert.equal(run.params["model.params.epochs"], "30");
    assert.equal(run.params["model.params.learning_rate"], "0.05");

    const commit = new TextDecoder().decode(
      (await new Deno.Command("git", { args: ["rev-parse", "HEAD"], cwd: project.directory }).output())
        .stdout,
    ).trim();
    const { "reprise.version": version, ...tags } = run.tags;
    assert.match(version!, /^\d+\.\d+\.\d+$/);
    assert.deepEqual(tags, {
      "mlflow.runName": "exp_v1",
      "mlflow.user": "ada",
      "mlflow.source.name": "configs/exp_v1.yaml",
      "mlflow.source.type": "LOCAL",
      "mlflow.source.git.commit": commit,
      "mlflow.source.git.branch": "trunk",
      "mlflow.source.git.repoURL": "https://example.org/iris.git",
      // The embedded store's own files are untracked there.
      "reprise.git.dirty": String(!server),
      "reprise.config": "exp_v1",
      "reprise.set": '["model.params.epochs=30"]',
    });

    assert.deepEqual(
      Object.fromEntries(Object.entries(run.metrics).map(([key, { value }]) => [key, value])),
      document.metrics,
    );
    const curve = await store.getMetricHistory(run.info.run_id, "train_loss");
    assert.deepEqual(curve.map(({ step }) => step), Array.from({ length: 30 }, (_, epoch) => epoch + 1));
    assert.ok(curve.at(-1)!.value < curve[0]!.value / 2, "the curve falls");

    const [dataset] = run.datasets;
    assert.deepEqual([dataset!.name, dataset!.context, dataset!.source_type], [
      "iris_v1",
      "training",
      "local",
    ]);
    assert.deepEqual(JSON.parse(dataset!.source), { uri: "registries/datasets/iris_v1.csv" });
    assert.deepEqual(JSON.parse(dataset!.profile), { num_rows: 150, num_elements: 750 });
    assert.deepEqual(JSON.parse(dataset!.schema).mlflow_colspec[4], {
      type: "string",
      name: "species",
      required: true,
    });

    const text = async (path: string) =>
      new TextDecoder().decode(await store.downloadArtifact(run.info.run_id, path));
    const contract = JSON.parse(await text("contract.json"));
    assert.deepEqual({ version: contract.version, clauses: contract.clauses }, document.contract);
    assert.match(await text("config.yaml"), /^ {2}params:\n {4}epochs: 30$/m);
    assert.equal(
      await text("source/modules/registries/features/_helpers.ts"),
      await project.read("registries/features/_helpers.ts"),
    );
    assert.equal(JSON.parse(await text("config_origins.json"))["seed"], "configs/exp_v1.yaml:8:7");
    const canonical = JSON.parse(await text("source/canonical.json"));
    assert.deepEqual(
      Object.keys(canonical.clauses).sort(),
      Object.keys(contract.clauses).filter((clause) =>
        /^(data\.\w+\.source|features\.\w+\.\w+|model\..+|metrics\..+)$/.test(clause)
      ).sort(),
    );
    assert.equal(JSON.parse(await text("model/model.json")).classes.length, 3);
  });
}

Deno.test("MLflow's own clients find a run that was trained without them", async () => {
  await using project = await openProject();
  const { document } = await project.json("train", "exp_v1");
  const database = `sqlite:///${join(project.directory, "mlflow.db")}`;
  for (const version of ["2.22.0", "3.17.2"] as const) {
    const told = await withPython(
      version,
      `
client = MlflowClient(args[0])
experiment = client.get_experiment_by_name("iris")
run, = client.search_runs([experiment.experiment_id], "params.\`model.params.epochs\` = '200' and metrics.accuracy > 0.9")
tell([
    run.info.run_id, run.info.status, dict(run.data.params), dict(run.data.metrics),
    len(client.get_metric_history(run.info.run_id, "train_loss")),
    run.inputs.dataset_inputs[0].dataset.name, sorted(a.path for a in client.list_artifacts(run.info.run_id)),
])`,
      database,
    );
    assert.deepEqual(told, [
      document.run_id,
      "FINISHED",
      document.params,
      document.metrics,
      200,
      "iris_v1",
      [
        "config.yaml",
        "config_origins.json",
        "contract.json",
        "evaluation.json",
        "executed.json",
        "lineage.json",
        "lineage.svg",
        "model",
        "outcome.json",
        "plots",
        "source",
      ],
    ]);
  }
});

Deno.test("a run fails when code that it reached changes under the fit", async () => {
  await using project = await openProject();
  const file = "registries/features/_helpers.ts";
  await withSaboteur(
    project,
    `await Deno.writeTextFile("${file}", (await Deno.readTextFile("${file}")).replace("length / width", "width / length"));`,
  );
  const { code, document, stderr } = await project.json(...train);
  assert.equal(code, 1);
  assert.equal(document.status, "FAILED");
  const reason = `${file} changed while the model was fitted, so the run isn't one of its contract: ` +
    "features.iris_v1_features_v1.petal_shape, features.iris_v1_features_v1.sepal_shape.";
  assert.match(stderr, new RegExp(`^The run ended FAILED: ${reason.replace(/[.*]/g, "\\$&")}$`, "m"));
  await using store = await embedded(project);
  const run = await onlyRun(store);
  assert.deepEqual([run.info.status, run.tags["reprise.failure"]], ["FAILED", reason]);
  // Whoever may write to the store may say that it finished.
  await store.updateRun(run.info.run_id, { status: "FINISHED", end_time: run.info.start_time + 1 });
  const judged = await project.json("replay", "--run-id", run.info.run_id);
  assert.deepEqual([judged.document.verdict, judged.document.reasons], ["unverifiable", [
    "The run's contract.json was changed since it was recorded: its digest isn't the one of the param contract.digest.",
  ]]);
});

Deno.test("a run fails when its data change under the fit", async () => {
  await using project = await openProject();
  const file = "registries/datasets/iris_v1.csv";
  await withSaboteur(
    project,
    `await Deno.writeTextFile("${file}", (await Deno.readTextFile("${file}")).replace("5.1,3.5,", "5.3,3.5,"));`,
  );
  const { document } = await project.json(...train);
  assert.deepEqual(
    [document.status, document.reason],
    [
      "FAILED",
      `${file} changed while the model was fitted, so the run isn't one of its contract: data.iris_v1.columns.sepal_length, ` +
      "data.iris_v1.rows, features.iris_v1_features_v1.sepal_length.values, features.iris_v1_features_v1.sepal_shape.values.",
    ],
  );
});

Deno.test("a run finishes when only a comment changes under the fit", async () => {
  await using project = await openProject();
  const file = "registries/features/_helpers.ts";
  await withSaboteur(
    project,
    `await Deno.writeTextFile("${file}", "// a remark\\n" + await Deno.readTextFile("${file}"));`,
  );
  const { code, document } = await project.json(...train);
  assert.deepEqual([code, document.status], [0, "FINISHED"]);
});

Deno.test("a run whose fit throws ends FAILED with the reason, and the error has no stack trace", async () => {
  await using project = await openProject();
  await withSaboteur(project, 'throw new TypeError("no luck today");');
  const { code, stdout, stderr } = await project.run(...train);
  assert.deepEqual([code, stdout], [70, ""]);
  assert.match(
    stderr,
    /^error: no luck today\nhint: this is a fault of Reprise or of your code; --debug shows where\.$/m,
  );
  assert.doesNotMatch(stderr, /^ {4}at /m);
  assert.match(
    (await project.run(...train, "--debug")).stderr,
    /^TypeError: no luck today\n {4}at .*saboteur\.ts/m,
  );
  await using store = await embedded(project);
  const { runs } = await store.searchRuns({});
  // A run's state can be changed in MLflow at any time, but none can be given a digest of its contract any more.
  const none = "the run isn't one of its contract";
  assert.deepEqual(
    runs.map(({ info, tags, params }) => [
      info.status,
      tags["reprise.failure"],
      params["contract.digest"],
    ]),
    [["FAILED", "no luck today", none], ["FAILED", "no luck today", none]],
  );
});

Deno.test("an interrupted run ends KILLED and keeps its curve", async () => {
  await using project = await openProject();
  const child = project.start(
    "train",
    "exp_v1",
    "--set",
    "model.params.epochs=10000000",
    "--set",
    "run=endless",
  );
  const [, stderr] = await Promise.all([child.stdout.cancel(), interruptAtEpoch(child)]);
  const { code } = await child.status;
  assert.equal(code, 130);
  assert.match(stderr, /run ended KILLED\nInterrupted\.\n$/);
  await using store = await embedded(project);
  const run = await onlyRun(store);
  assert.deepEqual(
    [run.info.status, run.params["contract.digest"]],
    ["KILLED", "the run isn't one of its contract"],
  );
  assert.ok((await store.getMetricHistory(run.info.run_id, "train_loss")).length > 0);
});

Deno.test("eight processes train into one new store at once, and nothing is lost", async () => {
  await using project = await openProject();
  const trained = await Promise.all(
    Array.from(
      { length: 8 },
      (_, seed) =>
        project.json("train", "exp_v1", "--set", `seed=${seed}`, "--set", "model.params.epochs=20"),
    ),
  );
  await using store = await embedded(project);
  const { runs } = await store.searchRuns({});
  assert.deepEqual(
    runs.map(({ info }) => info.run_id).sort(),
    trained.map(({ document }) => document.run_id).sort(),
  );
  for (const run of runs) await assertWhole(store, run, 20);
});

Deno.test("kill -9 at any moment leaves a store that opens, earlier runs whole, and no half-made run that reads FINISHED", async () => {
  await using project = await openProject();
  assert.equal((await project.run("train", "exp_v1")).code, 0);
  const began = performance.now();
  assert.equal((await project.run("train", "exp_v1")).code, 0);
  const usual = performance.now() - began;
  let killed = 0;
  /** Kills a training after a share of its usual time: from its start, or from when its run is recorded. */
  const kill = async (from: "start" | "record", share: number) => {
    const child = project.start("train", "exp_v1");
    const stdout = child.stdout.cancel();
    let waited = Promise.resolve();
    const wait = () => {
      waited = new Promise((resolve) => setTimeout(resolve, share * usual)).then(() => {
        try {
          child.kill("SIGKILL");
        } catch {
          // It had ended before.
        }
      });
    };
    if (from === "start") wait();
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
      if (from === "record" && text.includes("of experiment iris")) wait();
    }
    await Promise.all([waited, stdout]);
    if ((await child.status).signal === "SIGKILL") killed++;
  };
  for (let round = 0; round < 50; round++) {
    await Promise.all([kill("start", Math.random() * 1.5), kill("record", Math.random() * 0.5)]);
  }
  assert.ok(killed > 20, `only ${killed} of 100 were killed in time`);

  const database = new DatabaseSync(join(project.directory, "mlflow.db"));
  assert.deepEqual({ ...database.prepare("PRAGMA integrity_check").get() }, { integrity_check: "ok" });
  database.close();
  await using store = await embedded(project);
  const { runs } = await store.searchRuns({ max_results: 1000 });
  assert.deepEqual([...new Set(runs.map(({ info }) => info.status))].sort(), ["FINISHED", "RUNNING"]);
  const finished = runs.filter(({ info }) => info.status === "FINISHED");
  for (const run of finished) await assertWhole(store, run, 200);
  const { code, document } = await project.json("replay", "exp_v1", "--rerun");
  assert.deepEqual([code, document.verdict], [0, "reproduced"]);
});

/** Sends SIGINT once the first epochs are told, and gives all that was told. */
async function interruptAtEpoch(child: Deno.ChildProcess): Promise<string> {
  let text = "";
  let sent = false;
  for await (const chunk of child.stderr.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (!sent && text.includes("of experiment iris")) {
      sent = true;
      setTimeout(() => child.kill("SIGINT"), 1000);
    }
  }
  return text;
}

async function assertWhole(store: TrackingStore, run: Run, epochs: number): Promise<void> {
  const id = run.info.run_id;
  assert.equal(run.info.status, "FINISHED");
  assert.deepEqual(Object.keys(run.metrics).sort(), ["accuracy", "log_loss", "macro_f1", "train_loss"]);
  assert.equal((await store.getMetricHistory(id, "train_loss")).length, epochs);
  assert.equal(run.datasets.length, 1);
  for (const path of ["contract.json", "source/canonical.json", "model/model.json"]) {
    assert.ok(JSON.parse(new TextDecoder().decode(await store.downloadArtifact(id, path))), path);
  }
}

Deno.test("a run with the grants of a task says once what git's files don't tell, and records it as unknown", async () => {
  await using project = await openProject();
  const git = async (...args: readonly string[]) => {
    const { success, stdout } = await new Deno.Command("git", {
      args: ["-c", "user.name=a", "-c", "user.email=a@b", ...args],
      cwd: project.directory,
    }).output();
    assert.ok(success, args.join(" "));
    return new TextDecoder().decode(stdout).trim();
  };
  const trainAlone = async (run: string) => {
    const { stderr, success } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--no-prompt", "--ignore-env", "--quiet", "--no-lock", "--config", "deno.json"],
        ...[`--allow-read=.,${fileURLToPath(ROOT)}`, "--allow-write=.", "--allow-env=USER"],
        ...[new URL("cli.ts", ROOT).href, "train", "baseline", "--set", `run=${run}`],
      ],
      cwd: project.directory,
      env: { NO_COLOR: "1", USER: "ada" },
    }).output();
    const story = new TextDecoder().decode(stderr);
    assert.ok(success, story);
    await using store = await embedded(project);
    const [found] = (await store.searchRuns({})).runs.filter(({ info }) => info.run_name === run);
    const contract = JSON.parse(
      new TextDecoder().decode(await store.downloadArtifact(found!.info.run_id, "contract.json")),
    );
    return {
      told: story.split("\n").filter((line) => line.includes("git")),
      dirty: found!.tags["reprise.git.dirty"],
      commit: contract.evidence["environment.commit"]?.value,
    };
  };
  assert.deepEqual(await trainAlone("nowhere"), {
    told: [
      "The git commit is unknown: no repository is in this directory, and those above it may not be read.",
    ],
    dirty: undefined,
    commit: undefined,
  });
  await git("init", "-q");
  await project.write(".gitignore", "mlflow.db*\nmlartifacts/\n");
  await git("add", ".");
  await git("commit", "-qm", "start");
  const commit = await git("rev-parse", "HEAD");
  assert.deepEqual(await trainAlone("clean"), { told: [], dirty: "false", commit });
  await project.write("notes.txt", "");
  assert.deepEqual(await trainAlone("doubtful"), {
    told: [
      "Whether files differ from the git commit is unknown: there are untracked files, and whether git's ignore file " +
      "of the user names them can't be read.",
    ],
    dirty: "unknown",
    commit: `${commit} (dirty unknown)`,
  });
  await project.edit("configs/baseline.yaml", "seed: 42", "seed: 43");
  assert.deepEqual(await trainAlone("dirty"), { told: [], dirty: "true", commit: `${commit} (dirty)` });
});

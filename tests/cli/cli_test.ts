import assert from "node:assert/strict";
import { join } from "node:path";
import { z } from "../../lib/deps/zod.ts";
import { freePort } from "../mlflow/server.ts";
import { openProject, ROOT } from "../project.ts";

const error = (code: number, stderr: string) => ({ code, stdout: "", stderr });

Deno.test("help tells the commands and their flags", async () => {
  await using project = await openProject();
  const { code, stdout } = await project.run("--help");
  assert.equal(code, 0);
  for (const command of ["train", "replay", "contract", "runs", "registry", "config"]) {
    assert.match(stdout, new RegExp(`^ {2}${command}\\b`, "m"));
    assert.equal((await project.run(command, "--help")).code, 0);
  }
  const replay = (await project.run("replay", "--help")).stdout;
  for (
    const flag of [
      "--run-id <id>",
      "--rerun",
      "--recorded-config",
      "--config <file>",
      "--tracking-uri <uri>",
      "--json",
      "--debug",
    ]
  ) {
    assert.ok(replay.includes(flag), flag);
  }
});

Deno.test("a command line that isn't understood exits with 2 and a suggestion", async () => {
  await using project = await openProject();
  assert.deepEqual(
    await project.run("trian", "exp_v1"),
    error(2, "error: unknown command 'trian'\n(Did you mean train?)\n"),
  );
  assert.deepEqual(
    await project.run("train", "exp_v1", "--jsn"),
    error(2, "error: unknown option '--jsn'\n(Did you mean --json?)\n"),
  );
  assert.deepEqual(await project.run("train"), error(2, "error: missing required argument 'config'\n"));
  assert.deepEqual(
    await project.run("replay"),
    error(2, "error: No run to replay: give its name, or its id by --run-id.\n"),
  );
});

Deno.test("a config that isn't there is an error with the nearest name", async () => {
  await using project = await openProject();
  assert.deepEqual(
    await project.run("train", "exp_v11"),
    error(
      2,
      'error: There is no config "exp_v11": neither configs/exp_v11.yaml nor configs/exp_v11.ts. Did you mean "exp_v1"?\n' +
        "hint: Name a config in configs/, or give the path of one.\n",
    ),
  );
});

Deno.test("a config's faults are told all at once, each with its place", async () => {
  await using project = await openProject();
  await project.edit("configs/exp_v1.yaml", "logistic_regression", "logistc_regression");
  await project.edit("configs/exp_v1.yaml", "seed: 42", "sede: 42");
  await project.edit("configs/exp_v1.yaml", "test: 0.2", "test: 2");
  assert.deepEqual(
    await project.run("contract", "exp_v1"),
    error(
      2,
      "error: configs/exp_v1.yaml:1:1  seed: missing (expected a whole number)\n" +
        'configs/exp_v1.yaml:5:16  model.name: no model "logistc_regression". Did you mean "logistic_regression"?\n' +
        "configs/exp_v1.yaml:6:31  split.test: expected a number below 1, found 2\n" +
        'configs/exp_v1.yaml:8:1  sede: unknown key. Did you mean "seed"?\n',
    ),
  );
  const whole = await Deno.readTextFile(new URL("configs/exp_v1.yaml", ROOT));
  const bomb = Array.from(
    "bcdefghi",
    (name, level) => `${name}: &${name} [${Array(9).fill(`*${"abcdefgh"[level]}`).join(", ")}]`,
  );
  for (
    const [text, message] of [
      [`${whole}seed: 2\n`, "configs/exp_v1.yaml:9:1  seed: "],
      [whole.replace("data: {", "data:\n\t{"), "configs/exp_v1.yaml:4:1  "],
      [`a: &a [1]\n${bomb.join("\n")}\n${whole}`, "configs/exp_v1.yaml:"],
    ] as const
  ) {
    await project.write("configs/exp_v1.yaml", text);
    const { code, stderr } = await project.run("contract", "exp_v1");
    assert.equal(code, 2);
    assert.ok(stderr.startsWith(`error: ${message}`), stderr);
    assert.doesNotMatch(stderr, /^ {4}at /m);
  }
});

Deno.test("--set overrides any value, and is checked the same way", async () => {
  await using project = await openProject();
  const contract = async (...set: readonly string[]) =>
    (await project.json("contract", "exp_v1", ...set.flatMap((value) => ["--set", value]))).document.clauses;
  const plain = await contract();
  const changed = async (...set: readonly string[]) => {
    const clauses = await contract(...set);
    return [...new Set([...Object.keys(plain), ...Object.keys(clauses)])].filter((name) =>
      plain[name] !== clauses[name]
    );
  };
  assert.deepEqual(await changed("model.params.epochs=200"), []);
  assert.deepEqual(await changed("model.params.epochs=100"), ["params"]);
  assert.deepEqual(await changed("seed=1", "split.stratify=false"), ["split", "seed"]);
  assert.deepEqual(
    await project.run("contract", "exp_v1", "--set", "model.params.epochs=many", "--set", "model.parms.l2=1"),
    error(
      2,
      'error: --set model.params.epochs=many  model.params.epochs: expected a whole number, found "many"\n' +
        '--set model.parms.l2=1  model.parms: unknown key. Did you mean "params"?\n',
    ),
  );
  assert.equal((await project.run("contract", "exp_v1", "--set", "seed")).code, 2);
});

Deno.test("--json prints exactly one document on stdout, and the story on stderr", async () => {
  await using project = await openProject();
  const contract = await project.json("contract", "exp_v1");
  assert.deepEqual(Object.keys(contract.document), ["version", "clauses"]);
  for (const [clause, digest] of Object.entries(contract.document.clauses)) {
    assert.match(digest, /^[0-9a-f]{64}$/, clause);
  }
  assert.ok("features.iris_v1_features_v1.petal_area" in contract.document.clauses);

  const trained = await project.json("train", "exp_v1");
  assert.deepEqual(Object.keys(trained.document), [
    "run_id",
    "run_name",
    "experiment",
    "status",
    "params",
    "metrics",
    "contract",
  ]);
  assert.deepEqual(trained.document.contract, contract.document);
  assert.match(trained.stderr, /^epoch 200\/200: train_loss 0\.\d+$/m);

  const replayed = await project.json("replay", "exp_v1");
  assert.deepEqual([replayed.document.verdict, replayed.document.run_id, replayed.document.drifts], [
    "safe",
    trained.document.run_id,
    [],
  ]);

  const list = JSON.parse((await project.run("runs", "list", "--json")).stdout);
  assert.deepEqual([list.length, list[0].run_id, list[0].metrics.accuracy], [
    1,
    trained.document.run_id,
    trained.document.metrics.accuracy,
  ]);
  const shown = JSON.parse((await project.run("runs", "show", "exp_v1", "--json")).stdout);
  assert.deepEqual([shown.info.run_id, shown.artifacts.includes("contract.json")], [
    trained.document.run_id,
    true,
  ]);
  const registry = JSON.parse((await project.run("registry", "--json")).stdout);
  const models: readonly string[] = registry.models.map(({ name }: { name: string }) => name);
  assert.deepEqual(
    ["logistic_regression", "majority_class", "mlp"].filter((name) => !models.includes(name)),
    [],
  );
});

Deno.test("the JSON Schema of configs accepts the configs of this project, and no other", async () => {
  await using project = await openProject();
  const schema = z.fromJSONSchema(JSON.parse((await project.run("config", "schema")).stdout));
  const config = {
    experiment: "iris",
    run: "r",
    data: { name: "iris_v1" },
    features: { view: "iris_v1_features_v1" },
    model: { name: "mlp" },
    split: { kind: "holdout", test: 0.2 },
    metrics: ["accuracy"],
    seed: 1,
  };
  assert.equal(schema.safeParse(config).success, true);
  assert.equal(schema.safeParse({ ...config, model: { name: "mpl" } }).success, false);
  assert.equal(schema.safeParse({ ...config, sede: 1 }).success, false);
  const replay = z.fromJSONSchema(JSON.parse((await project.run("config", "schema", "replay")).stdout));
  assert.equal(replay.safeParse({ run: "exp_v1", binding: ["environment.deno"] }).success, true);
});

Deno.test("the store is the asked one, then the environment's, then the config's, then mlflow.db", async () => {
  const storeOf = async (env: string | undefined, config: string | undefined, flag: string | undefined) => {
    await using project = await openProject(env === undefined ? {} : { MLFLOW_TRACKING_URI: env });
    if (config !== undefined) {
      await project.edit("configs/baseline.yaml", "seed: 42", `seed: 42\ntracking: { uri: "${config}" }`);
    }
    const args = flag === undefined ? [] : ["--tracking-uri", flag];
    assert.equal((await project.run("train", "baseline", ...args)).code, 0);
    const files: string[] = [];
    for await (const { name } of Deno.readDir(project.directory)) if (name.endsWith(".db")) files.push(name);
    return files;
  };
  const [env, config, flag] = ["sqlite:///env.db", "sqlite:///config.db", "sqlite:///flag.db"];
  assert.deepEqual(await storeOf(env, config, flag), ["flag.db"]);
  assert.deepEqual(await storeOf(env, config, undefined), ["env.db"]);
  assert.deepEqual(await storeOf(undefined, config, undefined), ["config.db"]);
  assert.deepEqual(await storeOf(undefined, undefined, undefined), ["mlflow.db"]);
});

Deno.test("a store out of reach exits with 3, and without a stack trace", async () => {
  await using project = await openProject();
  const uri = `http://127.0.0.1:${freePort()}`;
  const { code, stdout, stderr } = await project.run("runs", "list", "--tracking-uri", uri);
  assert.deepEqual([code, stdout], [3, ""]);
  assert.match(stderr, /^error: .+\nhint: .+\n$/);
  assert.ok(stderr.includes(uri));
});

Deno.test("looking for a run makes no store", async () => {
  await using project = await openProject();
  const { code, stderr } = await project.run("replay", "exp_v1");
  assert.equal(code, 2);
  assert.equal(
    stderr,
    "error: There is no store sqlite:///mlflow.db: no file mlflow.db.\n" +
      "hint: Train a run first, or name another store with --tracking-uri.\n",
  );
  assert.equal((await project.run("runs", "list")).code, 2);
  await assert.rejects(Deno.stat(join(project.directory, "mlflow.db")), Deno.errors.NotFound);
});

Deno.test("a whole experiment in one script trains, replays and prints its contract by itself", async () => {
  await using project = await openProject();
  await project.write("flowers.csv", await project.read("registries/datasets/iris_v1.csv"));
  const from = (path: string) => JSON.stringify(new URL(path, ROOT).href);
  await project.write(
    "iris.ts",
    `import { csv, defineDataset, defineExperiment, defineFeatures, main } from ${from("mod.ts")};
import { z } from ${from("lib/deps/zod.ts")};
import { logistic_regression } from "./registries/models/mod.ts";

export const flowers = defineDataset({
  row: z.object({
    petal_length: z.number(),
    petal_width: z.number(),
    species: z.enum(["setosa", "versicolor", "virginica"]),
  }),
  target: "species",
  source: csv("./flowers.csv", import.meta),
});
export const shapes = defineFeatures(flowers, {
  petal_area: (row) => row.petal_length * row.petal_width,
  petal_length: (row) => row.petal_length,
});
export const experiment = defineExperiment({ datasets: { flowers }, features: { shapes }, models: { logistic_regression } }, {
  experiment: "iris",
  run: "script",
  data: { name: "flowers" },
  features: { view: "shapes" },
  model: { name: "logistic_regression", params: { epochs: 20 } },
  split: { kind: "holdout", test: 0.2 },
  metrics: ["accuracy"],
  seed: 42,
});
if (import.meta.main) await main(experiment);
`,
  );
  const script = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--check", "iris.ts", ...args],
      cwd: project.directory,
      env: { MLFLOW_TRACKING_URI: "", NO_COLOR: "1" },
    }).output();
    return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
  };
  const trained = await script();
  assert.equal(trained.code, 0, trained.stderr);
  assert.match(trained.stdout, /^script of experiment iris: FINISHED, run [0-9a-f]{32}$/m);
  assert.equal(JSON.parse((await script("replay", "--rerun", "--json")).stdout).verdict, "reproduced");

  const contract = JSON.parse((await script("contract", "--json")).stdout);
  assert.ok("features.shapes.petal_area" in contract.clauses);
  assert.deepEqual((await project.json("contract", "iris.ts")).document, contract);
  // A record names a path, and what is at a path is run only when the command names it.
  const { document } = await project.json("replay", "script");
  assert.equal(document.verdict, "unverifiable");
  assert.match(
    String(document.reasons),
    /\nIt was trained from iris\.ts, which is run only when the command names it: --judged-by\.$/,
  );
  assert.equal(
    (await project.json("replay", "script", "--judged-by", "iris.ts")).document.verdict,
    "safe",
  );

  await project.edit(
    "iris.ts",
    "row.petal_length * row.petal_width",
    "row.petal_length * row.petal_width * 2",
  );
  const blocked = await script("replay", "--json");
  assert.equal(blocked.code, 1);
  assert.deepEqual(
    JSON.parse(blocked.stdout).drifts.map((
      { clause, declarations }: { clause: string; declarations?: unknown },
    ) => [clause, declarations]),
    [["features.shapes.petal_area", ["iris.ts#shapes.petal_area"]], [
      "features.shapes.petal_area.values",
      undefined,
    ]],
  );
});

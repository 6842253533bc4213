import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { openStore } from "../../lib/tracking/open_store.ts";
import { registry } from "../../registries/mod.ts";
import { openProject, ROOT } from "../project.ts";

const CONFIGS = { classification: "exp_v1", regression: "diabetes" } as const;
/** What makes a fit short, for those models that have such a param. */
const SHORT: Readonly<Record<string, string>> = { epochs: "3", iterations: "3", trees: "3" };

/** TensorFlow.js seeds a generator of its own, which nothing here uses, when it is loaded: that may go on. */
const TRAP = `
const { random } = Math;
Error.stackTraceLimit = 100;
Math.random = () => {
  if (String(new Error().stack).includes("Module._compile")) return random();
  throw new Error("Math.random was called");
};`;

for (const [name, model] of Object.entries(registry.models)) {
  Deno.test(`a fit of ${name} draws nothing from Math.random, and a second one gives the same bits`, async () => {
    await using project = await openProject();
    await project.edit(
      "registries/mod.ts",
      "import",
      `${TRAP}\nimport`,
    );
    const param = Object.keys(SHORT).find((one) => one in model.params.shape);
    const params = param === undefined ? "" : `, params: { ${param}: ${SHORT[param]} }`;
    const { code, document, stderr } = await project.json(
      ...["train", CONFIGS[model.task], "--verify"],
      ...["--set", `model={ name: ${name}${params} }`],
    );
    assert.equal(code, 0, stderr);
    assert.equal((document as unknown as { determinism: string }).determinism, "bit-exact");
    await using store = await openStore(`sqlite:///${join(project.directory, "mlflow.db")}`);
    assert.equal((await store.getRun(document.run_id)).tags["reprise.determinism"], "bit-exact");
  });
}

/** Processes in which a fit has to give the same bits: how Deno is started there. */
const PROCESSES: Readonly<Record<string, readonly string[]>> = {
  "two cores, compiled code at hand": [Deno.execPath(), "run"],
  "one core": ["taskset", "-c", "0", Deno.execPath(), "run"],
  "nothing compiled before": [Deno.execPath(), "run", "--no-code-cache"],
  "code that is never optimised": [Deno.execPath(), "run", "--v8-flags=--no-opt,--liftoff-only"],
  "one thread": [Deno.execPath(), "run", "--v8-flags=--single-threaded"],
};

Deno.test("metrics and models are the same bits on one and two cores, cold and warm, optimised or not", async (t) => {
  await using project = await openProject();
  const names = [
    "logistic_regression",
    "mlp",
    "gradient_boosting",
    "random_forest",
    "linear_regression",
  ] as const;
  for (const name of names) {
    const { task, params } = registry.models[name];
    const short = "epochs" in params.shape ? ", params: { epochs: 20 }" : "";
    await t.step(name, async () => {
      const made: string[] = [];
      for (const [command, ...args] of Object.values(PROCESSES)) {
        const { success, stdout, stderr } = await new Deno.Command(command!, {
          args: [
            ...[...args, "-A", "--quiet", "--no-lock", "--config", "deno.json", new URL("cli.ts", ROOT).href],
            ...["train", CONFIGS[task], "--set", `model={ name: ${name}${short} }`, "--json"],
          ],
          cwd: project.directory,
        }).output();
        assert.ok(success, new TextDecoder().decode(stderr));
        const { run_id, metrics } = JSON.parse(new TextDecoder().decode(stdout));
        made.push(JSON.stringify({ metrics, files: await filesOf(project.directory, run_id) }));
      }
      assert.equal(made.length, 5);
      assert.equal(
        new Set(made).size,
        1,
        `${Object.keys(PROCESSES)}: ${made.map((one) => made.indexOf(one))}`,
      );
    });
  }
});

/** The SHA-256 of each file of a run's model. */
async function filesOf(directory: string, runId: string): Promise<Readonly<Record<string, string>>> {
  const experiments = join(directory, "mlartifacts");
  const digests: Record<string, string> = {};
  for await (const { name: experiment } of Deno.readDir(experiments)) {
    const model = join(experiments, experiment, runId, "artifacts", "model");
    if (!(await exists(model))) continue;
    for await (const { name } of Deno.readDir(model)) {
      digests[name] = createHash("sha256").update(await Deno.readFile(join(model, name))).digest("hex");
    }
  }
  assert.ok(digests["model.json"]);
  return digests;
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

Deno.test("a fit that differs from time to time is told with how far apart the scores are", async () => {
  await using project = await openProject();
  await project.edit(
    "registries/models/majority_class.ts",
    "counts[label]!++;",
    "counts[label]! += 1 + crypto.getRandomValues(new Uint8Array(1))[0]! / 255;",
  );
  const { document } = await project.json("train", "baseline", "--set", "metrics=[log_loss]", "--verify");
  assert.match((document as unknown as { determinism: string }).determinism, /^not exact: log_loss ±\d/);
});

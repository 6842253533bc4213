import assert from "node:assert/strict";
import { join } from "node:path";
import { openStore } from "../lib/tracking/open_store.ts";
import { registry } from "../registries/mod.ts";
import { openProject } from "./project.ts";

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

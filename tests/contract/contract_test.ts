import assert from "node:assert/strict";
import { driftsBetween, isBinding } from "../../lib/contract/compare.ts";
import { contractOf, type ContractRecord, isBindingByDefault } from "../../lib/contract/contract.ts";
import { fromScript, type LoadedExperiment, loadExperiment } from "../../lib/experiment/experiment.ts";
import { chooseFrom, prepare } from "../../lib/experiment/prepare.ts";
import { openSource } from "../../lib/source/source.ts";
import { experiment as layered } from "./layered.ts";

async function contract(experiment: LoadedExperiment, { data = true } = {}): Promise<ContractRecord> {
  const choice = chooseFrom(experiment.registry, experiment.spec);
  const prepared = data ? await prepare(choice) : undefined;
  return (await contractOf(experiment, choice, {
    prepared,
    reader: openSource(),
    git: undefined,
    lock: undefined,
  })).record;
}

Deno.test("a contract has a clause for everything that a run is made of, in the order of reports", async () => {
  const { clauses, version, scheme } = await contract(await loadExperiment("baseline"));
  assert.deepEqual([version, scheme], [1, "canon/1"]);
  const view = "features.iris_v1_features_v1";
  const features = [
    "petal_area",
    "petal_length",
    "petal_shape",
    "petal_width",
    "sepal_length",
    "sepal_shape",
    "sepal_width",
  ];
  assert.deepEqual(Object.keys(clauses), [
    ...["petal_length", "petal_width", "sepal_length", "sepal_width", "species"].map((name) =>
      `data.iris_v1.columns.${name}`
    ),
    "data.iris_v1.rows",
    "data.iris_v1.schema",
    "data.iris_v1.source",
    ...features.flatMap((name) => [`${view}.${name}`, `${view}.${name}.values`]),
    "split",
    "model.majority_class",
    "params",
    "seed",
    "metrics.accuracy",
    "metrics.log_loss",
    "metrics.macro_f1",
    "packages.zod",
    "environment.backend",
    "environment.deno",
    "environment.platform",
    "environment.reprise",
  ]);
});

Deno.test("a contract without data leaves out what needs them, and keeps the rest as it is", async () => {
  const experiment = await loadExperiment("baseline");
  const whole = await contract(experiment);
  const without = await contract(experiment, { data: false });
  const left = Object.keys(whole.clauses).filter((clause) => !(clause in without.clauses));
  assert.deepEqual(left.filter((clause) => !/^data\.|\.values$|^split$/.test(clause)), []);
  for (const [clause, digest] of Object.entries(without.clauses)) assert.equal(digest, whole.clauses[clause]);
});

Deno.test("a contract of a view over a view has the clauses of both", async () => {
  const module = new URL("layered.ts", import.meta.url).href;
  const { clauses } = await contract(fromScript(layered, module));
  assert.deepEqual(
    Object.keys(clauses).filter((clause) => clause.startsWith("features.") && !clause.endsWith(".values")),
    [
      "features.areas.petal_area",
      "features.areas.sepal_area",
      "features.ratios.area_ratio",
    ],
  );
});

Deno.test("environment and computed values are advisory by default, all else binds", () => {
  assert.equal(isBindingByDefault("features.v.f"), true);
  assert.equal(isBindingByDefault("features.v.f.values"), false);
  assert.equal(isBindingByDefault("data.d.columns.values"), true);
  assert.equal(isBindingByDefault("environment.deno"), false);
  assert.equal(isBindingByDefault("packages.zod"), true);
});

Deno.test("a policy's patterns match whole names, * any characters, and what both lists name binds", () => {
  const policy = { binding: ["environment.*"], advisory: ["seed", "features.*.area", "environment.deno"] };
  assert.equal(isBinding("environment.deno", policy), true);
  assert.equal(isBinding("seed", policy), false);
  assert.equal(isBinding("seeds", policy), true);
  assert.equal(isBinding("features.v.area", policy), false);
  assert.equal(isBinding("features.v.areas", policy), true);
  assert.equal(isBinding("featuresXv.area", policy), true);
});

Deno.test("drifts tell added, removed and changed clauses, and leave out what could not be recomputed", () => {
  const record = (clauses: Readonly<Record<string, string>>): ContractRecord => ({
    version: 1,
    scheme: "canon/1",
    clauses,
    evidence: {},
  });
  const past = record({ seed: "1", params: "a", split: "s", "model.a": "m" });
  const current = record({ seed: "1", params: "b", "model.b": "m" });
  const policy = { binding: [], advisory: ["params"] };
  const comparable = (clause: string) => clause !== "split";
  assert.deepEqual(driftsBetween(past, current, { policy, comparable }), [
    { clause: "model.a", kind: "removed", binding: true, past: "m", current: null },
    { clause: "model.b", kind: "added", binding: true, past: null, current: "m" },
    { clause: "params", kind: "changed", binding: false, past: "a", current: "b" },
  ]);
});

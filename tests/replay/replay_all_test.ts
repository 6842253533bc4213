import assert from "node:assert/strict";
import { join } from "node:path";
import { openStore } from "../../lib/tracking/open_store.ts";
import { openProject, type Project } from "../project.ts";

async function train(project: Project, ...args: readonly string[]): Promise<string> {
  const { code, document, stderr } = await project.json("train", ...args);
  assert.equal(code, 0, stderr);
  return document.run_id;
}

Deno.test("all runs are judged at once: the newest finished one of each name, one exit code", async () => {
  await using project = await openProject();
  await train(project, "exp_v1");
  const named = async (run: string, ...rest: readonly string[]) =>
    await train(project, "exp_v1", "--set", `run=${run}`, ...rest);
  const [one, two] = [await train(project, "exp_v1"), await named("two", "--set", "seed=2")];
  const other = await train(project, "baseline", "--set", "experiment=others");
  const all = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await project.run("replay", "--all", ...args, "--json");
    assert.ok(code <= 1, stderr);
    const { reports } = JSON.parse(stdout) as { reports: readonly Record<string, unknown>[] };
    return { code, judged: reports.map(({ run_id, verdict }) => [run_id, verdict]) };
  };
  assert.deepEqual(await all(), { code: 0, judged: [[other, "safe"], [two, "safe"], [one, "safe"]] });
  assert.deepEqual(await all("--experiment", "others"), { code: 0, judged: [[other, "safe"]] });

  await project.edit("registries/models/majority_class.ts", "counts[label]!++;", "counts[label]! += 1 + 0;");
  assert.deepEqual(await all(), { code: 1, judged: [[other, "blocked"], [two, "safe"], [one, "safe"]] });
  const { stdout } = await project.run("replay", "--all");
  const lines = stdout.trimEnd().split("\n");
  assert.match(
    lines[1]!,
    new RegExp(`^baseline +${other} +❌ rerun blocked due to drift +model\\.majority_class$`),
  );
  assert.equal(lines.at(-1), "3 runs: 1 blocked, 2 safe.");

  const { code } = await project.run("replay", "--all", "--report", "all.xml", "--report", "all.md");
  assert.equal(code, 1);
  const junit = await project.read("all.xml");
  assert.equal(junit.match(/<testsuite /g)?.length, 3);
  assert.match(junit, /<failure [^>]*>/);
  assert.equal((await project.read("all.md")).match(/<!-- reprise:replay /g)?.length, 3);
});

Deno.test("a replay of all refuses what is about one run, and an experiment that isn't there", async () => {
  await using project = await openProject();
  await train(project, "exp_v1");
  for (const args of [["exp_v1"], ["--rerun"], ["--run-id", "0".repeat(32)], ["--accept", "seed"]]) {
    const { code, stderr } = await project.run("replay", "--all", ...args);
    assert.equal(code, 2, stderr);
  }
  const missing = await project.run("replay", "--all", "--experiment", "irys");
  assert.deepEqual([missing.code, missing.stderr.split("\n")[0]], [
    2,
    'error: There is no experiment "irys" in sqlite:///mlflow.db.',
  ]);
});

Deno.test("a run whose code can't be loaded is unverifiable among all, and the others are judged", async () => {
  await using project = await openProject();
  const id = await train(project, "exp_v1");
  const other = await train(project, "exp_v2");
  await project.edit("configs/exp_v1.yaml", "logistic_regression", "logistic_regresion");
  const { code, stdout } = await project.run("replay", "--all", "--json");
  const { reports } = JSON.parse(stdout);
  assert.equal(code, 1);
  assert.deepEqual(
    reports.map((report: { run_id: string; verdict: string }) => [report.run_id, report.verdict]),
    [[other, "safe"], [id, "unverifiable"]],
  );
});

Deno.test("a logged report is attached to its run, which is tagged with the verdict", async () => {
  await using project = await openProject();
  const id = await train(project, "exp_v1");
  await project.edit("configs/exp_v1.yaml", "seed: 42", "seed: 7");
  const { document } = await project.json("replay", "exp_v1", "--log");
  await using store = await openStore(`sqlite:///${join(project.directory, "mlflow.db")}`);
  const { tags } = await store.getRun(id);
  assert.equal(tags["reprise.verdict"], "blocked");
  const folder = tags["reprise.report"]!.replace(/\/[^/]*$/, "");
  const files = (await store.listArtifacts(id, folder)).map(({ path }) => path.slice(folder.length + 1));
  assert.deepEqual(files, ["report.html", "report.json", "report.md"]);
  const text = async (file: string) =>
    new TextDecoder().decode(await store.downloadArtifact(id, `${folder}/${file}`));
  assert.deepEqual(JSON.parse(await text("report.json")), document);
  assert.match(await text("report.html"), /train_loss/);
});

Deno.test("a report's forms are those that were asked for, and a file of no known ending is refused", async () => {
  await using project = await openProject();
  await train(project, "exp_v1");
  const html = await project.run("replay", "exp_v1", "--format", "html");
  assert.match(html.stdout, /^<!doctype html>/i);
  const markdown = await project.run("replay", "exp_v1", "--format", "markdown");
  assert.match(markdown.stdout, /^<!-- reprise:replay exp_v1 -->\n/);
  const schema = await project.run("config", "schema", "report");
  assert.ok(JSON.parse(schema.stdout).properties.drifts);
  const refused = await project.run("replay", "exp_v1", "--report", "report.pdf");
  assert.deepEqual([refused.code, refused.stderr.split("\n")[0]], [
    2,
    "error: The report can't be written to report.pdf: its ending names no form of report.",
  ]);
  const nowhere = await project.run("replay", "exp_v1", "--report", "no/such/folder.md");
  assert.equal(nowhere.code, 2);
  assert.match(nowhere.stdout, /safe to rerun/);
  assert.match(nowhere.stderr, /^error: The report can't be written to no\/such\/folder\.md: No such file/);
});

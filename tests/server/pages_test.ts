import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openStore } from "../../lib/tracking/open_store.ts";
import { openProject } from "../project.ts";
import { serve } from "./serving.ts";

/** A text that is markup, with a number by which it is told what is shown. */
const nasty = (number: number) => `N${number}"'><nasty a="&">`;
/** Such texts in HTML, whole or cut, and in URLs. */
const ESCAPED = /N(\d+)\\?&quot;&#39;&gt;&lt;nasty(?: a=\\?&quot;&amp;\\?&quot;&gt;)?/g;
const IN_URL = /N\d+%22(?:&#39;|%27)%3E%3Cnasty(?:%20|\+)a%3D%22%26%22%3E/g;

Deno.test("a page shows texts of a store, of configs and of callers as texts, wherever they are", async () => {
  await using project = await openProject();
  const config = await project.read("configs/exp_v1.yaml");
  const spoiled = { experiment: nasty(0), run: nasty(1) };
  await project.write(
    "configs/spoiled.yaml",
    config.replace(
      /^(experiment|run): .*$/gm,
      (_, name: keyof typeof spoiled) => `${name}: ${JSON.stringify(spoiled[name])}`,
    ),
  );
  const id = await spoiledRun(project.directory);
  await using server = await serve(project);
  const page = async (path: string) => {
    const answer = await fetch(new URL(path, server.url), { headers: { accept: "text/html" } });
    const html = await answer.text();
    const rest = html.replace(ESCAPED, "").replace(IN_URL, "");
    assert.ok(!rest.includes("nasty"), `${path}: ${rest.slice(rest.indexOf("nasty") - 100).slice(0, 200)}`);
    return [...new Set([...html.matchAll(ESCAPED)].map(([, number]) => Number(number)))].sort((a, b) =>
      a - b
    );
  };
  const asked = new URLSearchParams({ config: nasty(20), set: nasty(21) });
  assert.deepEqual(await page(`/?${asked}`), [0, 1, 2, 3, 8, 21]);
  assert.deepEqual(await page("/runs"), [2, 3, 8]);
  assert.deepEqual(await page(`/runs?name=${encodeURIComponent(nasty(22))}`), [2, 22]);
  assert.deepEqual(await page(`/runs?status=${encodeURIComponent(nasty(23))}`), [23]);
  assert.deepEqual(await page(`/runs?experiment=${encodeURIComponent(nasty(24))}`), [2, 24]);
  assert.deepEqual(await page(`/runs/${id}`), [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]);
  assert.deepEqual(await page(`/runs/${id}/source/${encodeURIComponent(nasty(18))}`), [3, 18, 19]);
  assert.deepEqual(await page(`/compare?a=${id}&b=${id}`), [3, 8, 9, 10, 14, 15]);
  assert.deepEqual(await page(`/jobs/${encodeURIComponent(nasty(25))}`), [25]);
  assert.deepEqual(await page(`/${nasty(26)}`), [26]);

  const { client } = server;
  const { run_id } = await client.train({ experiment: "spoiled", set: ["model.params.epochs=1"] });
  await project.edit(
    "registries/features/_helpers.ts",
    "length / width",
    `length / width + Number(\`${nasty(28)}\` === "")`,
  );
  assert.equal((await client.replay({ run_id })).verdict, "blocked");
  await assert.rejects(client.train({ experiment: "exp_v1", set: [`model.name=${nasty(27)}`] }));
  assert.deepEqual(await page(`/runs/${run_id}`), [0, 1]);
  const [failed, blocked] = await client.jobs();
  assert.deepEqual(await page(`/jobs/${blocked!.id}`), [0, 1, 28]);
  assert.deepEqual(await page(`/jobs/${failed!.id}`), [27]);
  assert.deepEqual(await page("/jobs"), [27]);
});

Deno.test("a verdict is in colour where this server gave it, and no tag says one", async () => {
  await using project = await openProject();
  const { document: { run_id } } = await project.json("train", "baseline");
  await using store = await openStore(`sqlite:///${join(project.directory, "mlflow.db")}`);
  await store.logBatch(run_id, { tags: { "reprise.verdict": "safe" } });
  await using server = await serve(project);
  const badges = async () => {
    const html = await (await fetch(new URL("/runs", server.url), { headers: { accept: "text/html" } }))
      .text();
    return [...html.matchAll(/<span class="badge (\w+)"><span aria-hidden="true">.<\/span> ([^<]*)/g)]
      .map(([, tone, word]) => `${tone} ${word}`);
  };
  assert.deepEqual(await badges(), ["good finished", "quiet safe, by a tag"]);
  assert.equal((await server.client.replay({ run_id })).verdict, "safe");
  assert.deepEqual(await badges(), ["good finished", "good safe"]);
});

/** A run that has nothing but such texts, as a store can that others write to. */
async function spoiledRun(directory: string): Promise<string> {
  const file = join(directory, "mlflow.db");
  await using store = await openStore(`sqlite:///${file}`);
  const { experiment_id } = await store.ensureExperiment("spoil2");
  const { run_id } = await store.createRun({
    experiment_id,
    run_name: nasty(3),
    user_id: nasty(4),
    start_time: 0,
    tags: { "reprise.failure": nasty(5), spoil6: nasty(7) },
  });
  await store.logBatch(run_id, {
    metrics: [0, 1].map((step) => ({ key: "spoil8", value: step, step, timestamp: 0 })),
    params: { spoil9: nasty(10) },
  });
  const dataset = { name: nasty(11), digest: "spoil", source_type: "local", schema: "{}", context: "spoil" };
  await store.logInputs(run_id, [{ ...dataset, source: nasty(12), profile: nasty(13) }]);
  const contract = {
    version: 1,
    scheme: "canon/1",
    clauses: { [nasty(14)]: nasty(15), params: "0" },
    evidence: { params: { value: nasty(16) } },
  };
  await store.logArtifact(run_id, "contract.json", JSON.stringify(contract));
  await store.logArtifact(run_id, nasty(17), "");
  await store.logArtifact(run_id, `source/modules/${nasty(18)}`, nasty(19));
  await store.updateRun(run_id, { status: "FAILED", end_time: 1 });
  // What a store refuses, another writer of its file doesn't.
  using database = new DatabaseSync(file);
  const columns = {
    experiments: "name",
    tags: "key",
    params: "key",
    metrics: "key",
    latest_metrics: "key",
  };
  for (const number of [2, 6, 8, 9]) {
    for (const [table, column] of Object.entries(columns)) {
      database.prepare(`UPDATE ${table} SET ${column} = ? WHERE ${column} = ?`).run(
        nasty(number),
        `spoil${number}`,
      );
    }
  }
  return run_id;
}

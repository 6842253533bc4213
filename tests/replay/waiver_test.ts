import assert from "node:assert/strict";
import { join } from "node:path";
import type { ReportDocument } from "../../lib/replay/report.ts";
import { openStore } from "../../lib/tracking/open_store.ts";
import { startServer } from "../mlflow/server.ts";
import { openProject, type Project } from "../project.ts";

const SHAPES = ["features.iris_v1_features_v1.petal_shape", "features.iris_v1_features_v1.sepal_shape"];
const ACCEPT = ["--accept", "features.*_shape", "--because", "the same but for rounding"] as const;

/** A run whose helper has since been changed to say the same in other words. */
async function trainThenEdit(project: Project): Promise<string> {
  const { code, document, stderr } = await project.json("train", "exp_v1");
  assert.equal(code, 0, stderr);
  await project.edit("registries/features/_helpers.ts", "length / width", "length / width / 1");
  return document.run_id;
}

async function replay(project: Project, ...args: readonly string[]) {
  const { code, document } = await project.json("replay", "exp_v1", ...args);
  return { code, report: document as unknown as ReportDocument };
}

for (const kind of ["embedded store", "MLflow server"] as const) {
  Deno.test(`an accepted drift in the ${kind} is safe for exactly that pair of digests, and named`, async () => {
    await using server = kind === "MLflow server" ? await startServer() : undefined;
    await using project = await openProject({
      USER: "ada",
      ...(server ? { MLFLOW_TRACKING_URI: server.uri } : {}),
    });
    await trainThenEdit(project);
    const before = await replay(project);
    assert.deepEqual([before.code, before.report.verdict], [1, "blocked"]);

    const accepted = await replay(project, ...ACCEPT, "--until", "2999-12-31");
    assert.deepEqual([accepted.code, accepted.report.verdict], [0, "safe"]);
    const later = await replay(project);
    assert.deepEqual(later, accepted);
    assert.deepEqual(
      later.report.drifts.map(({ clause, binding, past, current, waiver }) => {
        const { at, ...rest } = waiver!;
        assert.match(at, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
        return [clause, binding, [past, current], rest];
      }),
      SHAPES.map((clause) => {
        const drift = before.report.drifts.find((one) => one.clause === clause)!;
        const { past, current } = drift;
        const because = "the same but for rounding";
        const waiver = { clause, past, current, because, by: "ada", until: "2999-12-31", expired: false };
        return [clause, true, [past, current], waiver];
      }),
    );
    const { stdout } = await project.run("replay", "exp_v1");
    for (const word of ["ada", "2999-12-31", "the same but for rounding"]) {
      assert.ok(stdout.includes(word), word);
    }

    await project.edit("registries/features/_helpers.ts", "width / 1", "width / 1 / 1");
    const changed = await replay(project);
    assert.deepEqual([changed.code, changed.report.verdict], [1, "blocked"]);
    assert.ok(changed.report.drifts.every(({ waiver }) => waiver === undefined));
  });
}

Deno.test("a waiver covers what it names alone", async () => {
  await using project = await openProject();
  await trainThenEdit(project);
  const { code, report } = await replay(project, "--accept", SHAPES[0]!, "--because", "looked at it");
  assert.deepEqual([code, report.verdict], [1, "blocked"]);
  assert.deepEqual(report.drifts.map(({ clause, waiver }) => [clause, waiver?.because]), [
    [SHAPES[0], "looked at it"],
    [SHAPES[1], undefined],
  ]);
});

Deno.test("a waiver that has expired blocks again, and is named as expired", async () => {
  await using project = await openProject();
  const id = await trainThenEdit(project);
  const { report } = await replay(project, ...ACCEPT);
  assert.equal(report.verdict, "safe");
  await using store = await openStore(`sqlite:///${join(project.directory, "mlflow.db")}`);
  const files = await store.listArtifacts(id, "waivers");
  assert.equal(files.length, 2);
  // As if it had been accepted until a day that is over by now.
  for (const { path } of files) {
    const waiver = JSON.parse(new TextDecoder().decode(await store.downloadArtifact(id, path)));
    await store.logArtifact(id, path, JSON.stringify({ ...waiver, until: "2020-02-29" }));
  }
  const expired = await replay(project);
  assert.deepEqual([expired.code, expired.report.verdict], [1, "blocked"]);
  assert.deepEqual(expired.report.drifts.map(({ waiver }) => [waiver?.until, waiver?.expired]), [
    ["2020-02-29", true],
    ["2020-02-29", true],
  ]);
  assert.match((await project.run("replay", "exp_v1")).stdout, /expired/);
  const again = await replay(project, ...ACCEPT);
  assert.deepEqual([again.report.verdict, (await store.listArtifacts(id, "waivers")).length], ["safe", 4]);
});

Deno.test("an acceptance of what doesn't block, without a reason, or until a day that is over is refused", async () => {
  await using project = await openProject();
  await trainThenEdit(project);
  const refused = async (...args: readonly string[]) => {
    const { code, stderr } = await project.run("replay", "exp_v1", ...args);
    assert.equal(code, 2, stderr);
    return stderr.split("\n")[0];
  };
  assert.equal(
    await refused("--accept", "features.iris_v1_features_v1.petal_shap", "--because", "x"),
    'error: Nothing to accept: no drift that blocks this run is called "features.iris_v1_features_v1.petal_shap". ' +
      'Did you mean "features.iris_v1_features_v1.petal_shape"?',
  );
  assert.equal(
    await refused("--accept", "seed"),
    "error: command line:  expected accept and because together: which clauses, and why",
  );
  assert.match((await refused("--accept", "seed", "--because", ""))!, /because: /);
  assert.match((await refused(...ACCEPT, "--until", "soon"))!, /until: /);
  assert.equal(
    await refused(...ACCEPT, "--until", "2020-02-29"),
    "error: A waiver until 2020-02-29 would have expired already.",
  );
  assert.equal((await replay(project)).report.verdict, "blocked");
});

Deno.test("what isn't a waiver counts as none, and is noted", async () => {
  await using project = await openProject();
  const id = await trainThenEdit(project);
  await using store = await openStore(`sqlite:///${join(project.directory, "mlflow.db")}`);
  const { report: { drifts } } = await replay(project);
  const forged = {
    clause: SHAPES[0],
    past: drifts[0]!.past,
    current: drifts[0]!.current,
    because: "trust me",
    by: "ada",
    at: "2026-11-02T10:00:00.000Z",
  };
  const forms = {
    "another form": '{"clause": "features.*"}',
    "no JSON": "trust me",
    "for ever": JSON.stringify({ ...forged, until: "zzz" }),
    "a day that isn't": JSON.stringify({ ...forged, until: "2999-02-30" }),
    "no moment": JSON.stringify({ ...forged, at: "today" }),
    "no reason": JSON.stringify({ ...forged, because: "" }),
    "a pattern": JSON.stringify({ ...forged, past: "*" }),
  };
  for (const [name, text] of Object.entries(forms)) await store.logArtifact(id, `waivers/${name}.json`, text);
  await store.logArtifact(id, "waivers/folder/0.json", JSON.stringify(forged));
  const { code, report } = await replay(project);
  assert.deepEqual([code, report.verdict], [1, "blocked"]);
  assert.ok(report.drifts.every(({ waiver }) => waiver === undefined));
  const names = [...Object.keys(forms).map((name) => `${name}.json`), "folder"].sort();
  assert.deepEqual(
    report.notes.toSorted(),
    names.map((name) => `The run's waivers/${name} isn't a waiver, so it counts as none.`),
  );
});

import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openStore } from "../../lib/tracking/open_store.ts";
import type { TrackingStore } from "../../lib/tracking/store.ts";
import { withPython } from "../mlflow/python.ts";
import { openProject } from "../project.ts";
import { serve } from "../server/serving.ts";
import { refusal, startRun } from "./tracking_suite.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (found: Uint8Array) => new TextDecoder().decode(found);

async function newStore() {
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "reprise_" }));
  const file = join(folder, "mlflow.db");
  const store = await openStore(`sqlite:///${file}`);
  return {
    folder,
    store,
    /** Says where the artifacts of a run are. */
    place(runId: string, uri: string) {
      using database = new DatabaseSync(file);
      database.prepare("UPDATE runs SET artifact_uri = ? WHERE run_uuid = ?").run(uri, runId);
    },
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** Every verb that reads or writes an artifact of a run, or what runs share. */
const VERBS: Readonly<Record<string, (store: TrackingStore, runId: string) => Promise<unknown>>> = {
  logArtifact: (store, id) => store.logArtifact(id, "a.txt", "a"),
  listArtifacts: (store, id) => store.listArtifacts(id),
  downloadArtifact: (store, id) => store.downloadArtifact(id, "a.txt"),
  putShared: (store, id) => store.putShared(id, "ab/c.gz", bytes("")),
  hasShared: (store, id) => store.hasShared(id, "ab/c.gz"),
  getShared: (store, id) => store.getShared(id, "ab/c.gz"),
};

Deno.test("embedded store reads and writes artifacts nowhere but in its own folders", async () => {
  await using made = await newStore();
  const { store, folder } = made;
  const { run_id } = await startRun(store);
  await Deno.writeTextFile(join(folder, "a.txt"), "secret");
  for (
    const uri of [
      folder,
      `file://${folder}`,
      "/etc",
      "/",
      "file:///etc",
      `file://elsewhere${folder}/mlartifacts/1/${run_id}/artifacts`,
      "file:///%2e%2e/etc",
      "file:///a%2fb",
      "mlartifacts",
      `./mlartifacts/1/${run_id}/artifacts`,
      `${folder}/mlartifacts/../../etc`,
      `${folder}/mlartifacts/1/../..`,
      `${folder}/mlartifacts`,
      `${folder}/mlartifacts-of-another`,
      `/elsewhere/mlartifacts/../../etc`,
      "",
    ]
  ) {
    made.place(run_id, uri);
    for (const [verb, call] of Object.entries(VERBS)) {
      assert.deepEqual(
        await refusal(call(store, run_id)),
        {
          code: "INVALID_STATE",
          message: `The artifacts of the run ${run_id} can't be reached: they are kept in ${
            uri || "no place that can be read"
          }, and this store keeps them below ${folder}/mlartifacts and ${folder}/mlruns alone.`,
          hint: "Move them there; a path below a folder of that name is found again.",
        },
        `${verb} in ${uri}`,
      );
    }
  }
  // What runs share is beside their experiments: of a run at the top that would be outside.
  made.place(run_id, `${folder}/mlartifacts/top`);
  assert.deepEqual(await store.listArtifacts(run_id), []);
  for (const verb of ["putShared", "hasShared", "getShared"]) {
    assert.equal((await refusal(VERBS[verb]!(store, run_id)) as { code: string }).code, "INVALID_STATE");
  }
});

Deno.test("embedded store takes the folders of MLflow's own client and server beside its file", async () => {
  await using made = await newStore();
  const { store, folder } = made;
  const { run_id } = await startRun(store);
  for (
    const [uri, place] of [
      [`${folder}/mlruns/7/${run_id}/artifacts`, "mlruns/7"],
      [`file://${folder}/mlruns/8/${run_id}/artifacts`, "mlruns/8"],
      [`mlflow-artifacts:/9/${run_id}/artifacts`, "mlartifacts/9"],
      [`mlflow-artifacts://host:5000/10/${run_id}/artifacts`, "mlartifacts/10"],
    ] as const
  ) {
    made.place(run_id, uri);
    await store.logArtifact(run_id, "a.txt", uri);
    assert.equal(await Deno.readTextFile(join(folder, place, run_id, "artifacts/a.txt")), uri);
    assert.equal((await store.getRun(run_id)).info.artifacts_at, undefined);
  }
});

Deno.test("embedded store follows no link that leads out of its folders, which may be links themselves", async () => {
  await using made = await newStore();
  const { store, folder } = made;
  const elsewhere = join(folder, "elsewhere");
  await Deno.mkdir(elsewhere);
  await Deno.symlink(elsewhere, join(folder, "mlartifacts"));
  const { run_id } = await startRun(store);
  await store.logArtifact(run_id, "model/a.txt", "a");
  assert.equal(text(await store.downloadArtifact(run_id, "model/a.txt")), "a");

  const at = join(
    folder,
    "mlartifacts",
    (await store.getRun(run_id)).info.experiment_id,
    run_id,
    "artifacts",
  );
  await Deno.writeTextFile(join(folder, "secret.txt"), "secret");
  await Deno.symlink("model/a.txt", join(at, "inside.txt"));
  await Deno.symlink(join(folder, "secret.txt"), join(at, "out.txt"));
  await Deno.symlink(folder, join(at, "out"));
  await Deno.symlink(join(folder, "to-be"), join(at, "dangling"));
  await Deno.symlink("circle", join(at, "circle"));
  await new Deno.Command("mkfifo", { args: [join(at, "pipe")] }).output();
  assert.equal(text(await store.downloadArtifact(run_id, "inside.txt")), "a");
  assert.deepEqual(await store.listArtifacts(run_id), [
    { path: "circle", is_dir: false, file_size: 0 },
    { path: "dangling", is_dir: false, file_size: 0 },
    { path: "inside.txt", is_dir: false, file_size: 1 },
    { path: "model", is_dir: true, file_size: undefined },
    { path: "out", is_dir: false, file_size: 0 },
    { path: "out.txt", is_dir: false, file_size: 0 },
    { path: "pipe", is_dir: false, file_size: 0 },
  ]);
  const name = (path: string) => `${at.slice(`${folder}/mlartifacts/`.length)}/${path}`;
  const leadsOut = (path: string) => ({
    code: "INVALID_STATE",
    message: `The artifact ${
      JSON.stringify(name(path))
    } can't be reached: a link leads out of ${folder}/mlartifacts, or in a circle.`,
    hint: "Put the files themselves there.",
  });
  for (const path of ["out.txt", "out/secret.txt", "out/mlflow.db", "dangling", "dangling/a.txt", "circle"]) {
    assert.deepEqual(await refusal(store.downloadArtifact(run_id, path)), leadsOut(path));
  }
  assert.deepEqual(await refusal(store.listArtifacts(run_id, "out")), leadsOut("out"));
  assert.deepEqual(await refusal(store.logArtifact(run_id, "out/new.txt", "")), leadsOut("out"));
  assert.deepEqual(await refusal(store.logArtifact(run_id, "dangling/new.txt", "")), leadsOut("dangling"));
  assert.deepEqual(await refusal(store.downloadArtifact(run_id, "pipe")), {
    code: "INVALID_STATE",
    message: 'The artifact "pipe" can\'t be read: it is no file.',
  });
  // A link in the place of an artifact is replaced, and what it led to stays.
  await store.logArtifact(run_id, "out.txt", "mine");
  assert.equal(await Deno.readTextFile(join(folder, "secret.txt")), "secret");
  assert.equal(text(await store.downloadArtifact(run_id, "out.txt")), "mine");
});

Deno.test("a train into an experiment whose artifacts are elsewhere is refused, and a server hands none on", async () => {
  await using project = await openProject();
  const id = (await project.json("train", "exp_v1")).document.run_id;
  await project.write("elsewhere/.env", "SECRET=1");
  const place = (table: string, column: string) => {
    using database = new DatabaseSync(join(project.directory, "mlflow.db"));
    database.exec(`UPDATE ${table} SET ${column} = '${project.directory}/elsewhere'`);
  };
  place("runs", "artifact_uri");
  {
    await using server = await serve(project);
    for (const path of [".env", "../mlflow.db"]) {
      const response = await fetch(`${server.url}/api/runs/${id}/artifacts/${encodeURIComponent(path)}`);
      assert.ok([400, 409].includes(response.status), String(response.status));
      assert.doesNotMatch(await response.text(), /SECRET|SQLite format/);
    }
    const page = await fetch(`${server.url}/runs/${id}`);
    assert.equal(page.status, 200);
    assert.match(await page.text(), /<h1>/);
  }
  place("experiments", "artifact_location");
  const { code, stderr } = await project.run("train", "exp_v1");
  assert.deepEqual([code, /can't be reached: they are kept in/.test(stderr)], [2, true], stderr);
  assert.deepEqual([...Deno.readDirSync(join(project.directory, "elsewhere"))].map(({ name }) => name), [
    ".env",
  ]);
});

Deno.test("a project that was moved keeps its runs, says so, and goes on where it is", async () => {
  await using before = await openProject();
  const id = (await before.json("train", "exp_v1")).document.run_id;
  await using project = await openProject({}, { empty: true });
  await Deno.remove(project.directory);
  await Deno.rename(before.directory, project.directory);
  await Deno.mkdir(before.directory);
  const [from, to] = [before, project].map(({ directory }) => `${directory}/mlartifacts/1/${id}/artifacts`);
  const note = `The project was moved since: what the run kept, recorded in ${from}, was read from ${to}.`;

  const { code, document } = await project.json("replay", "exp_v1");
  assert.deepEqual([code, document.verdict, document.notes], [0, "safe", [note]]);
  const past = await project.json("replay", "exp_v1", "--rerun", "--as-recorded");
  assert.deepEqual([past.code, past.document.verdict], [0, "reproduced"], past.stderr);
  const shown = await project.run("runs", "show", id);
  assert.equal(
    shown.stdout.split("\n")[1],
    `The project was moved since: artifacts recorded in ${from} are in ${to}.`,
  );

  const next = (await project.json("train", "exp_v1")).document.run_id;
  await using store = await openStore(`sqlite:///${project.directory}/mlflow.db`);
  const { info } = await store.getRun(next);
  assert.equal(info.artifact_uri, `${project.directory}/mlartifacts/1/${next}/artifacts`);
  assert.deepEqual([...Deno.readDirSync(before.directory)], []);

  // MLflow's own client finds the runs at once, and their artifacts after the command that the documentation has.
  const script = `
client = MlflowClient("sqlite:///" + args[0] + "/mlflow.db")
def text(id):
    try:
        return open(client.download_artifacts(id, "config.yaml")).read()[:10]
    except Exception:
        return None
found = client.search_runs(["1"])
tell([sorted(run.info.run_id for run in found), text(args[1]), text(args[2])])`;
  const ids = [id, next].sort();
  const told = () => withPython("3.17.2", script, project.directory, id, next);
  assert.deepEqual(await told(), [ids, null, "experiment"]);
  {
    using database = new DatabaseSync(join(project.directory, "mlflow.db"));
    database.exec(
      `UPDATE experiments SET artifact_location = replace(artifact_location, '${before.directory}', '${project.directory}');
       UPDATE runs SET artifact_uri = replace(artifact_uri, '${before.directory}', '${project.directory}');`,
    );
  }
  assert.deepEqual(await told(), [ids, "experiment", "experiment"]);
  assert.deepEqual((await project.json("replay", "--run-id", id)).document.notes, []);
});

Deno.test("a copy of a project reads its own artifacts, not those of the one it was copied from", async () => {
  await using made = await newStore();
  const { store, folder } = made;
  const { run_id } = await startRun(store);
  await store.logArtifact(run_id, "a.txt", "first");
  const copy = join(folder, "copy");
  await Deno.mkdir(copy);
  await new Deno.Command("cp", { args: ["-r", join(folder, "mlartifacts"), copy] }).output();
  {
    using database = new DatabaseSync(join(folder, "mlflow.db"));
    database.exec(`VACUUM INTO '${join(copy, "mlflow.db")}'`);
  }
  await using other = await openStore(`sqlite:///${join(copy, "mlflow.db")}`);
  await other.logArtifact(run_id, "a.txt", "second");
  assert.equal(text(await store.downloadArtifact(run_id, "a.txt")), "first");
  assert.equal(text(await other.downloadArtifact(run_id, "a.txt")), "second");
  assert.ok((await other.getRun(run_id)).info.artifacts_at?.startsWith(`${copy}/mlartifacts/`));
});

import assert from "node:assert/strict";
import { dirname } from "node:path";
import { digestOfJson } from "../../lib/base/digest.ts";
import type { ReplayReport } from "../../lib/replay/report.ts";
import { openProject, type Project } from "../project.ts";
import { serve } from "../server/serving.ts";
import { type Forge, openForge } from "./forged.ts";
import type { Said } from "./judge_each.ts";

/** A record that is misshapen, and the reason that a replay gives. */
interface Forgery {
  readonly what: string;
  forge(forge: Forge, runId: string): void | Promise<void>;
  readonly reason: string;
}

const CHANGED = "The run's contract.json was changed since it was recorded";
const RECORD = "The run's record is misshapen";

const column = (name: string, value: string, reason: string): Forgery => ({
  what: `${name} is ${value}`,
  forge: ({ sql }, id) => sql(id, `UPDATE runs SET ${name} = ${value} WHERE run_uuid = ?1`),
  reason,
});
const row = (what: string, statement: string, reason: string): Forgery => ({
  what,
  forge: ({ sql }, id) => sql(id, statement),
  reason,
});
const contract = (what: string, text: string | Uint8Array, reason: string): Forgery => ({
  what: `contract.json is ${what}`,
  forge: ({ artifact }, id) =>
    Deno.writeFile(
      artifact(id, "contract.json"),
      typeof text === "string" ? new TextEncoder().encode(text) : text,
    ),
  reason,
});
/** A contract that was changed, with a param that agrees. */
const vouched = (
  what: string,
  change: (record: Record<string, unknown>) => Record<string, unknown>,
  reason: string,
): Forgery => ({
  what: `contract.json ${what}`,
  async forge({ artifact, database }, id) {
    const path = artifact(id, "contract.json");
    const record = change(JSON.parse(await Deno.readTextFile(path)));
    await Deno.writeTextFile(path, JSON.stringify(record));
    database.prepare("UPDATE params SET value = ? WHERE run_uuid = ? AND key = 'contract.digest'")
      .run(digestOfJson(record), id);
  },
  reason,
});

const FORGERIES: readonly Forgery[] = [
  column(
    "start_time",
    "9000000000000000000",
    `${RECORD}: its start time is misshapen (9000000000000000000).`,
  ),
  column("start_time", "-1", `${RECORD}: its start time is misshapen (-1).`),
  column("start_time", "'soon'", `${RECORD}: its start time is misshapen ("soon").`),
  column("start_time", "1.5", `${RECORD}: its start time is misshapen (1.5).`),
  column(
    "start_time",
    "x'00ff'",
    `${RECORD}: its start time is misshapen (expected a whole number).`,
  ),
  column("end_time", "9223372036854775807", `${RECORD}: its end time is misshapen (9223372036854776000).`),
  column("end_time", "1e999", `${RECORD}: its end time is misshapen (Infinity).`),
  column("name", "x'1b5b33316d'", `${RECORD}: its name is misshapen (expected a text, found bytes).`),
  column(
    "name",
    "printf('%.*c', 5000, 'n')",
    `${RECORD}: its name is misshapen ("nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn…").`,
  ),
  column("user_id", "x'00'", `${RECORD}: its user is misshapen (expected a text, found bytes).`),
  column(
    "artifact_uri",
    "x'2f'",
    `${RECORD}: the place of its artifacts is misshapen (expected a text, found bytes).`,
  ),
  column(
    "artifact_uri",
    "NULL",
    "The run's contract.json can't be read: the artifacts of the run ID can't be reached: they are kept in no place that can be read, and this store keeps them below DIR/mlartifacts and DIR/mlruns alone.",
  ),
  column(
    "artifact_uri",
    "''",
    "The run's contract.json can't be read: the artifacts of the run ID can't be reached: they are kept in no place that can be read, and this store keeps them below DIR/mlartifacts and DIR/mlruns alone.",
  ),
  column(
    "artifact_uri",
    "'/etc'",
    "The run's contract.json can't be read: the artifacts of the run ID can't be reached: they are kept in /etc, and this store keeps them below DIR/mlartifacts and DIR/mlruns alone.",
  ),
  column(
    "artifact_uri",
    "'file://elsewhere/etc'",
    "The run's contract.json can't be read: the artifacts of the run ID can't be reached: they are kept in file://elsewhere/etc, and this store keeps them below DIR/mlartifacts and DIR/mlruns alone.",
  ),
  column(
    "artifact_uri",
    "'mlartifacts/../..'",
    "The run's contract.json can't be read: the artifacts of the run ID can't be reached: they are kept in mlartifacts/../.., and this store keeps them below DIR/mlartifacts and DIR/mlruns alone.",
  ),
  column(
    "artifact_uri",
    "'https://example.com/x'",
    "The run's contract.json can't be read: the artifacts of the run ID can't be reached: they are kept in https://example.com/x.",
  ),
  row(
    "a param of bytes",
    "INSERT INTO params VALUES ('p', x'ff', ?1)",
    `${RECORD}: the param "p" is misshapen (value: expected a text, found bytes).`,
  ),
  row(
    "a param whose key is bytes",
    "INSERT INTO params VALUES (x'70', 'v', ?1)",
    `${RECORD}: the param is misshapen (key: expected a text, found bytes).`,
  ),
  row(
    "a param whose key is empty",
    "INSERT INTO params VALUES ('', 'v', ?1)",
    `${RECORD}: the param "" is misshapen (key: empty).`,
  ),
  row(
    "a param of a megabyte",
    "INSERT INTO params VALUES ('p', printf('%.*c', 1000000, 'v'), ?1)",
    `${RECORD}: the param "p" is misshapen (value: longer than 100000 characters).`,
  ),
  row(
    "a param with a huge name",
    "INSERT INTO params VALUES (printf('%.*c', 9999, 'k'), 'v', ?1)",
    `${RECORD}: the param "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk…" is misshapen (key: longer than 1000 characters).`,
  ),
  row(
    "a tag of bytes",
    "INSERT INTO tags VALUES ('t', x'00', ?1)",
    `${RECORD}: the tag "t" is misshapen (value: expected a text, found bytes).`,
  ),
  row(
    "a tag with a NUL",
    "INSERT INTO tags VALUES ('t', x'610062', ?1)",
    `${RECORD}: the tag "t" is misshapen (value: expected a text, found bytes).`,
  ),
  row(
    "a metric of text",
    "UPDATE latest_metrics SET value = 'high' WHERE run_uuid = ?1",
    `${RECORD}: the metric "train_loss" is misshapen (value: expected a number); the metric "accuracy" is misshapen (value: expected a number); the metric "macro_f1" is misshapen (value: expected a number); the metric "log_loss" is misshapen (value: expected a number).`,
  ),
  row(
    "an infinite metric",
    "UPDATE latest_metrics SET value = 9e999 WHERE run_uuid = ?1 AND key = 'accuracy'",
    `${RECORD}: the metric "accuracy" is misshapen (value: expected a number).`,
  ),
  row(
    "a metric's broken step",
    "UPDATE latest_metrics SET step = 'x' WHERE run_uuid = ?1 AND key = 'accuracy'",
    `${RECORD}: the metric "accuracy" is misshapen (step: expected a whole number).`,
  ),
  row(
    "a metric that may be NaN",
    "UPDATE latest_metrics SET is_nan = 7 WHERE run_uuid = ?1 AND key = 'accuracy'",
    `${RECORD}: the metric "accuracy" is misshapen (value: expected a number).`,
  ),
  row(
    "a metric's time of bytes",
    "UPDATE latest_metrics SET timestamp = x'00' WHERE run_uuid = ?1 AND key = 'accuracy'",
    `${RECORD}: the metric "accuracy" is misshapen (timestamp: expected a whole number).`,
  ),
  row(
    "a dataset's context of bytes",
    "INSERT INTO input_tags SELECT input_uuid, 'mlflow.data.context', x'00' FROM inputs WHERE destination_id = ?1",
    `${RECORD}: the dataset is misshapen (tags.0.value: expected a text, found bytes).`,
  ),
  contract("null", "null", `${CHANGED}: it isn't a contract, but null.`),
  contract("a number", "7", `${CHANGED}: it isn't a contract, but 7.`),
  contract("a text", '"contract"', `${CHANGED}: it isn't a contract, but "contract".`),
  contract("a list", "[]", `${CHANGED}: it isn't a contract, but an empty list.`),
  contract("no JSON", "{", `${CHANGED}: it is not JSON.`),
  contract("empty", "", `${CHANGED}: it is not JSON.`),
  contract(
    "no text",
    Uint8Array.of(0xff, 0xfe, 0x00),
    "The run's contract.json can't be read: it is not UTF-8 text.",
  ),
  contract(
    "100,000 deep",
    "[".repeat(100_000),
    `${CHANGED}: its lists and maps are more than 100 deep in each other.`,
  ),
  contract(
    "100,000 maps deep",
    '{"a":'.repeat(100_000),
    `${CHANGED}: its lists and maps are more than 100 deep in each other.`,
  ),
  contract("an empty map", "{}", `${CHANGED}: its digest isn't the one of the param contract.digest.`),
  contract(
    "of a version that is a text",
    '{"version":"1","scheme":"x","clauses":{},"evidence":{}}',
    `${CHANGED}: its digest isn't the one of the param contract.digest.`,
  ),
  contract(
    "of a newer version",
    '{"version":99,"scheme":"reprise/source/9","clauses":[]}',
    "The run's contract has version 99 (reprise/source/9), but this Reprise knows version 1 (canon/1).",
  ),
  contract(
    "with a prototype",
    '{"version":1,"__proto__":{"clauses":{}}}',
    `${CHANGED}: it has the key "__proto__".`,
  ),
  contract(
    "40 MB",
    `"${"x".repeat(40_000_000)}"`,
    "The run's contract.json can't be read: the artifact \"contract.json\" can't be read: it is more than 32 MiB.",
  ),
  vouched(
    "has clauses that are no digests",
    (r) => ({ ...r, clauses: { seed: "1" } }),
    "The run's contract.json isn't a contract (clauses.seed: expected a digest of 64 hex digits).",
  ),
  vouched(
    "has clauses that are a list",
    (r) => ({ ...r, clauses: ["seed"] }),
    "The run's contract.json isn't a contract (clauses: expected a map, found a list).",
  ),
  vouched(
    "has clauses that are numbers",
    (r) => ({ ...r, clauses: { seed: 1 } }),
    "The run's contract.json isn't a contract (clauses.seed: expected a text, found a number).",
  ),
  vouched(
    "has a clause of every object",
    (r) => ({ ...r, clauses: { constructor: "0".repeat(64) } }),
    "The run's contract.json isn't a contract (clauses.constructor: not accepted as a name).",
  ),
  vouched(
    "has evidence that is a list",
    (r) => ({ ...r, evidence: [1] }),
    "The run's contract.json isn't a contract (evidence: expected a map, found a list).",
  ),
  vouched(
    "has evidence of another shape",
    (r) => ({ ...r, evidence: { seed: { value: 1 } } }),
    "The run's contract.json isn't a contract (evidence.seed.value: expected a text, found a number).",
  ),
  vouched(
    "lacks its evidence",
    ({ evidence: _, ...r }) => r,
    "The run's contract.json isn't a contract (evidence: expected a map, found nothing).",
  ),
  row(
    "a param that lacks",
    "DELETE FROM params WHERE run_uuid = ?1 AND key = 'contract.digest'",
    `${CHANGED}: its digest isn't the one of the param contract.digest.`,
  ),
  {
    what: "contract.json is a folder",
    async forge({ artifact }, id) {
      await Deno.remove(artifact(id, "contract.json"));
      await Deno.mkdir(artifact(id, "contract.json"));
    },
    reason: "The run has no contract.json: it was not recorded by Reprise, or its artifacts are gone.",
  },
  {
    what: "contract.json is a pipe",
    async forge({ artifact }, id) {
      await Deno.remove(artifact(id, "contract.json"));
      await new Deno.Command("mkfifo", { args: [artifact(id, "contract.json")] }).output();
    },
    reason:
      "The run's contract.json can't be read: the artifact \"contract.json\" can't be read: it is no file.",
  },
  {
    what: "contract.json is a link that leads out",
    async forge({ artifact }, id) {
      await Deno.remove(artifact(id, "contract.json"));
      await Deno.symlink("/etc/passwd", artifact(id, "contract.json"));
    },
    reason:
      "The run's contract.json can't be read: the artifact \"1/ID/artifacts/contract.json\" can't be reached: a link leads out of DIR/mlartifacts, or in a circle.",
  },
  {
    what: "contract.json is a link to itself",
    async forge({ artifact }, id) {
      await Deno.remove(artifact(id, "contract.json"));
      await Deno.symlink("contract.json", artifact(id, "contract.json"));
    },
    reason:
      "The run's contract.json can't be read: the artifact \"1/ID/artifacts/contract.json\" can't be reached: a link leads out of DIR/mlartifacts, or in a circle.",
  },
  {
    what: "the artifacts are a file",
    async forge({ artifact }, id) {
      const folder = dirname(artifact(id, "contract.json"));
      await Deno.remove(folder, { recursive: true });
      await Deno.writeTextFile(folder, "no folder");
    },
    reason: "The run has no contract.json: it was not recorded by Reprise, or its artifacts are gone.",
  },
];

/** What else a run keeps, misshapen: its verdict stands, and what shows it leaves it out. */
const BESIDE: Readonly<Record<string, readonly string[]>> = {
  "evaluation.json": ["null", "[]", '{"format":"reprise/evaluation/1","task":"classification"}', "{"],
  "lineage.json": [
    "7",
    '{"format":"reprise/lineage/1","dataset":"d","columns":[],"views":[],"features":[],"edges":[{"from":"a","to":"b"}]}',
    "[".repeat(100_000),
  ],
  "config_origins.json": ["null", '{"seed":1}'],
  "source/canonical.json": ["null", '{"clauses":[]}', '{"clauses":{"seed":{"canonical":1}}}', '"'],
};

Deno.test("misshapen records of the embedded store are told in words, and spoil no list", async (t) => {
  await using project = await openProject();
  const honest = (await project.json("train", "exp_v1")).document.run_id;
  const forged: { readonly id: string; readonly name: string; readonly forgery: Forgery }[] = [];
  const beside: string[] = [];
  {
    using forge = openForge(project.directory);
    for (const [index, forgery] of FORGERIES.entries()) {
      const name = `forged_${index}`;
      const id = await forge.copy(honest, name);
      await forgery.forge(forge, id);
      forged.push({ id, name, forgery });
    }
    for (const [path, texts] of Object.entries(BESIDE)) {
      for (const text of texts) {
        const id = await forge.copy(honest, `beside_${beside.length}`);
        await Deno.writeTextFile(forge.artifact(id, path), text);
        beside.push(id);
      }
    }
    // One run that has too much, and records that have no id by which they could be asked for.
    const many = await forge.copy(honest, "many");
    forge.sql(
      many,
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000001) " +
        "INSERT INTO params (key, value, run_uuid) SELECT 'p' || i, 'v', ?1 FROM n",
    );
    for (const id of ["x'00ff'", "'../..'", "''", "'" + "f".repeat(300) + "'"]) {
      forge.database.exec(
        `INSERT INTO runs SELECT ${id}, ` +
          "name, source_type, source_name, entry_point_name, user_id, status, start_time, end_time, source_version, " +
          `lifecycle_stage, artifact_uri, experiment_id, deleted_time FROM runs WHERE run_uuid = '${honest}'`,
      );
    }
    forge.sql(beside[0]!, "UPDATE metrics SET step = 'x' WHERE run_uuid = ?1 AND key = 'train_loss'");
  }
  const reasonOf = (id: string, { reason }: Forgery) =>
    reason.replaceAll("ID", id).replaceAll("DIR", project.directory);
  const isOfRecord = ({ reason }: Forgery) => reason.startsWith(RECORD);

  await t.step(
    "each is unverifiable, shown and compared, and what is beside changes no verdict",
    async () => {
      const said = await judgeEach(project, honest, [...forged.map(({ id }) => id), ...beside]);
      forged.forEach(({ id, forgery }, at) => {
        const { judged, shown, misshapen, compared } = said[at]!;
        const expected = ["unverifiable", [reasonOf(id, forgery)]];
        assert.deepEqual([judged, compared, shown], [expected, expected, id], forgery.what);
        if (isOfRecord(forgery)) assert.ok(reasonOf(id, forgery).includes(misshapen[0]!), forgery.what);
      });
      for (const { judged } of said.slice(forged.length)) assert.deepEqual(judged, ["safe", []]);
    },
  );

  await t.step("the list of the command line has them all, and says what is misshapen", async () => {
    const { code, stdout, stderr } = await project.run("runs", "list");
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /^run id +name +experiment/);
    const { document } = await project.json("runs", "show", forged[0]!.id) as { readonly document: unknown };
    assert.deepEqual((document as { readonly misshapen: unknown }).misshapen, [
      "its start time is misshapen (9000000000000000000)",
    ]);
    const shown = await project.run("runs", "show", forged[0]!.id);
    assert.equal(
      shown.stdout.split("\n")[1],
      `${RECORD}: its start time is misshapen (9000000000000000000).`,
    );
    const one = await project.run("replay", "--run-id", forged[0]!.id);
    assert.deepEqual([one.code, one.stderr], [1, ""]);
  });

  await t.step("a replay of all goes on, and ends with 1", async () => {
    const { code, stderr, document } = await project.json("replay", "--all");
    assert.deepEqual([code, stderr], [1, ""]);
    const { reports } = document as unknown as { readonly reports: readonly ReplayReport[] };
    const told = new Map(reports.map((report) => [report.run_id, report]));
    assert.equal(told.get(honest)?.verdict, "safe");
    assert.deepEqual(reports.find(({ run_name }) => run_name === "many")?.reasons, [
      `${RECORD}: it has more than 10000 params.`,
    ]);
    assert.deepEqual(reports.filter(({ run_id }) => !/^[0-9a-f]{32}$/.test(run_id)), []);
    for (const { id, forgery } of forged) {
      // Those without a name count as the runs of one name, of which the newest is judged.
      if (forgery.what.startsWith("name is")) continue;
      assert.deepEqual(told.get(id)?.reasons, [reasonOf(id, forgery)], forgery.what);
    }
  });

  await t.step("the server lists, shows and draws them, and has no fault of its own", async () => {
    await using server = await serve(project);
    const status = async (path: string) => {
      const response = await fetch(`${server.url}${path}`);
      await response.body?.cancel();
      return response.status;
    };
    const lists = ["/api/runs?max_results=1000", "/api/experiments", "/runs", "/", "/metrics"];
    for (const path of lists) assert.equal(await status(path), 200, path);
    for (const id of [...forged.map(({ id }) => id), ...beside]) {
      for (const path of [`/api/runs/${id}`, `/runs/${id}`, `/api/runs/${honest}/compare/${id}`]) {
        assert.equal(await status(path), 200, path);
      }
    }
    for (const id of [...forged.map(({ id }) => id), ...beside]) {
      for (const path of ["contract.json", "evaluation.json"]) {
        const found = await status(`/api/runs/${id}/artifacts/${path}`);
        assert.ok([200, 404, 409].includes(found), `${found} for ${path}`);
      }
      const found = await status(`/api/runs/${id}/metrics/train_loss`);
      assert.ok([200, 409].includes(found), `${found} for a metric`);
    }
    const page = await (await fetch(`${server.url}/runs/${forged[0]!.id}`)).text();
    assert.ok(page.includes("record is misshapen: its start time is misshapen (9000000000000000000)."));
    const judged = await fetch(`${server.url}/api/runs/${forged[0]!.id}/report`);
    assert.equal(((await judged.json()) as ReplayReport).verdict, "unverifiable");
    assert.doesNotMatch(server.log(), /fault/);
  });
});

async function judgeEach(
  project: Project,
  honest: string,
  ids: readonly string[],
): Promise<readonly Said[]> {
  const program = new URL("./judge_each.ts", import.meta.url).href;
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--no-lock", "--config", "deno.json", program, honest, ...ids],
    cwd: project.directory,
    env: { MLFLOW_TRACKING_URI: "", NO_COLOR: "1" },
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assert.equal(err, "");
  return JSON.parse(out!);
}

import assert from "node:assert/strict";
import { digestOf, digestOfJson } from "../../lib/base/digest.ts";
import { openProject } from "../project.ts";
import { openForge } from "../tracking/forged.ts";
import { startHostileServer, toldRun } from "../tracking/hostile_server.ts";

/** A text that paints, turns around, rings and begins a line of its own. */
const EVIL = "a\u001b[31mb\u202ec\u0007d\u009b1me\u2028f\u200bg\r\nFORGED: safe to rerun\n✅ FORGED";

/** Fails where a text that reached a terminal has what would act on it, or a line that it didn't write. */
function assertPrintable(told: string, what: string): void {
  const found = /[[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]--[\n\t]]/v.exec(told);
  assert.equal(found, null, `${what} printed U+${found?.[0].codePointAt(0)?.toString(16)}`);
  // A line of HTML is no line of what is shown.
  if (!/^<!doctype html>/i.test(told)) assert.doesNotMatch(told, /^(?:✅ )?FORGED/m, `${what}: ${told}`);
}

Deno.test("no text of a store acts on a terminal or passes for a line, whatever the command", async () => {
  await using project = await openProject();
  const honest = (await project.json("train", "exp_v1")).document.run_id;
  let forged = "";
  {
    using forge = openForge(project.directory);
    const { database } = forge;
    forged = await forge.copy(honest, EVIL);
    const set = (sql: string, ...values: readonly string[]) => database.prepare(sql).run(...values);
    set("UPDATE experiments SET name = ? WHERE name = 'iris'", `iris${EVIL}`);
    set("UPDATE runs SET user_id = ? WHERE run_uuid = ?", EVIL, forged);
    set("INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?)", EVIL, EVIL, forged);
    for (const tag of [EVIL, "reprise.failure", "reprise.config", "reprise.set", "reprise.determinism"]) {
      set(
        "INSERT INTO tags (key, value, run_uuid) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
        ...[tag, EVIL, forged],
      );
    }
    set("UPDATE latest_metrics SET key = ? WHERE run_uuid = ? AND key = 'accuracy'", EVIL, forged);
    set("UPDATE metrics SET key = ? WHERE run_uuid = ? AND key = 'accuracy'", EVIL, forged);
    set("UPDATE datasets SET name = ?, digest = ?", EVIL, EVIL);
    await Deno.writeTextFile(forge.artifact(forged, EVIL.replaceAll("/", "_")), "an artifact");
    // The evidence of a contract is shown, as are the words of waivers.
    const path = forge.artifact(forged, "contract.json");
    const record = JSON.parse(await Deno.readTextFile(path));
    for (const evidence of Object.values<{ value?: string }>(record.evidence)) evidence.value = EVIL;
    await Deno.writeTextFile(path, JSON.stringify(record));
    set(
      "UPDATE params SET value = ? WHERE run_uuid = ? AND key = 'contract.digest'",
      digestOfJson(record),
      forged,
    );
    await Deno.mkdir(forge.artifact(forged, "waivers"));
    const current = digestOf("43");
    await Deno.writeTextFile(
      forge.artifact(forged, "waivers/w.json"),
      JSON.stringify({
        clause: "seed",
        past: record.clauses.seed,
        current,
        because: EVIL,
        by: EVIL,
        at: "2026-01-01T00:00:00.000Z",
      }),
    );
    await Deno.writeTextFile(forge.artifact(forged, `waivers/${EVIL.replaceAll("/", "_")}.json`), "{}");
  }
  await project.edit("configs/exp_v1.yaml", "seed: 42", "seed: 43");
  await project.edit("registries/datasets/iris_v1.csv", "setosa", "virginica");
  const commands: readonly (readonly string[])[] = [
    ["runs", "list"],
    ["runs", "list", "--json"],
    ["runs", "list", "--experiment", "irys"],
    ["runs", "show", forged],
    ["runs", "show", forged, "--json"],
    ["runs", "show", "no such run"],
    ["runs", "compare", forged, honest],
    ["runs", "compare", honest, forged, "--format", "markdown"],
    ["replay", "no such run"],
    ["replay", EVIL],
    ...["text", "json", "markdown", "junit", "html"].map((form) => [
      ...["replay", "--run-id", forged, "--recorded-config", "--format", form],
    ]),
    ["replay", "--run-id", forged],
    ["replay", "--run-id", forged, "--rerun", "--as-recorded"],
    ["replay", "--run-id", forged, "--accept", "no-such-clause", "--because", "it is fine"],
    ...["text", "json", "markdown", "junit"].map((form) => ["replay", "--all", "--format", form]),
    ["registry"],
    ["config", "list"],
    ["train", "exp_v1", "--set", `run=${EVIL}`],
  ];
  let all = "";
  for (const command of commands) {
    const { code, stdout, stderr } = await project.run(...command);
    all += stdout;
    const what = JSON.stringify(command);
    assert.ok(code <= 2, `${what} ended with ${code}: ${stderr}`);
    assertPrintable(stdout, what);
    assertPrintable(stderr, what);
  }
  assert.match(all, /waive.*FORGED/, "the words of a waiver are told");
  const { stdout } = await project.run("runs", "list", "--json");
  const [listed] = (JSON.parse(stdout) as readonly { readonly run_id: string; readonly run_name: string }[])
    .filter(({ run_id }) => run_id === forged);
  assert.equal(listed?.run_name, EVIL, "JSON is the same data");
});

Deno.test("no text of a server acts on a terminal, also where it is a refusal", async () => {
  await using project = await openProject();
  const refused = (error_code: string) => () =>
    Response.json({ error_code, message: EVIL.replaceAll("\r\n", " ") }, { status: 400 });
  for (
    const script of [
      {
        "runs/search": () =>
          Response.json({ runs: [toldRun({ run_name: EVIL, status: EVIL, user_id: EVIL })] }),
      },
      { "runs/search": refused("INVALID_PARAMETER_VALUE"), "runs/get": refused(EVIL) },
      { "runs/get": () => new Response(EVIL, { status: 500, headers: { "content-type": "text/plain" } }) },
      { "experiments/search": () => Response.json({ experiments: [{ experiment_id: EVIL, name: EVIL }] }) },
      { "runs/get": () => Response.json({ run: toldRun({ artifact_uri: EVIL, run_id: EVIL }) }) },
      { "artifacts/list": () => Response.json({ files: [{ path: EVIL }, { path: `../${EVIL}` }] }) },
    ]
  ) {
    await using server = startHostileServer(script);
    const id = "0123456789abcdef0123456789abcdef";
    for (
      const command of [["runs", "list"], ["runs", "show", id], ["replay", "--run-id", id], [
        "replay",
        "--all",
      ]]
    ) {
      const { code, stdout, stderr } = await project.run(...command, "--tracking-uri", server.uri);
      assert.ok(code <= 3, `${command} ended with ${code}: ${stderr}`);
      assertPrintable(stdout, command.join(" "));
      assertPrintable(stderr, command.join(" "));
    }
  }
});

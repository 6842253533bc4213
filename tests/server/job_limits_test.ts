import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import type { Job } from "../../lib/server/job.ts";
import { openProject, type Project } from "../project.ts";
import { serve, type Serving } from "./serving.ts";

/** Waits for the end of a job. */
async function ended({ client }: Serving, id: string): Promise<Job> {
  await Array.fromAsync(client.events(id));
  return await client.job(id);
}

/** The run of a job, and why it failed. */
async function failureOf({ client }: Serving, { run_id }: Job): Promise<readonly unknown[]> {
  const { info, tags } = await client.run(run_id!);
  return [info.status, tags["reprise.failure"]];
}

/** Makes a module of a project do something first. */
async function begin(project: Project, file: string, code: string): Promise<void> {
  await project.write(file, `${code}\n${await project.read(file)}`);
}

Deno.test("a job that takes longer than it may is ended, its run FAILED with the reason, and the next one runs", async () => {
  await using project = await openProject();
  await using server = await serve(project, ["--job-timeout", "12"]);
  const { client } = server;
  const endless = await client.startTrain({
    experiment: "exp_v1",
    set: ["model.params.epochs=9007199254740991"],
  });
  const job = await ended(server, endless.id);
  const message = "The job was ended after 12 seconds, which is as long as a job may take here.";
  assert.deepEqual([job.state, job.error], ["failed", {
    code: "INVALID_STATE",
    message,
    hint: "Ask for less, or start the server with a longer `--job-timeout`.",
  }]);
  assert.deepEqual(await failureOf(server, job), ["FAILED", message]);
  assert.equal(
    (await client.train({ experiment: "exp_v1", set: ["model.params.epochs=5"] })).status,
    "FINISHED",
  );
});

const HELD =
  "The job was ended as it held more than 500 MiB of memory, which is as much as a job may hold here.";
const MORE = "Ask for less, or start the server with a greater `--job-memory`.";

Deno.test("a job that holds more memory than it may is ended, on the heap or beside it", async () => {
  await using project = await openProject();
  await begin(
    project,
    "registries/models/_softmax.ts",
    `const held: unknown[] = [];
const kind = Deno.env.get("USER");
if (kind === "objects") for (;;) held.push({ at: held.length });
if (kind === "buffers") for (;;) held.push(new Uint8Array(1e7).fill(1));`,
  );
  const heldBy = async (what: "objects" | "buffers") => {
    await using server = await serve(project, ["--job-memory", "500"], { USER: what });
    const { id } = await server.client.startTrain({ experiment: "exp_v1" });
    const { state, error } = await ended(server, id);
    return { state, error };
  };
  const expected = { state: "failed", error: { code: "INVALID_STATE", message: HELD, hint: MORE } };
  for (const what of ["objects", "buffers"] as const) assert.deepEqual(await heldBy(what), expected);
});

Deno.test("a job that prints without end is ended", async () => {
  await using project = await openProject();
  await begin(project, "registries/mod.ts", 'const line = "x".repeat(1e6); for (;;) console.log(line);');
  await using server = await serve(project);
  const { state, error } = await ended(server, (await server.client.startTrain({ experiment: "exp_v1" })).id);
  assert.deepEqual([state, error?.message], ["failed", "The job was ended as it printed more than 64 MiB."]);
});

Deno.test("a limit of jobs is a number above 0", async () => {
  await using project = await openProject();
  await assert.rejects(
    serve(project, ["--job-memory", "0"]),
    /error: Expected a number above 0, found 0\.\n$/,
  );
  await assert.rejects(
    serve(project, ["--trust-proxy", "proxy.example"]),
    /error: Expected the IP address of a proxy, found "proxy\.example"\.\n$/,
  );
});

/** The names and values that the processes of jobs in a project were started with. */
function environmentsIn(directory: string): readonly (readonly string[])[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      if (Deno.readLinkSync(`/proc/${pid}/cwd`) !== directory) return [];
      if (!readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("cli.ts")) return [];
      return [readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").filter((line) => line !== "")];
    } catch {
      return [];
    }
  });
}

/** Tells all that a module sees of the environment: to a file, or where it may write none, by its error. */
const DUMP = `
import process from "node:process";
const attempt = (read) => { try { return read(); } catch (error) { return String(error); } };
const names = ["REPRISE_RUN_TOKEN", "SECRET", "PGPASSWORD", "MLFLOW_TRACKING_PASSWORD"];
const dump = JSON.stringify({
  environ: attempt(() => Deno.readTextFileSync("/proc/self/environ")),
  deno: names.map((name) => attempt(() => Deno.env.get(name) ?? null)),
  node: names.map((name) => attempt(() => process.env[name] ?? null)),
  tokens: ["tokens", "./registries/../tokens"].map((path) => attempt(() => Deno.readTextFileSync(path))),
  written: attempt(() => Deno.writeTextFileSync("tokens", "")),
});
try {
  Deno.writeTextFileSync("dump.json", dump);
} catch {
  throw new Error("DUMP" + dump);
}
`;

const KNOWN = new Set([
  ...["PATH", "HOME", "DENO_DIR", "XDG_CACHE_HOME", "TMPDIR", "LANG", "LC_ALL", "TZ", "NO_COLOR"],
  ...["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"],
  ...["SSL_CERT_FILE", "DENO_CERT", "DENO_TLS_CA_STORE", "NPM_CONFIG_REGISTRY"],
]);
const TRACKING = ["MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_PASSWORD", "USER", "LOGNAME", "USERNAME"];

Deno.test("a pipeline module sees nothing of the server's environment but what its command needs", async () => {
  await using project = await openProject();
  await begin(project, "registries/mod.ts", DUMP);
  const token = "run-token-of-these-tests-22";
  await project.write("tokens", "read another-token-of-these-tests\n");
  await using server = await serve(project, ["--token-file", "tokens"], {
    REPRISE_RUN_TOKEN: token,
    SECRET: "secret-of-the-shell",
    PGPASSWORD: "secret-of-the-data",
    MLFLOW_TRACKING_PASSWORD: "secret-of-the-store",
  });
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const check = (text: string, asked: readonly (string | null)[]) => {
    const { environ, deno, node, tokens, written } = JSON.parse(text);
    for (const told of [...tokens, written]) assert.match(told, /^NotCapable: /);
    assert.match(environ, /^NotCapable: /);
    assert.deepEqual([deno, node], [asked, asked]);
  };
  const body = JSON.stringify({ experiment: "exp_v1", set: ["model.params.epochs=1000000"] });
  const { id } = await (await fetch(`${server.url}/api/train`, { method: "POST", headers, body })).json();
  const events = await fetch(`${server.url}/api/jobs/${id}/events`, { headers });
  let told = "";
  for await (const text of events.body!.pipeThrough(new TextDecoderStream())) {
    if ((told += text).includes("event: epoch")) break;
  }
  const [environment, ...others] = environmentsIn(project.directory);
  assert.deepEqual(others, []);
  const granted = [...TRACKING, "PGPASSWORD"];
  assert.deepEqual(
    environment!.map((line) => line.split("=")[0]!).filter((name) =>
      !KNOWN.has(name) && !granted.includes(name)
    ),
    [],
  );
  assert.ok(environment!.includes("PGPASSWORD=secret-of-the-data"));
  assert.ok(environment!.includes("MLFLOW_TRACKING_PASSWORD=secret-of-the-store"));
  check(await project.read("dump.json"), [null, null, "secret-of-the-data", "secret-of-the-store"]);
  const dumpAt = async (path: string) => {
    const { message } = await (await fetch(server.url + path, { headers })).json();
    return /DUMP(.*\})/.exec(message)![1]!;
  };
  check(await dumpAt("/api/registry"), [null, null, "secret-of-the-data", null]);
  check(await dumpAt("/api/contract/exp_v1"), [null, null, "secret-of-the-data", null]);
  const { configs } = await (await fetch(`${server.url}/api/experiments`, { headers })).json();
  check(/DUMP(.*\})/.exec(configs[0].problem)![1]!, [null, null, null, null]);
});

Deno.test("no pipeline module is imported by the server itself", async () => {
  await using project = await openProject();
  await begin(
    project,
    "registries/mod.ts",
    'try { Deno.writeTextFileSync(`by-${Deno.pid}`, ""); } catch { /* not allowed */ }',
  );
  await begin(
    project,
    "configs/exp_v2.ts",
    'try { Deno.writeTextFileSync(`by-${Deno.pid}`, ""); } catch { /* not allowed */ }',
  );
  await using server = await serve(project);
  const { client } = server;
  const [one, two] = [
    await client.train({ experiment: "exp_v2", set: ["model.params.epochs=5"] }),
    await client.train({ experiment: "exp_v1", set: ["model.params.epochs=5"] }),
  ];
  const { paths } = await (await fetch(`${server.url}/openapi.json`)).json();
  const names: Readonly<Record<string, string>> = {
    id: one.run_id,
    other: two.run_id,
    name: "exp_v2",
    experiment: "exp_v2",
    key: "accuracy",
    path: "contract.json",
  };
  const pages = ["/", "/runs", "/jobs", `/runs/${one.run_id}`, `/compare?a=${one.run_id}&b=${two.run_id}`];
  const asked = [...pages, ...Object.keys(paths)].filter((path) => !/jobs\/|train|replay/.test(path));
  for (const path of asked) {
    const answer = await fetch(server.url + path.replace(/\{(\w+)\}/g, (_, name) => names[name]!));
    assert.ok(answer.status < 500, `${path}: ${answer.status}`);
    await answer.body?.cancel();
  }
  const written = [...Deno.readDirSync(project.directory)].filter(({ name }) => name.startsWith("by-"));
  assert.ok(written.length >= 2, "the jobs wrote none");
  assert.ok(!written.some(({ name }) => name === `by-${server.process.pid}`));
});

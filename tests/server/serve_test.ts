import assert from "node:assert/strict";
import type { z } from "../../lib/deps/zod.ts";
import {
  createClient,
  type ExperimentList,
  type Job,
  type JobEvent,
  type RegistryListing,
  type ReplayRequest,
  type ReportDocument,
  type RunList,
  type RunsQuery,
  type ShownRun,
  type TrainRequest,
} from "../../lib/server/client.ts";
import { GRANTS } from "../../lib/server/process.ts";
import { answers, type bodies, type runsQuery } from "../../lib/server/schemas.ts";
import type { TrainedRun } from "../../lib/training/train.ts";
import { openProject, ROOT } from "../project.ts";
import { serve, type Serving } from "./serving.ts";

const SHORT = { experiment: "exp_v1", set: ["model.params.epochs=5"] };

/** Asks a server, and gives the status and the document. */
async function ask({ url }: Serving, path: string, init?: RequestInit) {
  const response = await fetch(`${url}${path}`, init);
  const type = response.headers.get("content-type")?.split(";")[0];
  return {
    status: response.status,
    body: type === "application/json" ? await response.json() : await response.text(),
  };
}

function post(server: Serving, path: string, body: unknown, headers: Readonly<Record<string, string>> = {}) {
  return ask(server, path, {
    method: "POST",
    body: typeof body === "string" ? body : JSON.stringify(body),
    headers: { "content-type": "application/json", ...headers },
  });
}

const trouble = (status: number, error_code: string, message: string, hint?: string) => ({
  status,
  body: { error_code, message, ...(hint === undefined ? {} : { hint }) },
});

Deno.test("a replay that is blocked is a result, and its report comes in three forms", async () => {
  await using project = await openProject();
  await using server = await serve(project);
  const { client } = server;
  const { run_id } = await client.train(SHORT);
  const safe = await client.replay({ run: "exp_v1" });
  assert.equal(safe.verdict, "safe");
  const again = await client.replay({ run_id, rerun: true });
  assert.equal(again.verdict, "reproduced");
  assert.equal((await client.run(again.rerun_id!)).info.status, "FINISHED");

  await project.edit("configs/exp_v1.yaml", "seed: 42", "seed: 43");
  const answer = await post(server, "/api/replay?wait=true", { run_id });
  assert.equal(answer.status, 200);
  const { code, document } = await project.json("replay", "--run-id", run_id);
  assert.equal(code, 1);
  assert.deepEqual(answer.body, document);
  assert.equal(document.verdict, "blocked");
  assert.deepEqual(await client.report(run_id), document);

  const markdown = await ask(server, `/api/runs/${run_id}/report`, { headers: { accept: "text/markdown" } });
  assert.equal(markdown.status, 200);
  assert.match(
    markdown.body,
    /^<!-- reprise:replay exp_v1 -->\n# Replay of exp_v1\n\n\*\*❌ rerun blocked due to drift\*\*\n\n- run `[0-9a-f]{32}`\n- Recorded as [^\n]+\n- judged by `configs\/exp_v1\.yaml`\n/,
  );
  assert.match(markdown.body, /\n\| `seed` \| changed, \*\*binding\*\* \| `42` \| `43` \| {2}\|\n/);
  const page = await ask(server, `/api/runs/${run_id}/report`, {
    headers: { accept: "text/html,*/*;q=0.8" },
  });
  assert.match(page.body, /^<!doctype html>/);
  assert.match(page.body, /<title>Replay of exp_v1: rerun blocked due to drift<\/title>/);

  const waived = await client.replay({
    run_id,
    accept: ["seed", "split"],
    because: "any seed will do",
    log: true,
  });
  assert.deepEqual([waived.verdict, waived.drifts.map(({ waiver }) => waiver?.because)], [
    "safe",
    ["any seed will do", "any seed will do"],
  ]);
  assert.equal((await client.run(run_id)).tags["reprise.verdict"], "safe");
  const compared = await client.compare(
    run_id,
    (await client.train({ ...SHORT, set: [...SHORT.set, "seed=5"] })).run_id,
  );
  assert.deepEqual([compared.verdict, compared.drifts.map(({ clause }) => clause)], ["different", [
    "split",
    "seed",
  ]]);
  assert.equal(compared.drifts[1]?.origin?.current, "--set");
});

Deno.test("what is recorded can be listed, filtered, paged and read", async () => {
  await using project = await openProject();
  await using server = await serve(project);
  const { client } = server;
  assert.deepEqual(await client.runs(), { runs: [] });
  const [a, b] = [
    await client.train(SHORT),
    await client.train({ ...SHORT, experiment: "baseline", set: [] }),
  ];
  const runs = (await client.runs()).runs;
  assert.deepEqual(runs.map(({ run_id }) => run_id), [b.run_id, a.run_id]);
  assert.deepEqual(runs, JSON.parse((await project.run("runs", "list", "--json")).stdout));
  const first = await client.runs({ max_results: 1 });
  assert.deepEqual(first.runs, runs.slice(0, 1));
  const second = await client.runs({ max_results: 1, page_token: first.next_page_token! });
  assert.deepEqual(second.runs, runs.slice(1));
  assert.deepEqual((await client.runs({ name: "exp_v1", status: "FINISHED" })).runs, runs.slice(1));
  assert.deepEqual((await client.runs({ experiment: "iris", status: "FAILED" })).runs, []);
  assert.deepEqual(
    await client.run(a.run_id),
    JSON.parse((await project.run("runs", "show", a.run_id, "--json")).stdout),
  );
  const history = await client.metricHistory(a.run_id, "train_loss");
  assert.deepEqual(history.map(({ step }) => step), [1, 2, 3, 4, 5]);
  const contract = JSON.parse(new TextDecoder().decode(await client.artifact(a.run_id, "contract.json")));
  assert.deepEqual(contract.clauses, a.contract.clauses);
  const source = await fetch(`${server.url}/api/runs/${a.run_id}/artifacts/config.yaml`);
  assert.equal(source.headers.get("content-type"), "text/plain; charset=utf-8");
  assert.match(await source.text(), /^experiment: iris/);
});

Deno.test("the configs, the registry and the contract are today's", async () => {
  await using project = await openProject();
  await using server = await serve(project);
  const { client } = server;
  await project.write("configs/broken.yaml", "experiment: iris\n");
  const { configs } = await client.experiments();
  assert.deepEqual(
    configs.map(({ name, experiment, run, problem }) => [name, experiment, run, problem !== undefined]),
    [
      ["baseline", "iris", "baseline", false],
      ["broken", undefined, undefined, true],
      ["diabetes", "diabetes", "diabetes", false],
      ["exp_v1", "iris", "exp_v1", false],
      ["exp_v2", "iris", "exp_v2", false],
      ["penguins", "penguins", "penguins", false],
    ],
  );
  assert.deepEqual(await client.registry(), JSON.parse((await project.run("registry", "--json")).stdout));
  assert.deepEqual(
    await client.registryEntry("exp_v1", "config"),
    JSON.parse((await project.run("registry", "show", "exp_v1", "--json")).stdout),
  );
  await assert.rejects(client.registryEntry("../exp_v1"), { code: "RESOURCE_DOES_NOT_EXIST" });
  await assert.rejects(client.registryEntry("mlp", "view"), {
    message:
      'There is no view "mlp". There are: diabetes_v1_features_v1, iris_v1_features_v1, penguins_v1_features_v1.',
  });
  const before = await client.contract("exp_v1");
  assert.deepEqual(before, (await project.json("contract", "exp_v1")).document);
  await project.edit("registries/features/_helpers.ts", "length / width", "length / (width + 1)");
  const after = await client.contract("exp_v1");
  assert.deepEqual(
    Object.keys(after.clauses).filter((clause) =>
      after.clauses[clause] !== before.clauses[clause] && !clause.endsWith(".values")
    ),
    ["features.iris_v1_features_v1.petal_shape", "features.iris_v1_features_v1.sepal_shape"],
  );
});

Deno.test("a request can name experiments, runs and registry entries, and nothing else", async () => {
  await using project = await openProject();
  await project.write("elsewhere.ts", "throw new Error('it was run');");
  await using server = await serve(project);
  for (
    const experiment of [
      "configs/exp_v1.yaml",
      "../exp_v1",
      "exp_v1.yaml",
      "elsewhere.ts",
      "https://example.org/exp_v1.yaml",
      "http:x",
      "C:\\exp_v1",
      ".hidden",
      "a\nb",
      "",
      "x".repeat(251),
    ]
  ) {
    const { status, body } = await post(server, "/api/train", { experiment });
    assert.equal(status, 400, experiment);
    assert.equal(body.error_code, "INVALID_PARAMETER_VALUE", experiment);
    assert.match(body.message, /^body: {2}experiment: /);
  }
  for (const experiment of ["--help", "replay_exp_v1", "__proto__"]) {
    assert.equal((await post(server, "/api/train", { experiment })).status, 404, experiment);
  }
  for (const run of ["../exp_v1", "a/b", "..\\x"]) {
    assert.equal((await post(server, "/api/replay", { run })).status, 400, run);
  }
  const named = await post(server, "/api/replay?wait=true", { run: "--help" });
  assert.equal(named.status, 404);
  for (
    const set of [
      "tracking.uri=sqlite:////etc/x.db",
      " tracking={ uri: x }",
      "tracking={}",
      "seed=\0",
      "noequals",
    ]
  ) {
    assert.equal((await post(server, "/api/train", { ...SHORT, set: [set] })).status, 400, set);
  }
  for (const extra of [{ tracking_uri: "sqlite:///x.db" }, { config: "x.yaml" }]) {
    assert.equal((await post(server, "/api/replay", { run: "exp_v1", ...extra })).status, 400);
  }
  for (
    const path of [
      "/api/contract/..%2fexp_v1",
      "/api/contract/elsewhere.ts",
      "/api/runs/exp_v1",
      "/api/runs/%2e%2e",
      "/api/jobs/x",
      `/api/runs/${"0".repeat(32)}`,
      `/api/runs/${"0".repeat(32)}/report`,
      `/api/runs/${"0".repeat(32)}/artifacts/..%2f..%2fmlflow.db`,
      `/api/runs/${"0".repeat(32)}/metrics/x`,
    ]
  ) {
    const { status, body } = await ask(server, path);
    assert.ok([400, 404].includes(status), `${path}: ${status}`);
    assert.ok(typeof body.error_code === "string" && typeof body.message === "string", path);
  }
  assert.deepEqual((await server.client.jobs()).map(({ kind, state }) => [kind, state]), [[
    "replay",
    "failed",
  ]]);
});

Deno.test("a text of a caller that no program or file could take is refused, and is no fault", async () => {
  await using project = await openProject();
  await using server = await serve(project);
  const { run_id } = await server.client.train(SHORT);
  const accepted = { run_id, accept: ["features.*"], because: "so" };
  const long = "a".repeat(200_000);
  const control = "expected no control characters";
  const bodies: readonly (readonly [body: unknown, message: RegExp])[] = [
    [{ ...accepted, because: "a\0b" }, /^body: {2}because: expected no control characters but line ends/],
    [{ ...accepted, because: "\x1b[2J" }, /^body: {2}because: expected no control characters but line ends/],
    [{ ...accepted, because: long }, /^body: {2}because: /],
    [{ ...accepted, accept: [long] }, /^body: {2}accept\.0: /],
    [{ ...accepted, accept: ["a\0b"] }, /^body: {2}accept\.0: expected no control characters/],
    [{ ...accepted, accept: Array(1001).fill("a") }, /^body: {2}accept: /],
    [{ run_id: "a\0b" }, /^body: {2}run_id: /],
    [{ run: "a\0b" }, /^body: {2}run: /],
  ];
  for (const [body, message] of bodies) {
    const answer = await post(server, "/api/replay?wait=true", body);
    assert.deepEqual([answer.status, answer.body.error_code], [400, "INVALID_PARAMETER_VALUE"]);
    assert.match(answer.body.message, message);
  }
  const set = await post(server, "/api/train", { ...SHORT, set: ["seed=\x07"] });
  assert.deepEqual([set.status, set.body.message.includes(control)], [400, true]);
  const most = { ...accepted, accept: Array(1000).fill("b".repeat(200)), because: "in\ntwo lines" };
  const allowed = await post(server, "/api/replay?wait=true", most);
  assert.equal(
    allowed.body.message,
    `Nothing to accept: no drift that blocks this run is called "${"b".repeat(200)}". No drift blocks it.`,
  );

  const artifact =
    "There is no such artifact: its name is of 1000 bytes at most, 255 between slashes, and printable.";
  const metric = "There is no such metric: its name is of 250 characters at most, and printable.";
  const paths: readonly (readonly [path: string, message: string | undefined])[] = [
    [`/lib/${"a".repeat(300)}.ts`, undefined],
    [`/configs/${"a".repeat(5000)}.yaml`, undefined],
    [`/api/runs/${run_id}/artifacts/${"a/".repeat(2500)}b`, artifact],
    [`/api/runs/${run_id}/artifacts/${"a".repeat(256)}`, artifact],
    [`/api/runs/${run_id}/artifacts/${"%C3%A9".repeat(128)}`, artifact],
    [`/api/runs/${run_id}/artifacts/a%00b`, artifact],
    [`/api/runs/${run_id}/metrics/${"a".repeat(251)}`, metric],
    [`/api/runs/${run_id}/metrics/a%00b`, metric],
    [`/runs/${run_id}/source/${"a/".repeat(2500)}b`, undefined],
    [`/runs/${run_id}/source/${"a".repeat(300)}`, undefined],
    [`/api/registry/${"a".repeat(5000)}`, undefined],
    [`/api/contract/${"a".repeat(5000)}`, undefined],
  ];
  for (const [path, message] of paths) {
    const { status, body } = await ask(server, path);
    assert.equal(status, 404, path.slice(0, 80));
    if (message !== undefined) assert.equal(body.message, message);
  }
  for (const query of ["name=a%00b", "experiment=%1b", "page_token=%00"]) {
    assert.equal((await ask(server, `/api/runs?${query}`)).status, 400, query);
  }
  assert.equal(server.log(), "");
});

Deno.test("one caller waits for 6 lookups at once, and takes not all of their queue", async () => {
  await using project = await openProject();
  await using server = await serve(project);
  const one = await server.client.train(SHORT);
  const id = one.run_id;
  for (
    const path of [`/api/runs/${id}/report`, `/api/runs/${id}/compare/${id}`, `/compare?a=${id}&b=${id}`]
  ) {
    const answers = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const response = await fetch(server.url + path);
        return { status: response.status, text: await response.text() };
      }),
    );
    const [refused, ...others] = answers.filter(({ status }) => status !== 200);
    assert.deepEqual(
      refused && { ...refused, text: undefined, body: JSON.parse(refused.text) },
      {
        ...trouble(
          429,
          "REQUEST_LIMIT_EXCEEDED",
          "This caller waits for 6 lookups already: reports, comparisons, contracts or entries of the registry.",
          "Ask again once one of them is answered.",
        ),
        text: undefined,
      },
      path,
    );
    assert.ok(others.every(({ status }) => status === 429));
    const again = await fetch(server.url + path);
    await again.body?.cancel();
    assert.equal(again.status, 200);
  }
});

Deno.test("one caller is sent 20 artifacts at once, and gets a place back for one that it leaves", async () => {
  await using project = await openProject();
  await using server = await serve(project);
  const { run_id } = await server.client.train(SHORT);
  // More than a connection holds until it is read.
  const size = 16_000_000;
  await Deno.writeFile(await artifactIn(project.directory, run_id, "big.bin"), new Uint8Array(size));
  const path = `/api/runs/${run_id}/artifacts/big.bin`;
  const held = await Promise.all(Array.from({ length: 20 }, () => fetch(server.url + path)));
  assert.deepEqual(held.map(({ status }) => status), Array(20).fill(200));
  assert.deepEqual(
    await ask(server, path),
    trouble(
      429,
      "REQUEST_LIMIT_EXCEEDED",
      "This caller is being sent 20 artifacts already.",
      "Ask again once one of them has arrived.",
    ),
  );
  assert.equal((await held[0]!.bytes()).length, size);
  assert.equal((await fetch(server.url + path, { method: "HEAD" })).status, 200);
  const again = await fetch(server.url + path);
  assert.equal(again.status, 200);
  await held[1]!.body!.cancel();
  for (let tries = 0; (await fetch(server.url + path, { method: "HEAD" })).status !== 200; tries++) {
    assert.ok(tries < 100, "no place is given back");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  for (const { body } of [again, ...held.slice(2)]) await body!.cancel();
});

/** The path of a file among the artifacts of a run. */
async function artifactIn(directory: string, runId: string, name: string): Promise<string> {
  for await (const { name: experiment } of Deno.readDir(`${directory}/mlartifacts`)) {
    const folder = `${directory}/mlartifacts/${experiment}/${runId}/artifacts`;
    if (await Deno.stat(folder).then(() => true, () => false)) return `${folder}/${name}`;
  }
  return assert.fail("the run has no artifacts");
}

Deno.test("errors have one shape, with the words of the command line", async () => {
  await using project = await openProject();
  await using server = await serve(project);
  assert.deepEqual(
    await ask(server, "/api/nothing"),
    trouble(
      404,
      "ENDPOINT_NOT_FOUND",
      "There is nothing at GET /api/nothing.",
      "GET /openapi.json tells what there is.",
    ),
  );
  assert.deepEqual(
    await post(server, "/api/train", { experiment: "exp_v11" }),
    trouble(
      404,
      "RESOURCE_DOES_NOT_EXIST",
      'There is no config "exp_v11" in configs/. Did you mean "exp_v1"?',
      "GET /api/experiments lists them.",
    ),
  );
  assert.deepEqual(
    await post(server, "/api/train", { experimnt: "exp_v1" }),
    trouble(
      400,
      "INVALID_PARAMETER_VALUE",
      'body:  experiment: missing (expected a text)\nbody:  experimnt: unknown key. Did you mean "experiment"?',
    ),
  );
  assert.deepEqual(
    await post(server, "/api/train?wait=true", { experiment: "exp_v1", set: ["model.params.epochs=-1"] }),
    trouble(
      400,
      "INVALID_PARAMETER_VALUE",
      "--set model.params.epochs=-1  model.params.epochs: expected a whole number above 0, found -1",
    ),
  );
  const { status, body } = await post(server, "/api/train", "{");
  assert.equal(status, 400);
  assert.match(body.message, /^The body is no JSON: /);
  assert.equal((await post(server, "/api/train", "[]")).status, 400);
  assert.equal((await post(server, "/api/train?wat=1", SHORT)).status, 400);
  assert.equal((await post(server, "/api/replay", {})).status, 400);
  assert.equal((await post(server, "/api/replay", { run: "a", run_id: "0".repeat(32) })).status, 400);
  assert.equal((await post(server, "/api/train", SHORT, { "idempotency-key": "a b" })).status, 400);
  assert.equal((await post(server, "/api/train", SHORT, { "content-type": "text/plain" })).status, 415);
  assert.equal((await post(server, "/api/train", `{"x":"${"x".repeat(1_000_000)}"}`)).status, 413);
  assert.equal((await ask(server, "/api/runs?max_results=0")).status, 400);
  assert.equal((await ask(server, "/api/runs?page_token=x")).status, 400);
  assert.equal((await ask(server, "/api/runs?experiment=nope")).status, 404);
  await assert.rejects(createClient(server.url).job("nope"), {
    code: "RESOURCE_DOES_NOT_EXIST",
    message: 'There is no job "nope".',
    hint: "GET /api/jobs lists them.",
  });
  assert.equal(server.log(), "");
});

Deno.test("a store out of reach makes the server not ready, and is told as 503", async () => {
  await using project = await openProject();
  const listener = Deno.listen({ port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  await using server = await serve(project, ["--tracking-uri", `http://127.0.0.1:${port}`]);
  assert.deepEqual(await ask(server, "/healthz"), { status: 200, body: { status: "ok" } });
  const ready = await ask(server, "/readyz");
  assert.equal(ready.status, 503);
  assert.equal(ready.body.error_code, "TEMPORARILY_UNAVAILABLE");
  assert.equal((await ask(server, "/api/runs")).status, 503);
  assert.match((await ask(server, "/metrics")).body, /^reprise_store_up 0$/m);
});

Deno.test("the OpenAPI document has every route of the API, and its answers fit it", async () => {
  await using project = await openProject();
  await using server = await serve(project);
  const { status, body } = await ask(server, "/openapi.json");
  assert.equal(status, 200);
  assert.equal(body.openapi, "3.1.0");
  assert.deepEqual(
    Object.entries(body.paths).flatMap(([path, methods]) =>
      Object.keys(methods as object).map((m) => `${m} ${path}`)
    ),
    [
      "post /api/train",
      "post /api/replay",
      "get /api/jobs",
      "get /api/jobs/{id}",
      "delete /api/jobs/{id}",
      "get /api/jobs/{id}/events",
      "get /api/experiments",
      "get /api/registry",
      "get /api/registry/{name}",
      "get /api/contract/{experiment}",
      "get /api/runs",
      "get /api/runs/{id}",
      "get /api/runs/{id}/metrics/{key}",
      "get /api/runs/{id}/artifacts/{path}",
      "get /api/runs/{id}/report",
      "get /api/runs/{id}/compare/{other}",
      "get /healthz",
      "get /readyz",
    ],
  );
  const text = JSON.stringify(body);
  for (const [, name] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
    assert.ok(name! in body.components.schemas, `no schema ${name}`);
  }
  const ids = [...text.matchAll(/"operationId":"(\w+)"/g)].map(([, id]) => id);
  assert.equal(new Set(ids).size, ids.length);

  const { client } = server;
  const run = await client.train(SHORT);
  const [job] = await client.jobs();
  const fits = (document: keyof typeof answers, value: unknown) =>
    assert.deepEqual(answers[document].parse(value), value);
  fits("TrainedRun", run);
  fits("Job", await client.job(job!.id));
  for await (const event of client.events(job!.id)) fits("JobEvent", event);
  fits("Run", await client.run(run.run_id));
  fits("Runs", await client.runs());
  fits("Experiments", await client.experiments());
  fits("Registry", await client.registry());
  for (const name of ["penguins_v1", "penguins_v1_features_v1", "mlp", "exp_v1"]) {
    fits("RegistryEntry", await client.registryEntry(name));
  }
  fits("Contract", await client.contract("exp_v1"));
  fits("MetricHistory", { metrics: await client.metricHistory(run.run_id, "train_loss") });
  await project.edit("configs/exp_v1.yaml", "seed: 42", "seed: 43");
  fits("ReplayReport", await client.replay({ run: "exp_v1" }));
});

Deno.test("the documentation needs no other host", async () => {
  await using project = await openProject();
  await using server = await serve(project);
  const page = await ask(server, "/docs");
  assert.equal(page.status, 200);
  assert.doesNotMatch(page.body, /https?:/);
  for (const [, path] of page.body.matchAll(/(?:src|href)="([^"]+)"/g)) {
    const response = await fetch(`${server.url}${path}`);
    assert.equal(response.status, 200, path);
    await response.body?.cancel();
  }
});

Deno.test("a stream tells its events as server-sent events, and resumes after Last-Event-ID", async () => {
  await using project = await openProject();
  await using server = await serve(project);
  const { id } = await server.client.startTrain(SHORT);
  const events = await Array.fromAsync(server.client.events(id));
  const stream = await fetch(`${server.url}/api/jobs/${id}/events`);
  assert.equal(stream.headers.get("content-type"), "text/event-stream");
  const block = ({ id, type, data }: JobEvent) =>
    `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
  assert.equal(await stream.text(), events.map(block).join(""));
  const from = (last: string) =>
    ask(server, `/api/jobs/${id}/events`, { headers: { "last-event-id": last } });
  assert.deepEqual(await from("2"), { status: 200, body: events.slice(2).map(block).join("") });
  assert.deepEqual(await from(String(events.length)), { status: 204, body: "" });
  assert.equal((await from("x")).status, 400);
});

Deno.test("each command is granted what its task is, and no more", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  for (const [command, grants] of Object.entries(GRANTS)) {
    const flags = ["--no-prompt", "--ignore-env", "--allow-read=.", ...grants];
    assert.equal(tasks[command].command, `deno run ${flags.join(" ")} cli.ts ${command}`);
  }
});

Deno.test("a wrong field of a request is an error of the type checker", () => {
  const good: TrainRequest = { experiment: "exp_v1", set: ["seed=1"] };
  const replay: ReplayRequest = { run: "exp_v1", rerun: true };
  const wrong = (client: ReturnType<typeof createClient>) => [
    // @ts-expect-error: no such field
    client.train({ experimnt: "exp_v1" }),
    // @ts-expect-error: a text, not a list
    client.train({ experiment: "exp_v1", set: "seed=1" }),
    // @ts-expect-error: the server has its own store
    client.train({ experiment: "exp_v1", tracking_uri: "x" }),
    // @ts-expect-error: not a boolean
    client.replay({ run: "exp_v1", rerun: "yes" }),
    // @ts-expect-error: a name or an id
    client.replay({ run: "exp_v1", run_id: "x" }),
    // @ts-expect-error: no such status
    client.runs({ status: "DONE" }),
    // @ts-expect-error: no such field of an answer
    client.run("x").then((run) => run.name),
  ];
  assert.ok(good && replay && wrong);
});

Deno.test("the schemas of requests and answers fit the client's types", () => {
  /** True where each of two types can stand for the other, whether or not they are readonly. */
  type Same<A, B> = readonly [A] extends readonly [B] ? readonly [B] extends readonly [A] ? true : false
    : false;
  type Writable<T> = T extends readonly (infer Item)[] ? Writable<Item>[]
    : T extends object ? { -readonly [Key in keyof T]: Writable<T[Key]> }
    : T;
  type Loose<T> = { [Key in keyof T]?: T[Key] | undefined };
  type Body<Name extends keyof typeof bodies> = z.input<typeof bodies[Name]>;
  type Document<Name extends keyof typeof answers> = Writable<z.input<typeof answers[Name]>>;
  const fits: readonly true[] = [
    true satisfies Same<Loose<Writable<TrainRequest>>, Loose<Body<"TrainRequest">>>,
    true satisfies Same<keyof ReplayRequest, keyof Body<"ReplayRequest">>,
    true satisfies Same<keyof RunsQuery, keyof z.input<typeof runsQuery>>,
    true satisfies Same<Document<"Job">, Writable<Job & { readonly url: string }>>,
    true satisfies Same<Document<"JobEvent">, Writable<JobEvent>>,
    true satisfies Same<keyof Document<"TrainedRun">, keyof TrainedRun>,
    true satisfies Same<keyof Document<"ReplayReport">, keyof ReportDocument>,
    true satisfies Same<keyof Document<"Run">, keyof ShownRun>,
    true satisfies Same<keyof Document<"Runs">, keyof RunList>,
    true satisfies Same<keyof Document<"Registry">, keyof RegistryListing>,
    true satisfies Same<keyof Document<"Experiments">, keyof ExperimentList>,
  ];
  assert.ok(fits);
});

import assert from "node:assert/strict";
import { openStore } from "../../lib/tracking/open_store.ts";
import { startFaultyNetwork } from "../mlflow/faulty_network.ts";
import { freePort, type MlflowServer, startServer } from "../mlflow/server.ts";
import { newName, refusal, startRun, testStore } from "./tracking_suite.ts";

let server: MlflowServer;
Deno.test.beforeAll(async () => {
  server = await startServer();
});
Deno.test.afterAll(async () => await server[Symbol.asyncDispose]());

async function post(path: string, body: object): Promise<void> {
  const headers = { "content-type": "application/json" };
  const init = { method: "POST", headers, body: JSON.stringify(body) };
  const response = await fetch(`${server.uri}/api/2.0/mlflow/${path}`, init);
  assert.equal(await response.text(), "{}");
}

testStore({
  name: "REST",
  open: () => openStore(server.uri),
  deleteRun: (run_id) => post("runs/delete", { run_id }),
  deleteExperiment: (experiment_id) => post("experiments/delete", { experiment_id }),
});

const quick = { firstWait: 1, attempts: 3 };
const timeless = { status: 503, headers: { "retry-after": "0" } } as const;

Deno.test("REST store sends again what a busy server or a broken connection left undone", async () => {
  await using network = startFaultyNetwork(server.uri);
  await using store = await openStore(network.uri, { firstWait: 1, attempts: 8 });
  network.fail("experiments/create", { status: 429, headers: { "retry-after": "0" } }, timeless);
  network.fail("runs/create", { status: 429 }, timeless);
  network.fail("runs/log-batch", ...[408, 429, 502, 503, 504].map((status) => ({ status })));
  network.fail("runs/log-batch", { breaks: "before" }, { breaks: "after" });
  network.fail("runs/log-inputs", { breaks: "after" });
  network.fail("runs/update", { breaks: "after" });
  network.fail("runs/get", { status: 502, body: "<html>Bad Gateway</html>" });
  network.fail("config.json", { breaks: "after" }, { breaks: "before" });
  const { run_id } = await startRun(store);
  const metrics = [{ key: "m", value: NaN, timestamp: 1, step: 0 }];
  await store.logBatch(run_id, { params: { a: "1" }, tags: { t: "1" }, metrics });
  await store.updateRun(run_id, { status: "FINISHED", end_time: 5 });
  await store.logArtifact(run_id, "config.json", "{}");
  const run = await store.getRun(run_id);
  assert.deepEqual([run.params, run.info.status, run.info.end_time], [{ a: "1" }, "FINISHED", 5]);
  assert.deepEqual(await store.getMetricHistory(run_id, "m"), metrics);
  assert.equal(network.requests.filter((request) => request.endsWith("runs/create")).length, 3);
  assert.equal(network.requests.filter((request) => request.endsWith("runs/log-batch")).length, 9);
  assert.equal(network.requests.filter((request) => request.endsWith("config.json")).length, 3);
});

Deno.test("REST store makes an experiment once when the connection breaks after it was made", async () => {
  await using network = startFaultyNetwork(server.uri);
  await using store = await openStore(network.uri, quick);
  network.fail("experiments/create", { breaks: "after" });
  const name = newName();
  const made = await store.ensureExperiment(name);
  assert.deepEqual(await store.getExperimentByName(name), made);
  assert.equal(network.requests.filter((request) => request.endsWith("experiments/create")).length, 1);
});

Deno.test("REST store never makes a run twice when it can't know whether it was made", async () => {
  await using network = startFaultyNetwork(server.uri);
  await using store = await openStore(network.uri, quick);
  const { experiment_id } = await store.ensureExperiment(newName());
  network.fail("runs/create", { breaks: "after" });
  const run = { experiment_id, run_name: "r", user_id: "", start_time: 0, tags: {} };
  const { code, message } = await refusal(store.createRun(run)) as { code: string; message: string };
  assert.equal(code, "TEMPORARILY_UNAVAILABLE");
  assert.match(
    message,
    /^The MLflow server at http:\/\/127\.0\.0\.1:\d+ did not answer a POST request: .+\. Whether it did what was asked is not known\.$/,
  );
  assert.equal((await store.searchRuns({ experiment_ids: [experiment_id] })).runs.length, 1);
  assert.equal(network.requests.filter((request) => request.endsWith("runs/create")).length, 1);
});

Deno.test("REST store gives up after so many attempts", async () => {
  await using network = startFaultyNetwork(server.uri);
  await using store = await openStore(network.uri, quick);
  const { run_id } = await startRun(store);
  network.fail(
    "runs/get",
    ...Array(3).fill({ status: 503, headers: { "content-type": "text/plain" }, body: "busy" }),
  );
  assert.deepEqual(await refusal(store.getRun(run_id)), {
    code: "TEMPORARILY_UNAVAILABLE",
    message: `The MLflow server at ${network.uri} refused GET api/2.0/mlflow/runs/get: busy.`,
  });
});

Deno.test("REST store says what a refusal means", async () => {
  await using network = startFaultyNetwork(server.uri);
  await using store = await openStore(network.uri, quick);
  const at = `The MLflow server at ${network.uri} refused GET api/2.0/mlflow/experiments/get-by-name`;
  const json = { "content-type": "application/json" };
  const html = { "content-type": "text/html; charset=utf-8" };
  const plain = { "content-type": "text/plain" };
  for (
    const [fault, refused] of [
      [
        { status: 401, headers: plain, body: "You are not authenticated. Please see https://mlflow.org." },
        {
          code: "UNAUTHENTICATED",
          message: `${at}: You are not authenticated. Please see https://mlflow.org.`,
          hint: "Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN.",
        },
      ],
      [
        { status: 403, headers: plain, body: "Permission denied" },
        { code: "PERMISSION_DENIED", message: `${at}: Permission denied.` },
      ],
      [
        { status: 403, headers: plain, body: "Invalid Host header - possible DNS rebinding attack detected" },
        {
          code: "PERMISSION_DENIED",
          message: `${at}: Invalid Host header - possible DNS rebinding attack detected.`,
          hint: "Start the server with --allowed-hosts and the host name of its address.",
        },
      ],
      [
        { status: 404, headers: html, body: "<!doctype html><h1>Not Found</h1>" },
        {
          code: "RESOURCE_DOES_NOT_EXIST",
          message: `${at}: HTTP 404.`,
          hint: "Check that MLFLOW_TRACKING_URI is the address of an MLflow server.",
        },
      ],
      [
        { status: 500, headers: html, body: "<title>500 Internal Server Error</title>" },
        { code: "INVALID_STATE", message: `${at}: HTTP 500.` },
      ],
      [
        {
          status: 500,
          headers: json,
          body: JSON.stringify({
            error_code: "INTERNAL_ERROR",
            message: "(sqlite3.Error) no\n[SQL: SELECT secret]",
          }),
        },
        { code: "INVALID_STATE", message: `${at}: (sqlite3.Error) no.` },
      ],
      [
        {
          status: 404,
          headers: json,
          body: JSON.stringify({
            error_code: "RESOURCE_DOES_NOT_EXIST",
            message: "Workspace 'team-a' not found",
          }),
        },
        { code: "RESOURCE_DOES_NOT_EXIST", message: `${at}: Workspace 'team-a' not found.` },
      ],
      [
        { status: 413, headers: html, body: "<h1>413 Request Entity Too Large</h1>" },
        {
          code: "INVALID_PARAMETER_VALUE",
          message: `${at}: HTTP 413.`,
          hint: "Something between here and the server limits the size of requests: raise that limit.",
        },
      ],
      [
        { status: 301, headers: { location: "https://ada:secret@elsewhere.example/" } },
        {
          code: "INVALID_PARAMETER_VALUE",
          message: `${at}: HTTP 301.`,
          hint: "It sends to another address: set MLFLOW_TRACKING_URI to the one that it sends to, " +
            "https://elsewhere.example/",
        },
      ],
      [
        { status: 200, headers: html, body: "<h1>Welcome</h1>" },
        {
          code: "INVALID_PARAMETER_VALUE",
          message:
            `The server at ${network.uri} answered GET api/2.0/mlflow/experiments/get-by-name with something ` +
            "that is not MLflow's.",
          hint: "Check that MLFLOW_TRACKING_URI is the address of an MLflow server.",
        },
      ],
    ] as const
  ) {
    network.fail("get-by-name", fault);
    assert.deepEqual(await refusal(store.getExperimentByName("iris")), refused);
  }
  // A page that any address answers with must not pass for "done".
  network.fail("runs/update", { status: 200, headers: html, body: "<h1>Welcome</h1>" });
  assert.deepEqual(await refusal(store.updateRun("f".repeat(32), { status: "FINISHED" })), {
    code: "INVALID_PARAMETER_VALUE",
    message:
      `The server at ${network.uri} answered POST api/2.0/mlflow/runs/update with something that is not MLflow's.`,
    hint: "Check that MLFLOW_TRACKING_URI is the address of an MLflow server.",
  });
});

Deno.test("REST store says that no server is at an address, at once", async () => {
  const uri = `http://127.0.0.1:${freePort()}`;
  await using store = await openStore(uri);
  assert.deepEqual(await refusal(store.ensureExperiment("iris")), {
    code: "TEMPORARILY_UNAVAILABLE",
    message:
      `The MLflow server at ${uri} can't be reached: tcp connect error: Connection refused (os error 111).`,
    hint: `Start one with: mlflow server --port ${new URL(uri).port}`,
  });
});

Deno.test("REST store proves who asks, and keeps the proof to itself", async () => {
  const basic = `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode("ada:pass word/é")))}`;
  await using network = startFaultyNetwork(server.uri, { authorization: basic });
  const withUser = network.uri.replace("//", "//ada:pass%20word%2F%C3%A9@");
  for (
    const store of [
      await openStore(network.uri, { credentials: { username: "ada", password: "pass word/é" } }),
      await openStore(`${withUser}/`),
    ]
  ) {
    assert.equal(store.uri, network.uri);
    assert.equal(await store.getExperimentByName(newName()), undefined);
    assert.ok(!Deno.inspect(store, { depth: 9, showHidden: true }).includes("pass"));
  }
  const wrong = await openStore(withUser.replace("ada", "bob"));
  assert.deepEqual(await refusal(wrong.searchExperiments()), {
    code: "UNAUTHENTICATED",
    message: `The MLflow server at ${network.uri} refused POST api/2.0/mlflow/experiments/search: ` +
      "You are not authenticated.",
    hint: "Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN.",
  });
  await using tokens = startFaultyNetwork(server.uri, { authorization: "Bearer s3cret" });
  const store = await openStore(tokens.uri, { credentials: { token: "s3cret" } });
  assert.equal(await store.getExperimentByName(newName()), undefined);
  assert.deepEqual(await refusal(openStore(tokens.uri, { credentials: { token: "s3cret\n" } })), {
    code: "UNAUTHENTICATED",
    message:
      "The token for the MLflow server can't be sent: it has spaces, line ends or characters beyond ASCII.",
    hint: "Look for a line end in MLFLOW_TRACKING_TOKEN.",
  });
});

Deno.test("REST store asks with what MLflow's environment variables say, a name and password before a token", async () => {
  const seen: (string | null)[][] = [];
  await using target = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    seen.push([request.headers.get("authorization"), request.headers.get("x-mlflow-workspace")]);
    return Response.json({ error_code: "RESOURCE_DOES_NOT_EXIST", message: "" }, { status: 404 });
  });
  const environment = {
    MLFLOW_TRACKING_USERNAME: "ada",
    MLFLOW_TRACKING_PASSWORD: "pw",
    MLFLOW_TRACKING_TOKEN: "token",
    MLFLOW_WORKSPACE: "team-a",
  };
  const ask = async (...without: string[]) => {
    for (const [name, value] of Object.entries(environment)) {
      if (without.includes(name)) Deno.env.delete(name);
      else Deno.env.set(name, value);
    }
    const store = await openStore(`http://127.0.0.1:${target.addr.port}`);
    await store.getExperimentByName("iris");
  };
  await ask();
  await ask("MLFLOW_TRACKING_PASSWORD", "MLFLOW_WORKSPACE");
  await ask(...Object.keys(environment));
  assert.deepEqual(seen, [[`Basic ${btoa("ada:pw")}`, "team-a"], ["Bearer token", null], [null, null]]);
});

Deno.test("REST store writes artifacts beside a server of this machine, and says which it can't reach", async () => {
  await using store = await openStore(server.uri);
  const runKeptIn = async (artifact_location: string) => {
    const name = newName();
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({ name, artifact_location });
    const init = { method: "POST", headers, body };
    await (await fetch(`${server.uri}/api/2.0/mlflow/experiments/create`, init)).body?.cancel();
    const { experiment_id } = await store.ensureExperiment(name);
    return (await store.createRun({ experiment_id, run_name: "r", user_id: "", start_time: 0, tags: {} }))
      .run_id;
  };
  const beside = await runKeptIn(`${server.folder}/beside`);
  await store.logArtifact(beside, "a/b.txt", "beside");
  assert.equal(await Deno.readTextFile(`${server.folder}/beside/${beside}/artifacts/a/b.txt`), "beside");
  assert.deepEqual(await store.listArtifacts(beside, "a"), [{
    path: "a/b.txt",
    is_dir: false,
    file_size: 6,
  }]);
  assert.equal(new TextDecoder().decode(await store.downloadArtifact(beside, "a/b.txt")), "beside");
  const elsewhere = await runKeptIn("s3://bucket/x");
  assert.deepEqual(await refusal(store.logArtifact(elsewhere, "a.txt", "")), {
    code: "INVALID_STATE",
    message:
      `The artifacts of the run ${elsewhere} can't be reached: they are kept in s3://bucket/x/${elsewhere}/artifacts.`,
    hint: "Start the server with --artifacts-destination for that place, and make a new experiment.",
  });
});

Deno.test("REST store works below a path of an address", async () => {
  await using target = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const url = new URL(request.url);
    const answer = await fetch(`${server.uri}${url.pathname.replace(/^\/team\/mlflow/, "")}${url.search}`);
    return new Response(await answer.bytes(), { status: answer.status, headers: answer.headers });
  });
  await using store = await openStore(`http://127.0.0.1:${target.addr.port}/team/mlflow/`);
  assert.equal((await store.getExperimentByName("Default"))?.experiment_id, "0");
});

Deno.test("openStore says which tracking URIs it takes, and repeats no password", async () => {
  for (
    const [uri, shown] of [
      ["mlruns", "mlruns"],
      ["./mlflow.db", "./mlflow.db"],
      ["file:///tmp/mlruns", "file:///tmp/mlruns"],
      ["sqlite://", "sqlite://"],
      ["sqlite:///:memory:", "sqlite:///:memory:"],
      ["sqlite:///a.db?mode=ro", "sqlite:///a.db?mode=ro"],
      ["http://", "http://"],
      ["postgresql://ada:secret@db/mlflow", "postgresql://db/mlflow"],
      ["", ""],
    ] as const
  ) {
    assert.deepEqual(await refusal(openStore(uri)), {
      code: "INVALID_PARAMETER_VALUE",
      message:
        `The tracking URI "${shown}" can't be opened: it must be sqlite:///relative.db, sqlite:////absolute.db, ` +
        "or the http:// or https:// address of an MLflow server.",
      hint: "Use the default, sqlite:///mlflow.db, or start a server with: mlflow server",
    });
  }
  assert.deepEqual(await refusal(openStore("http://ada:secret@127.0.0.1:1/?a=b")), {
    code: "INVALID_PARAMETER_VALUE",
    message: `The tracking URI http://127.0.0.1:1/ can't have a "?" or "#" part.`,
  });
});

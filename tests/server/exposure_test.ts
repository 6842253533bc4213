import assert from "node:assert/strict";
import { openProject, ROOT } from "../project.ts";
import { fuzz } from "./fuzz.ts";
import { serve } from "./serving.ts";
import { ask, type Asked, send } from "./wire.ts";

const READ = "read-token-of-these-tests-1";
const RUN = "run-token-of-these-tests-22";

function commandOf(cwd: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--config",
      new URL("deno.json", ROOT).pathname,
      new URL("serve.ts", ROOT).href,
      ...args,
    ],
    cwd,
    env: { NO_COLOR: "1", MLFLOW_TRACKING_URI: "", REPRISE_READ_TOKEN: "", REPRISE_RUN_TOKEN: "", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

Deno.test("the server refuses each caller it should, bears fuzzed requests, and tells nobody a token", async () => {
  await using project = await openProject();
  await project.write("tokens", `read ${READ}\n`);
  await using server = await serve(project, ["--token-file", "tokens"], { REPRISE_RUN_TOKEN: RUN });
  const port = Number(new URL(server.url).port);
  const as = (token: string) => ({ authorization: `Bearer ${token}` });
  const train = (headers: Asked["headers"]): Asked => ({
    method: "POST",
    path: "/api/train",
    headers: { "content-type": "application/json", ...headers },
    body: '{"experiment":"no_such_config"}',
  });
  const refusals: readonly (readonly [status: number, code: string, asked: Asked])[] = [
    [401, "UNAUTHENTICATED", { path: "/api/runs" }],
    [401, "UNAUTHENTICATED", { path: "/api/runs", headers: as(`${RUN}x`) }],
    [401, "UNAUTHENTICATED", { path: "/cli.ts" }],
    [401, "UNAUTHENTICATED", train({})],
    [403, "PERMISSION_DENIED", train(as(READ))],
    [403, "PERMISSION_DENIED", { path: "/api/runs", headers: { ...as(RUN), host: "evil.example" } }],
    [403, "PERMISSION_DENIED", train({ ...as(RUN), origin: "https://evil.example" })],
    [415, "INVALID_PARAMETER_VALUE", train({ ...as(RUN), "content-type": "text/plain" })],
    [413, "INVALID_PARAMETER_VALUE", { ...train(as(RUN)), body: " ".repeat(300_000) }],
    [404, "ENDPOINT_NOT_FOUND", { path: "/lib/%2e%2e/%2e%2e/etc/passwd.ts", headers: as(READ) }],
    [404, "ENDPOINT_NOT_FOUND", { path: "/lib/.hidden.ts", headers: as(READ) }],
    [405, "INVALID_PARAMETER_VALUE", { method: "CONNECT", path: "127.0.0.1:1" }],
    [417, "INVALID_PARAMETER_VALUE", { path: "/", headers: { expect: "miracles" } }],
  ];
  for (const [status, code, asked] of refusals) {
    const answer = await ask(port, asked);
    assert.deepEqual(
      [answer.status, JSON.parse(answer.body).error_code],
      [status, code],
      JSON.stringify(asked),
    );
    assert.ok(!answer.body.includes(READ) && !answer.body.includes(RUN));
  }
  for (const path of ["/api/runs", "/cli.ts", "/metrics", "/readyz", "/"]) {
    assert.equal((await ask(port, { path, headers: as(READ) })).status, 200, path);
  }
  assert.equal((await ask(port, { path: "/healthz" })).status, 200);

  const { bad } = await fuzz(port, { requests: 1000, seed: 2, bearer: READ });
  assert.deepEqual(bad, []);
  assert.equal((await send(port, "nonsense\r\n\r\n")).status, 400);
  await server.end("SIGTERM");
  assert.ok(!server.log().includes(READ) && !server.log().includes(RUN), server.log());
});

Deno.test("the server doesn't start where others could reach it, unless there are tokens", async () => {
  const folder = await Deno.makeTempDir({ prefix: "reprise-test-" });
  try {
    const { code, stderr } = await commandOf(folder, ["--host", "0.0.0.0", "--port", "0"]).output();
    assert.equal(code, 2);
    assert.equal(
      new TextDecoder().decode(stderr),
      "error: The server can't listen on 0.0.0.0 without tokens: anyone who reaches that address could run experiments.\n" +
        "hint: Set REPRISE_RUN_TOKEN to a secret of 20 characters or more (`openssl rand -hex 20` makes one), give " +
        "`--token-file FILE`, or leave `--host` out to listen on 127.0.0.1.\n",
    );
    const short = commandOf(folder, ["--port", "0"], { REPRISE_RUN_TOKEN: "hunter2-hunter2" });
    const refused = await short.output();
    assert.equal(refused.code, 2);
    assert.doesNotMatch(new TextDecoder().decode(refused.stderr), /hunter2/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

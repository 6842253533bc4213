import assert from "node:assert/strict";
import { Hono } from "../../lib/deps/hono.ts";
import { checkExposure, guard, type GuardOptions, LIMITS, readTokens } from "../../lib/server/guard.ts";
import { clientAddress, networkOf } from "../../lib/server/guard/address.ts";
import { SECURITY_HEADERS } from "../../lib/server/guard/headers.ts";
import { openRateLimiter } from "../../lib/server/guard/rate.ts";
import { listen, type Listening, type ListenOptions } from "../../lib/server/listen.ts";
import { prometheus } from "../../lib/server/prometheus.ts";
import { fuzz } from "./fuzz.ts";
import { type Answer, ask, type Asked, send } from "./wire.ts";

const READ = "read-token-of-these-tests-1";
const RUN = "run-token-of-these-tests-22";
const TOKENS = { read: [READ], run: [RUN] };
const JSON_TYPE = { "content-type": "application/json" };
const FORM_TYPE = { "content-type": "application/x-www-form-urlencoded" };

/** A test of a server, which lets go of bodies that nobody read a moment after it has answered. */
function test(name: string, fn: () => void | Promise<void>): void {
  Deno.test({ name, fn, sanitizeOps: false, sanitizeResources: false });
}

/** A server with a guard in front of a few routes. */
async function openServer(
  options: GuardOptions = {},
  listening: Partial<ListenOptions> = {},
): Promise<Listening> {
  const metrics = prometheus({
    jobs: () => ({ queued: 2, running: 1 }),
    queue: () => 2,
    storeUp: () => Promise.resolve(true),
  });
  const app = new Hono()
    .use(metrics.middleware)
    .use(guard(options))
    .get("/", (c) => c.text("page"))
    .get("/healthz", (c) => c.json({ status: "ok" }))
    .get("/metrics", metrics.handler)
    .get("/api/runs/:id", (c) => c.json({ id: c.req.param("id") }))
    .delete("/api/jobs/:id", (c) => c.json({ id: c.req.param("id") }))
    .post("/api/train", async (c) => c.json({ asked: await c.req.json() }, 202));
  app.notFound((c) => c.json({ error_code: "RESOURCE_DOES_NOT_EXIST", message: "Nothing is here." }, 404));
  app.onError((_error, c) => c.json({ error_code: "INVALID_PARAMETER_VALUE", message: "No JSON." }, 400));
  return await listen(app, { host: "127.0.0.1", port: 0, ...listening });
}

const train = (headers: Asked["headers"] = {}): Asked => ({
  method: "POST",
  path: "/api/train",
  headers: { ...JSON_TYPE, ...headers },
  body: '{"experiment":"exp_v1"}',
});

/** What an answer says, for whole comparison. */
const said = ({ status, body }: Answer) => ({ status, body: JSON.parse(body) });

const denied = (message: string, hint: string) => ({
  status: 403,
  body: { error_code: "PERMISSION_DENIED", message, hint },
});
const WRONG_HOST = denied(
  "The Host of this request is not a name of this server.",
  "Ask for it by its address, or start the server with `--allow-host NAME`.",
);
const WRONG_ORIGIN = denied(
  "Pages of other sites may not do this here.",
  "Start the server with `--cors ORIGIN` to let the pages of an origin in.",
);
const SIGN_IN = "Send `Authorization: Bearer TOKEN`, or sign in at /login with a browser.";

test("a request is refused unless its Host is a name of the server", async () => {
  await using server = await openServer({ hosts: ["lab.example", "::2"] });
  const { port } = server;
  const allowed = [
    `127.0.0.1:${port}`,
    "127.0.0.1",
    "localhost",
    `LOCALHOST:${port}`,
    `[::1]:${port}`,
    "lab.example",
    "Lab.Example:80",
    "[::2]",
  ];
  const refused = [
    "",
    "evil.example",
    "127.0.0.1.evil.example",
    "lab.example.evil",
    "localhost.",
    "10.0.0.1",
    "[::3]",
  ];
  for (const host of allowed) {
    assert.deepEqual(said(await ask(port, { path: "/api/runs/1", headers: { host } })), {
      status: 200,
      body: { id: "1" },
    }, host);
  }
  for (const host of refused) {
    assert.deepEqual(said(await ask(port, { path: "/api/runs/1", headers: { host } })), WRONG_HOST, host);
  }
});

test("a request in absolute form is judged by the host it names as well", async () => {
  await using server = await openServer();
  const answer = await ask(server.port, { path: "http://evil.example/api/runs/1" });
  assert.deepEqual(said(answer), WRONG_HOST);
});

test("a change is refused unless it comes from the server's own page, a named origin, or no browser", async () => {
  await using server = await openServer({ cors: ["https://lab.example"] });
  const own = `http://127.0.0.1:${server.port}`;
  const matrix: readonly (readonly [allowed: boolean, headers: Readonly<Record<string, string>>])[] = [
    [true, {}],
    [true, { origin: own }],
    [true, { origin: own, "sec-fetch-site": "same-origin" }],
    [true, { "sec-fetch-site": "none" }],
    [true, { origin: "https://lab.example", "sec-fetch-site": "cross-site" }],
    [false, { origin: "https://lab.example:444" }],
    [false, { origin: "http://lab.example" }],
    [false, { origin: "null" }],
    [false, { origin: "http://127.0.0.1:1" }],
    [false, { origin: "https://evil.example" }],
    [false, { "sec-fetch-site": "cross-site" }],
    [false, { "sec-fetch-site": "same-site" }],
  ];
  for (const [allowed, headers] of matrix) {
    const answers = [
      await ask(server.port, train(headers)),
      await ask(server.port, { method: "DELETE", path: "/api/jobs/1", headers }),
    ];
    for (const answer of answers) {
      if (allowed) assert.ok(answer.status < 300, JSON.stringify(headers));
      else assert.deepEqual(said(answer), WRONG_ORIGIN, JSON.stringify(headers));
    }
  }
});

test("another site's page may link here, and make a browser get nothing else", async () => {
  await using server = await openServer();
  const link = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
  const followed = await ask(server.port, { path: "/", headers: link });
  assert.deepEqual([followed.status, followed.body], [200, "page"]);
  for (
    const headers of [
      { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image" },
      { ...link, "sec-fetch-dest": "iframe" },
      { "sec-fetch-site": "same-site", "sec-fetch-mode": "cors", origin: "https://evil.example" },
    ]
  ) {
    assert.deepEqual(said(await ask(server.port, { path: "/api/runs/1", headers })), WRONG_ORIGIN);
  }
});

test("a page of a named origin may ask, and one of any other gets no CORS header", async () => {
  await using server = await openServer({ cors: ["https://lab.example"], tokens: TOKENS });
  const preflight = (origin: string): Asked => ({
    method: "OPTIONS",
    path: "/api/train",
    headers: { origin, "access-control-request-method": "POST" },
  });
  const allowed = await ask(server.port, preflight("https://lab.example"));
  assert.equal(allowed.status, 204);
  assert.equal(allowed.headers["access-control-allow-origin"], "https://lab.example");
  assert.equal(allowed.headers["access-control-allow-methods"], "GET, HEAD, POST, DELETE");
  assert.equal(allowed.headers["access-control-allow-credentials"], undefined);
  const refused = await ask(server.port, preflight("https://evil.example"));
  assert.equal(refused.status, 403);
  assert.deepEqual(Object.keys(refused.headers).filter((name) => name.startsWith("access-control-")), []);
});

test("a body has to be JSON", async () => {
  await using server = await openServer();
  for (
    const type of [
      "text/plain",
      "application/x-www-form-urlencoded",
      "multipart/form-data",
      "application/jsonx",
      "",
    ]
  ) {
    assert.deepEqual(said(await ask(server.port, train({ "content-type": type }))), {
      status: 415,
      body: {
        error_code: "INVALID_PARAMETER_VALUE",
        message: "The body of this request has to be JSON.",
        hint: "Send it with `Content-Type: application/json`.",
      },
    }, type);
  }
  assert.deepEqual(
    said(await ask(server.port, train({ "content-type": "Application/JSON; charset=utf-8" }))),
    {
      status: 202,
      body: { asked: { experiment: "exp_v1" } },
    },
  );
});

test("a method that the server has no use for is refused", async () => {
  await using server = await openServer();
  for (const method of ["TRACE", "PROPFIND", "LINK"]) {
    assert.deepEqual(said(await ask(server.port, { method, path: "/" })), {
      status: 405,
      body: { error_code: "INVALID_PARAMETER_VALUE", message: "This server has no such method." },
    });
  }
});

test("a body that is too large is refused, whether it tells its length or comes in chunks", async () => {
  await using server = await openServer({ limits: { bodyBytes: 1000 } });
  const body = `"${"a".repeat(2000)}"`;
  const tooLarge = {
    status: 413,
    body: {
      error_code: "INVALID_PARAMETER_VALUE",
      message: "The body of this request has more than 1000 bytes.",
    },
  };
  assert.deepEqual(said(await ask(server.port, { ...train(), body })), tooLarge);
  const chunked = train({ "transfer-encoding": "chunked" });
  const chunk = `1f4\r\n${"a".repeat(500)}\r\n`;
  assert.deepEqual(
    said(await ask(server.port, { ...chunked, body: `${chunk.repeat(10)}0\r\n\r\n` })),
    tooLarge,
  );
  assert.equal((await ask(server.port, { ...train(), body: `"${"a".repeat(998)}"` })).status, 202);
});

test("a body that stalls is answered 408, and the server goes on", async () => {
  await using server = await openServer({ limits: { bodyMilliseconds: 300 } });
  const stalled = await ask(server.port, { ...train({ "content-length": "100" }), body: '{"exp' });
  assert.deepEqual(said(stalled), {
    status: 408,
    body: {
      error_code: "MALFORMED_REQUEST",
      message: "The body of this request did not arrive within 0.3 seconds.",
    },
  });
  assert.equal((await ask(server.port, { path: "/" })).status, 200);
});

test("a head that doesn't end is answered 408, silent or dripping", async () => {
  await using server = await openServer({}, { headMilliseconds: 400 });
  const late = {
    status: 408,
    body: { error_code: "MALFORMED_REQUEST", message: "This request did not arrive in time." },
  };
  for (const head of ["", "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n"]) {
    assert.deepEqual(said(await send(server.port, head)), late);
  }
  const dripping = send(server.port, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nx: ", { drip: 50 });
  assert.deepEqual(said(await dripping), late);
  assert.equal((await ask(server.port, { path: "/" })).status, 200);
});

test("a head that is too large or no HTTP is refused", async () => {
  await using server = await openServer();
  assert.deepEqual(said(await ask(server.port, { path: "/", headers: { x: "a".repeat(20_000) } })), {
    status: 431,
    body: {
      error_code: "INVALID_PARAMETER_VALUE",
      message: "The head of this request has more than 16384 bytes.",
    },
  });
  assert.deepEqual(said(await send(server.port, "\u0001\u0002 nonsense\r\n\r\n")), {
    status: 400,
    body: { error_code: "MALFORMED_REQUEST", message: "This is not a request that HTTP/1.1 allows." },
  });
});

test("connections beyond the most that may be open are closed", async () => {
  await using server = await openServer({}, { connections: 3 });
  const held = await Promise.all(
    [1, 2, 3].map(() => Deno.connect({ hostname: "127.0.0.1", port: server.port })),
  );
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal((await ask(server.port, { path: "/" })).status, 0);
  for (const connection of held) connection.close();
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal((await ask(server.port, { path: "/" })).status, 200);
});

test("a closing server ends what stalls once its patience does", async () => {
  const server = await openServer();
  using stalled = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  await stalled.write(
    new TextEncoder().encode("POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n"),
  );
  await new Promise((resolve) => setTimeout(resolve, 50));
  const start = performance.now();
  await server.close(200);
  assert.ok(performance.now() - start < 2000);
});

test("an answer may take longer than a request", async () => {
  await using server = await listen(
    new Hono().get("/", (c) => c.body(ReadableStream.from(slowly(["a", "b", "c", "d"], 400)))),
    { host: "127.0.0.1", port: 0, requestMilliseconds: 500, headMilliseconds: 500 },
  );
  assert.equal((await ask(server.port, { path: "/" })).body, "abcd");
});

async function* slowly(texts: readonly string[], milliseconds: number): AsyncGenerator<Uint8Array> {
  for (const text of texts) {
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    yield new TextEncoder().encode(text);
  }
}

test("a port that is taken is an error with a hint", async () => {
  await using server = await openServer();
  await assert.rejects(() => openServer({}, { port: server.port }), {
    name: "ExperimentError",
    code: "INVALID_PARAMETER_VALUE",
    message: `The server can't listen on 127.0.0.1:${server.port}: something else listens there.`,
    hint: "Give another with `--port`; `--port 0` takes any that is free.",
  });
});

test("a flood of changes is answered 429 while reads go on", async () => {
  await using server = await openServer({ limits: { writes: { perSecond: 0.5, burst: 3 } } });
  const answers: Answer[] = [];
  for (let count = 0; count < 20; count++) answers.push(await ask(server.port, train()));
  assert.deepEqual(answers.map(({ status }) => status), [202, 202, 202, ...Array(17).fill(429)]);
  assert.deepEqual(said(answers.at(-1)!), {
    status: 429,
    body: {
      error_code: "REQUEST_LIMIT_EXCEEDED",
      message: "This client asks too often.",
      hint: "Wait 2 seconds.",
    },
  });
  assert.equal(answers.at(-1)!.headers["retry-after"], "2");
  assert.equal((await ask(server.port, { path: "/api/runs/1" })).status, 200);
});

test("a rate limiter refills with time, and remembers so many clients at most", () => {
  let time = 0;
  const wait = openRateLimiter({ perSecond: 2, burst: 2 }, { clients: 3, clock: () => time });
  assert.deepEqual([wait("a"), wait("a"), wait("a")], [0, 0, 1]);
  time += 500;
  assert.deepEqual([wait("a"), wait("a")], [0, 1]);
  assert.deepEqual([wait("b"), wait("c")], [0, 0]);
  const strangers = Array.from({ length: 50 }, (_, index) => wait(`stranger ${index}`));
  assert.deepEqual(strangers, [0, 0, ...Array(48).fill(1)]);
  time += 10_000;
  assert.deepEqual([wait("d"), wait("d"), wait("d")], [0, 0, 1]);
});

test("a read token lets its bearer look, a run token everything", async () => {
  await using server = await openServer({ tokens: TOKENS });
  const as = (token: string, asked: Asked): Asked => ({
    ...asked,
    headers: { ...asked.headers, authorization: `Bearer ${token}` },
  });
  const look: Asked = { path: "/api/runs/1" };
  for (const [token, asked, status] of [[READ, look, 200], [RUN, look, 200], [RUN, train(), 202]] as const) {
    assert.equal((await ask(server.port, as(token, asked))).status, status);
  }
  assert.deepEqual(
    said(await ask(server.port, as(READ, train()))),
    denied("A read token only lets its bearer look.", "Use a run token."),
  );
  assert.deepEqual(said(await ask(server.port, { path: "/healthz" })), {
    status: 200,
    body: { status: "ok" },
  });
});

test("without a token of the server's, all but /healthz is refused with a challenge", async () => {
  await using server = await openServer({ tokens: TOKENS });
  for (const path of ["/", "/metrics", "/api/runs/1", "/nowhere", "/healthz/", "//healthz"]) {
    const answer = await ask(server.port, { path });
    assert.deepEqual(said(answer), {
      status: 401,
      body: { error_code: "UNAUTHENTICATED", message: "This server asks for a token.", hint: SIGN_IN },
    }, path);
    assert.equal(answer.headers["www-authenticate"], 'Bearer realm="reprise"');
  }
  for (
    const given of [`Bearer ${RUN}x`, `Bearer ${RUN.slice(1)}`, `Basic ${RUN}`, "Bearer", "Bearer  ", RUN]
  ) {
    const answer = await ask(server.port, { path: "/api/runs/1", headers: { authorization: given } });
    assert.deepEqual(said(answer), {
      status: 401,
      body: { error_code: "UNAUTHENTICATED", message: "This server has no such token.", hint: SIGN_IN },
    }, given);
    assert.equal(answer.headers["www-authenticate"], 'Bearer realm="reprise", error="invalid_token"');
  }
});

test("a browser signs in with a form, and gets a cookie that isn't the token", async () => {
  await using server = await openServer({ tokens: TOKENS });
  const { port } = server;
  const page = await ask(port, { path: "/api/runs/1?x=%22", headers: { accept: "text/html" } });
  assert.equal(page.status, 401);
  assert.match(page.body, /<input type="hidden" name="next" value="\/api\/runs\/1\?x=%22">/);

  const signIn = async (token: string, next: string, headers: Asked["headers"] = {}) =>
    await ask(port, {
      method: "POST",
      path: "/login",
      headers: { ...FORM_TYPE, ...headers },
      body: `${new URLSearchParams({ token, next })}`,
    });
  const signedIn = await signIn(READ, "/api/runs/1", { origin: `http://127.0.0.1:${port}` });
  assert.equal(signedIn.status, 303);
  assert.equal(signedIn.headers.location, "/api/runs/1");
  const cookie = signedIn.headers["set-cookie"]!;
  assert.match(
    cookie,
    /^reprise_session=read\.[0-9a-f]{32}\.\d+\.[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/,
  );
  const session = { cookie: cookie.split(";")[0]! };
  assert.equal((await ask(port, { path: "/api/runs/1", headers: session })).status, 200);
  assert.equal((await ask(port, train(session))).status, 403);
  const raised = { cookie: session.cookie.replace("=read.", "=run.") };
  assert.equal((await ask(port, train(raised))).status, 401);
  const longer = { cookie: session.cookie.replace(/\.\d+\./, ".99999999999.") };
  assert.equal((await ask(port, { path: "/", headers: longer })).status, 401);

  assert.equal((await signIn(RUN, "//evil.example")).headers.location, "/");
  assert.deepEqual(said(await signIn(RUN, "/", { origin: "https://evil.example" })), WRONG_ORIGIN);
  const wrong = await signIn("<not a token>", "/x");
  assert.equal(wrong.status, 401);
  assert.match(wrong.body, /<p role="alert">This server has no such token\.<\/p>/);
  assert.doesNotMatch(wrong.body, /not a token/);
  const out = await ask(port, { method: "POST", path: "/logout", headers: session });
  assert.match(out.headers["set-cookie"]!, /^reprise_session=; Max-Age=0; Path=\//);
});

test("tries at the login are limited on their own", async () => {
  await using server = await openServer({ tokens: TOKENS, limits: { logins: { perSecond: 0.1, burst: 2 } } });
  const tries: number[] = [];
  for (let count = 0; count < 4; count++) {
    const asked = { method: "POST", path: "/login", headers: FORM_TYPE, body: "token=guess" };
    tries.push((await ask(server.port, asked)).status);
  }
  assert.deepEqual(tries, [401, 401, 429, 429]);
});

test("signing out is limited on its own, and takes nothing from signing in", async () => {
  const limits = { logouts: { perSecond: 0.1, burst: 2 }, logins: { perSecond: 0.1, burst: 1 } };
  await using server = await openServer({ tokens: TOKENS, limits });
  const statusOf = async (path: string) =>
    (await ask(server.port, { method: "POST", path, headers: FORM_TYPE, body: `token=${RUN}` })).status;
  const tries: number[] = [];
  for (let count = 0; count < 3; count++) tries.push(await statusOf("/logout"));
  assert.deepEqual(tries, [303, 303, 429]);
  assert.deepEqual([await statusOf("/login"), await statusOf("/login")], [303, 429]);
});

test("behind a trusted proxy each client has a rate of its own, and can't take another's", async () => {
  const limits = { reads: { perSecond: 0.01, burst: 2 } };
  const statuses = async (server: Listening, forwarded: readonly string[]) => {
    const found: number[] = [];
    for (const hop of forwarded) {
      found.push((await ask(server.port, { path: "/", headers: { "x-forwarded-for": hop } })).status);
    }
    return found;
  };
  await using behind = await openServer({ limits, proxies: ["127.0.0.1"] });
  assert.deepEqual(await statuses(behind, ["10.0.0.1", "10.0.0.1", "10.0.0.1"]), [200, 200, 429]);
  assert.deepEqual(await statuses(behind, ["10.0.0.2", "10.0.0.9, 10.0.0.1", "10.0.0.9"]), [200, 429, 200]);
  await using plain = await openServer({ limits });
  assert.deepEqual(await statuses(plain, ["10.0.0.1", "10.0.0.2", "10.0.0.3"]), [200, 200, 429]);
});

test("a client is the last address that no trusted proxy has", () => {
  const proxies = ["10.0.0.1", "10.0.0.2", "2001:db8::1"];
  const clients:
    readonly (readonly [connection: string | undefined, forwarded: string | undefined, client: string])[] = [
      ["192.0.2.1", undefined, "192.0.2.1"],
      ["192.0.2.1", "198.51.100.1", "192.0.2.1"],
      ["10.0.0.1", undefined, "10.0.0.1"],
      ["10.0.0.1", "", "10.0.0.1"],
      ["::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"],
      ["10.0.0.1", "203.0.113.9, 198.51.100.1", "198.51.100.1"],
      ["10.0.0.1", "203.0.113.9, 198.51.100.1, 10.0.0.2", "198.51.100.1"],
      ["10.0.0.1", "198.51.100.1:4711", "198.51.100.1"],
      ["10.0.0.1", "[2001:DB8:0::7]:80", "2001:db8::7"],
      ["2001:db8:0:0::1", "198.51.100.1,", "2001:db8::1"],
      ["10.0.0.1", "198.51.100.1, unknown", "10.0.0.1"],
      ["10.0.0.1", 'evil", 10.0.0.2', "10.0.0.2"],
      [undefined, "198.51.100.1", "unknown"],
    ];
  for (const [connection, forwarded, client] of clients) {
    assert.equal(clientAddress(connection, { forwarded, proxies }), client, `${connection} ${forwarded}`);
  }
  assert.deepEqual(
    ["192.0.2.1", "2001:db8::1", "2001:db8:0:0:1::", "2001:db8:1:2:3:4:5:6", "::1", "unknown"].map(networkOf),
    ["192.0.2.1", "2001:db8:0:0::/64", "2001:db8:0:0::/64", "2001:db8:1:2::/64", "0:0:0:0::/64", "unknown"],
  );
});

test("every answer has the headers that keep browsers safe", async () => {
  await using server = await openServer({ tokens: TOKENS });
  const answers = [
    await ask(server.port, { path: "/healthz" }),
    await ask(server.port, { path: "/" }),
    await ask(server.port, { path: "/nowhere", headers: { authorization: `Bearer ${READ}` } }),
    await ask(server.port, { path: "/", headers: { host: "evil.example" } }),
    await send(server.port, "nonsense\r\n\r\n"),
  ];
  assert.deepEqual(answers.map(({ status }) => status), [200, 401, 404, 403, 400]);
  for (const { headers } of answers) {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) assert.equal(headers[name], value);
    assert.equal(headers["strict-transport-security"], undefined);
  }
});

test("tokens come from the environment and from a file", async () => {
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(file, `# who may\nread ${READ}\n\nrun\t${RUN}  \n`);
    const env = (name: string) => name === "REPRISE_RUN_TOKEN" ? "another-token-for-running" : undefined;
    assert.deepEqual(await readTokens({ file, env }), {
      read: [READ],
      run: ["another-token-for-running", RUN],
    });
    assert.equal(await readTokens({ env: () => undefined }), undefined);
    const bad: readonly (readonly [text: string, message: string])[] = [
      [
        "read shortsecret",
        `${file}:1: a token needs at least 20 characters, all of them ASCII and none a space; this one isn't so.`,
      ],
      [
        `\nwrite ${RUN}`,
        `${file}:2: a line of the token file is neither \`read TOKEN\` nor \`run TOKEN\`.`,
      ],
      ["# none", `The token file ${file} has no token.`],
    ];
    for (const [text, message] of bad) {
      await Deno.writeTextFile(file, text);
      await assert.rejects(() => readTokens({ file, env: () => undefined }), {
        code: "INVALID_PARAMETER_VALUE",
        message,
      });
    }
  } finally {
    await Deno.remove(file);
  }
});

test("a server that others can reach needs tokens", () => {
  for (const host of ["127.0.0.1", "127.1.2.3", "localhost", "::1"]) {
    checkExposure({ host, tokens: undefined });
  }
  checkExposure({ host: "0.0.0.0", tokens: TOKENS });
  for (const host of ["0.0.0.0", "::", "192.168.1.5", "lab.example", "127.0.0.1.evil.example"]) {
    assert.throws(() => checkExposure({ host, tokens: undefined }), {
      code: "INVALID_PARAMETER_VALUE",
      message:
        `The server can't listen on ${host} without tokens: anyone who reaches that address could run experiments.`,
      hint:
        "Set REPRISE_RUN_TOKEN to a secret of 20 characters or more (`openssl rand -hex 20` makes one), give " +
        "`--token-file FILE`, or leave `--host` out to listen on 127.0.0.1.",
    });
  }
});

test("tokens are compared in constant time, and kept as digests", async () => {
  const code = await Deno.readTextFile(new URL("../../lib/server/guard/tokens.ts", import.meta.url));
  assert.match(code, /timingSafeEqual\(digest, asked\)/);
  assert.doesNotMatch(code, /===? *token\b|\btoken *===? (?!undefined)/);
});

test("2,000 fuzzed requests get no 500, no hang and no token", async () => {
  const limits = { reads: { perSecond: 1e6, burst: 1e6 }, writes: { perSecond: 1e6, burst: 1e6 } };
  await using server = await openServer({ tokens: TOKENS, limits: { ...limits, bodyMilliseconds: 500 } });
  const seen = await fuzz(server.port, { requests: 2000, seed: 1, bearer: RUN });
  assert.deepEqual(seen.bad, []);
  assert.equal(Object.values(seen.statuses).reduce((a, b) => a + b), 2000);
  assert.equal((await ask(server.port, { path: "/healthz" })).status, 200);
});

test("/metrics is Prometheus' text, with bounded labels", async () => {
  await using server = await openServer({ tokens: TOKENS });
  const bearer = { authorization: `Bearer ${RUN}` };
  for (let id = 0; id < 5; id++) await ask(server.port, { path: `/api/runs/${id}`, headers: bearer });
  for (const path of ["/a", "/b", '/"\\x']) await ask(server.port, { path, headers: bearer });
  await ask(server.port, { method: "PROPFIND", path: "/c" });
  const answer = await ask(server.port, { path: "/metrics", headers: bearer });
  assert.equal(answer.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
  const samples = samplesOf(answer.body);
  assert.equal(samples.get('http_requests_total{method="GET",route="/api/runs/:id",status="200"}'), 5);
  assert.equal(samples.get('http_requests_total{method="GET",route="other",status="404"}'), 2);
  assert.equal(samples.get('http_requests_total{method="other",route="other",status="405"}'), 1);
  assert.equal(
    samples.get('http_request_duration_seconds_bucket{method="GET",route="/api/runs/:id",le="+Inf"}'),
    5,
  );
  assert.equal(samples.get('http_request_duration_seconds_count{method="GET",route="/api/runs/:id"}'), 5);
  assert.equal(samples.get('reprise_jobs{state="queued"}'), 2);
  assert.equal(samples.get("reprise_queue_length"), 2);
  assert.equal(samples.get("reprise_store_up"), 1);
  assert.ok(samples.get("process_resident_memory_bytes")! > 1e6);
  const started = samples.get("process_start_time_seconds")!;
  assert.ok(started > Date.now() / 1000 - 3600 && started < Date.now() / 1000);
  assert.doesNotMatch(answer.body, /token-of-these-tests/);
});

/** The samples of a text in Prometheus' form; fails where a line is in none of its forms. */
function samplesOf(text: string): ReadonlyMap<string, number> {
  assert.ok(text.endsWith("\n"));
  const samples = new Map<string, number>();
  const typed = new Set<string>();
  for (const line of text.trimEnd().split("\n")) {
    const [, name, type] = /^# TYPE ([a-z_]+) (counter|gauge|histogram)$/.exec(line) ?? [];
    if (name !== undefined) typed.add(`${name} ${type}`);
    else if (!/^# HELP [a-z_]+ [^\n]+$/.test(line)) {
      const pair = String.raw`[a-z_]+="(?:[^"\\\n]|\\[\\"n])*"`;
      const form = new RegExp(`^(([a-z_]+)(?:\\{${pair}(?:,${pair})*\\})?) ([-+.e\\d]+)$`);
      const [, key, family, value] = form.exec(line) ?? assert.fail(`no sample: ${line}`);
      const base = family!.replace(/_(bucket|sum|count)$/, "");
      assert.ok(
        [...typed].some((known) => known.startsWith(`${base} `) || known.startsWith(`${family} `)),
        line,
      );
      assert.ok(!samples.has(key!), `twice: ${key}`);
      samples.set(key!, Number(value));
    }
  }
  return samples;
}

test("the limits of a server that is told none are these", () => {
  assert.deepEqual(LIMITS, {
    bodyBytes: 262144,
    bodyMilliseconds: 10_000,
    reads: { perSecond: 200, burst: 1000 },
    writes: { perSecond: 5, burst: 50 },
    logins: { perSecond: 0.1, burst: 5 },
    logouts: { perSecond: 1, burst: 10 },
  });
});

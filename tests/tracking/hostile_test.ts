import assert from "node:assert/strict";
import { showRun } from "../../lib/tracking/runs.ts";
import { openObjects } from "../../lib/tracking/objects.ts";
import { openStore } from "../../lib/tracking/open_store.ts";
import { readTextArtifact } from "../../lib/tracking/read.ts";
import type { TrackingStore } from "../../lib/tracking/store.ts";
import { bomb, RUN_ID, type Script, startHostileServer, startRawServer, toldRun } from "./hostile_server.ts";
import { refusal } from "./tracking_suite.ts";

const HINT = "No run of Reprise is like that: look at who else writes to this store.";

/** What a verb on a store at a hostile server is refused with, the server's address left out. */
async function refused(
  script: Script,
  verb: (store: TrackingStore) => Promise<unknown>,
  options: { readonly answerWithin?: number } = {},
): Promise<object & { readonly requests: number }> {
  await using server = startHostileServer(script);
  await using store = await openStore(server.uri, { attempts: 1, ...options });
  const found = await refusal(verb(store));
  return {
    ...JSON.parse(JSON.stringify(found).replaceAll(server.uri, "SERVER")),
    requests: server.requests.length,
  };
}

const search = (store: TrackingStore) => store.searchRuns({ experiment_ids: ["1"], max_results: 50_000 });
const json = { "content-type": "application/json" };
const beyond = (what: string, most: string, requests: number) => ({
  code: "INVALID_STATE",
  message: `${what} can't be read: it is more than ${most}.`,
  hint: HINT,
  requests,
});

Deno.test("a hostile server's answer is read up to a limit, also where it is compressed", async () => {
  const packed = await bomb(400 * 2 ** 20, " ", { head: '{"runs":[', tail: "]}" });
  assert.ok(packed.length < 2 ** 20);
  assert.deepEqual(
    await refused({
      "runs/search": () => new Response(packed, { headers: { ...json, "content-encoding": "gzip" } }),
    }, search),
    beyond("What SERVER answered to POST api/2.0/mlflow/runs/search", "32 MiB", 36),
  );
  const chunk = new TextEncoder().encode("{},".repeat(2 ** 18));
  const endless = () => new ReadableStream({ pull: (controller) => controller.enqueue(chunk) });
  assert.deepEqual(
    await refused(
      { "runs/get": () => new Response(endless(), { headers: json }) },
      (store) => store.getRun(RUN_ID),
    ),
    beyond("What SERVER answered to GET api/2.0/mlflow/runs/get", "32 MiB", 1),
  );
  assert.deepEqual(
    await refused(
      { "runs/get": () => new Response("[".repeat(200_000), { headers: json }) },
      (store) => store.getRun(RUN_ID),
    ),
    {
      code: "INVALID_PARAMETER_VALUE",
      message:
        "The server at SERVER answered GET api/2.0/mlflow/runs/get with something that is not MLflow's.",
      hint: "Check that MLFLOW_TRACKING_URI is the address of an MLflow server.",
      requests: 1,
    },
  );
});

Deno.test("a run that is too much for one answer hides no other run", async () => {
  const large = toldRun({}, {
    params: Array.from({ length: 6000 }, (_, index) => ({ key: `p${index}`, value: "v".repeat(6000) })),
  });
  const all = [toldRun({ run_name: "first" }), large, toldRun({ run_name: "last" })];
  await using server = startHostileServer({
    async "runs/search"(request) {
      const { max_results, page_token } = await request.json();
      const from = page_token === undefined ? 0 : JSON.parse(atob(page_token)).offset;
      const end = from + max_results;
      return Response.json({
        runs: all.slice(from, end),
        ...(end < all.length ? { next_page_token: btoa(JSON.stringify({ offset: end })) } : {}),
      });
    },
  });
  await using store = await openStore(server.uri, { attempts: 1 });
  const { runs } = await store.searchRuns({ experiment_ids: ["1"] });
  assert.deepEqual(runs.map(({ info, misshapen }) => [info.run_name, info.status, misshapen]), [
    ["first", "FINISHED", undefined],
    ["", "UNKNOWN", ["it is more than 32 MiB"]],
    ["last", "FINISHED", undefined],
  ]);
});

Deno.test("a hostile server's artifact is read as text up to a limit", async () => {
  await using server = startHostileServer({
    "get-artifact": () => new Response("x".repeat(40 * 2 ** 20)),
  });
  await using store = await openStore(server.uri, { attempts: 1 });
  assert.deepEqual(await readTextArtifact(store, RUN_ID, "contract.json"), {
    reason: `what ${server.uri} answered to GET get-artifact can't be read: it is more than 32 MiB`,
    absent: false,
  });
});

Deno.test("a hostile server's object becomes no more than it says it is, and no more than objects may be", async () => {
  const digest = "ab".repeat(32);
  const honest = await bomb(1000);
  const large = await bomb(1100 * 2 ** 20);
  const lying = Uint8Array.from(await bomb(300 * 2 ** 20));
  new DataView(lying.buffer).setUint32(lying.length - 4, 1000, true);
  const boasting = Uint8Array.from(honest);
  new DataView(boasting.buffer).setUint32(boasting.length - 4, 900_000_000, true);
  let kept: Uint8Array<ArrayBuffer> = honest;
  await using server = startHostileServer({
    "mlflow-artifacts/artifacts": () => Response.json({ files: [{ path: `${digest}.gz`, file_size: 1 }] }),
    ".gz": () => new Response(kept),
  });
  await using store = await openStore(server.uri, { attempts: 1 });
  const objects = openObjects(store, RUN_ID);
  assert.equal((await objects.get(digest))?.length, 1000);
  const why = async (bytes: Uint8Array<ArrayBuffer>) => {
    kept = bytes;
    return await refusal(objects.get(digest));
  };
  const unreadable = (reason: string) => ({
    code: "INVALID_STATE",
    message: `The object abababababab in ${server.uri} can't be read: ${reason}.`,
  });
  assert.deepEqual(await why(large), unreadable("it is more than 1024 MiB"));
  for (
    const bytes of [
      lying,
      boasting,
      honest.slice(0, 20),
      new Uint8Array(),
      Uint8Array.of(...honest, 0, 0, 0, 0),
    ]
  ) {
    assert.deepEqual(await why(bytes), unreadable("it was changed since it was kept"));
  }
  assert.deepEqual(await refusal(objects.get("../../../etc/passwd")), {
    code: "INVALID_STATE",
    message: "An object can't be read: what names it is no digest.",
  });
});

Deno.test("a hostile server's lists end, whatever their pages say", async () => {
  let token = 0;
  const next = () => `token ${token++}`;
  assert.deepEqual(
    await refused(
      { "experiments/search": () => Response.json({ experiments: [], next_page_token: next() }) },
      (store) => store.searchExperiments(),
    ),
    beyond("The list of experiments of SERVER", "1000 pages", 1000),
  );
  assert.deepEqual(
    await refused({ "runs/search": () => Response.json({ runs: [], next_page_token: next() }) }, search),
    beyond("The list of runs of SERVER", "1000 pages", 1000),
  );
  assert.deepEqual(
    await refused(
      { "artifacts/list": () => Response.json({ files: [], next_page_token: next() }) },
      (store) => store.listArtifacts(RUN_ID),
    ),
    beyond(`The list of artifacts of the run ${RUN_ID}`, "1000 pages", 1000),
  );
  assert.deepEqual(
    await refused({ "runs/search": () => Response.json({ runs: [], next_page_token: "again" }) }, search),
    beyond("The list of runs of SERVER", "one list, as its pages go in a circle", 2),
  );
  const many = Array.from({ length: 60_000 }, (_, index) => ({ path: `file_${index}` }));
  const found = await refused(
    { "artifacts/list": () => Response.json({ files: many, next_page_token: next() }) },
    (store) => store.listArtifacts(RUN_ID),
  );
  assert.deepEqual(
    found,
    beyond(`The list of artifacts of the run ${RUN_ID}`, "100000 items", 2),
  );
});

Deno.test("a long history of a metric is read in pages, as many as there are", async () => {
  const point = (step: number) => ({ key: "loss", value: 0.5, timestamp: 1_795_411_912_549, step });
  const history = (from: number, length: number) => Array.from({ length }, (_, index) => point(from + index));
  const whole = JSON.stringify({ metrics: history(0, 600_000) });
  await using server = startHostileServer({
    "metrics/get-history": (_, url) => {
      const asked = url.searchParams;
      if (!asked.has("max_results")) return new Response(whole, { headers: json });
      const from = Number(asked.get("page_token") ?? 0);
      const metrics = history(from, 25_000);
      return Response.json({ metrics, ...(from < 575_000 ? { next_page_token: `${from + 25_000}` } : {}) });
    },
  });
  await using store = await openStore(server.uri, { attempts: 1 });
  const points = await store.getMetricHistory(RUN_ID, "loss");
  assert.deepEqual([points.length, points[0], points.at(-1)], [600_000, point(0), point(599_999)]);
  assert.equal(server.requests.length, 25);
});

Deno.test("a hostile server's folders are followed so deep, and its paths nowhere else", async () => {
  const shown = async (files: (path: string) => readonly unknown[]) => {
    await using server = startHostileServer({
      "artifacts/list": (_, url) => Response.json({ files: files(url.searchParams.get("path") ?? "") }),
    });
    await using store = await openStore(server.uri, { attempts: 1 });
    const { artifacts, misshapen } = await showRun(store, RUN_ID);
    return { artifacts, misshapen, requests: server.requests.length };
  };
  const below = (path: string, name: string) => path === "" ? name : `${path}/${name}`;
  const deep = await shown((path) => [{ path: below(path, "a"), is_dir: true }]);
  assert.deepEqual(deep, {
    artifacts: [],
    misshapen: [`the list of artifacts of the run ${RUN_ID} can't be read: it is more than 32 folders deep`],
    requests: 34,
  });
  const wide = await shown((path) =>
    Array.from({ length: 2000 }, (_, index) => ({ path: below(path, `d${index}`), is_dir: true }))
  );
  assert.deepEqual([wide.artifacts, wide.misshapen], [[], [
    `the list of artifacts of the run ${RUN_ID} can't be read: it is more than 100000 artifacts`,
  ]]);
  for (
    const [path, said] of [
      ["../../../etc/passwd", '"../../../etc/passwd"'],
      ["..", '".."'],
      ["a/b", '"a/b"'],
      ["/etc", '"/etc"'],
      ["", '""'],
      [7, "number"],
      [null, "object"],
      ["\u202e\u001b[31m", '"\\u{202e}\\u{1b}[31m"'],
      ["x".repeat(5000), JSON.stringify(`${"x".repeat(59)}…`)],
    ] as const
  ) {
    const { artifacts, misshapen } = await shown(() => [{ path: "config.yaml" }, { path }]);
    if (path === "\u202e\u001b[31m") {
      assert.deepEqual([artifacts, misshapen], [["config.yaml", path], undefined]);
    } else {assert.deepEqual([artifacts, misshapen], [[], [
        `the artifacts of the run ${RUN_ID} can't be listed: ${said} is no path in the folder that was asked for`,
      ]]);}
  }
});

Deno.test("a hostile server that trickles, breaks off or never ends its headers is given up", async () => {
  const trickle = () => {
    let timer: ReturnType<typeof setInterval> | undefined;
    return new ReadableStream({
      start(controller) {
        timer = setInterval(() => controller.enqueue(new TextEncoder().encode(" ")), 20);
      },
      cancel: () => clearInterval(timer),
    });
  };
  assert.deepEqual(
    await refused(
      { "runs/get": () => new Response(trickle(), { headers: json }) },
      (store) => store.getRun(RUN_ID),
      { answerWithin: 200 },
    ),
    {
      code: "TEMPORARILY_UNAVAILABLE",
      message: "The MLflow server at SERVER did not answer a GET request: no answer in 200 ms. " +
        "Whether it did what was asked is not known.",
      hint: "Look at the server's log, and try again.",
      requests: 1,
    },
  );
  const head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
  for (
    const server of [
      startRawServer(`${head}content-length: 1000\r\n\r\n{"run":`),
      startRawServer(`${head}content-encoding: gzip\r\ncontent-length: 4\r\n\r\nnone`),
      startRawServer(`${head}<repeat>x-header: ${"x".repeat(1000)}\r\n`, { times: 100_000 }),
      startRawServer("HTTP/1.1 200 OK\r\n\r\n\u0000".repeat(3)),
    ]
  ) {
    await using _ = server;
    await using store = await openStore(server.uri, { attempts: 1 });
    const { code } = await refusal(store.getRun(RUN_ID)) as { readonly code: string };
    assert.ok(["TEMPORARILY_UNAVAILABLE", "INVALID_PARAMETER_VALUE"].includes(code), code);
  }
});

Deno.test("a hostile server sends to nowhere else", async () => {
  await using other = startHostileServer({});
  for (const location of ["/api/2.0/mlflow/runs/get", `${other.uri}/x`, "file:///etc/passwd"]) {
    const found = await refused(
      { "runs/get": () => new Response(null, { status: 302, headers: { location } }) },
      (store) => store.getRun(RUN_ID),
    );
    assert.deepEqual(found, {
      code: "INVALID_PARAMETER_VALUE",
      message: "The MLflow server at SERVER refused GET api/2.0/mlflow/runs/get: HTTP 302.",
      hint: `It sends to another address: set MLFLOW_TRACKING_URI to the one that it sends to, ${location}`,
      requests: 1,
    });
  }
  assert.deepEqual(other.requests, []);
});

Deno.test("a hostile server's misshapen records are shown as far as they can be", async () => {
  const runs = [
    null,
    7,
    {},
    { info: null },
    toldRun({ run_id: "\u001b[31m" }),
    toldRun({ status: "DONE", start_time: 9e18, run_name: 5, user_id: null }),
    toldRun({ run_name: "\ud800", end_time: "soon" }),
    toldRun({}, { params: {}, tags: [{ key: "t", value: 5 }], metrics: [{ key: "m", value: "high" }, 5] }),
    toldRun({}, { params: [{ key: "a", value: "1" }, { key: "a", value: "2" }] }),
    toldRun(),
  ];
  const text = JSON.stringify({ runs });
  await using server = startHostileServer({ "runs/search": () => new Response(text, { headers: json }) });
  await using store = await openStore(server.uri, { attempts: 1 });
  const found = await store.searchRuns({ experiment_ids: ["1"] });
  assert.deepEqual(found.runs.map(({ misshapen }) => misshapen), [
    ...[0, 1, 2, 3].map(() => [
      "its id is misshapen (nothing)",
      "its experiment is misshapen (nothing)",
      "its state is misshapen (nothing)",
    ]),
    ['its id is misshapen ("\\u001b[31m")'],
    [
      "its name is misshapen (5)",
      "its user is misshapen (expected a text, found null)",
      'its state is misshapen ("DONE")',
      "its start time is misshapen (9000000000000000000)",
    ],
    ['its name is misshapen ("\\ud800")', 'its end time is misshapen ("soon")'],
    [
      "its list of params is misshapen (an empty map)",
      'the tag "t" is misshapen (value: expected a text, found a number)',
      'the metric "m" is misshapen (value: expected a number)',
      "the metric is misshapen (expected a map, found a number)",
    ],
    ['the param "a" is there twice'],
    undefined,
  ]);
  assert.deepEqual(found.runs.map(({ info }) => info.status), [
    ...["UNKNOWN", "UNKNOWN", "UNKNOWN", "UNKNOWN", "FINISHED", "UNKNOWN"],
    ...["FINISHED", "FINISHED", "FINISHED", "FINISHED"],
  ]);
});

Deno.test("a hostile server gives no run for another one, and chooses no folder of this machine", async () => {
  const notMlflow = {
    code: "INVALID_PARAMETER_VALUE",
    message: "The server at SERVER answered GET runs/get with something that is not MLflow's.",
    hint: "Check that MLFLOW_TRACKING_URI is the address of an MLflow server.",
    requests: 1,
  };
  const other = toldRun({ run_id: "f".repeat(32) });
  assert.deepEqual(
    await refused({ "runs/get": () => Response.json({ run: other }) }, (store) => store.getRun(RUN_ID)),
    notMlflow,
  );
  for (
    const artifact_uri of ["/etc", "file:///etc", `/tmp/../etc/${RUN_ID}/artifacts`, "relative", "file://h/x"]
  ) {
    const run = toldRun({ artifact_uri });
    const { code, message } = await refused(
      { "runs/get": () => Response.json({ run }) },
      (store) => store.logArtifact(RUN_ID, "a.txt", ""),
    ) as unknown as { readonly code: string; readonly message: string };
    assert.deepEqual(
      [code, message],
      [
        "INVALID_STATE",
        `The artifacts of the run ${RUN_ID} can't be reached: they are kept in ${artifact_uri}.`,
      ],
    );
  }
});

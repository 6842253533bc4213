import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { readdirSync, readFileSync } from "node:fs";
import type { ExperimentError } from "../../lib/base/error.ts";
import type { Client } from "../../lib/server/client.ts";
import type { Job, JobEvent } from "../../lib/server/job.ts";
import { type Document, openProject } from "../project.ts";
import { serve } from "./serving.ts";

/** A training of some minutes, for those that are ended before. */
const LONG = { experiment: "exp_v1", set: ["model.params.epochs=1000000"] };
const SHORT = { experiment: "exp_v1", set: ["model.params.epochs=5"] };

/** Waits until a job has a run with some epochs. */
async function trainsAt(client: Client, id: string): Promise<Job> {
  for await (const { type } of client.events(id)) if (type === "epoch") break;
  return await client.job(id);
}

async function eventsOf(client: Client, id: string, after = 0): Promise<readonly JobEvent[]> {
  return await Array.fromAsync(client.events(id, { after }));
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !await condition(); tries++) {
    assert.ok(tries < 100, "it never came true");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** The status of an answer, which is read no further. */
async function statusOf(url: string): Promise<number> {
  const stop = new AbortController();
  const { status } = await fetch(url, { signal: stop.signal });
  stop.abort();
  return status;
}

/** The processes of jobs whose working directory is a project's. */
function commandsIn(directory: string): readonly number[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    try {
      return Deno.readLinkSync(`/proc/${pid}/cwd`) === directory &&
        readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("cli.ts");
    } catch {
      return false;
    }
  });
}

Deno.test("a training with wait answers what the command line prints", async () => {
  await using project = await openProject();
  await using server = await serve(project);
  const run = await server.client.train(SHORT);
  const { document } = await project.json("train", "exp_v1", "--set", SHORT.set[0]!);
  assert.deepEqual({ ...run, run_id: "" }, { ...document, run_id: "" });
  assert.deepEqual(Object.keys(run), Object.keys(document));
});

Deno.test("a job's events are told as they happen, and again after any of them", async () => {
  await using project = await openProject();
  await using server = await serve(project);
  const { client } = server;
  const submitted = await client.startTrain(SHORT);
  assert.match(submitted.state, /queued|running/);
  const events = await eventsOf(client, submitted.id);
  assert.deepEqual(events.map(({ id }) => id), events.map((_, index) => index + 1));
  const types = events.map(({ type }) => type);
  assert.deepEqual(
    types.filter((type, index) => type !== "epoch" || types[index - 1] !== "epoch"),
    ["state", "state", "note", "prepared", "started", "epoch", "ended", "state"],
  );
  assert.deepEqual(
    events.flatMap(({ type, data }) => type === "state" ? (data as Job).state : []),
    ["queued", "running", "succeeded"],
  );
  const last = events.findLast(({ type }) => type === "epoch")!.data as { readonly epoch: number };
  assert.equal(last.epoch, 5);
  const job = await client.job(submitted.id);
  assert.equal((job.result as Document).run_id, job.run_id);
  assert.deepEqual(await eventsOf(client, job.id, 3), events.slice(3));
  assert.deepEqual(await eventsOf(client, job.id, events.length), []);
});

Deno.test("a cancelled job ends its run as KILLED, and a job that waits just goes", async () => {
  await using project = await openProject();
  await using server = await serve(project);
  const { client } = server;
  const first = await client.startTrain(LONG);
  const second = await client.startTrain(LONG);
  await trainsAt(client, first.id);
  assert.equal((await client.cancel(second.id)).state, "cancelled");
  const cancelled = await client.cancel(first.id);
  assert.equal(cancelled.state, "cancelled");
  assert.equal((await client.run(cancelled.run_id!)).info.status, "KILLED");
  assert.deepEqual(await client.cancel(first.id), cancelled);
  assert.equal((await client.train(SHORT)).status, "FINISHED");
});

Deno.test("a repeated request with an Idempotency-Key is one job, also after a restart", async () => {
  await using project = await openProject();
  const key = { idempotencyKey: "one" };
  let id: string;
  {
    await using server = await serve(project);
    const [a, b] = await Promise.all([
      server.client.startTrain(SHORT, key),
      server.client.startTrain(SHORT, key),
    ]);
    assert.equal(a.id, b.id);
    id = a.id;
    await eventsOf(server.client, id);
    await assert.rejects(server.client.startTrain(LONG, key), {
      code: "INVALID_PARAMETER_VALUE",
      message: 'The Idempotency-Key "one" was used for another request.',
      hint: "Use a new key for a new request.",
    });
  }
  await using server = await serve(project);
  assert.equal((await server.client.startTrain(SHORT, key)).id, id);
  assert.equal((await server.client.train(SHORT, key)).run_id, (await server.client.job(id)).run_id);
  assert.equal((await server.client.runs()).runs.length, 1);
});

Deno.test("a job is of the token that asked for it, and so is its Idempotency-Key", async () => {
  await using project = await openProject();
  const [ada, bob] = ["run-token-of-ada-11111", "run-token-of-bob-22222"];
  await project.write("tokens", `run ${ada}\nrun ${bob}\nread read-token-of-eve-333\n`);
  const key = { "idempotency-key": "one" };
  let id: string;
  {
    await using server = await serve(project, ["--token-file", "tokens"]);
    const as = (token: string, path: string, init: RequestInit = {}) =>
      fetch(server.url + path, {
        ...init,
        headers: { "content-type": "application/json", authorization: `Bearer ${token}`, ...key },
      });
    const train = async (token: string): Promise<Job> =>
      await (await as(token, "/api/train", { method: "POST", body: JSON.stringify(LONG) })).json();
    ({ id } = await train(ada));
    assert.equal((await train(ada)).id, id);
    const other = (await train(bob)).id;
    assert.notEqual(other, id);
    const refused = await as(bob, `/api/jobs/${id}`, { method: "DELETE" });
    assert.deepEqual([refused.status, await refused.json()], [403, {
      error_code: "PERMISSION_DENIED",
      message: "This job was asked for with another token.",
      hint: "Who asked for a job may cancel it.",
    }]);
    for (const token of [bob, "read-token-of-eve-333"]) {
      const { state } = await (await as(token, `/api/jobs/${id}`)).json();
      assert.equal(state, "running");
    }
    const form = new URLSearchParams({ token: bob });
    const signedIn = await fetch(`${server.url}/login`, { method: "POST", body: form, redirect: "manual" });
    await signedIn.body?.cancel();
    const cookie = signedIn.headers.get("set-cookie")!.split(";")[0]!;
    const byCookie = async (path: string) => {
      const answer = await fetch(server.url + path, { method: "DELETE", headers: { cookie } });
      return [answer.status, (await answer.json()).state];
    };
    assert.deepEqual(await byCookie(`/api/jobs/${id}`), [403, undefined]);
    assert.deepEqual(await byCookie(`/api/jobs/${other}`), [200, "cancelled"]);
    assert.equal((await (await as(ada, `/api/jobs/${id}`, { method: "DELETE" })).json()).state, "cancelled");
    await server.end("SIGKILL");
  }
  for (const name of ["reprise_jobs.db", "reprise_jobs.db-wal"]) {
    assert.doesNotMatch(await project.read(name), /token-of/);
  }
  await using server = await serve(project);
  assert.equal((await server.client.cancel(id)).state, "cancelled");
});

Deno.test("a file of jobs from before they had owners goes on", async () => {
  await using project = await openProject();
  {
    await using server = await serve(project);
    await eventsOf(server.client, (await server.client.startTrain(SHORT, { idempotencyKey: "one" })).id);
    await server.end("SIGTERM");
  }
  const file = new DatabaseSync(`${project.directory}/reprise_jobs.db`);
  file.exec("ALTER TABLE jobs DROP COLUMN owner");
  file.close();
  await using server = await serve(project);
  const job = await server.client.startTrain(SHORT, { idempotencyKey: "one" });
  assert.equal(job.state, "succeeded");
  assert.equal((await server.client.cancel(job.id)).state, "succeeded");
});

Deno.test("who waits for 50 jobs at once has to end one before another, and may do all else", async () => {
  await using project = await openProject();
  await using server = await serve(project);
  const { client } = server;
  const { id } = await client.startTrain(LONG);
  const events = `${server.url}/api/jobs/${id}/events`;
  const stops = Array.from({ length: 50 }, () => new AbortController());
  const streams = stops.map(({ signal }) => fetch(events, { signal }));
  for (const stream of await Promise.all(streams)) assert.equal(stream.status, 200);
  const refused = await fetch(events);
  assert.deepEqual([refused.status, await refused.json()], [429, {
    error_code: "REQUEST_LIMIT_EXCEEDED",
    message: "This caller waits for 50 jobs already: by their events, or with wait=true.",
    hint: "End one of these requests first. GET /api/jobs/ID tells how far a job is.",
  }]);
  await assert.rejects(client.train(SHORT), { code: "REQUEST_LIMIT_EXCEEDED" });
  assert.equal((await client.job(id)).state, "running");
  assert.equal((await fetch(events, { method: "HEAD" })).status, 200);
  stops[0]!.abort();
  await until(async () => await statusOf(events) === 200);
  for (const stop of stops) stop.abort();
  await client.cancel(id);
});

Deno.test("who has gone waits for no job any more", async () => {
  await using project = await openProject();
  await using server = await serve(project);
  const { client } = server;
  const waits = new AbortController();
  const options = { signal: waits.signal, idempotencyKey: "waited" };
  const waiting = Promise.allSettled(Array.from({ length: 50 }, () => client.train(LONG, options)));
  await until(async () => (await client.jobs()).length === 1);
  const [{ id }] = await client.jobs() as [Job];
  const events = `${server.url}/api/jobs/${id}/events`;
  await until(async () => await statusOf(events) === 429);
  waits.abort();
  await until(async () => await statusOf(events) === 200);
  assert.deepEqual((await waiting).filter(({ status }) => status !== "rejected"), []);
  // So many requests have used up this client's rate.
  await until(() => client.cancel(id).then(() => true, () => false));
});

Deno.test("a full queue is answered with 429 and when to ask again", async () => {
  await using project = await openProject();
  await using server = await serve(project, ["--queue", "1"]);
  const { client } = server;
  const running = await client.startTrain(LONG);
  await client.startTrain(LONG);
  const response = await fetch(`${server.url}/api/train`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(SHORT),
  });
  assert.equal(response.status, 429);
  assert.equal(response.headers.get("retry-after"), "5");
  assert.deepEqual(await response.json(), {
    error_code: "REQUEST_LIMIT_EXCEEDED",
    message: "The queue is full: 1 jobs wait for their turn.",
    hint: "Send the request again later.",
  });
  await client.cancel(running.id);
  await client.startTrain(SHORT);
});

Deno.test("jobs run as many at once as was asked", async () => {
  await using project = await openProject();
  await using server = await serve(project, ["--concurrency", "2"]);
  const { client } = server;
  const jobs = [await client.startTrain(LONG), await client.startTrain(LONG), await client.startTrain(LONG)];
  await Promise.all(jobs.slice(0, 2).map(({ id }) => trainsAt(client, id)));
  assert.equal((await client.job(jobs[2]!.id)).state, "queued");
});

Deno.test("kill -9 of the server: what ran is lost and its run KILLED, what waited goes on", async () => {
  await using project = await openProject();
  let jobs: readonly Job[];
  {
    await using server = await serve(project);
    const { client } = server;
    const done = await client.startTrain(SHORT);
    await eventsOf(client, done.id);
    const running = await client.startTrain(LONG);
    const waiting = await client.startTrain(SHORT);
    jobs = [await client.job(done.id), await trainsAt(client, running.id), waiting];
    assert.equal(commandsIn(project.directory).length, 1);
    await server.end("SIGKILL");
  }
  await until(() => Promise.resolve(commandsIn(project.directory).length === 0));
  await using server = await serve(project);
  const { client } = server;
  const [done, running, waiting] = jobs as [Job, Job, Job];
  assert.deepEqual(await client.job(done.id), done);
  const lost = await client.job(running.id);
  assert.equal(lost.state, "lost");
  assert.equal((await client.run(lost.run_id!)).info.status, "KILLED");
  await eventsOf(client, waiting.id);
  assert.equal((await client.job(waiting.id)).state, "succeeded");
});

Deno.test("kill -9 of the server and of its job: the next server ends the run as KILLED", async () => {
  await using project = await openProject();
  let job: Job;
  {
    await using server = await serve(project);
    job = await trainsAt(server.client, (await server.client.startTrain(LONG)).id);
    const [pid] = commandsIn(project.directory);
    Deno.kill(pid!, "SIGSTOP");
    await server.end("SIGKILL");
    Deno.kill(pid!, "SIGKILL");
  }
  await using server = await serve(project);
  assert.equal((await server.client.job(job.id)).state, "lost");
  assert.equal((await server.client.run(job.run_id!)).info.status, "KILLED");
});

Deno.test("a job that doesn't end when its server was killed is killed by the next one", async () => {
  await using project = await openProject();
  let job: Job;
  {
    await using server = await serve(project);
    job = await trainsAt(server.client, (await server.client.startTrain(LONG)).id);
    Deno.kill(commandsIn(project.directory)[0]!, "SIGSTOP");
    await server.end("SIGKILL");
  }
  assert.equal(commandsIn(project.directory).length, 1);
  await using server = await serve(project);
  assert.deepEqual(commandsIn(project.directory), []);
  assert.equal((await server.client.run(job.run_id!)).info.status, "KILLED");
});

Deno.test("kill -9 of a job: it has failed, its run is KILLED, and the next one runs", async () => {
  await using project = await openProject();
  await using server = await serve(project);
  const { client } = server;
  const { id, run_id } = await trainsAt(client, (await client.startTrain(LONG)).id);
  Deno.kill(commandsIn(project.directory)[0]!, "SIGKILL");
  await eventsOf(client, id);
  const job = await client.job(id);
  assert.equal(job.state, "failed");
  assert.deepEqual(job.error, {
    code: "INTERNAL_ERROR",
    message: "The command's process was ended by SIGKILL.",
  });
  assert.equal((await client.run(run_id!)).info.status, "KILLED");
  assert.equal((await client.train(SHORT)).status, "FINISHED");
});

Deno.test("SIGTERM lets what runs end, takes no more, and leaves what waits to the next server", async () => {
  await using project = await openProject();
  const set = ["model.params.epochs=15000"];
  let waiting: Job;
  {
    await using server = await serve(project);
    const { client } = server;
    const first = await client.startTrain({ experiment: "exp_v1", set });
    const events = eventsOf(client, first.id);
    waiting = await client.startTrain(SHORT);
    await trainsAt(client, first.id);
    server.process.kill("SIGTERM");
    await until(async () => {
      const response = await fetch(`${server.url}/readyz`);
      await response.body?.cancel();
      return response.status === 503;
    });
    await assert.rejects(client.startTrain(SHORT), {
      code: "TEMPORARILY_UNAVAILABLE",
      message: "The server is shutting down and takes no more jobs.",
    });
    assert.equal(((await events).at(-1)!.data as Job).state, "succeeded");
    assert.equal((await server.process.status).code, 0);
  }
  await using server = await serve(project);
  await eventsOf(server.client, waiting.id);
  assert.equal((await server.client.job(waiting.id)).state, "succeeded");
});

Deno.test("SIGTERM ends a job that takes too long, a stream and a half-sent body", async () => {
  await using project = await openProject();
  await using server = await serve(project, ["--drain", "0"]);
  const { client } = server;
  const job = await trainsAt(client, (await client.startTrain(LONG)).id);
  const stream = await fetch(`${server.url}/api/jobs/${job.id}/events`);
  using half = await Deno.connect({ port: Number(new URL(server.url).port) });
  await half.write(new TextEncoder().encode(
    "POST /api/train HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{",
  ));
  assert.equal((await server.end("SIGTERM")).code, 0);
  await stream.text();
  await using next = await serve(project);
  assert.equal((await next.client.job(job.id)).state, "cancelled");
  assert.equal((await next.client.run(job.run_id!)).info.status, "KILLED");
});

Deno.test("a second server in the same directory is refused", async () => {
  await using project = await openProject();
  await using _server = await serve(project);
  await assert.rejects(serve(project), (error: ExperimentError) => {
    assert.match(
      error.message,
      /^The server did not start: error: reprise_jobs\.db is locked by another process/,
    );
    return true;
  });
});

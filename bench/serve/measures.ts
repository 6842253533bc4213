import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openStore } from "../../lib/tracking/open_store.ts";
import { startServer } from "../../tests/mlflow/server.ts";
import { fuzz } from "../../tests/server/fuzz.ts";
import { ask } from "../../tests/server/wire.ts";
import { median } from "../measure.ts";
import { PROJECT, run } from "../process.ts";
import { type Load, load } from "./load.ts";
import { metricOf, type OurServer, startOurs } from "./servers.ts";

/** A row of the table: what was measured, and what was found. */
export type Row = readonly [measure: string, found: string];

/** How much to do. */
export interface Extent {
  readonly rounds: number;
  readonly seconds: number;
}

/** What a client asks for. */
interface Asking {
  readonly name: string;
  readonly url: string;
  /** The body of a POST. */
  readonly json?: string;
}

/** Lookups of a run, ours and MLflow's in turn, both on the same store file. */
export async function reads(folder: string, extent: Extent): Promise<readonly Row[]> {
  const run_id = await someRun(folder);
  await using store = await openStore(uriOf(folder));
  const { experiment_id } = (await store.getRun(run_id)).info;
  await using theirs = await startServer(folder);
  await using ours = await startOurs(folder, { unlimited: true });
  const api = `${theirs.uri}/api/2.0/mlflow/runs`;
  return [
    ...await compare(extent, [
      { name: "a run by id: `GET /api/runs/:id`", url: `${ours.url}/api/runs/${run_id}` },
      { name: "… `mlflow server`: `runs/get`", url: `${api}/get?run_id=${run_id}` },
    ]),
    ...await compare(extent, [
      { name: "a run by name: `GET /api/runs?name=`", url: `${ours.url}/api/runs?name=exp_v1&max_results=1` },
      {
        name: "… `mlflow server`: `runs/search`",
        url: `${api}/search`,
        json: JSON.stringify({
          experiment_ids: [experiment_id],
          filter: "attributes.run_name = 'exp_v1'",
          max_results: 1,
        }),
      },
    ]),
  ];
}

async function compare(
  { rounds, seconds }: Extent,
  sides: readonly [ours: Asking, theirs: Asking],
): Promise<readonly Row[]> {
  const found: readonly Load[][] = [[], []];
  for (let round = 0; round <= rounds; round++) {
    for (const [index, { url, json }] of sides.entries()) {
      const result = await load(url, { connections: 50, seconds, json });
      if (round > 0) found[index]!.push(result);
    }
  }
  const ratio = median(found[0]!.map(({ perSecond }, round) => perSecond / found[1]![round]!.perSecond));
  return [
    ...sides.map(({ name }, index): Row => [
      name,
      [
        `${numberText(median(found[index]!.map(({ perSecond }) => perSecond)))} reads/s`,
        `p50 ${numberText(median(found[index]!.map(({ p50 }) => p50)))} ms`,
        `p99 ${numberText(median(found[index]!.map(({ p99 }) => p99)))} ms`,
        `${found[index]!.reduce((sum, { failed }) => sum + failed, 0)} failed`,
      ].join(", "),
    ]),
    ["… ours ÷ MLflow, reads/s", `${numberText(ratio)} ×`],
  ];
}

/** Memory of our server before and after requests. */
export async function memory(folder: string): Promise<readonly Row[]> {
  const run_id = await someRun(folder);
  await using ours = await startOurs(folder, { unlimited: true });
  const url = `${ours.url}/api/runs/${run_id}`;
  const resident = async () => await metricOf(ours, "process_resident_memory_bytes") / 2 ** 20;
  const found = [await resident()];
  for (const amount of [10_000, 20_000, 30_000]) {
    await load(url, { connections: 50, amount });
    found.push(await resident());
  }
  return [[
    "resident memory after 0; 10,000; 30,000; 60,000 requests",
    `${found.map((size) => size.toFixed(0)).join("; ")} MiB`,
  ]];
}

/** Requests of all kinds. Jobs that they start are among what the server has to bear. */
export async function fuzzed(folder: string): Promise<readonly Row[]> {
  await someRun(folder);
  await using ours = await startOurs(folder, { unlimited: true });
  const { statuses, bad, slowest } = await fuzz(ours.port, { requests: 10_000, seed: 4 });
  const after = await ask(ours.port, { path: "/healthz" });
  for (const { request, why } of bad.slice(0, 5)) console.error(JSON.stringify({ request, why }));
  const counts = Object.entries(statuses).map(([status, count]) => `${count} × ${status}`);
  return [
    [
      "10,000 fuzzed requests",
      `${bad.length} answered 5xx, by an error in no known shape, or not in time; then /healthz ${after.status}`,
    ],
    ["… their statuses (0: closed without an answer)", counts.join(", ")],
    ["… slowest answer", `${numberText(slowest)} ms`],
  ];
}

/** A flood of POSTs, with reads beside it. */
export async function flood(folder: string): Promise<readonly Row[]> {
  const run_id = await someRun(folder);
  await using ours = await startOurs(folder);
  const read = async () => {
    const start = performance.now();
    const { status } = await ask(ours.port, { path: `/api/runs/${run_id}` });
    return { status, milliseconds: performance.now() - start };
  };
  const reading: { readonly status: number; readonly milliseconds: number }[] = [];
  const statuses: Record<string, number> = {};
  let left = 2000;
  const poster = async () => {
    while (left-- > 0) {
      const { status } = await ask(ours.port, {
        method: "POST",
        path: "/api/train",
        headers: { "content-type": "application/json" },
        body: '{"experiment":"no_such_experiment"}',
      });
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  };
  const reader = async () => {
    while (left > 0) {
      reading.push(await read());
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  await Promise.all([...Array.from({ length: 20 }, poster), reader()]);
  const good = reading.filter(({ status }) => status === 200).length;
  const times = reading.map(({ milliseconds }) => milliseconds);
  return [
    [
      "2,000 POSTs at once by one client",
      Object.entries(statuses).map(([status, count]) => `${count} × ${status}`).join(", "),
    ],
    [
      "… reads by the same client meanwhile",
      `${good} of ${reading.length} answered 200, median ${numberText(median(times))} ms, slowest ` +
      `${numberText(Math.max(...times))} ms`,
    ],
  ];
}

/** kill -9 of the server while a job runs, and of a job's process. */
export async function kills(folder: string): Promise<readonly Row[]> {
  await someRun(folder);
  const rows: Row[] = [];
  const long = { experiment: "exp_v1", set: ["model.params.epochs=200000"] };
  const short = { experiment: "exp_v1" };

  const first = await startOurs(folder);
  const before = await post(first, short);
  await stateOf(first, before, ended);
  const running = await post(first, long);
  const waiting = await post(first, short);
  const started = await stateOf(first, running, (job) => job.run_id !== undefined);
  const orphans = await childrenOf(first.pid);
  await first.kill();
  await using second = await startOurs(folder, { port: first.port });
  const [kept, lost, resumed] = [
    await stateOf(second, before, ended),
    await stateOf(second, running, ended),
    await stateOf(second, waiting, ended),
  ];
  const status = await runOf(folder, started.run_id!);
  const alive = orphans.filter(isAlive);
  rows.push([
    "kill -9 of the server: the finished, the running, the waiting job",
    `${kept.state}, ${lost.state} (its run ${status}, ${alive.length} of its processes alive), ${resumed.state}`,
  ]);

  const killed = await post(second, long);
  const job = await stateOf(second, killed, (job) => job.run_id !== undefined);
  for (const pid of await childrenOf(second.pid)) Deno.kill(pid, "SIGKILL");
  const after = await stateOf(second, killed, ended);
  const next = await stateOf(second, await post(second, short), ended);
  rows.push([
    "kill -9 of a job: that job, the next one",
    `${after.state} (its run ${await runOf(folder, job.run_id!)}), ${next.state}`,
  ]);
  return rows;
}

interface JobState {
  readonly state: string;
  readonly run_id?: string;
}

const ended = ({ state }: JobState): boolean => state !== "queued" && state !== "running";

async function post(server: OurServer, body: unknown): Promise<string> {
  const response = await fetch(`${server.url}/api/train`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (response.status !== 202) {
    throw new Error(`POST /api/train: ${response.status} ${JSON.stringify(answer)}`);
  }
  return answer.id;
}

/** A job once it is as asked. */
async function stateOf(server: OurServer, id: string, wanted: (job: JobState) => boolean): Promise<JobState> {
  const patience = Date.now() + 120_000;
  while (true) {
    const job: JobState = await (await fetch(`${server.url}/api/jobs/${id}`)).json();
    if (wanted(job)) return job;
    if (ended(job) || Date.now() > patience) throw new Error(`The job is ${JSON.stringify(job)}.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function runOf(folder: string, run_id: string): Promise<string> {
  await using store = await openStore(uriOf(folder));
  return (await store.getRun(run_id)).info.status;
}

/** The processes that a process started, and theirs. */
async function childrenOf(pid: number): Promise<readonly number[]> {
  const text = await Deno.readTextFile(`/proc/${pid}/task/${pid}/children`);
  const children = text.trim().split(" ").filter((word) => word !== "").map(Number);
  return [...children, ...(await Promise.all(children.map(childrenOf))).flat()];
}

/** Whether a process runs; one that has ended and that nobody has asked about since doesn't. */
function isAlive(pid: number): boolean {
  try {
    return !/\) Z /.test(Deno.readTextFileSync(`/proc/${pid}/stat`));
  } catch {
    return false;
  }
}

const uriOf = (folder: string): string => `sqlite:///${join(folder, "mlflow.db")}`;

/** Trains the example in a folder, and gives the run's id. */
async function someRun(folder: string): Promise<string> {
  const cli = fileURLToPath(new URL("cli.ts", PROJECT));
  const config = fileURLToPath(new URL("deno.json", PROJECT));
  const { stdout } = await run(
    [Deno.execPath(), "run", "-A", "--config", config, cli, "train", "exp_v1", "--json"],
    folder,
  );
  return JSON.parse(stdout).run_id;
}

const numberText = (value: number): string => value >= 100 ? value.toFixed(0) : value.toPrecision(3);

/** All that can be measured, by name. */
export const measures: Readonly<Record<string, (folder: string, extent: Extent) => Promise<readonly Row[]>>> =
  {
    reads,
    memory,
    fuzz: fuzzed,
    flood,
    kill: kills,
  };

import { ERROR_CODES, ExperimentError } from "../base/error.ts";
import type { ConfigEntry } from "../commands/config.ts";
import type { ModelEntry, RegistryListing } from "../commands/listing.ts";
import type { RegistryEntry } from "../commands/registry_entry.ts";
import type { Contract } from "../contract/contract.ts";
import type { Lineage, LineageColumn, LineageFeature, LineageView } from "../features/lineage.ts";
import type { ReportDocument } from "../replay/report.ts";
import type { RunList, RunSummary, ShownRun } from "../tracking/runs.ts";
import type { Metric, RunStatus } from "../tracking/store.ts";
import type { TrainedRun } from "../training/train.ts";
import type { Job, JobError, JobEvent, JobKind, JobState } from "./job.ts";

export type {
  ConfigEntry,
  Job,
  JobError,
  JobEvent,
  JobKind,
  JobState,
  Lineage,
  LineageColumn,
  LineageFeature,
  LineageView,
  ModelEntry,
  RegistryEntry,
  RegistryListing,
  ReportDocument,
  RunList,
  RunSummary,
  ShownRun,
};

/** What to train. */
export interface TrainRequest {
  /** The name of a config in the server's `configs/`. */
  readonly experiment: string;
  /** Overrides of the config, each as path=value. */
  readonly set?: readonly string[];
  /** Whether to fit a second time, and to record how far the two are apart. */
  readonly verify?: boolean;
}

/** What to replay: a run by its name, or by its id. */
export type ReplayRequest =
  & ({
    /** The name of a run: of those, the newest finished one. */
    readonly run: string;
    readonly run_id?: never;
  } | {
    /** The id of a run. */
    readonly run_id: string;
    readonly run?: never;
  })
  & {
    /** Whether to train again where that is safe, and to compare. */
    readonly rerun?: boolean;
    /** Whether to judge the config that the run recorded. */
    readonly recorded_config?: boolean;
    /** Whether to run the recorded source on the recorded data, and to compare. */
    readonly as_recorded?: boolean;
    /** Whether to tell, where drift blocks, which change carries how much of the metrics' change. */
    readonly attribute?: boolean;
    /** Clauses whose drift is accepted from now on; `*` stands for any characters. */
    readonly accept?: readonly string[];
    /** Why it is accepted. */
    readonly because?: string;
    /** The last day on which it is accepted, as `2027-01-31` in UTC. */
    readonly until?: string;
    /** Whether to attach the report to the run, and to tag the run with the verdict. */
    readonly log?: boolean;
  };

/** Which runs to list; all that is given must hold. */
export interface RunsQuery {
  /** The name of their experiment. */
  readonly experiment?: string;
  /** The name of the runs. */
  readonly name?: string;
  /** Their state. */
  readonly status?: RunStatus;
  /** How many a page has at most. @default 100 */
  readonly max_results?: number;
  /** `next_page_token` of the page before. */
  readonly page_token?: string;
}

/** The configs that can be trained by name, and the experiments of the store. */
export interface ExperimentList {
  /** The configs. */
  readonly configs: readonly ConfigEntry[];
  /** The experiments, newest first. */
  readonly experiments: readonly { readonly experiment_id: string; readonly name: string }[];
}

/** How to start a job. */
export interface StartOptions {
  /** With a key that was used before for the same request, that request's job is given again. */
  readonly idempotencyKey?: string;
  /** Ends the waiting, not the job. */
  readonly signal?: AbortSignal;
}

/** A server's API. Every function throws an `ExperimentError` as the server told it. */
export interface Client {
  /** Trains an experiment, and gives the run once it has ended. */
  train(request: TrainRequest, options?: StartOptions): Promise<TrainedRun>;
  /** Judges a run, and gives the report. */
  replay(request: ReplayRequest, options?: StartOptions): Promise<ReportDocument>;
  /** Puts a training in the queue. */
  startTrain(request: TrainRequest, options?: StartOptions): Promise<Job>;
  /** Puts a replay in the queue. */
  startReplay(request: ReplayRequest, options?: StartOptions): Promise<Job>;
  /** The newest jobs, without their results. */
  jobs(options?: { readonly limit?: number }): Promise<readonly Job[]>;
  /** A job by its id. */
  job(id: string): Promise<Job>;
  /** What happens in a job, until it has ended; a connection that breaks off is made again. */
  events(
    id: string,
    options?: { readonly after?: number; readonly signal?: AbortSignal },
  ): AsyncGenerator<JobEvent, void>;
  /** Cancels a job, and gives it; one that had ended stays as it is. */
  cancel(id: string): Promise<Job>;
  /** The configs that can be trained by name, and the experiments of the store. */
  experiments(): Promise<ExperimentList>;
  /** What the project's registry has. */
  registry(): Promise<RegistryListing>;
  /** A dataset, feature view, model or config; with its kind, where several have the name. */
  registryEntry(name: string, kind?: RegistryEntry["kind"]): Promise<RegistryEntry>;
  /** The contract that a run of a config would record now. */
  contract(experiment: string): Promise<Contract>;
  /** A page of runs, newest first. */
  runs(query?: RunsQuery): Promise<RunList>;
  /** A run with all that was recorded of it. */
  run(id: string): Promise<ShownRun>;
  /** Every point of a metric of a run. */
  metricHistory(runId: string, key: string): Promise<readonly Metric[]>;
  /** The bytes of an artifact. */
  artifact(runId: string, path: string): Promise<Uint8Array>;
  /** A run judged by today's code and data, without training again. */
  report(runId: string): Promise<ReportDocument>;
  /** What differs between two recorded runs, and why, by what they recorded alone. */
  compare(pastId: string, currentId: string): Promise<ReportDocument>;
}

/** How many milliseconds to wait before a connection is made again. */
const AGAIN_MS = 1000;

/**
 * Makes a client of a server.
 *
 * @param url The server's address, such as `http://127.0.0.1:8000`.
 *
 * @example
 * ```ts ignore
 * const client = createClient("http://127.0.0.1:8000");
 * const job = await client.startTrain({ experiment: "exp_v1", set: ["model.params.epochs=50"] });
 * for await (const event of client.events(job.id)) console.log(event.type);
 * ```
 */
export function createClient(url: string | URL, options: { readonly token?: string } = {}): Client {
  const authorization: Readonly<Record<string, string>> = options.token === undefined
    ? {}
    : { authorization: `Bearer ${options.token}` };
  const ask = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const response = await fetch(new URL(path, url), {
      ...init,
      headers: { ...authorization, ...init.headers as Readonly<Record<string, string>> },
    });
    if (!response.ok) throw await troubleOf(response);
    return response;
  };
  const json = async (path: string, init?: RequestInit) => await (await ask(path, init)).json();
  const post = (path: string, body: object, { idempotencyKey, signal }: StartOptions = {}) =>
    json(path, {
      method: "POST",
      body: JSON.stringify(body),
      headers: {
        "content-type": "application/json",
        ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }),
      },
      ...(signal ? { signal } : {}),
    });
  const path = (...parts: readonly string[]) => `/api/${parts.map(encodeURIComponent).join("/")}`;

  return {
    train: (request, options) => post("/api/train?wait=true", request, options),
    replay: (request, options) => post("/api/replay?wait=true", request, options),
    startTrain: (request, options) => post("/api/train", request, options),
    startReplay: (request, options) => post("/api/replay", request, options),
    jobs: async ({ limit = 100 } = {}) => (await json(`/api/jobs?limit=${limit}`)).jobs,
    job: (id) => json(path("jobs", id)),
    async *events(id, { after = 0, signal } = {}) {
      for (let last = after;;) {
        const response = await ask(`${path("jobs", id)}/events`, {
          headers: { "last-event-id": String(last) },
          ...(signal ? { signal } : {}),
        });
        if (response.status === 204) return;
        for await (const event of eventsIn(response.body!)) {
          last = event.id;
          yield event;
          if (event.type === "state" && (event.data as Job).ended_at !== undefined) return;
        }
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      }
    },
    cancel: (id) => json(path("jobs", id), { method: "DELETE" }),
    experiments: () => json("/api/experiments"),
    registry: () => json("/api/registry"),
    registryEntry: (name, kind) =>
      json(`${path("registry", name)}${kind === undefined ? "" : `?kind=${kind}`}`),
    contract: (experiment) => json(path("contract", experiment)),
    runs: (query = {}) => {
      const given = Object.entries(query).filter(([, value]) => value !== undefined);
      return json(`/api/runs?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`);
    },
    run: (id) => json(path("runs", id)),
    metricHistory: async (runId, key) => (await json(path("runs", runId, "metrics", key))).metrics,
    artifact: async (runId, artifact) =>
      await (await ask(path("runs", runId, "artifacts", ...artifact.split("/")))).bytes(),
    compare: (past, current) =>
      json(path("runs", past, "compare", current), { headers: { accept: "application/json" } }),
    report: (runId) => json(path("runs", runId, "report"), { headers: { accept: "application/json" } }),
  };
}

async function troubleOf(response: Response): Promise<ExperimentError> {
  const text = await response.text();
  try {
    const { error_code, message, hint } = JSON.parse(text);
    const known = ERROR_CODES.find((code) => code === error_code);
    const code = known ?? (response.status < 500 ? "INVALID_PARAMETER_VALUE" : "INTERNAL_ERROR");
    return new ExperimentError(code, String(message), typeof hint === "string" ? { hint } : {});
  } catch {
    return new ExperimentError(
      "INTERNAL_ERROR",
      `${response.url} answered ${response.status}: ${text.slice(0, 200)}`,
    );
  }
}

async function* eventsIn(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<JobEvent> {
  let rest = "";
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const blocks = (rest + text).split("\n\n");
    rest = blocks.pop()!;
    for (const block of blocks) {
      const fields = Object.fromEntries(
        block.split("\n").map((line) => {
          const colon = line.indexOf(": ");
          return [line.slice(0, colon), line.slice(colon + 2)];
        }),
      );
      if (fields.data !== undefined) {
        yield {
          id: Number(fields.id),
          type: fields.event as JobEvent["type"],
          data: JSON.parse(fields.data),
        };
      }
    }
  }
}

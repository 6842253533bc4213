import { environmentVariable } from "../base/environment.ts";
import type { ConfigEntry } from "../commands/config.ts";
import type { RegistryListing } from "../commands/listing.ts";
import type { RegistryEntry } from "../commands/registry_entry.ts";
import type { Contract } from "../contract/contract.ts";
import type { ReportDocument } from "../replay/report.ts";
import { DEFAULT_TRACKING_URI, openStore } from "../tracking/open_store.ts";
import { createApp } from "./app.ts";
import type { ServerContext } from "./context.ts";
import { checkExposure, type GuardOptions, isLoopback } from "./guard.ts";
import { openJobs } from "./jobs.ts";
import { listen } from "./listen.ts";
import { openLookups } from "./lookups.ts";
import { TOLD } from "./process.ts";

/** How to serve. */
export interface ServerOptions {
  /** @default "127.0.0.1" */
  readonly host?: string;
  /** 0 for any that is free. @default 8000 */
  readonly port?: number;
  /** The store. @default `MLFLOW_TRACKING_URI`, else `sqlite:///mlflow.db` */
  readonly trackingUri?: string | undefined;
  /** How many jobs run at once. @default 1 */
  readonly concurrency?: number;
  /** How many jobs wait for their turn. @default 16 */
  readonly queueLimit?: number;
  /** How many seconds a job may take. @default 21_600, six hours */
  readonly jobTimeout?: number;
  /** How many MiB of memory a job may hold, with all that it starts. @default 4096 */
  readonly jobMemory?: number;
  /** Files that no job may read or write, such as the one with the tokens. */
  readonly secrets?: readonly string[];
  /** Whom the server lets in; tokens are needed where others than this machine reach it. */
  readonly guard?: GuardOptions;
  /** Is told of each error that is a fault of the server. */
  readonly onFault?: (error: unknown) => void;
}

/** A server that runs. */
export interface Server {
  readonly url: string;
  readonly trackingUri: string;
  /** Takes no more jobs, waits for those that run at most so many milliseconds, cancels the rest, and closes. */
  shutdown(timeout: number): Promise<void>;
}

/** How long answers may go on once all jobs are over, in milliseconds. */
const CLOSE_MS = 2000;
/** How old a list of what there is to choose from may be, in milliseconds. */
const FRESH_MS = 2000;
/** The limits of jobs that are told none. */
const JOB_SECONDS = 6 * 60 * 60;
const JOB_MEBIBYTES = 4096;
const JOBS_FILE = "reprise_jobs.db";

/**
 * Serves the project in the working directory.
 *
 * @throws {ExperimentError} where the store or the address can't be had, or tokens are lacking.
 */
export async function openServer(options: ServerOptions = {}): Promise<Server> {
  const { host = "127.0.0.1", port = 8000, guard = {} } = options;
  checkExposure({ host, tokens: guard.tokens });
  const uri = options.trackingUri ?? environmentVariable("MLFLOW_TRACKING_URI") ?? DEFAULT_TRACKING_URI;
  const env = { MLFLOW_TRACKING_URI: uri };
  const mebibytes = options.jobMemory ?? JOB_MEBIBYTES;
  const limits = { seconds: options.jobTimeout ?? JOB_SECONDS, mebibytes };
  await using stack = new AsyncDisposableStack();
  const store = stack.use(await openStore(uri, { attempts: 2 }));
  const closing = new AbortController();
  const jobs = stack.use(
    await openJobs({ ...options, file: JOBS_FILE, env, limits, openStore: () => Promise.resolve(store) }),
  );
  const context: ServerContext = {
    jobs,
    trackingUri: store.uri,
    openStore: () => Promise.resolve(store),
    closing: closing.signal,
    ...lookupsOf({ env, limits: { mebibytes }, secrets: options.secrets ?? [], signal: closing.signal }),
  };

  let ready = true;
  const app = createApp(context, {
    guard: { ...guard, hosts: [...isLoopback(host) ? [] : [host], ...guard.hosts ?? []] },
    ready: () => ready,
    ...(options.onFault ? { onFault: options.onFault } : {}),
  });
  const listening = stack.use(await listen(app, { host, port, proxies: guard.proxies ?? [] }));
  const opened = stack.move();
  return {
    url: listening.url,
    trackingUri: store.uri,
    async shutdown(timeout) {
      ready = false;
      await jobs.drain(timeout);
      closing.abort();
      await listening.close(CLOSE_MS);
      await opened.disposeAsync();
    },
  };
}

/** What is asked of processes of their own, as code that this one has loaded would stay as it is. */
function lookupsOf(
  options: Parameters<typeof openLookups>[0],
): Pick<ServerContext, "experiments" | "registry" | "registryEntry" | "contract" | "report" | "compare"> {
  const { lookup } = openLookups(options);
  return {
    experiments: async () => await lookup("config", ["list", ...TOLD], FRESH_MS) as readonly ConfigEntry[],
    registry: async () => await lookup("registry", TOLD, FRESH_MS) as RegistryListing,
    registryEntry: async (name, kind) =>
      await lookup("registry", [
        "show",
        ...TOLD,
        ...(kind ? [`--kind=${kind}`] : []),
        "--",
        name,
      ]) as RegistryEntry,
    contract: async (experiment) => await lookup("contract", [...TOLD, "--", experiment]) as Contract,
    report: async (runId) => await lookup("replay", [...TOLD, `--run-id=${runId}`]) as ReportDocument,
    compare: async (past, current) =>
      await lookup("runs", ["compare", ...TOLD, "--", past, current]) as ReportDocument,
  };
}

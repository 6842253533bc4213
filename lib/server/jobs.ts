import { digestOfJson } from "../base/digest.ts";
import { now } from "../base/environment.ts";
import { ExperimentError, messageOf } from "../base/error.ts";
import type { ReplayEvent } from "../replay/replay.ts";
import type { TrackingStore } from "../tracking/store.ts";
import type { Job, JobEvent, JobKind, Jobs, JobState } from "./job.ts";
import { type JobChange, JobsFile } from "./jobs_file.ts";
import { endOrphan, endRun } from "./orphan.ts";
import { argumentsOf, type CommandOptions, type CommandProcess, startCommand } from "./process.ts";
import type { ProcessEnd } from "./process_end.ts";

/** How to keep and run jobs. */
export interface JobsOptions extends CommandOptions {
  /** The file that keeps them. */
  readonly file: string;
  /** How many run at once. @default 1 */
  readonly concurrency?: number;
  /** How many wait for their turn. @default 16 */
  readonly queueLimit?: number;
  /** Is told of each error that is a fault. */
  readonly onFault?: ((error: unknown) => void) | undefined;
  /** The store that they record in. */
  openStore(): Promise<TrackingStore>;
}

/** How many milliseconds are between two tries to end a run in a store that is out of reach. */
const RETRY_MS = 30_000;
/** How many epochs of a job are kept as events; those after are only recorded in its run. */
const MOST_EPOCHS = 100_000;

/**
 * Opens the jobs of a server. What another server left running is marked lost, and its run ends KILLED; what it left
 * in the queue goes on.
 */
export async function openJobs(options: JobsOptions): Promise<Jobs & Disposable> {
  const jobs = new FileJobs(options);
  await jobs.recover();
  return jobs;
}

class FileJobs implements Jobs, Disposable {
  readonly #options: JobsOptions;
  readonly #concurrency: number;
  readonly #queueLimit: number;
  readonly #file: JobsFile;
  readonly #running = new Map<string, { readonly done: Promise<void>; readonly process: CommandProcess }>();
  readonly #epochs = new Map<string, number>();
  readonly #cancelled = new Set<string>();
  readonly #changes = new Map<string, PromiseWithResolvers<void>>();
  #draining = false;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(options: JobsOptions) {
    this.#options = options;
    this.#concurrency = options.concurrency ?? 1;
    this.#queueLimit = options.queueLimit ?? 16;
    this.#file = new JobsFile(options.file);
  }

  async recover(): Promise<void> {
    const left = this.#file.unsettled();
    for (const { job } of left) if (!isEnded(job.state)) this.#change(job.id, { ...ended("lost") });
    await Promise.all(left.map(({ pid }) => pid === undefined ? undefined : endOrphan(pid)));
    await this.#settleAll();
    this.#pump();
  }

  // deno-lint-ignore require-await
  async submit(
    kind: JobKind,
    input: Readonly<Record<string, unknown>>,
    { idempotencyKey, owner }: Parameters<Jobs["submit"]>[2] = {},
  ): Promise<Job> {
    const digest = digestOfJson({ kind, input });
    // A key is its owner's: another's request with the same one is another job.
    const key = idempotencyKey && (owner === undefined ? idempotencyKey : `${owner} ${idempotencyKey}`);
    const known = key === undefined ? undefined : this.#file.keyed(key);
    if (known) {
      if (known.digest === digest) return this.get(known.job)!;
      throw new ExperimentError(
        "INVALID_PARAMETER_VALUE",
        `The Idempotency-Key ${JSON.stringify(idempotencyKey)} was used for another request.`,
        { hint: "Use a new key for a new request." },
      );
    }
    this.#checkRoom();
    const id = crypto.randomUUID().replaceAll("-", "");
    this.#file.write(() => {
      const job: Job = { id, kind, input, state: "queued", created_at: timestamp() };
      this.#file.add(job, owner);
      this.#file.addEvent(id, "state", job);
      if (key !== undefined) this.#file.addKey(key, digest, id);
    });
    this.#pump();
    return this.get(id)!;
  }

  get(id: string): Job | undefined {
    return this.#file.get(id);
  }

  ownerOf(id: string): string | undefined {
    return this.#file.ownerOf(id);
  }

  counts(): Readonly<Record<JobState, number>> {
    return this.#file.counts();
  }

  list({ limit = 100 }: { readonly limit?: number } = {}): readonly Job[] {
    return this.#file.list(limit);
  }

  async *events(
    id: string,
    { after = 0, signal }: { readonly after?: number; readonly signal?: AbortSignal } = {},
  ): AsyncIterable<JobEvent> {
    const wake = () => this.#wake(id);
    signal?.addEventListener("abort", wake);
    try {
      for (let last = after; !signal?.aborted;) {
        const events = this.#file.events(id, last);
        if (events.length === 0) {
          const job = this.get(id);
          if (job === undefined || isEnded(job.state)) return;
          await this.#changed(id);
        }
        for (const event of events) {
          yield event;
          last = event.id;
        }
      }
    } finally {
      signal?.removeEventListener("abort", wake);
    }
  }

  async ended(id: string): Promise<Job> {
    for (;;) {
      const job = this.get(id);
      if (job === undefined) throw new ExperimentError("RESOURCE_DOES_NOT_EXIST", `There is no job "${id}".`);
      if (isEnded(job.state)) return job;
      await this.#changed(id);
    }
  }

  async cancel(id: string): Promise<Job | undefined> {
    const job = this.get(id);
    const running = this.#running.get(id);
    if (job?.state === "queued") this.#change(id, ended("cancelled"));
    else if (running) {
      this.#cancelled.add(id);
      running.process.interrupt();
      await running.done;
    }
    return this.get(id);
  }

  async drain(timeout: number): Promise<void> {
    this.#draining = true;
    const all = () => Promise.all([...this.#running.values()].map(({ done }) => done));
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, timeout);
    await Promise.race([all(), late.promise]);
    clearTimeout(timer);
    for (const id of this.#running.keys()) void this.cancel(id);
    await all();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#retry);
    this.#file[Symbol.dispose]();
  }

  #checkRoom(): void {
    if (this.#draining) {
      throw new ExperimentError(
        "TEMPORARILY_UNAVAILABLE",
        "The server is shutting down and takes no more jobs.",
      );
    }
    const { queued } = this.#file.counts();
    const free = this.#concurrency - this.#running.size;
    if (queued < this.#queueLimit + Math.max(free, 0)) return;
    throw new ExperimentError(
      "REQUEST_LIMIT_EXCEEDED",
      `The queue is full: ${queued} jobs wait for their turn.`,
      { hint: "Send the request again later." },
    );
  }

  #pump(): void {
    while (!this.#draining && this.#running.size < this.#concurrency) {
      const job = this.#file.next();
      if (job === undefined) return;
      this.#start(job);
    }
  }

  #start({ id, kind, input }: Job): void {
    let process: CommandProcess;
    try {
      process = startCommand(kind, argumentsOf(input), {
        ...this.#options,
        onEvent: (event) => this.#tell(id, event),
      });
    } catch (error) {
      const message = `No process could be started: ${messageOf(error)}`;
      return this.#change(id, { ...ended("failed"), error: { code: "INTERNAL_ERROR", message } });
    }
    const done = process.end
      .catch((error): ProcessEnd => {
        process.interrupt();
        this.#options.onFault?.(error);
        const message = "What the job told could not be kept.";
        return { kind: "error", error: { code: "INTERNAL_ERROR", message } };
      })
      .then((end) => this.#finish(id, end))
      .catch((error) => this.#options.onFault?.(error));
    this.#running.set(id, { done, process });
    this.#change(id, { state: "running", started_at: timestamp(), pid: process.pid, unsettled: true });
  }

  async #finish(id: string, end: ProcessEnd): Promise<void> {
    const outcome = outcomeOf(end, this.#cancelled.delete(id));
    // Its run may read RUNNING still, where the process was killed.
    const settled = end.kind === "document" || await this.#endRun({ ...this.get(id)!, ...outcome });
    this.#running.delete(id);
    this.#epochs.delete(id);
    this.#change(id, { ...outcome, unsettled: !settled });
    if (!settled) this.#settleLater();
    this.#pump();
  }

  #tell(id: string, event: ReplayEvent): void {
    if (event.kind === "epoch") {
      const epochs = (this.#epochs.get(id) ?? 0) + 1;
      this.#epochs.set(id, epochs);
      if (epochs > MOST_EPOCHS) return;
    }
    this.#file.write(() => {
      if (event.kind === "started") this.#file.change(id, { run_id: event.run_id });
      this.#file.addEvent(id, event.kind, event);
    });
    this.#wake(id);
  }

  #change(id: string, change: JobChange): void {
    this.#file.write(() => {
      this.#file.change(id, change);
      this.#file.addEvent(id, "state", this.#file.get(id));
    });
    this.#wake(id);
  }

  /** Ends the runs of jobs that have none working on them any more; tries again later where the store is out of reach. */
  async #settleAll(): Promise<void> {
    const left = this.#file.unsettled().filter(({ job }) => !this.#running.has(job.id));
    const settled = await Promise.all(left.map(async ({ job }) => {
      const settled = await this.#endRun(job);
      if (settled) this.#file.change(job.id, { unsettled: false });
      return settled;
    }));
    if (settled.includes(false)) this.#settleLater();
  }

  /** Ends the run of a job that has ended: FAILED where it is known why, else KILLED; whether that could be done. */
  async #endRun({ run_id, error }: Pick<Job, "run_id" | "error">): Promise<boolean> {
    const failure = error?.code === "INTERNAL_ERROR" ? undefined : error?.message;
    return await endRun(this.#options.openStore, run_id, failure);
  }

  #settleLater(): void {
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined;
      this.#settleAll().catch((error) => this.#options.onFault?.(error));
    }, RETRY_MS);
  }

  #changed(id: string): Promise<void> {
    let change = this.#changes.get(id);
    if (!change) this.#changes.set(id, change = Promise.withResolvers());
    return change.promise;
  }

  #wake(id: string): void {
    this.#changes.get(id)?.resolve();
    this.#changes.delete(id);
  }
}

/** Whether nothing will happen in a job any more. */
export function isEnded(state: JobState): boolean {
  return state !== "queued" && state !== "running";
}

function outcomeOf(end: ProcessEnd, cancelled: boolean): JobChange & Pick<Job, "state"> {
  if (end.kind === "document") return { ...ended("succeeded"), result: end.document };
  if (cancelled || end.kind === "interrupted") return ended("cancelled");
  return { ...ended("failed"), error: end.error };
}

function ended<State extends JobState>(state: State) {
  return { state, ended_at: timestamp() };
}

function timestamp(): string {
  return new Date(now()).toISOString();
}

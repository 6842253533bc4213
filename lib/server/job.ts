import type { ErrorCode } from "../base/error.ts";
import type { ReplayEvent } from "../replay/replay.ts";

/** What a job does; its input is that command's own. */
export type JobKind = "train" | "replay";

/** A job ends `succeeded` whatever its verdict says, `failed` for trouble, and `lost` when the server died under it. */
export type JobState = "queued" | "running" | "succeeded" | "failed" | "cancelled" | "lost";

/** Why a job failed, as the command line would tell it. */
export interface JobError {
  /** The class of trouble. */
  readonly code: ErrorCode;
  /** What could not be done, what was found and what is asked. */
  readonly message: string;
  /** The next command to run or edit to make, where one is known. */
  readonly hint?: string;
}

/** A command that was asked for over HTTP. Times are ISO 8601 texts. */
export interface Job {
  /** Its id, 32 hex digits. */
  readonly id: string;
  /** What it does. */
  readonly kind: JobKind;
  /** The command's input. */
  readonly input: Readonly<Record<string, unknown>>;
  /** How far it is. */
  readonly state: JobState;
  /** When it was asked for. */
  readonly created_at: string;
  /** When its process was started. */
  readonly started_at?: string;
  /** When it ended, in whatever state. */
  readonly ended_at?: string;
  /** The run that it records, once it has one. */
  readonly run_id?: string;
  /** The command's JSON document, once it has succeeded. */
  readonly result?: unknown;
  /** Why it has failed. */
  readonly error?: JobError;
}

/** Something that happened in a job; `id` counts from 1 within the job. */
export interface JobEvent {
  /** Its number in the job. */
  readonly id: number;
  /** `state` with the job itself, or one of the events of a training: `prepared`, `inputs`, `started`, `epoch`, `ended`, `note`; or `attributing`. */
  readonly type: "state" | ReplayEvent["kind"];
  /** The job, or the event of the training. */
  readonly data: unknown;
}

/** The jobs of a server: kept in a file, run a few at once, each in a process of its own. */
export interface Jobs {
  /**
   * Puts a job in the queue; with a key that its owner used before, gives that job again.
   *
   * @throws {ExperimentError} `REQUEST_LIMIT_EXCEEDED` where the queue is full; `TEMPORARILY_UNAVAILABLE` while it is
   * drained; `INVALID_PARAMETER_VALUE` for a key that was used for another request.
   */
  submit(
    kind: JobKind,
    input: Readonly<Record<string, unknown>>,
    options?: {
      readonly idempotencyKey?: string | undefined;
      /** What stands for the token of who asks. @default nobody in particular */
      readonly owner?: string | undefined;
    },
  ): Promise<Job>;
  /** A job by its id; undefined where there is none. */
  get(id: string): Job | undefined;
  /** What stands for the token of who asked for a job; undefined for nobody in particular. */
  ownerOf(id: string): string | undefined;
  /** How many jobs there are in each state. */
  counts(): Readonly<Record<JobState, number>>;
  /** The newest jobs first. */
  list(options?: { readonly limit?: number }): readonly Job[];
  /** The events of a job after one, as they happen, until it has ended or `signal` is aborted. */
  events(
    id: string,
    options?: { readonly after?: number; readonly signal?: AbortSignal },
  ): AsyncIterable<JobEvent>;
  /** Resolves with the job once it has ended. */
  ended(id: string): Promise<Job>;
  /** Cancels a job; one that runs ends its run as KILLED. Gives the job; one that had ended stays as it is. */
  cancel(id: string): Promise<Job | undefined>;
  /** Takes no more jobs and waits for those that run, at most so many milliseconds; then cancels them. */
  drain(timeout: number): Promise<void>;
}

import type { JobError } from "./job.ts";
import { memoryOf } from "./memory.ts";

/** How much a command's process may use. */
export interface ProcessLimits {
  /** How many seconds it may take. */
  readonly seconds?: number;
  /** How many MiB of memory it may hold, with all that it starts. */
  readonly mebibytes?: number;
}

/** How often memory is looked at, in milliseconds. */
const LOOK_MS = 1000;
/** The longest that a timer waits, in milliseconds. */
const LONGEST_MS = 2 ** 31 - 1;

/** The flags of Deno by which V8's heap stays within the limits. What is outside of it, such as tensors, is only watched. */
export function flagsOf({ mebibytes }: ProcessLimits): readonly string[] {
  return mebibytes === undefined ? [] : [`--v8-flags=--max-old-space-size=${mebibytes}`];
}

/** Calls `exceed` with the reason once a process has used more than it may; until it is disposed of. */
export function watchProcess(
  pid: number,
  limits: ProcessLimits,
  exceed: (reason: JobError) => void,
): Disposable {
  const { seconds, mebibytes } = limits;
  let late: ReturnType<typeof setTimeout> | undefined;
  let look: ReturnType<typeof setTimeout> | undefined;
  let over = false;
  if (seconds !== undefined) {
    late = setTimeout(() => exceed(tookTooLong(seconds)), Math.min(seconds * 1000, LONGEST_MS));
  }
  const watch = async (most: number) => {
    const bytes = await memoryOf(pid);
    if (over) return;
    if (bytes !== undefined && bytes > most * 2 ** 20) exceed(heldTooMuch(most));
    else look = setTimeout(watch, LOOK_MS, most);
  };
  if (mebibytes !== undefined) look = setTimeout(watch, LOOK_MS, mebibytes);
  return {
    [Symbol.dispose]() {
      over = true;
      clearTimeout(late);
      clearTimeout(look);
    },
  };
}

function tookTooLong(seconds: number): JobError {
  return {
    code: "INVALID_STATE",
    message: `The job was ended after ${seconds} seconds, which is as long as a job may take here.`,
    hint: "Ask for less, or start the server with a longer `--job-timeout`.",
  };
}

/** Why a process was ended that held more than so many MiB. */
export function heldTooMuch(mebibytes: number): JobError {
  return {
    code: "INVALID_STATE",
    message:
      `The job was ended as it held more than ${mebibytes} MiB of memory, which is as much as a job may hold here.`,
    hint: "Ask for less, or start the server with a greater `--job-memory`.",
  };
}

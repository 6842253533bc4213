import { ExperimentError } from "../base/error.ts";

/** A mebibyte. */
const MIB = 2 ** 20;

/** What is taken from a store at most, as nothing that it says is believed; more is refused in words. */
export const LIMITS = {
  /** Bytes of one answer of a server, after decompression: more of JSON than this has ended processes. */
  answerBytes: 32 * MIB,
  /** Bytes of an artifact that is read as text or JSON. */
  textBytes: 32 * MIB,
  /** Bytes of an artifact of any other kind, such as a model's weights. */
  artifactBytes: 1024 * MIB,
  /** Bytes of an object that runs share, such as a snapshot of data, after decompression. */
  objectBytes: 1024 * MIB,
  /** How deep lists and maps are in each other in JSON. */
  jsonDepth: 100,
  /** Pages of one list. */
  pages: 1000,
  /** Artifacts of one run, or experiments of a store, that are listed. */
  listed: 100_000,
  /** Rows of params, metrics, tags or datasets that are read for one page of runs. */
  rows: 1_000_000,
  /** Params, tags, metrics or datasets of one run. */
  ofOneRun: 10_000,
  /** Points of one metric. */
  points: 5_000_000,
  /** How deep folders are in each other among a run's artifacts. */
  artifactDepth: 32,
  /** Characters of the name of a param, metric, tag, run or dataset, of which MLflow keeps 250 to 500. */
  nameLength: 1000,
  /** Characters of the value of a param or tag, of which MLflow keeps up to 8000. */
  valueLength: 100_000,
  /** Characters of a place, such as an artifact URI. */
  placeLength: 4096,
  /** Milliseconds without more than a trickle of an answer. */
  answerMs: 120_000,
  /** Milliseconds that a request takes with all its attempts, and a list with all its pages. */
  wholeMs: 600_000,
} as const;

const HINT = "No run of Reprise is like that: look at who else writes to this store.";

/** The error for more than is taken from a store. */
export function beyondLimit(what: string, most: string): ExperimentError {
  return new ExperimentError("INVALID_STATE", `${what} can't be read: it is more than ${most}.`, {
    hint: HINT,
  });
}

/** Whether an error is one of more than is taken from a store. */
export function isBeyondLimit(error: unknown): boolean {
  return error instanceof ExperimentError && error.hint === HINT;
}

/** A number of bytes in words. */
export function sizeOf(bytes: number): string {
  return bytes >= MIB ? `${Math.round(bytes / MIB)} MiB` : `${bytes} bytes`;
}

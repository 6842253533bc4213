import type { ContractRecord } from "../../contract/contract.ts";

/**
 * The version of the form of jobs and results: the program that does a job is older code than the one that gives it.
 * Version 1 wrote its result to a file that the job named.
 */
export const JOB_VERSION = 2;

/** What a sandboxed program is to do, as JSON; all paths are absolute. */
export interface Job {
  readonly version: typeof JOB_VERSION;
  /** The resolved config. */
  readonly spec: Readonly<Record<string, unknown>>;
  /** Where the registry is, by the URL of a file. */
  readonly registry: { readonly module: string; readonly export: string; readonly path: readonly string[] };
  /** The file of the snapshot of the data. */
  readonly snapshot: string;
  /** The lock file; null where there was none. */
  readonly lock: string | null;
  /** What the line of stdout that is the result begins with, which nothing else that is printed does by chance. */
  readonly mark: string;
}

/** A number as JSON holds it: as text, where JSON knows none such. */
export type EncodedNumber = number | string;

/** What became of a job, as JSON. */
export type Result = { readonly version: typeof JOB_VERSION } & (Done | { readonly failure: string });

/** The outcome of a run, with its contract. */
export interface Done {
  readonly contract: ContractRecord;
  /** The scores by name. */
  readonly metrics: Readonly<Record<string, EncodedNumber>>;
  /** The points of the training curve in the order in which they were told: key, step, value. */
  readonly curves: readonly (readonly [string, number, EncodedNumber])[];
  /** The files of the model by path, in base64. */
  readonly files: Readonly<Record<string, string>>;
}

/** A number as JSON holds it. */
export function encodeNumber(value: number): EncodedNumber {
  return Number.isFinite(value) && !Object.is(value, -0)
    ? value
    : Object.is(value, -0)
    ? "-0"
    : String(value);
}

/** The number that an encoded one stands for. */
export function decodeNumber(value: EncodedNumber): number {
  return Number(value);
}

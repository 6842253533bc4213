import { ExperimentError } from "../base/error.ts";
import type { Batch, DatasetInput, Metric, RunSearch, RunStatus } from "./store.ts";

const KEY_CHARACTERS = /^[\p{L}\p{N}_\/.\- :]+$/u;
const EXPERIMENT_ID = /^[a-zA-Z0-9][\w-]{0,63}$/;
const STATUSES: readonly string[] = [
  "RUNNING",
  "SCHEDULED",
  "FINISHED",
  "FAILED",
  "KILLED",
] satisfies RunStatus[];
const RUN_ID = /^[a-zA-Z0-9][\w-]{0,255}$/;
const UNSAFE_IN_PATH = /[\p{Cc}\\:;?#%]/u;

function refuse(message: string, hint?: string): never {
  throw new ExperimentError("INVALID_PARAMETER_VALUE", message, { hint });
}

// MLflow counts code points, as Python does.
function lengthOf(text: string): number {
  let length = text.length;
  for (const { length: units } of text.matchAll(/[\u{10000}-\u{10ffff}]/gu)) length -= units;
  return length;
}

function checkText(subject: string, text: unknown, limit: number, hint?: string): void {
  if (typeof text !== "string") {
    refuse(`${subject} can't be recorded: found ${text} (${typeof text}), but MLflow keeps texts.`);
  }
  if (!text.isWellFormed()) refuse(`${subject} can't be recorded: it has half of a surrogate pair.`);
  if (text.includes("\0")) refuse(`${subject} can't be recorded: it has a NUL character.`);
  if (text.length > limit && lengthOf(text) > limit) {
    refuse(
      `${subject} can't be recorded: it has ${lengthOf(text)} characters, but MLflow keeps at most ${limit}.`,
      hint,
    );
  }
}

function checkFilled(subject: string, text: unknown, limit: number): void {
  checkText(subject, text, limit);
  if (text === "") refuse(`${subject} can't be recorded: it is empty.`);
}

function checkInteger(subject: string, value: unknown, least = Number.MIN_SAFE_INTEGER): void {
  if (!Number.isSafeInteger(value) || (value as number) < least) {
    const asked = least === 0 ? "a whole number from 0" : "a whole number";
    refuse(`${subject} can't be recorded: found ${value}, but MLflow keeps ${asked}.`);
  }
}

function checkKey(kind: string, key: string): void {
  const subject = `The ${kind} key ${JSON.stringify(key)}`;
  checkText(subject, key, 250);
  if (!KEY_CHARACTERS.test(key)) {
    refuse(
      `${subject} can't be recorded: MLflow's keys are made of letters, digits, spaces and the characters _ - . : /`,
    );
  }
  if (key.startsWith("..") || key.split("/").some((part) => part === "" || part === "." || part === "..")) {
    refuse(`${subject} can't be recorded: MLflow's keys must be clean relative paths.`);
  }
}

function checkMetrics(metrics: readonly Metric[]): void {
  const checked = new Set<string>();
  for (const { key, value, timestamp, step } of metrics) {
    if (!checked.has(key)) checkKey("metric", key);
    checked.add(key);
    if (typeof value !== "number") {
      refuse(
        `The metric "${key}" can't be recorded: found ${value} (${typeof value}), but a value is a number.`,
      );
    }
    checkInteger(`The metric "${key}"'s timestamp`, timestamp, 0);
    checkInteger(`The metric "${key}"'s step`, step);
  }
}

/** Refuses tags that MLflow would not keep exactly. */
function checkTags(tags: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(tags)) {
    checkKey("tag", key);
    if (key === "mlflow.runName") checkRunName(value);
    checkText(`The value of the tag "${key}"`, value, 8000, "Write a long text as an artifact.");
  }
}

/** Refuses params, metric points and tags that MLflow would not keep exactly: it truncates and drops in silence. */
export function checkBatch({ params = {}, metrics = [], tags = {} }: Batch): void {
  for (const [key, value] of Object.entries(params)) {
    checkKey("param", key);
    checkText(`The value of the param "${key}"`, value, 6000, "Write a long text as an artifact.");
  }
  checkMetrics(metrics);
  checkTags(tags);
}

/** Refuses dataset inputs that MLflow would not keep exactly. */
export function checkDatasets(datasets: readonly DatasetInput[]): void {
  const seen = new Map<string, string>();
  for (const dataset of datasets) {
    checkFilled("The dataset's name", dataset.name, 500);
    const subject = `The dataset "${dataset.name}"'s`;
    checkFilled(`${subject} digest`, dataset.digest, 36);
    checkFilled(`${subject} source type`, dataset.source_type, 36);
    checkText(`${subject} source`, dataset.source, 65_535);
    checkText(`${subject} schema`, dataset.schema, 1_048_575);
    checkText(`${subject} profile`, dataset.profile, 16_777_215);
    checkFilled(`${subject} context`, dataset.context, 500);
    const id = JSON.stringify([dataset.name, dataset.digest]);
    const content = JSON.stringify(Object.entries(dataset).sort());
    if ((seen.get(id) ?? content) !== content) {
      refuse(
        `The dataset "${dataset.name}" of digest ${dataset.digest} can't be recorded twice with different contents: ` +
          "MLflow keeps one record of a name and digest in a run.",
        "Give each use of the dataset its own name.",
      );
    }
    seen.set(id, content);
  }
}

/** Refuses a name that MLflow would not keep as an experiment's. */
export function checkExperimentName(name: string): void {
  checkFilled("The experiment's name", name, 256);
}

/** Refuses a name that MLflow would not keep as a run's. */
function checkRunName(name: string): void {
  checkFilled("The run's name", name, 250);
}

/** Refuses a new run that MLflow would not keep exactly; gives all the tags to record it with. */
export function tagsOfNewRun(run: {
  readonly run_name: string;
  readonly user_id: string;
  readonly start_time: number;
  readonly tags: Readonly<Record<string, string>>;
}): Readonly<Record<string, string>> {
  checkRunName(run.run_name);
  checkText("The run's user", run.user_id, 256);
  checkInteger("The run's start time", run.start_time, 0);
  checkTags(run.tags);
  const tagged = run.tags["mlflow.runName"] ?? run.run_name;
  if (tagged !== run.run_name) {
    refuse(`The run "${run.run_name}" can't be recorded: its tag mlflow.runName says "${tagged}".`);
  }
  const user: Record<string, string> = run.user_id === "" ? {} : { "mlflow.user": run.user_id };
  return { ...user, ...run.tags, "mlflow.runName": run.run_name };
}

/** Refuses a state that MLflow would ignore, and a time that it would not keep exactly. */
export function checkUpdate(update: { readonly status: RunStatus; readonly end_time?: number }): void {
  checkStatus(update.status);
  if (update.end_time !== undefined) checkInteger("The run's end time", update.end_time, 0);
}

function checkStatus(status: string): void {
  if (!STATUSES.includes(status)) {
    refuse(`There is no run state "${status}": a run is one of ${STATUSES.join(", ")}.`);
  }
}

/** Refuses a search that MLflow would not understand. */
export function checkSearch(search: RunSearch): void {
  const { max_results = 100 } = search;
  if (!Number.isSafeInteger(max_results) || max_results < 1 || max_results > 50_000) {
    refuse(`Runs can't be searched with max_results ${max_results}: MLflow gives 1 to 50000 runs at once.`);
  }
  for (const id of search.experiment_ids ?? []) {
    if (!EXPERIMENT_ID.test(id)) refuse(`Runs can't be searched in the experiment "${id}": that is no id.`);
  }
  if (search.run_name !== undefined) checkText("The run's name", search.run_name, Infinity);
  if (search.status !== undefined) checkStatus(search.status);
  for (const [key, value] of Object.entries(search.tags ?? {})) {
    checkKey("tag", key);
    checkText(`The value of the tag "${key}"`, value, Infinity);
  }
}

/** The error for a page token that a store didn't give. */
export function noPageToken(token: string): ExperimentError {
  return new ExperimentError(
    "INVALID_PARAMETER_VALUE",
    `Runs can't be searched from the page token ${
      JSON.stringify(token)
    }: it must be one that a search of this store gave.`,
  );
}

/** Whether a text can be the id of a run: a server takes others for something else. */
export function isRunId(id: string): boolean {
  return RUN_ID.test(id);
}

/**
 * Refuses an artifact path that one of the stores would write elsewhere than asked, or not find again: MLflow's server
 * decodes `%` twice, takes `a:/b`, `;` and `?` for parts of a URL, drops control characters and outer spaces; and `fetch`
 * resolves `..`.
 */
export function checkArtifactPath(path: string): void {
  const subject = `The artifact path ${JSON.stringify(path)} can't be used`;
  const asked = 'a path is made of names with "/" between them, such as "model/weights.bin"';
  if (!path.isWellFormed() || UNSAFE_IN_PATH.test(path)) {
    refuse(`${subject}: it has one of \\ : ; ? # % or a control character, but ${asked}.`);
  }
  for (const part of path.split("/")) {
    if (part === "" || part === "." || part === ".." || part !== part.trim()) {
      refuse(`${subject}: found the part ${JSON.stringify(part)}, but ${asked}.`);
    }
    if (new TextEncoder().encode(part).length > 255) {
      refuse(`${subject}: a name in it is longer than 255 bytes.`);
    }
  }
}

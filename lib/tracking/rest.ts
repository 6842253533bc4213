import { basename, dirname } from "node:path";
import { ExperimentError } from "../base/error.ts";
import { jsonIn } from "../base/json.ts";
import type { z } from "../deps/zod.ts";
import { answers, type ToldRun, toRun, toRunInfo } from "./answers.ts";
import {
  artifactBytes,
  byPath,
  folderOf,
  isArtifact,
  proxiedOf,
  sharedPathOf,
  writeArtifact,
} from "./artifacts.ts";
import { filterOf, matches } from "./filter.ts";
import { connect, type Connection, type ConnectionOptions, type Request } from "./http.ts";
import * as limits from "./limits.ts";
import { byStep } from "./point.ts";
import { type Refusal, refusalOf } from "./refusal.ts";
import * as refusals from "./refusals.ts";
import type {
  ArtifactInfo,
  Batch,
  DatasetInput,
  Experiment,
  Metric,
  Run,
  RunInfo,
  RunPage,
  RunSearch,
  RunStatus,
  TrackingStore,
} from "./store.ts";

const API = "api/2.0/mlflow";
const PROXIED = "api/2.0/mlflow-artifacts/artifacts";
const PAGE = 1000;
const MOST = { params: 100, tags: 100, metrics: 1000 };

/** Opens the store that an MLflow server keeps; nothing is sent before the first verb. */
export function openRestStore(uri: string, options: ConnectionOptions = {}): TrackingStore {
  return new RestStore(connect(uri, options));
}

class RestStore implements TrackingStore {
  readonly uri: string;
  readonly #server: Connection;
  readonly #artifactUris = new Map<string, string>();

  constructor(server: Connection) {
    this.uri = server.uri;
    this.#server = server;
  }

  async getExperimentByName(name: string): Promise<Experiment | undefined> {
    const found = await this.#experimentNamed(name);
    return found?.lifecycle_stage === "active" ? toExperiment(found) : undefined;
  }

  async ensureExperiment(name: string): Promise<Experiment> {
    limits.checkExperimentName(name);
    let found = await this.#experimentNamed(name);
    if (found === undefined) {
      let refused: unknown;
      // Another process may make it first, and a broken connection may hide that it was made: look again in any case.
      await this.#told(answers.done, { ...post("experiments/create", { name }), repeatable: false })
        .catch((error: unknown) => refused = error);
      found = await this.#experimentNamed(name);
      if (found === undefined) throw refused;
    }
    if (found.lifecycle_stage === "active") return toExperiment(found);
    throw refusals.deletedExperiment(found.experiment_id);
  }

  async searchExperiments(): Promise<readonly Experiment[]> {
    const found: Experiment[] = [];
    let page_token: string | undefined;
    do {
      const asked = { max_results: PAGE, order_by: ["creation_time DESC", "experiment_id DESC"], page_token };
      const page = await this.#told(answers.experiments, post("experiments/search", asked));
      found.push(...page.experiments.map(toExperiment));
      page_token = page.next_page_token;
    } while (page_token);
    return found;
  }

  async createRun(run: Parameters<TrackingStore["createRun"]>[0]): Promise<RunInfo> {
    const { experiment_id, run_name, user_id, start_time } = run;
    const tags = toPairs(limits.tagsOfNewRun(run));
    const request = post("runs/create", { experiment_id, run_name, user_id, start_time, tags });
    const made = await this.#ask(answers.run, { ...request, repeatable: false });
    if ("refusal" in made) {
      const { message, error } = made.refusal;
      if (isMissing(made.refusal) || message.startsWith("Invalid experiment ID")) {
        throw refusals.noExperiment(experiment_id, this.uri);
      }
      if (isDeleted(message)) throw refusals.deletedExperiment(experiment_id);
      throw error;
    }
    const info = toRunInfo(made.told.run.info);
    this.#artifactUris.set(info.run_id, info.artifact_uri);
    return info;
  }

  async logBatch(runId: string, batch: Batch): Promise<void> {
    limits.checkBatch(batch);
    const params = toPairs(batch.params ?? {});
    const tags = toPairs(batch.tags ?? {});
    const metrics = batch.metrics ?? [];
    while (params.length + tags.length > 0) {
      const part = { params: params.splice(0, MOST.params), tags: tags.splice(0, MOST.tags) };
      await this.#logPart(runId, part, batch);
    }
    for (let start = 0; start < metrics.length; start += MOST.metrics) {
      const part = metrics.slice(start, start + MOST.metrics);
      await this.#logPart(runId, { metrics: part.map(toSentMetric) }, batch);
    }
  }

  async logInputs(runId: string, datasets: readonly DatasetInput[]): Promise<void> {
    limits.checkDatasets(datasets);
    for (let start = 0; start < datasets.length; start += PAGE) {
      const part = datasets.slice(start, start + PAGE).map(({ context, ...dataset }) => ({
        dataset,
        tags: toPairs({ "mlflow.data.context": context }),
      }));
      await this.#ofRun(runId, answers.done, post("runs/log-inputs", { run_id: runId, datasets: part }));
    }
  }

  async updateRun(
    runId: string,
    update: { readonly status: RunStatus; readonly end_time?: number },
  ): Promise<void> {
    limits.checkUpdate(update);
    await this.#ofRun(runId, answers.done, post("runs/update", { run_id: runId, ...update }));
  }

  async getRun(runId: string): Promise<Run> {
    return toRun(await this.#activeRun(runId));
  }

  async searchRuns(search: RunSearch): Promise<RunPage> {
    limits.checkSearch(search);
    const { max_results = 100 } = search;
    const experiment_ids = search.experiment_ids ??
      (await this.searchExperiments()).map((experiment) => experiment.experiment_id);
    if (experiment_ids.length === 0) return { runs: [], next_page_token: undefined };
    const runs: Run[] = [];
    let { page_token } = search;
    do {
      const asked = {
        experiment_ids,
        filter: filterOf(search),
        run_view_type: "ACTIVE_ONLY",
        max_results: max_results - runs.length,
        order_by: ["attributes.start_time DESC"],
        page_token,
      };
      const answer = await this.#ask(answers.runs, post("runs/search", asked));
      if ("refusal" in answer) {
        const { message, error } = answer.refusal;
        throw message.startsWith("Invalid page token") ? limits.noPageToken(`${page_token}`) : error;
      }
      const page = answer.told;
      runs.push(...page.runs.map(toRun).filter((run) => matches(run, search)));
      page_token = page.next_page_token || undefined;
    } while (page_token !== undefined && runs.length < max_results);
    return { runs, next_page_token: page_token };
  }

  async getMetricHistory(runId: string, metric_key: string): Promise<readonly Metric[]> {
    const request = get("metrics/get-history", { run_id: runId, metric_key });
    const { metrics } = await this.#ofRun(runId, answers.history, request);
    // The server has an empty history for a run that it doesn't have.
    if (metrics.length === 0) await this.#activeRun(runId);
    return metrics.toSorted(byStep);
  }

  async logArtifact(runId: string, path: string, content: Uint8Array | string): Promise<void> {
    limits.checkArtifactPath(path);
    const { proxied, uri } = await this.#placeOf(runId);
    if (proxied === undefined) return await writeArtifact(this.#folderAt(runId, uri), path, content);
    const answer = await this.#put(
      `${proxied}/${path}`,
      typeof content === "string" ? new TextEncoder().encode(content) : new Uint8Array(content),
    );
    if ("told" in answer) return;
    // The server answers 500 where a file would have to be a folder, or a folder a file: only its lists tell.
    const names = path.split("/");
    for (let depth = 1; depth <= names.length; depth++) {
      const found = await this.#artifactAt(runId, names.slice(0, depth).join("/"));
      if (found?.is_dir === (depth === names.length)) {
        throw refusals.artifactInTheWay(path, answer.refusal.error);
      }
    }
    throw answer.refusal.error;
  }

  async listArtifacts(runId: string, path = ""): Promise<readonly ArtifactInfo[]> {
    if (path !== "") limits.checkArtifactPath(path);
    const found: ArtifactInfo[] = [];
    let page_token: string | undefined;
    do {
      const query = { run_id: runId, ...(path && { path }), ...(page_token && { page_token }) };
      const page = await this.#ofRun(runId, answers.artifacts, get("artifacts/list", query));
      found.push(...page.files);
      page_token = page.next_page_token;
    } while (page_token);
    return found.sort(byPath);
  }

  async downloadArtifact(runId: string, path: string): Promise<Uint8Array> {
    limits.checkArtifactPath(path);
    const request = {
      method: "GET",
      path: "get-artifact",
      query: { run_id: runId, path },
      repeatable: true,
    } as const;
    const answer = await this.#server.send(request);
    if (answer.status === 200) return answer.bytes;
    const { error } = refusalOf(this.uri, `GET ${request.path}`, answer);
    // The server answers 500 for what is not there: only its list tells.
    const found = await this.#artifactAt(runId, path);
    throw found?.is_dir === false ? error : refusals.noArtifact(runId, path);
  }

  async putShared(runId: string, path: string, content: Uint8Array): Promise<void> {
    limits.checkArtifactPath(path);
    const { proxied, uri } = await this.#placeOf(runId);
    if (proxied === undefined) {
      return await writeArtifact(sharedPathOf(this.#folderAt(runId, uri)), path, content);
    }
    const answer = await this.#put(`${sharedPathOf(proxied)}/${path}`, new Uint8Array(content));
    if ("refusal" in answer) throw answer.refusal.error;
  }

  async hasShared(runId: string, path: string): Promise<boolean> {
    limits.checkArtifactPath(path);
    const { proxied, uri } = await this.#placeOf(runId);
    if (proxied === undefined) return await isArtifact(sharedPathOf(this.#folderAt(runId, uri)), path);
    const whole = `${sharedPathOf(proxied)}/${path}`;
    const { files } = await this.#told(answers.artifacts, {
      method: "GET",
      path: PROXIED,
      query: { path: dirname(whole).replace(/^\//, "") },
      repeatable: true,
    });
    return files.some((file) => !file.is_dir && basename(file.path) === basename(whole));
  }

  async getShared(runId: string, path: string): Promise<Uint8Array | undefined> {
    limits.checkArtifactPath(path);
    const { proxied, uri } = await this.#placeOf(runId);
    if (proxied === undefined) return await artifactBytes(sharedPathOf(this.#folderAt(runId, uri)), path);
    // The server answers 500 for what is not there: only its list tells.
    if (!await this.hasShared(runId, path)) return undefined;
    const request = {
      method: "GET",
      path: `${PROXIED}/${encoded(`${sharedPathOf(proxied)}/${path}`)}`,
      repeatable: true,
    } as const;
    const answer = await this.#server.send(request);
    if (answer.status === 200) return answer.bytes;
    throw refusalOf(this.uri, `GET ${request.path}`, answer).error;
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async #experimentNamed(experiment_name: string) {
    const answer = await this.#ask(answers.experiment, get("experiments/get-by-name", { experiment_name }));
    if ("told" in answer) return answer.told.experiment;
    if (isMissing(answer.refusal)) return undefined;
    throw answer.refusal.error;
  }

  async #activeRun(runId: string): Promise<ToldRun> {
    const { run } = await this.#ofRun(runId, answers.run, get("runs/get", { run_id: runId }));
    if (run.info.lifecycle_stage !== "active") throw refusals.deletedRun(runId);
    this.#artifactUris.set(runId, run.info.artifact_uri);
    return run;
  }

  async #artifactUriOf(runId: string): Promise<string> {
    return this.#artifactUris.get(runId) ?? (await this.#activeRun(runId)).info.artifact_uri;
  }

  async #artifactAt(runId: string, path: string): Promise<ArtifactInfo | undefined> {
    const listed = await this.listArtifacts(runId, path.slice(0, Math.max(0, path.lastIndexOf("/"))));
    return listed.find((found) => found.path === path);
  }

  async #logPart(runId: string, part: object, { params = {} }: Batch): Promise<void> {
    if (!limits.isRunId(runId)) throw refusals.noRun(runId, this.uri);
    const answer = await this.#ask(answers.done, post("runs/log-batch", { run_id: runId, ...part }));
    if ("told" in answer) return;
    const { refusal } = answer;
    if (refusal.message.startsWith("Changing param values")) {
      const recorded = new Map(Object.entries((await this.#activeRun(runId)).data.params));
      throw refusals.changedParam(runId, params, recorded) ?? refusal.error;
    }
    throw this.#explained(runId, refusal);
  }

  /** Where a run's artifacts are: the path by which this server hands them on, where it does, and their URI. */
  async #placeOf(runId: string): Promise<{ readonly uri: string; readonly proxied: string | undefined }> {
    const uri = await this.#artifactUriOf(runId);
    const found = proxiedOf(uri);
    const isHere = found !== undefined && ["", new URL(this.uri).host].includes(found.host);
    return { uri, proxied: isHere ? found.path : undefined };
  }

  async #put(path: string, body: Uint8Array<ArrayBuffer>) {
    const request = { method: "PUT", path: `${PROXIED}/${encoded(path)}`, body, repeatable: true } as const;
    return await this.#ask(answers.empty, request);
  }

  #folderAt(runId: string, uri: string): string {
    const folder = folderOf(uri);
    const here = ["localhost", "127.0.0.1", "[::1]"].includes(new URL(this.uri).hostname);
    if (folder !== undefined && here) return folder;
    throw refusals.artifactsElsewhere(
      runId,
      uri,
      folder === undefined
        ? "Start the server with --artifacts-destination for that place, and make a new experiment."
        : "That is a folder of the server's machine: run there, or make a new experiment on a server with --serve-artifacts.",
    );
  }

  #explained(runId: string, refusal: Refusal): ExperimentError {
    const { message, error } = refusal;
    if (isMissing(refusal)) return refusals.noRun(runId, this.uri);
    return isDeleted(message) ? refusals.deletedRun(runId) : error;
  }

  async #ofRun<Told>(runId: string, shape: z.ZodType<Told>, request: Request): Promise<Told> {
    if (!limits.isRunId(runId)) throw refusals.noRun(runId, this.uri);
    const answer = await this.#ask(shape, request);
    if ("told" in answer) return answer.told;
    throw this.#explained(runId, answer.refusal);
  }

  async #told<Told>(shape: z.ZodType<Told>, request: Request): Promise<Told> {
    const answer = await this.#ask(shape, request);
    if ("told" in answer) return answer.told;
    throw answer.refusal.error;
  }

  async #ask<Told>(
    shape: z.ZodType<Told>,
    request: Request,
  ): Promise<{ readonly told: Told } | { readonly refusal: Refusal }> {
    const answer = await this.#server.send(request);
    const asked = `${request.method} ${request.path}`;
    if (answer.status !== 200) return { refusal: refusalOf(this.uri, asked, answer) };
    const told = shape.safeParse(jsonIn(new TextDecoder().decode(answer.bytes)));
    if (told.success) return { told: told.data };
    throw new ExperimentError(
      "INVALID_PARAMETER_VALUE",
      `The server at ${this.uri} answered ${asked} with something that is not MLflow's.`,
      { hint: "Check that MLFLOW_TRACKING_URI is the address of an MLflow server.", cause: told.error },
    );
  }
}

function encoded(path: string): string {
  return path.split("/").filter(Boolean).map(encodeURIComponent).join("/");
}

function get(path: string, query: Readonly<Record<string, string>>): Request {
  return { method: "GET", path: `${API}/${path}`, query, repeatable: true };
}

// Of all that this store posts, only what makes an experiment or a run must not be received twice.
function post(path: string, body: object): Request {
  return { method: "POST", path: `${API}/${path}`, body, repeatable: true };
}

// A server says the same of a workspace that it doesn't have.
function isMissing({ error_code, message }: Refusal): boolean {
  return error_code === "RESOURCE_DOES_NOT_EXIST" && !message.startsWith("Workspace '");
}

function isDeleted(message: string): boolean {
  return message.includes("must be in the 'active' state");
}

function toExperiment({ experiment_id, name, artifact_location }: Experiment): Experiment {
  return { experiment_id, name, artifact_location };
}

function toPairs(
  texts: Readonly<Record<string, string>>,
): { readonly key: string; readonly value: string }[] {
  return Object.entries(texts).map(([key, value]) => ({ key, value }));
}

// JSON has no NaN and no infinities; MLflow reads them as texts.
function toSentMetric({ key, value, timestamp, step }: Metric): object {
  return { key, value: Number.isFinite(value) ? value : String(value), timestamp, step };
}

import { ExperimentError } from "../../base/error.ts";
import type { z } from "../../deps/zod.ts";
import * as limits from "../mlflow_limits.ts";
import * as refusals from "../refusals.ts";
import { parseJson } from "../reading/json.ts";
import { runIn } from "../reading/run.ts";
import type { Run } from "../store.ts";
import { answers } from "./answers.ts";
import type { Connection, Request } from "./http.ts";
import { type Refusal, refusalOf } from "./refusal.ts";

const API = "api/2.0/mlflow";

/** What a server said to a request: what was asked for, or why not. */
export type Reply<Told> = { readonly told: Told } | { readonly refusal: Refusal };

/** An MLflow server to which the verbs of the store are spoken. */
export class MlflowServer {
  readonly uri: string;
  readonly #connection: Connection;
  readonly #artifactUris = new Map<string, string>();

  constructor(connection: Connection) {
    this.uri = connection.uri;
    this.#connection = connection;
  }

  /** Sends a request, and gives the whole answer. */
  send(request: Request): ReturnType<Connection["send"]> {
    return this.#connection.send(request);
  }

  /** Sends a request; gives its answer of a shape, or the refusal. */
  async ask<Told>(shape: z.ZodType<Told>, request: Request): Promise<Reply<Told>> {
    const answer = await this.send(request);
    const asked = `${request.method} ${request.path}`;
    if (answer.status !== 200) return { refusal: refusalOf(this.uri, asked, answer) };
    const json = parseJson(new TextDecoder().decode(answer.bytes));
    const told = shape.safeParse("value" in json ? json.value : undefined);
    if (told.success) return { told: told.data };
    throw this.notMlflow(asked);
  }

  /** The error for an answer that no MLflow server gives. */
  notMlflow(asked: string): ExperimentError {
    return new ExperimentError(
      "INVALID_PARAMETER_VALUE",
      `The server at ${this.uri} answered ${asked} with something that is not MLflow's.`,
      { hint: "Check that MLFLOW_TRACKING_URI is the address of an MLflow server." },
    );
  }

  /** As `ask`; a refusal is thrown. */
  async told<Told>(shape: z.ZodType<Told>, request: Request): Promise<Told> {
    const answer = await this.ask(shape, request);
    if ("told" in answer) return answer.told;
    throw answer.refusal.error;
  }

  /** As `told`, of a request about a run: a refusal says what is wrong with the run. */
  async ofRun<Told>(runId: string, shape: z.ZodType<Told>, request: Request): Promise<Told> {
    if (!limits.isRunId(runId)) throw refusals.noRun(runId, this.uri);
    const answer = await this.ask(shape, request);
    if ("told" in answer) return answer.told;
    throw this.explained(runId, answer.refusal);
  }

  /** What a refusal says of a run. */
  explained(runId: string, refusal: Refusal): ExperimentError {
    const { message, error } = refusal;
    if (isMissing(refusal)) return refusals.noRun(runId, this.uri);
    return isDeleted(message) ? refusals.deletedRun(runId) : error;
  }

  /** A run that isn't deleted. */
  async activeRun(runId: string): Promise<Run> {
    const { run } = await this.ofRun(runId, answers.run, get("runs/get", { run_id: runId }));
    if (run.info.lifecycle_stage !== "active") throw refusals.deletedRun(runId);
    const found = runIn(run);
    if (found.info.run_id !== runId) throw this.notMlflow("GET runs/get");
    this.keepArtifactUri(runId, found.info.artifact_uri);
    return found;
  }

  /** Where a run's artifacts are, which never changes. */
  async artifactUriOf(runId: string): Promise<string> {
    return this.#artifactUris.get(runId) ?? (await this.activeRun(runId)).info.artifact_uri;
  }

  /** Remembers where a run's artifacts are. */
  keepArtifactUri(runId: string, uri: string): void {
    this.#artifactUris.set(runId, uri);
  }
}

/** A request that reads. */
export function get(path: string, query: Readonly<Record<string, string>>): Request {
  return { method: "GET", path: `${API}/${path}`, query, repeatable: true };
}

/** A request with a body. Of all that is posted, only what makes an experiment or a run must not be received twice. */
export function post(path: string, body: object): Request {
  return { method: "POST", path: `${API}/${path}`, body, repeatable: true };
}

/** Whether what was asked about isn't there; a server says the same of a workspace that it doesn't have. */
export function isMissing({ error_code, message }: Refusal): boolean {
  return error_code === "RESOURCE_DOES_NOT_EXIST" && !message.startsWith("Workspace '");
}

/** Whether a message says that a run or an experiment was deleted. */
export function isDeleted(message: string): boolean {
  return message.includes("must be in the 'active' state");
}

/** Texts by name as MLflow is told them. */
export function toPairs(
  texts: Readonly<Record<string, string>>,
): { readonly key: string; readonly value: string }[] {
  return Object.entries(texts).map(([key, value]) => ({ key, value }));
}

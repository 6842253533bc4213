import { digestOf } from "../../base/digest.ts";
import { environmentVariable, now } from "../../base/environment.ts";
import { ExperimentError } from "../../base/error.ts";
import { beyondLimit, LIMITS, sizeOf } from "../limits.ts";

/** Who asks: a name and password, or a token. */
export type Credentials =
  | { readonly username: string; readonly password: string }
  | { readonly token: string };

/** How a server is spoken to. */
export interface ConnectionOptions {
  readonly credentials?: Credentials;
  /** @default 8 */
  readonly attempts?: number;
  /** In milliseconds. @default 250 */
  readonly firstWait?: number;
  /** How many milliseconds an answer may take that is no more than a trickle. @default 120000 */
  readonly answerWithin?: number;
}

/** A request to a server; `path` is relative to the server's address. */
export interface Request {
  readonly method: "GET" | "POST" | "PUT";
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer> | object;
  /** Whether being received twice does no more than being received once. */
  readonly repeatable: boolean;
  /** How many bytes an answer has at most, after decompression. @default 32 MiB */
  readonly most?: number;
}

/** A server's whole answer. */
export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly location: string | null;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A way to one server. */
export interface Connection {
  /** The server's address, without credentials and without a slash at its end. */
  readonly uri: string;
  /** Sends a request until it is answered. An answer may be a refusal. */
  send(request: Request): Promise<Answer>;
}

const SLOWEST = 100; // bytes a millisecond
const LONGEST_WAIT = 60_000;

// The first two say that the server did nothing; of the others nobody knows.
const REFUSED_UNDONE: readonly number[] = [429, 503];
const REFUSED_FOR_NOW: readonly number[] = [...REFUSED_UNDONE, 408, 502, 504];

/**
 * Makes a way to the MLflow server at an address, which may hold credentials. Requests that a busy server or a broken
 * connection left unanswered are sent again, later and later, where that does no harm.
 */
export function connect(address: string, options: ConnectionOptions = {}): Connection {
  const url = new URL(address);
  if (url.search !== "" || url.hash !== "") {
    throw new ExperimentError(
      "INVALID_PARAMETER_VALUE",
      `The tracking URI ${url.origin}${url.pathname} can't have a "?" or "#" part.`,
    );
  }
  const headers = headersFor(url, options.credentials);
  const uri = url.origin + url.pathname.replace(/\/+$/, "");
  const { attempts = 8, firstWait = 250, answerWithin = LIMITS.answerMs } = options;
  let known = false;
  return {
    uri,
    async send(request) {
      const target = `${uri}/${request.path}${queryOf(request)}`;
      const until = now() + LIMITS.wholeMs;
      for (let attempt = 1;; attempt++) {
        const answer = await exchange(target, request, { headers, answerWithin }).catch((error: unknown) => {
          if (error instanceof TypeError || isTimeout(error)) return error;
          throw notAllowed(uri, error);
        });
        const failed = !("status" in answer);
        const undone = failed ? isUnsent(answer) : REFUSED_UNDONE.includes(answer.status);
        if (!failed && !REFUSED_FOR_NOW.includes(answer.status)) {
          known = true;
          return answer;
        }
        // A server that never answered is most likely the wrong address, or not started.
        const hopeless = failed && undone && !known;
        if (attempt >= attempts || now() > until || hopeless || !(undone || request.repeatable)) {
          if (!failed) return answer;
          throw unreachable(uri, request, answer, undone);
        }
        const wait = failed ? undefined : answer.retryAfter;
        await pause(
          Math.min(wait ?? waitOf(`${target} ${now()}`, firstWait * 2 ** (attempt - 1)), LONGEST_WAIT),
        );
      }
    },
  };
}

function queryOf({ query }: Request): string {
  return query === undefined ? "" : `?${new URLSearchParams(query)}`;
}

async function exchange(
  target: string,
  { method, body, path, most = LIMITS.answerBytes }: Request,
  { headers: common, answerWithin }: {
    readonly headers: Readonly<Record<string, string>>;
    readonly answerWithin: number;
  },
): Promise<Answer & { readonly retryAfter: number | undefined }> {
  const raw = body === undefined || body instanceof Uint8Array ? body : JSON.stringify(body);
  const headers = typeof raw === "string" ? { ...common, "Content-Type": "application/json" } : common;
  const timeout = new AbortController();
  let allowed = answerWithin + (raw?.length ?? 0) / SLOWEST;
  const start = now();
  const end = () => timeout.abort(new DOMException(`no answer in ${Math.round(allowed)} ms`, "TimeoutError"));
  let timer = setTimeout(end, allowed);
  try {
    const response = await fetch(target, {
      method,
      headers,
      redirect: "manual",
      signal: timeout.signal,
      ...(raw === undefined ? {} : { body: raw }),
    });
    const bytes = await bytesOf(response, most, (more) => {
      clearTimeout(timer);
      allowed += more / SLOWEST;
      timer = setTimeout(end, Math.max(0, start + allowed - now()));
    });
    if (bytes === undefined) {
      timeout.abort();
      throw beyondLimit(`What ${new URL(target).origin} answered to ${method} ${path}`, sizeOf(most));
    }
    return {
      status: response.status,
      type: response.headers.get("content-type") ?? "",
      location: response.headers.get("location"),
      retryAfter: retryAfterOf(response),
      bytes,
    };
  } finally {
    clearTimeout(timer);
  }
}

/** What a response has, decompressed; undefined where that is more than so many bytes. */
async function bytesOf(
  response: Response,
  most: number,
  onBytes: (more: number) => void,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > most) return undefined;
    chunks.push(chunk);
    onBytes(chunk.length);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function retryAfterOf(response: Response): number | undefined {
  const asked = response.headers.get("retry-after");
  if (asked === null) return undefined;
  const seconds = /^\d+$/.test(asked) ? Number(asked) * 1000 : Date.parse(asked) - now();
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}

// Processes that failed together must not come back together, and randomness here would be no one's to repeat.
function waitOf(seed: string, longest: number): number {
  return longest * (0.5 + parseInt(digestOf(seed).slice(0, 8), 16) / 2 ** 33);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function isTimeout(error: unknown): error is DOMException {
  return error instanceof DOMException && error.name === "TimeoutError";
}

function causeOf(error: Error): string {
  return error.cause instanceof Error ? error.cause.message : error.message;
}

function isUnsent(error: Error): boolean {
  return /client error \(Connect\)|Requests to port/.test(causeOf(error));
}

function unreachable(uri: string, { method }: Request, error: Error, unsent: boolean): ExperimentError {
  if (unsent) {
    return new ExperimentError(
      "TEMPORARILY_UNAVAILABLE",
      `The MLflow server at ${uri} can't be reached: ${
        causeOf(error).replace(/^.*client error \(Connect\): /, "")
      }.`,
      { hint: `Start one with: mlflow server --port ${portOf(uri)}`, cause: error },
    );
  }
  return new ExperimentError(
    "TEMPORARILY_UNAVAILABLE",
    `The MLflow server at ${uri} did not answer a ${method} request: ${
      causeOf(error).replace(/^.*client error \(/, "(")
    }. Whether it did what was asked is not known.`,
    { hint: "Look at the server's log, and try again.", cause: error },
  );
}

function portOf(uri: string): string {
  const { port, protocol } = new URL(uri);
  return port || (protocol === "https:" ? "443" : "80");
}

function notAllowed(uri: string, error: unknown): unknown {
  if (!(error instanceof Deno.errors.NotCapable)) return error;
  return new ExperimentError(
    "PERMISSION_DENIED",
    `The MLflow server at ${uri} can't be reached: Deno was not given leave to.`,
    { hint: `Run again with: --allow-net=${new URL(uri).host}`, cause: error },
  );
}

function headersFor(url: URL, given: Credentials | undefined): Readonly<Record<string, string>> {
  const workspace = environmentVariable("MLFLOW_WORKSPACE");
  const credentials = given ?? credentialsIn(url) ?? credentialsFromEnvironment();
  return {
    ...(credentials === undefined ? {} : { Authorization: authorizationOf(credentials) }),
    ...(workspace === undefined ? {} : { "X-MLFLOW-WORKSPACE": workspace }),
  };
}

function credentialsIn({ username, password }: URL): Credentials | undefined {
  if (username === "" && password === "") return undefined;
  return { username: decodeURIComponent(username), password: decodeURIComponent(password) };
}

// A name and password before a token: so does MLflow's own client.
function credentialsFromEnvironment(): Credentials | undefined {
  const username = environmentVariable("MLFLOW_TRACKING_USERNAME");
  const password = environmentVariable("MLFLOW_TRACKING_PASSWORD");
  if (username !== undefined && password !== undefined) return { username, password };
  const token = environmentVariable("MLFLOW_TRACKING_TOKEN");
  return token === undefined ? undefined : { token };
}

function authorizationOf(credentials: Credentials): string {
  if ("username" in credentials) {
    return `Basic ${new TextEncoder().encode(`${credentials.username}:${credentials.password}`).toBase64()}`;
  }
  // What is no header would be quoted, secret and all, by the error that fetch throws.
  if (/^[\x21-\x7e]+$/.test(credentials.token)) return `Bearer ${credentials.token}`;
  throw new ExperimentError(
    "UNAUTHENTICATED",
    "The token for the MLflow server can't be sent: it has spaces, line ends or characters beyond ASCII.",
    { hint: "Look for a line end in MLFLOW_TRACKING_TOKEN." },
  );
}

import { ExperimentError } from "../../base/error.ts";
import { fileOf, keptOf, openKeeper, questionOf } from "./http_cache.ts";
import { errorOf, readFile } from "./local.ts";

/** How many milliseconds a server may send nothing. */
const PATIENCE = 60_000;
/** How many milliseconds the whole answer of a server may take, and how many bytes it may have. */
const MOST_TIME = 60 * 60 * 1000;
const MOST_BYTES = 4 * 2 ** 30;

/**
 * The bytes at an `http` or `https` URL, part by part. Where the server gives an `ETag` or a `Last-Modified`, they are kept,
 * and the server is asked each time whether they are still the same. One out of reach is an error even so, as it can't be
 * told then what the bytes are.
 *
 * @param options.patience How many milliseconds the server may send nothing; 60,000 unless told.
 * @param options.time How many milliseconds the whole answer may take; an hour unless told.
 * @param options.size How many bytes the answer may have, once decompressed; 4 GiB unless told.
 * @throws {ExperimentError} `RESOURCE_DOES_NOT_EXIST` where there is nothing, `UNAUTHENTICATED` or `PERMISSION_DENIED` where
 * the server refuses, `TEMPORARILY_UNAVAILABLE` where it can't be reached, stops before the end or takes too long,
 * `INVALID_PARAMETER_VALUE` where its answer is too large.
 */
export async function* fetchBytes(
  url: string,
  { signal, patience = PATIENCE, time = MOST_TIME, size = MOST_BYTES }: {
    readonly signal?: AbortSignal | undefined;
    readonly patience?: number;
    readonly time?: number;
    readonly size?: number;
  },
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const stop = new AbortController();
  const within = async <Answer>(answer: Promise<Answer>): Promise<Answer> => {
    const silent = () => stop.abort(new Error(`it sent nothing for ${patience / 1000} s`));
    const timer = setTimeout(silent, patience);
    try {
      return await answer;
    } catch (cause) {
      signal?.throwIfAborted();
      throw cause instanceof Deno.errors.NotCapable ? errorOf(url, cause) : unavailable(url, cause);
    } finally {
      clearTimeout(timer);
    }
  };
  const kept = await keptOf(url);
  const end = () => stop.abort(new Error(`it took longer than ${time / 1000} s`));
  const late = setTimeout(end, time);
  try {
    const response = await within(fetch(url, {
      headers: kept === undefined ? {} : questionOf(kept),
      signal: signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]),
    }));
    if (response.status === 304 && kept !== undefined) return yield* readFile(fileOf(kept), signal);
    if (!response.ok) throw refused(url, response.status);
    if (response.body === null) return;
    if (Number(response.headers.get("content-length")) > size) throw tooLarge(url, size);
    await using keeper = await openKeeper(url, response.headers);
    const reader = response.body.getReader();
    for (let bytes = 0;;) {
      const { done, value } = await within(reader.read());
      if (done) break;
      bytes += value.length;
      if (bytes > size) throw tooLarge(url, size);
      await keeper?.write(value);
      yield value;
    }
    await keeper?.keep();
  } finally {
    clearTimeout(late);
    stop.abort();
  }
}

function tooLarge(url: string, size: number): ExperimentError {
  return new ExperimentError(
    "INVALID_PARAMETER_VALUE",
    `The data can't be read: ${url} has more than ${size} bytes, which is as much as can be read from a URL.`,
    { hint: "Save it as a file, and name that as the dataset's `source`." },
  );
}

function unavailable(url: string, cause: unknown): ExperimentError {
  const { message } = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause as Error;
  return new ExperimentError(
    "TEMPORARILY_UNAVAILABLE",
    `The data can't be read: ${url} gave no whole answer: ${
      message.replace(/^.*client error \(Connect\): /, "")
    }.`,
    { hint: "Is the server running, and its address right?", cause },
  );
}

function refused(url: string, status: number): ExperimentError {
  if (status === 404 || status === 410) return errorOf(url);
  const code = status === 401
    ? "UNAUTHENTICATED"
    : status === 403
    ? "PERMISSION_DENIED"
    : status === 408 || status === 429 || status >= 500
    ? "TEMPORARILY_UNAVAILABLE"
    : "RESOURCE_DOES_NOT_EXIST";
  return new ExperimentError(code, `The data can't be read: ${url} is answered by HTTP ${status}.`, {
    hint: code === "TEMPORARILY_UNAVAILABLE" ? "Try again." : "Give `source` of the dataset an open address.",
  });
}

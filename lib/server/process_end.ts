import { ERROR_CODES } from "../base/error.ts";
import { jsonIn } from "../base/json.ts";
import type { ReplayEvent } from "../replay/replay.ts";
import type { JobError } from "./job.ts";
import { heldTooMuch, type ProcessLimits } from "./process_limits.ts";

/** How a command's process ended: with its document, with what went wrong, or interrupted. */
export type ProcessEnd =
  | { readonly kind: "document"; readonly document: unknown }
  | { readonly kind: "error"; readonly error: JobError }
  | { readonly kind: "interrupted" };

const EXIT_INTERRUPTED = 130;
/** The most bytes of a document. */
const MOST_BYTES = 64 * 2 ** 20;

/** Reads what a command's process tells until it ends. */
export async function endOf(
  child: Deno.ChildProcess,
  { limits, exceed, onEvent }: {
    readonly limits: ProcessLimits;
    /** Is told why it has to end, where it prints too much. */
    readonly exceed: (reason: JobError) => void;
    readonly onEvent: (event: ReplayEvent) => void;
  },
): Promise<ProcessEnd> {
  let error: JobError | undefined;
  let words = "";
  let outOfMemory = false;
  const story = async () => {
    for await (const line of linesOf(child.stderr)) {
      const event = eventIn(line);
      if (event === undefined) {
        words = line || words;
        outOfMemory ||= line.includes("Fatal JavaScript out of memory");
      } else if (event.kind === "error") error = event.error;
      else onEvent(event);
    }
  };
  const [{ code, signal }, stdout] = await Promise.all([
    child.status,
    textOf(child.stdout, () => exceed(PRINTED_TOO_MUCH)),
    story(),
  ]);
  await child.stdin.close().catch(() => {});
  if (code === EXIT_INTERRUPTED) return { kind: "interrupted" };
  if (error !== undefined) return { kind: "error", error };
  if (outOfMemory && limits.mebibytes !== undefined) {
    return { kind: "error", error: heldTooMuch(limits.mebibytes) };
  }
  const document = code <= 1 ? jsonIn(stdout) : undefined;
  if (document !== undefined) return { kind: "document", document };
  const how = signal === null ? `exited with ${code} and printed no document` : `was ended by ${signal}`;
  return {
    kind: "error",
    error: {
      code: "INTERNAL_ERROR",
      message: `The command's process ${how}.`,
      ...(words === "" ? {} : { hint: `Its last words: ${words.slice(0, 500)}` }),
    },
  };
}

const PRINTED_TOO_MUCH: JobError = {
  code: "INVALID_STATE",
  message: `The job was ended as it printed more than ${MOST_BYTES / 2 ** 20} MiB.`,
  hint: "A pipeline module has to print less.",
};

/** The text of a stream; as far as it has come where it is too long. */
async function textOf(stream: ReadableStream<Uint8Array>, tooLong: () => void): Promise<string> {
  const parts: string[] = [];
  const decoder = new TextDecoder();
  let size = 0;
  for await (const bytes of stream) {
    size += bytes.length;
    if (size > MOST_BYTES) {
      tooLong();
      break;
    }
    parts.push(decoder.decode(bytes, { stream: true }));
  }
  return parts.join("") + decoder.decode();
}

/** The most characters that are kept of a line that doesn't end. */
const MOST_LINE = 1_000_000;

async function* linesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!.slice(0, MOST_LINE);
    yield* lines;
  }
  yield rest;
}

const EVENTS: readonly string[] = [
  "prepared",
  "inputs",
  "started",
  "epoch",
  "ended",
  "note",
  "attributing",
] satisfies ReplayEvent["kind"][];

/** What a line of `--events` tells; undefined for words of anyone else. */
function eventIn(
  line: string,
): ReplayEvent | { readonly kind: "error"; readonly error: JobError } | undefined {
  const value = line.startsWith("{")
    ? jsonIn(line) as Readonly<Record<string, unknown>> | undefined
    : undefined;
  if (value === undefined) return undefined;
  const { kind, code, message, hint } = value;
  if (kind === "error") {
    const known = ERROR_CODES.find((one) => one === code) ?? "INTERNAL_ERROR";
    return {
      kind,
      error: {
        code: known,
        message: String(message),
        ...(typeof hint === "string" ? { hint } : {}),
      },
    };
  }
  return EVENTS.includes(String(kind)) ? value as ReplayEvent : undefined;
}

import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { ERROR_CODES } from "../base/error.ts";
import { jsonIn } from "../base/json.ts";
import type { ReplayEvent } from "../replay/replay.ts";
import type { JobError } from "./job.ts";

const STORE = "MLFLOW_TRACKING_URI,MLFLOW_TRACKING_USERNAME,MLFLOW_TRACKING_PASSWORD,MLFLOW_TRACKING_TOKEN," +
  "MLFLOW_WORKSPACE,USER,LOGNAME,USERNAME";
const DATABASE = "PGUSER,PGPASSWORD";
const DATA = ["--allow-net", `--allow-env=${DATABASE}`];
const RUN = ["--allow-write=.", "--allow-net", `--allow-env=${STORE},${DATABASE}`];

/** What each command is granted beside reading the working directory: the same as by the tasks of `deno.json`. */
export const GRANTS = {
  train: RUN,
  replay: [...RUN, "--allow-run=deno"],
  contract: DATA,
  registry: DATA,
  config: [],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** The flags by which a command prints its document, and tells its story so that it is understood here. */
export const TOLD = ["--json", "--events"] as const;

/** A request's fields as the flags of the command; its subject last, so that it can't be read as a flag. */
export function argumentsOf(
  { experiment, run, ...flags }: Readonly<Record<string, unknown>>,
): readonly string[] {
  const flag = ([name, value]: readonly [string, unknown]): readonly string[] => {
    const dashed = `--${name.replaceAll("_", "-")}`;
    if (Array.isArray(value)) return value.map((one) => `${dashed}=${one}`);
    return value === true ? [dashed] : value === false ? [] : [`${dashed}=${value}`];
  };
  const subject = experiment ?? run;
  return [
    ...TOLD,
    ...Object.entries(flags).flatMap(flag),
    ...(subject === undefined ? [] : ["--", String(subject)]),
  ];
}

/** How a command's process ended: with its document, with what went wrong, or interrupted. */
export type ProcessEnd =
  | { readonly kind: "document"; readonly document: unknown }
  | { readonly kind: "error"; readonly error: JobError }
  | { readonly kind: "interrupted" };

/** A command of the CLI in a process of its own. */
export interface CommandProcess {
  readonly pid: number;
  readonly end: Promise<ProcessEnd>;
  /** Asks it to end its run as KILLED and exit; kills it where it doesn't. */
  interrupt(): void;
}

/** How many milliseconds an interrupted command has to end its run. */
const GRACE_MS = 5000;
const EXIT_INTERRUPTED = 130;

/**
 * Starts a command of the CLI from today's source, with the permissions that it needs. It ends by itself when this
 * process ends, however that does: its stdin is a pipe from here.
 *
 * @param env What it is given beside this process' environment, such as the store's URI with its credentials.
 */
export function startCommand(
  command: keyof typeof GRANTS,
  args: readonly string[],
  { env, onEvent = () => {} }: {
    readonly env: Readonly<Record<string, string>>;
    readonly onEvent?: (event: ReplayEvent) => void;
  },
): CommandProcess {
  const cli = new URL("../../cli.ts", import.meta.url);
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...[
        "run",
        "--no-prompt",
        "--ignore-env",
        "--quiet",
        ...GRANTS[command],
        ...grantsOfPlace(cli, command),
      ],
      ...[cli.href, command, ...args],
    ],
    env: { ...env, NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    // A Ctrl+C at the server's terminal is the server's: it drains.
    detached: true,
  }).spawn();
  let killing: ReturnType<typeof setTimeout> | undefined;
  const kill = (signal: Deno.Signal) => {
    try {
      child.kill(signal);
    } catch {
      // It has just ended.
    }
  };
  return {
    pid: child.pid,
    end: endOf(child, onEvent).finally(() => clearTimeout(killing)),
    interrupt() {
      if (killing !== undefined) return;
      kill("SIGINT");
      killing = setTimeout(() => kill("SIGKILL"), GRACE_MS);
    },
  };
}

/** What is granted for where Reprise is: a checkout elsewhere is read, and a remote one's data and cached packages. */
function grantsOfPlace(cli: URL, command: keyof typeof GRANTS): readonly string[] {
  if (cli.protocol === "file:") {
    const checkout = fileURLToPath(new URL(".", cli));
    const elsewhere = relative(Deno.cwd(), checkout).startsWith("..");
    return [`--allow-read=.${elsewhere ? `,${checkout}` : ""}`];
  }
  const net = (GRANTS[command] as readonly string[]).includes("--allow-net")
    ? []
    : [`--allow-net=${cli.host}`];
  return [`--allow-read=.,${packageCache()}`, ...net];
}

let cache: string | undefined;

/** The folder in which Deno keeps packages. */
function packageCache(): string {
  const info = () =>
    new Deno.Command(Deno.execPath(), { args: ["info", "--json"], stderr: "null" }).outputSync();
  return cache ??= String(JSON.parse(new TextDecoder().decode(info().stdout)).npmCache);
}

async function endOf(
  child: Deno.ChildProcess,
  onEvent: (event: ReplayEvent) => void,
): Promise<ProcessEnd> {
  let error: JobError | undefined;
  let words = "";
  const story = async () => {
    for await (const line of linesOf(child.stderr)) {
      const event = eventIn(line);
      if (event === undefined) words = line || words;
      else if (event.kind === "error") error = event.error;
      else onEvent(event);
    }
  };
  const [{ code, signal }, stdout] = await Promise.all([
    child.status,
    new Response(child.stdout).text(),
    story(),
  ]);
  await child.stdin.close().catch(() => {});
  if (code === EXIT_INTERRUPTED) return { kind: "interrupted" };
  if (error !== undefined) return { kind: "error", error };
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

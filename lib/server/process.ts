import { relative } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { ReplayEvent } from "../replay/replay.ts";
import type { JobError } from "./job.ts";
import { endOf, type ProcessEnd } from "./process_end.ts";
import { environmentOf } from "./process_env.ts";
import { flagsOf, type ProcessLimits, watchProcess } from "./process_limits.ts";

const STORE =
  "MLFLOW_TRACKING_URI,MLFLOW_TRACKING_USERNAME,MLFLOW_TRACKING_PASSWORD,MLFLOW_TRACKING_TOKEN,MLFLOW_WORKSPACE";
const USER = "USER,LOGNAME,USERNAME";
const DATABASE = "PGUSER,PGPASSWORD";
const DATA = ["--allow-net", `--allow-env=${DATABASE}`];
const RUN = ["--allow-write=.", "--allow-net", `--allow-env=${STORE},${USER},${DATABASE}`];

/** What each command is granted beside reading the working directory: the same as by the tasks of `deno.json`. */
export const GRANTS = {
  train: RUN,
  replay: [...RUN, "--allow-run=deno"],
  runs: ["--allow-write=.", "--allow-net", `--allow-env=${STORE}`],
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

/** What the processes of commands are given. */
export interface CommandOptions {
  /** What they are told in place of this process' variables, such as the store's URI with its credentials. */
  readonly env: Readonly<Record<string, string>>;
  /** How much each may use. @default no limits */
  readonly limits?: ProcessLimits;
  /** Files that they may neither read nor write, wherever these are. */
  readonly secrets?: readonly string[];
}

/** A command of the CLI in a process of its own. */
export interface CommandProcess {
  readonly pid: number;
  readonly end: Promise<ProcessEnd>;
  /** Asks it to end its run as KILLED and exit; kills it where it doesn't. */
  interrupt(): void;
}

/** How many milliseconds an interrupted command has to end its run. */
const GRACE_MS = 5000;

/**
 * Starts a command of the CLI from today's source, with the permissions and the environment that it needs and no more. It
 * ends by itself when this process ends, however that does: its stdin is a pipe from here. Where it uses more than it
 * may, it is killed with all that it started.
 */
export function startCommand(
  command: keyof typeof GRANTS,
  args: readonly string[],
  { env, limits = {}, secrets = [], onEvent = () => {} }: CommandOptions & {
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
        ...flagsOf(limits),
        ...secrets.flatMap((path) =>
          ["read", "write"].map((way) => `--deny-${way}=${path.replaceAll(",", ",,")}`)
        ),
        ...GRANTS[command],
        ...grantsOfPlace(cli, command),
      ],
      ...[cli.href, command, ...args],
    ],
    clearEnv: true,
    env: environmentOf(GRANTS[command], env),
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
  let exceeded: JobError | undefined;
  const exceed = (reason: JobError) => {
    exceeded ??= reason;
    try {
      // What it started is of its process group.
      process.kill(-child.pid, "SIGKILL");
    } catch {
      kill("SIGKILL");
    }
  };
  const watch = watchProcess(child.pid, limits, exceed);
  return {
    pid: child.pid,
    end: endOf(child, { limits, exceed, onEvent })
      .then((end): ProcessEnd => exceeded === undefined ? end : { kind: "error", error: exceeded })
      .finally(() => {
        watch[Symbol.dispose]();
        clearTimeout(killing);
      }),
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

import { environmentVariable } from "../../base/environment.ts";
import { ExperimentError } from "../../base/error.ts";
import { eachLine, type Ended, WARDEN_LINES, type WardenJob } from "./warden.ts";
import warden from "./warden.ts" with { type: "text" };

/** How recorded code ended, and what it gave. */
export interface WardedEnd extends Ended {
  /** The text of its result; undefined where it gave none. */
  readonly result: string | undefined;
}

/** The variables that make a difference to code that may read none: of the clock, of words, of where packages are from. */
const PASSED = ["TZ", "LANG", "LANGUAGE", "LC_ALL", "NPM_CONFIG_REGISTRY"];

/**
 * Runs recorded code under a warden, and waits for its end. Should this process end before, the warden ends the code.
 *
 * @param options.onTold Is called each time that the code prints the line that it is to tell.
 * @throws {ExperimentError} `PERMISSION_DENIED` where this process may not start Deno. What aborted it, where it was.
 */
export async function runWarded(
  job: Omit<WardenJob, "env" | "beneath">,
  options: { readonly signal?: AbortSignal; readonly onTold?: () => void } = {},
): Promise<WardedEnd> {
  const { signal, onTold = () => {} } = options;
  signal?.throwIfAborted();
  const env = Object.fromEntries(PASSED.flatMap((name) => {
    const value = environmentVariable(name);
    return value === undefined ? [] : [[name, value]];
  }));
  // Beside Deno only where this process may run anything anyway.
  const beneath = (await Deno.permissions.query({ name: "run" })).state === "granted";
  const child = start();
  const writer = child.stdin.getWriter();
  const leave = () => writer.close().catch(() => {});
  signal?.addEventListener("abort", leave);
  try {
    const asked: WardenJob = { ...job, env, beneath };
    await writer.write(new TextEncoder().encode(`${JSON.stringify(asked)}\n`)).catch(() => {});
    let ended: Ended | undefined;
    let result: string | undefined;
    const [, , stderr] = await Promise.all([
      child.status,
      eachLine(child.stdout, {
        isKept: () => true,
        onLine(line) {
          if (line === WARDEN_LINES.told) onTold();
          else if (line.startsWith(WARDEN_LINES.result)) result = line.slice(WARDEN_LINES.result.length);
          else ended = JSON.parse(line.slice(WARDEN_LINES.ended.length));
        },
      }),
      new Response(child.stderr).text(),
    ]);
    signal?.throwIfAborted();
    if (ended === undefined) {
      throw new ExperimentError(
        "INVALID_STATE",
        `The recorded code can't be run: what was to watch it failed: ${stderr.trim().slice(0, 2000)}`,
      );
    }
    return { ...ended, result };
  } finally {
    signal?.removeEventListener("abort", leave);
    await leave();
  }
}

/** Starts the warden by the Deno that this process is or, where only that is allowed, the one that `deno` names. */
function start(): Deno.ChildProcess {
  for (const program of [Deno.execPath(), "deno"]) {
    try {
      return new Deno.Command(program, {
        args: ["eval", "--quiet", "--no-config", "--no-lock", "--ext=ts", warden],
        env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", DENO_NO_PACKAGE_JSON: "1" },
        // What kills this process with its whole group leaves the warden to clear up.
        detached: Deno.build.os !== "windows",
        stdin: "piped",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
    } catch (error) {
      if (!(error instanceof Deno.errors.NotCapable || error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  throw new ExperimentError(
    "PERMISSION_DENIED",
    "The recorded code can't be run: it takes a process of its own, and this one may not start Deno.",
    { hint: "Allow it by --allow-run=deno, with `deno` on the PATH, or by --allow-run." },
  );
}

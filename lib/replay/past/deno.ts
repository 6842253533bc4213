import { ExperimentError } from "../../base/error.ts";

/** How a process of Deno ended. */
export interface DenoEnd {
  readonly success: boolean;
  /** Its last words on stderr. */
  readonly last: string;
}

/** The most characters that are told of what a process said last. */
const MOST = 2000;

/**
 * Runs Deno, and waits for its end; its stdin is a pipe from here, so that it can end when this process does.
 *
 * @throws {ExperimentError} `PERMISSION_DENIED` where this process may not run it. What aborted it, where it was.
 */
export async function runDeno(args: readonly string[], options: {
  readonly cwd?: string;
  readonly signal?: AbortSignal;
  readonly onLine?: (line: string) => void;
}): Promise<DenoEnd> {
  const { cwd, signal, onLine } = options;
  signal?.throwIfAborted();
  const child = start(args, cwd);
  const closeStdin = () => child.stdin.close().catch(() => {});
  const kill = () => {
    // What was started may itself have started Deno, as npm's script does: that one ends with its stdin.
    closeStdin();
    try {
      child.kill("SIGKILL");
    } catch {
      // It has just ended.
    }
  };
  signal?.addEventListener("abort", kill);
  try {
    const [{ success }, last] = await Promise.all([
      child.status,
      lastOf(child.stderr),
      linesOf(child.stdout, onLine),
    ]);
    signal?.throwIfAborted();
    return { success, last };
  } finally {
    signal?.removeEventListener("abort", kill);
    await closeStdin();
  }
}

let cache: Promise<string> | undefined;

/** The folder in which Deno keeps packages. */
export function packageCache(): Promise<string> {
  return cache ??= (async () => {
    let text = "";
    await runDeno(["info", "--json"], { onLine: (line) => text += line });
    return String(JSON.parse(text).npmCache);
  })();
}

/** Starts the Deno that this process is or, where only that is allowed, the one that `deno` names. */
function start(args: readonly string[], cwd: string | undefined): Deno.ChildProcess {
  const env = { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", DENO_NO_PACKAGE_JSON: "1" };
  for (const program of [Deno.execPath(), "deno"]) {
    try {
      return new Deno.Command(program, {
        args: [...args],
        env,
        ...(cwd === undefined ? {} : { cwd }),
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

async function lastOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  let last = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) last = (last + text).slice(-MOST);
  return last.replace(/\n+Stack backtrace:[^]*$/, "").replace(/^error: /, "").trim();
}

async function linesOf(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  onLine: (line: string) => void = () => {},
): Promise<void> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    lines.forEach(onLine);
  }
  if (rest !== "") onLine(rest);
}

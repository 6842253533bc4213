import { join } from "node:path";
import { openPython } from "./setup.ts";

/** The root of the repository, where both sides find data and config. */
export const PROJECT = new URL("../", import.meta.url);

const HERE = import.meta.dirname!;

/** A program to run, with its arguments. */
export type CommandLine = readonly [program: string, ...args: string[]];

/** The command line of a script of the twin. */
export async function twinScript(name: string, ...args: string[]): Promise<CommandLine> {
  return [await openPython(), join(HERE, "twin", `${name}.py`), ...args];
}

/** The command line of one of our scripts. */
export function ourScript(name: string, ...args: string[]): CommandLine {
  return [Deno.execPath(), "run", "-A", join(HERE, "ours", `${name}.ts`), ...args];
}

/** The command line that a task of deno.json stands for. */
export async function ourTask(name: string, ...args: string[]): Promise<CommandLine> {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", PROJECT)));
  const [program, ...rest] = String(tasks[name].command).split(" ");
  return [program === "deno" ? Deno.execPath() : program!, ...rest, ...args];
}

/** Makes a new folder below another one. */
export async function makeFolder(parent: string, name: string): Promise<string> {
  return await Deno.makeTempDir({ dir: parent, prefix: `${name}_` });
}

/**
 * Runs a command line in a folder, to its end.
 *
 * @param options.threads How many threads the libraries of Python may have. @default 1
 * @returns What it wrote on stdout, and the seconds from its start to its end.
 * @throws {Error} where it exits with anything but 0.
 */
export async function run(
  [program, ...args]: CommandLine,
  cwd: string | URL,
  { threads = 1 }: { readonly threads?: number } = {},
): Promise<{ readonly stdout: string; readonly seconds: number }> {
  const start = performance.now();
  const { success, code, stdout, stderr } = await new Deno.Command(program, {
    args,
    cwd,
    env: {
      OMP_NUM_THREADS: `${threads}`,
      OPENBLAS_NUM_THREADS: `${threads}`,
      MKL_NUM_THREADS: `${threads}`,
      MLFLOW_DISABLE_TELEMETRY: "true",
      DO_NOT_TRACK: "true",
      NO_COLOR: "1",
    },
    stdin: "null",
  }).output();
  const seconds = (performance.now() - start) / 1000;
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (!success) {
    throw new Error(
      `\`${[program, ...args].join(" ")}\` exited with ${code}:\n${text(stdout)}${text(stderr)}`,
    );
  }
  return { stdout: text(stdout), seconds };
}

/** What a script that measures itself printed: a JSON object. */
export async function answerOf<Answer>(...asked: Parameters<typeof run>): Promise<Answer> {
  return JSON.parse((await run(...asked)).stdout);
}

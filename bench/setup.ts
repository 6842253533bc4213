import { join } from "node:path";

/** What the twin runs on, pinned. */
export const REQUIREMENTS = ["mlflow==3.17.2", "scikit-learn==1.9.1"];

/**
 * The Python of the benchmark's own virtual environment, which the first call makes below the user's cache directory.
 *
 * @throws {Error} where there is no `python3` to make it with, or pip can't install the requirements.
 */
export async function openPython(requirements: readonly string[] = REQUIREMENTS): Promise<string> {
  const cache = Deno.env.get("XDG_CACHE_HOME") || join(Deno.env.get("HOME") || ".", ".cache");
  const folder = join(cache, "reprise", "bench");
  const python = join(folder, "bin", "python");
  const marker = join(folder, ".complete");
  const wanted = requirements.join("\n");
  if (await textOf(marker) === wanted) return python;

  console.error(`Installing ${requirements.join(" and ")} into ${folder}; this takes a minute or two.`);
  await must("python3", ["-m", "venv", "--clear", folder]);
  await must(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...requirements]);
  await Deno.writeTextFile(marker, wanted);
  return python;
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function must(command: string, args: readonly string[]): Promise<void> {
  const line = [command, ...args].join(" ");
  try {
    const { success, code } = await new Deno.Command(command, { args: [...args], stdin: "null" }).spawn()
      .status;
    if (!success) throw new Error(`The twin can't be set up: \`${line}\` exited with ${code}.`);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error(
      `The twin can't be set up: there is no ${command} on the PATH. Install Python 3.11 or newer.`,
    );
  }
}

if (import.meta.main) console.log(await openPython());

import { join } from "node:path";

/**
 * The `bin` folder of a virtual environment with these packages, made on the first call below
 * `${XDG_CACHE_HOME or ~/.cache}/reprise`. Safe to call from several processes.
 *
 * @throws {Error} where there is no `python3` to make it with, or pip can't install the packages.
 */
export async function pythonEnvironment(name: string, requirements: readonly string[]): Promise<string> {
  const cache = Deno.env.get("XDG_CACHE_HOME") || join(Deno.env.get("HOME") ?? ".", ".cache");
  const folder = join(cache, "reprise", name);
  const bin = join(folder, "bin");
  // Written last: a folder without it is one whose installation was cut off, and is completed.
  const complete = join(folder, ".complete");
  const wanted = requirements.join("\n");
  const isComplete = async () => await Deno.readTextFile(complete).catch(() => undefined) === wanted;
  if (await isComplete()) return bin;
  await Deno.mkdir(folder, { recursive: true });
  using lock = await Deno.open(join(folder, ".lock"), { create: true, write: true });
  await lock.lock(true);
  if (await isComplete()) return bin;
  console.error(`${name}: installing ${requirements.join(", ")} into ${folder}, which takes some minutes …`);
  await run(name, "python3", "-m", "venv", folder);
  await run(name, join(bin, "python"), "-m", "pip", "install", "--quiet", ...requirements);
  await Deno.writeTextFile(complete, wanted);
  console.error(`${name}: ready.`);
  return bin;
}

async function run(name: string, command: string, ...args: string[]): Promise<void> {
  let output: Deno.CommandOutput;
  try {
    output = await new Deno.Command(command, { args, stdin: "null" }).output();
  } catch (cause) {
    const asked = "Install Python 3.10 or newer.";
    throw new Error(`${name} can't be installed: ${command} can't be run. ${asked}`, { cause });
  }
  if (output.success) return;
  const text = new TextDecoder().decode(output.stdout) + new TextDecoder().decode(output.stderr);
  const hint = /ensurepip|No module named venv/.test(text)
    ? " Install Python's venv (Debian: python3-venv)."
    : "";
  throw new Error(`${name} can't be installed: ${command} ${args.join(" ")} failed.${hint}\n${text.trim()}`);
}

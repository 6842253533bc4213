/**
 * Finds Chromium for the tests of the pages, and installs Debian's where there is none:
 *
 *     deno run -A tests/browser/setup.ts
 */
import { join } from "node:path";

const PATHS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** The path of a Chromium. Safe to call from several processes. */
export async function chromiumPath(): Promise<string> {
  const cache = join(
    Deno.env.get("XDG_CACHE_HOME") || join(Deno.env.get("HOME") ?? ".", ".cache"),
    "reprise",
  );
  await Deno.mkdir(cache, { recursive: true });
  using lock = await Deno.open(join(cache, ".chromium.lock"), { create: true, write: true });
  await lock.lock(true);
  const found = await installed();
  if (found !== undefined) return found;
  console.error("Chromium: installing Debian's …");
  for (const args of [["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "chromium"]]) {
    await apt(args);
  }
  const path = await installed();
  if (path === undefined) throw new Error(`Chromium was installed, but is at none of ${PATHS.join(", ")}.`);
  return path;
}

async function installed(): Promise<string | undefined> {
  for (const path of PATHS) {
    if (await Deno.stat(path).then(({ isFile }) => isFile, () => false)) return path;
  }
  return undefined;
}

async function apt(args: readonly string[]): Promise<void> {
  const root = Deno.uid() === 0;
  const [command, ...rest] = [...(root ? [] : ["sudo", "-n"]), "apt-get", ...args];
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  const output = await new Deno.Command(command!, { args: rest, env, stdin: "null" }).output().catch(() =>
    undefined
  );
  if (output?.success) return;
  const words = output ? new TextDecoder().decode(output.stderr).trim() : `${command} can't be run`;
  throw new Error(`Chromium can't be installed (${words}). Install it: apt-get install chromium`);
}

if (import.meta.main) await chromiumPath();

import process from "node:process";
// As text, since a server at a URL serves its sources on: what was imported as JSON can't be imported as text too.
import denoJson from "../../deno.json" with { type: "text" };

/** The value of an environment variable; undefined where it is unset, empty, or may not be read. */
export function environmentVariable(name: string): string | undefined {
  try {
    return Deno.env.get(name) || undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}

/** The time now, in whole milliseconds since the epoch, as MLflow's timestamps are. */
export function now(): number {
  return Date.now();
}

/** The version of Reprise. */
export const VERSION: string = JSON.parse(denoJson).version;

/** The version of Deno, such as `2.9.6`. */
export const denoVersion = (): string => Deno.version.deno;

/** The operating system and processor, such as `linux-x86_64`. */
export const platform = (): string => `${Deno.build.os}-${Deno.build.arch}`;

/**
 * The text of the working directory's `deno.lock`, or else of the one that Deno finds beside Reprise itself; undefined
 * where there is none, as when Reprise is run from a URL.
 */
export async function lockText(): Promise<string | undefined> {
  const beside = new URL("../../deno.lock", import.meta.url);
  return await readIfThere("deno.lock") ??
    (beside.protocol === "file:" ? await readIfThere(beside) : undefined);
}

async function readIfThere(file: string | URL): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}

/** Milliseconds since some fixed time, with fractions, for measuring how long something took. */
export function elapsed(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** When this process started, in seconds since the epoch. */
export const startTime = (): number => Date.now() / 1000 - process.uptime();

/** The bytes of memory that this process holds. */
export const residentMemory = (): number => Deno.memoryUsage().rss;

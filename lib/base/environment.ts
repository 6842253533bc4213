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

/** What git tells of the working directory. */
export interface GitState {
  readonly commit: string;
  /** Undefined where no branch is checked out. */
  readonly branch: string | undefined;
  /** Whether tracked files differ from the commit, or there are untracked ones. */
  readonly dirty: boolean;
  readonly remote: string | undefined;
}

/** The state of the git repository around the working directory; undefined without one, without git, or not allowed to run it. */
export async function gitState(): Promise<GitState | undefined> {
  const [status, remote] = await Promise.all([
    git("status", "--porcelain=v2", "--branch"),
    git("config", "--get", "remote.origin.url"),
  ]);
  const commit = /^# branch\.oid ([0-9a-f]{40,})$/m.exec(status ?? "")?.[1];
  if (status === undefined || commit === undefined) return undefined;
  const branch = /^# branch\.head (.+)$/m.exec(status)?.[1];
  return {
    commit,
    branch: branch === "(detached)" ? undefined : branch,
    dirty: /^[^#]/m.test(status),
    remote: remote?.trim().replace(/\/\/[^/@]*@/, "//") || undefined,
  };
}

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

/** Who runs this: the user's name in the environment, or in git's configuration. */
export async function userName(): Promise<string> {
  const named = ["USER", "LOGNAME", "USERNAME"].map(environmentVariable).find((name) => name !== undefined);
  return named ?? (await git("config", "--get", "user.name"))?.trim() ?? "unknown";
}

async function git(...args: string[]): Promise<string | undefined> {
  try {
    const { success, stdout } = await new Deno.Command("git", { args, stdin: "null", stderr: "null" })
      .output();
    return success ? new TextDecoder().decode(stdout) : undefined;
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

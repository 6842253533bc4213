import { dirname, join, resolve } from "node:path";
import { environmentVariable } from "../environment.ts";
import { type GitConfig, parseConfig } from "./config.ts";
import { realPathOf, statOf, textOf, Untold } from "./read.ts";

/** A repository with a working tree. */
export interface Repository {
  /** Where its files are. */
  readonly worktree: string;
  /** Where `HEAD` and the index of this working tree are. */
  readonly own: string;
  /** Where what all of its working trees share is: objects, branches, settings. */
  readonly common: string;
  /** Its own settings. */
  readonly config: GitConfig;
  /** How many bytes an object's id has: 20, or 32 for SHA-256. */
  readonly idBytes: 20 | 32;
}

/**
 * The repository that a directory is in.
 *
 * @throws {Untold} Where there is one that can't be read, and where whether there is one can't be told.
 */
export function findRepository(directory: string): Repository | undefined {
  const device = statOf(directory)?.dev;
  for (let place = directory;; place = dirname(place)) {
    if (Deno.permissions.querySync({ name: "read", path: place }).state !== "granted") {
      throw new Untold("no repository is in this directory, and those above it may not be read");
    }
    // Git doesn't look on another disk.
    if (statOf(place)?.dev !== device) return undefined;
    const found = openRepository(place);
    if (found !== undefined) return found;
    if (isRepository(place) || dirname(place) === place) return undefined;
  }
}

/** The repository whose working tree is at a directory; undefined where there is none. */
export function openRepository(directory: string): Repository | undefined {
  const dotGit = join(directory, ".git");
  const stat = statOf(dotGit);
  const own = stat?.isFile ? linkedFrom(dotGit, directory) : stat && realPathOf(dotGit);
  if (own === undefined || !statOf(own)?.isDirectory) return undefined;
  const common = commonOf(own);
  if (!isRepository(own, common)) {
    if (stat?.isFile) throw new Untold("what .git names is no repository");
    return undefined;
  }
  const text = textOf(join(common, "config")) ?? "";
  const shared = parseConfig(text);
  const config = shared?.flag("extensions.worktreeconfig")
    ? parseConfig(text, textOf(join(own, "config.worktree")) ?? "")
    : shared;
  if (config === undefined) throw new Untold("the repository's settings aren't in git's form");
  const idBytes = formatOf(config);
  // Both settings are about the first working tree alone.
  const main = own === common;
  if (main && config.flag("core.bare")) throw new Untold("the repository has no working tree");
  const worktree = main ? config.get("core.worktree") : undefined;
  if (worktree !== undefined && realPathOf(resolve(own, worktree)) !== realPathOf(directory)) {
    throw new Untold("the repository's settings name another working tree");
  }
  return { worktree: directory, own, common, config, idBytes };
}

/** Whether a directory holds what git asks of a repository. */
export function isRepository(own: string, common = own): boolean {
  return statOf(join(own, "HEAD")) !== undefined && statOf(join(common, "objects"))?.isDirectory === true &&
    statOf(join(common, "refs"))?.isDirectory === true;
}

/** The directory that a `.git` file names. */
function linkedFrom(file: string, directory: string): string {
  const path = /^gitdir: ([^\n\r]+)[\n\r]*$/.exec(textOf(file, 4096) ?? "")?.[1];
  if (path === undefined) throw new Untold("the .git file names no repository");
  return readable(resolve(directory, path), "this is a working tree of a repository that may not be read");
}

function commonOf(own: string): string {
  const path = textOf(join(own, "commondir"), 4096)?.trim();
  if (path === undefined) return own;
  return readable(resolve(own, path), "this is a working tree of a repository that may not be read");
}

function readable(path: string, otherwise: string): string {
  if (Deno.permissions.querySync({ name: "read", path }).state !== "granted") throw new Untold(otherwise);
  const real = realPathOf(path);
  if (real === undefined) throw new Untold("what .git names isn't there");
  return real;
}

/** Extensions that change nothing of what is read here. */
const HARMLESS = [
  "noop",
  "objectformat",
  "partialclone",
  "preciousobjects",
  "worktreeconfig",
  "relativeworktrees",
];

function formatOf(config: GitConfig): 20 | 32 {
  const version = config.get("core.repositoryformatversion") ?? "0";
  const extensions = config.names.filter((name) => name.startsWith("extensions.")).map((name) =>
    name.slice(11)
  );
  const unknown = extensions.filter((name) =>
    !HARMLESS.includes(name) &&
    !(name === "refstorage" && config.get("extensions.refstorage")?.toLowerCase() === "files")
  );
  const format = config.get("extensions.objectformat")?.toLowerCase() ?? "sha1";
  if (
    !["0", "1"].includes(version) || (version === "1" && unknown.length > 0) ||
    (version === "0" &&
      (config.get("extensions.objectformat") ?? config.get("extensions.refstorage")) !== undefined) ||
    !["sha1", "sha256"].includes(format)
  ) throw new Untold("the repository is of a form that isn't known here");
  return format === "sha256" ? 32 : 20;
}

/** The user's own settings of git, and those of the machine. */
export interface UserConfig {
  /** Undefined where they may not be read, or aren't told whole by the files in the usual places. */
  readonly config: GitConfig | undefined;
  /** Where the user's ignore file is, if there is one. */
  readonly ignore: string | undefined;
}

/** Where a user's settings are. */
export interface Home {
  readonly home: string;
  /** The folder of the settings of programs. */
  readonly config: string;
}

/** Where the settings of whoever runs this are; undefined where the environment doesn't say. */
export function homeOfUser(): Home | undefined {
  const home = environmentVariable("HOME") ?? environmentVariable("USERPROFILE");
  return home && { home, config: environmentVariable("XDG_CONFIG_HOME") ?? join(home, ".config") } ||
    undefined;
}

/** The settings beside a repository's own, as far as they may be read. */
export function userConfigOf(own: GitConfig, place: Home | undefined): UserConfig {
  const none = { config: undefined, ignore: undefined };
  if (place === undefined) return none;
  const { home, config: xdg } = place;
  try {
    const files = ["/etc/gitconfig", join(xdg, "git/config"), join(home, ".gitconfig")];
    const config = parseConfig(...files.map((file) => textOf(file) ?? ""));
    if (config === undefined || config.names.some((name) => /^include(if)?\./.test(name))) return none;
    const named = own.get("core.excludesfile") ?? config.get("core.excludesfile");
    const ignore = named?.replace(/^~(?=\/)/, home) ?? join(xdg, "git/ignore");
    return { config, ignore };
  } catch (error) {
    if (error instanceof Untold) return none;
    throw error;
  }
}

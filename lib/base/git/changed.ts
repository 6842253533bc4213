import { createHash } from "node:crypto";
import { join } from "node:path";
import { openAttributes } from "./attributes.ts";
import type { GitIndex, IndexEntry } from "./index_file.ts";
import { bytesOf, statOf, Untold } from "./read.ts";
import type { Repository, UserConfig } from "./repository.ts";

/** How many bytes are read to compare files whose times tell nothing. */
const MOST_READ = 256 << 20;
const KIND = 0o170000;
const LINK = 0o120000;
const SUBMODULE = 0o160000;
const EXECUTABLE = 0o100;

/**
 * Whether tracked files differ from the index.
 *
 * @param options.doubt Is told what can't be told of a file.
 * @param options.submodule Whether the repository below a path isn't as the commit of that id.
 */
export function hasChanged(repository: Repository, index: GitIndex, options: {
  readonly user: UserConfig;
  readonly doubt: (why: string) => void;
  readonly submodule: (path: string, id: string) => boolean;
}): boolean {
  const { config, worktree } = repository;
  const { doubt } = options;
  const written = Math.floor((statOf(join(repository.own, "index"))?.mtime?.getTime() ?? 0) / 1000);
  const executables = Deno.build.os !== "windows" && config.flag("core.filemode") !== false;
  const minimal = Deno.build.os === "windows" || config.get("core.checkstat")?.toLowerCase() === "minimal";
  const trusted = { minimal, ctime: config.flag("core.trustctime") !== false };
  const sameContent = contentComparer(repository, options.user);
  const directories = new Map<string, boolean>([["", true]]);
  const isDirectory = (directory: string): boolean => {
    let known = directories.get(directory);
    if (known === undefined) {
      const slash = directory.lastIndexOf("/");
      known = isDirectory(slash < 0 ? "" : directory.slice(0, slash)) &&
        statOf(`${worktree}/${directory}`)?.isDirectory === true;
      directories.set(directory, known);
    }
    return known;
  };

  const differs = (entry: IndexEntry): boolean => {
    const { path, mode } = entry;
    const slash = path.lastIndexOf("/");
    const place = `${worktree}/${path}`;
    const stat = isDirectory(slash < 0 ? "" : path.slice(0, slash)) ? statOf(place) : undefined;
    if (entry.skipWorktree) {
      // In a sparse checkout git takes back the flag from a file that is there.
      if (stat && config.flag("core.sparsecheckout")) {
        doubt("a file is there that a sparse checkout leaves out");
      }
      return false;
    }
    if (stat === undefined) return true;
    const kind = mode & KIND;
    if (kind === SUBMODULE) return !stat.isDirectory || options.submodule(path, entry.id);
    if (kind === LINK ? !stat.isSymlink : !stat.isFile) {
      if (kind !== LINK || !stat.isFile || config.flag("core.symlinks") !== false) return true;
      doubt("links are files here");
      return false;
    }
    if (kind !== LINK && executables && stat.mode !== null && ((mode ^ stat.mode) & EXECUTABLE)) return true;
    if (entry.stat.size !== 0 && stat.size % 2 ** 32 !== entry.stat.size) return true;
    // A file that was written in the second in which the index was may have changed after it was looked at.
    if (written > entry.stat.mtime && isSeen(entry, stat, trusted)) return false;
    return !sameContent(entry, place, stat);
  };
  return index.entries.some((entry) => {
    if (entry.assumeUnchanged || entry.stage !== 0) return false;
    try {
      return differs(entry);
    } catch (error) {
      if (!(error instanceof Untold)) throw error;
      doubt(error.message);
      return false;
    }
  });
}

/** Whether a file is the one whose content git has seen. */
function isSeen(
  { stat: seen, id }: IndexEntry,
  stat: Deno.FileInfo,
  { minimal, ctime }: { readonly minimal: boolean; readonly ctime: boolean },
): boolean {
  const mtime = stat.mtime?.getTime() ?? -1;
  if (Math.floor(mtime / 1000) !== seen.mtime || stat.size % 2 ** 32 !== seen.size) return false;
  if (seen.mtimeNs !== 0 && Math.floor(seen.mtimeNs / 1e6) !== mtime % 1000) return false;
  // Git writes a size of zero for what it wants to be compared.
  if (seen.size === 0 && !EMPTY.includes(id)) return false;
  if (minimal) return true;
  const changed = stat.ctime?.getTime();
  return (!ctime || changed === undefined || Math.floor(changed / 1000) === seen.ctime) &&
    (stat.ino === null || !Number.isSafeInteger(stat.ino) || stat.ino % 2 ** 32 === seen.ino) &&
    (stat.uid === null || stat.uid === seen.uid) && (stat.gid === null || stat.gid === seen.gid);
}

/** The ids of a file without content. */
const EMPTY = [
  "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
  "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
];

/** Compares the contents of files with what git keeps; `Untold` where git might convert them first. */
function contentComparer(repository: Repository, user: UserConfig) {
  const conversionOf = openAttributes(repository, user);
  const { config } = repository;
  const crlf = config.flag("core.autocrlf") ??
    (user.config ? user.config.flag("core.autocrlf") ?? false : true);
  let left = MOST_READ;
  return ({ path, id }: IndexEntry, place: string, stat: Deno.FileInfo): boolean => {
    if (stat.isSymlink) return idOf(new TextEncoder().encode(targetOf(place)), repository) === id;
    const conversion = conversionOf(path);
    if (conversion === "other") {
      throw new Untold("the repository's attributes change files before they are compared");
    }
    left -= stat.size;
    if (left < 0) throw new Untold(`more than ${MOST_READ >> 20} MB of files would have to be compared`);
    const content = bytesOf(place, MOST_READ);
    if (content === undefined) return false;
    const returns = content.includes(13);
    if (returns && conversion === "line ends") {
      throw new Untold("the repository's attributes change line ends");
    }
    if (idOf(content, repository) === id) return true;
    if (returns && crlf) throw new Untold("git may be set to change line ends");
    return false;
  };
}

function targetOf(place: string): string {
  const target = Deno.readLinkSync(place);
  if (target.includes("\ufffd")) throw new Untold("a file's name isn't UTF-8");
  return target;
}

function idOf(content: Uint8Array, { idBytes }: Repository): string {
  return createHash(idBytes === 32 ? "sha256" : "sha1").update(`blob ${content.length}\0`).update(content)
    .digest("hex");
}

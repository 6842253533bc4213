import { join } from "node:path";
import { type IgnoreRules, parseIgnore } from "./ignore.ts";
import { type GitIndex, MOST_FILES } from "./index_file.ts";
import { entriesOf, statOf, textOf, Untold } from "./read.ts";
import { isRepository, type Repository, type UserConfig } from "./repository.ts";

const MOST_DEPTH = 200;

/** Ignore rules, and the directory that they are about. */
interface Level {
  readonly base: string;
  readonly rules: IgnoreRules;
}

/**
 * Whether there are files that git neither knows nor ignores.
 *
 * @param options.doubt Is told why that can't be told.
 * @throws {Untold} Where there are more files than are looked at.
 */
export function hasUntracked(
  repository: Repository,
  { entries }: GitIndex,
  { user, doubt }: { readonly user: UserConfig; readonly doubt: (why: string) => void },
): boolean {
  const { config, worktree } = repository;
  const shown = config.get("status.showuntrackedfiles") ?? user.config?.get("status.showuntrackedfiles");
  const hidden = ["no", "false", "off", "0"].includes(shown?.toLowerCase() ?? "");
  const ignoreCase = config.flag("core.ignorecase") ?? false;
  const composed = config.flag("core.precomposeunicode") ?? false;
  const keyOf = (path: string) => {
    const one = composed ? path.normalize("NFC") : path;
    return ignoreCase ? one.toLowerCase() : one;
  };
  const rulesIn = (file: string): IgnoreRules => parseIgnore(textOf(file) ?? "", { ignoreCase });
  const files = new Set<string>();
  const directories = new Set<string>();
  for (const { path } of entries) {
    const key = keyOf(path);
    files.add(key);
    for (let at = key.lastIndexOf("/"); at > 0; at = key.lastIndexOf("/", at - 1)) {
      const directory = key.slice(0, at);
      if (directories.has(directory)) break;
      directories.add(directory);
    }
  }
  let left = MOST_FILES;

  /** Whether there is one below a directory; its path is empty or ends with a slash. */
  const search = (directory: string, levels: readonly Level[], depth: number): boolean => {
    if (depth > MOST_DEPTH) throw new Untold("directories are deeper than is looked at");
    const found = entriesOf(join(worktree, directory)) ?? [];
    // Git follows no link here.
    const own = found.some(({ name, isFile }) => name === ".gitignore" && isFile)
      ? [...levels, { base: directory, rules: rulesIn(join(worktree, directory, ".gitignore")) }]
      : levels;
    for (const { name, isDirectory, isFile, isSymlink } of found) {
      if (left-- === 0) throw new Untold(`the repository has more than ${MOST_FILES} files`);
      if (name === ".git" || (ignoreCase && name.toLowerCase() === ".git")) continue;
      const path = directory + name;
      const key = keyOf(path);
      if (files.has(key) || !(isDirectory || isFile || isSymlink)) continue;
      if (name.includes("\ufffd")) throw new Untold("a file's name isn't UTF-8");
      if (isIgnored(own, path, isDirectory)) continue;
      if (!isDirectory) return true;
      if (!directories.has(key) && isNested(join(worktree, path))) return true;
      if (search(`${path}/`, own, depth + 1)) return true;
    }
    return false;
  };

  const ownIgnore = user.ignore === undefined ? "" : textOf(user.ignore) ?? "";
  const levels = [
    { base: "", rules: parseIgnore(ownIgnore, { ignoreCase }) },
    { base: "", rules: rulesIn(join(repository.common, "info/exclude")) },
  ];
  if (!search("", levels, 0)) return false;
  if (hidden) doubt("git is set to show no untracked files, and there are some");
  else if (user.ignore === undefined) {
    doubt("there are untracked files, and whether git's ignore file of the user names them can't be read");
  } else return true;
  return false;
}

/** Whether the nearest rules that say something of a path ignore it. */
function isIgnored(levels: readonly Level[], path: string, directory: boolean): boolean {
  for (let at = levels.length - 1; at >= 0; at--) {
    const { base, rules } = levels[at]!;
    const ignored = rules.test(path.slice(base.length), directory);
    if (ignored !== undefined) return ignored;
  }
  return false;
}

/** Whether a directory is a working tree of its own, which git shows as one untracked thing. */
function isNested(directory: string): boolean {
  const dotGit = join(directory, ".git");
  const stat = statOf(dotGit);
  if (stat === undefined) return false;
  if (stat.isDirectory) return isRepository(dotGit);
  throw new Untold("an untracked directory may be a repository of its own");
}

import { type CachedTree, type GitIndex, type IndexEntry, MOST_FILES } from "./index_file.ts";
import { readTree, treeOf } from "./objects.ts";
import { Untold } from "./read.ts";
import type { Repository } from "./repository.ts";

const KIND = 0o170000;
const DIRECTORY = 0o040000;
const FILE = 0o100000;
const MOST_DEPTH = 200;

/**
 * Whether the index differs from a commit.
 *
 * @throws {Untold} Where the commit or one of its trees can't be read.
 */
export function hasStaged(repository: Repository, { entries, tree }: GitIndex, commit: string): boolean {
  if (entries.some(({ stage, intentToAdd }) => stage !== 0 || intentToAdd)) return true;
  const root = treeOf(repository, commit);
  let left = MOST_FILES;

  /** Where in the entries a tree ends; -1 where the two differ. */
  const follow = (id: string, prefix: string, from: number, cached: CachedTree | undefined): number => {
    if (cached?.id !== undefined) return cached.id === id ? from + cached.entries : -1;
    if (prefix.split("/").length > MOST_DEPTH) throw new Untold("the commit's trees are deeper than is read");
    let at = from;
    for (const entry of readTree(repository, id)) {
      if (left-- === 0) throw new Untold("the commit has more files than are looked at");
      const path = prefix + entry.name;
      if ((entry.mode & KIND) === DIRECTORY) {
        at = follow(entry.id, `${path}/`, at, cached?.trees.get(entry.name));
        if (at < 0) return -1;
      } else {
        if (!isSame(entries[at], { path, mode: canonicalMode(entry.mode), id: entry.id })) return -1;
        at++;
      }
    }
    return at;
  };
  return follow(root, "", 0, tree) !== entries.length;
}

function isSame(
  entry: IndexEntry | undefined,
  { path, mode, id }: Pick<IndexEntry, "path" | "mode" | "id">,
): boolean {
  return entry?.path === path && entry.mode === mode && entry.id === id;
}

/** Old commits hold files of modes that the index has no more. */
function canonicalMode(mode: number): number {
  return (mode & KIND) === FILE ? (mode & 0o100 ? 0o100755 : 0o100644) : mode;
}

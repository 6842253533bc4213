import { join } from "node:path";
import { statOf, textOf, Untold } from "./read.ts";
import type { Repository } from "./repository.ts";

/** What is checked out. */
export interface Head {
  /** The commit's id in hex; undefined before the first one. */
  readonly commit: string | undefined;
  /** The branch; undefined where none is checked out. */
  readonly branch: string | undefined;
}

/** How many names may lead from one to the next until a commit. */
const MOST_STEPS = 5;
const MOST_PACKED = 32 << 20;

/**
 * What a repository's `HEAD` names.
 *
 * @throws {Untold} Where that isn't in a form that is known here.
 */
export function headOf(repository: Repository): Head {
  if (statOf(join(repository.own, "HEAD"))?.isSymlink) throw new Untold("HEAD is a link");
  const first = textOf(join(repository.own, "HEAD"), 4096) ?? "";
  const id = idIn(first, repository);
  if (id !== undefined) return { commit: id, branch: undefined };
  const name = nameIn(first);
  return { commit: commitOf(repository, name), branch: name.replace(/^refs\/heads\//, "") };
}

function commitOf(repository: Repository, start: string): string | undefined {
  let name = start;
  for (let step = 0; step < MOST_STEPS; step++) {
    const directory = /^refs\/(bisect|worktree|rewritten)\//.test(name) ? repository.own : repository.common;
    const text = statOf(join(directory, name))?.isDirectory ? undefined : textOf(join(directory, name), 4096);
    if (text === undefined) return packedRefs(repository).get(name);
    const id = idIn(text, repository);
    if (id !== undefined) return id;
    name = nameIn(text);
  }
  throw new Untold("HEAD leads from name to name");
}

/** Whether objects are said to stand in place of others. */
export function hasReplacements(repository: Repository): boolean {
  return statOf(join(repository.common, "refs/replace")) !== undefined ||
    [...packedRefs(repository).keys()].some((name) => name.startsWith("refs/replace/"));
}

function packedRefs({ common }: Repository): ReadonlyMap<string, string> {
  const text = textOf(join(common, "packed-refs"), MOST_PACKED) ?? "";
  return new Map([...text.matchAll(/^([0-9a-f]{40,64}) (\S+)$/gm)].map(([, id, name]) => [name!, id!]));
}

function idIn(text: string, { idBytes }: Repository): string | undefined {
  const id = /^([0-9a-f]+)\s*$/.exec(text)?.[1];
  return id?.length === 2 * idBytes ? id : undefined;
}

/** The name in `ref: refs/…`, in which nothing leads out of the repository. */
function nameIn(text: string): string {
  const name = /^ref:\s*(refs\/[^\s~^:?*[\\]+)\s*$/.exec(text)?.[1];
  // A control character would reach the terminal by way of the branch.
  if (name === undefined || /\.\.|\/\/|\/\.|\p{C}|\/$|\.lock$/u.test(name)) {
    throw new Untold("HEAD names nothing that is known here");
  }
  return name;
}

import { join } from "node:path";
import { hasChanged } from "./changed.ts";
import { readIndex } from "./index_file.ts";
import { statOf, textOf, Untold } from "./read.ts";
import { hasReplacements, headOf } from "./refs.ts";
import {
  findRepository,
  type Home,
  homeOfUser,
  openRepository,
  type Repository,
  userConfigOf,
} from "./repository.ts";
import { hasStaged } from "./staged.ts";
import { hasUntracked } from "./untracked.ts";

/** What git's files tell of the working directory. */
export interface GitState {
  readonly commit: string;
  /** Undefined where no branch is checked out. */
  readonly branch: string | undefined;
  /** Whether tracked files differ from the commit, or there are untracked ones; undefined where that can't be told. */
  readonly dirty: boolean | undefined;
  /** The URL of `origin`, without credentials. */
  readonly remote: string | undefined;
}

/** What git's files tell, and what they don't. */
export interface GitReading {
  /** Undefined without a repository, without a commit, and where that can't be told. */
  readonly state: GitState | undefined;
  /** What can't be told and why, in one line. */
  readonly untold?: string;
}

/** Reads the state of the git repository around a directory, as `git status` tells it, as far as it may be read. */
export function readState(
  directory: string = Deno.cwd(),
  home: Home | undefined = homeOfUser(),
): GitReading {
  try {
    const repository = findRepository(directory);
    const head = repository && headOf(repository);
    if (repository === undefined || head?.commit === undefined) return { state: undefined };
    const { commit, branch } = head;
    const doubts: string[] = [];
    const dirty = isDirty(repository, commit, { home, doubt: (why) => doubts.push(why) });
    return {
      state: { commit, branch, dirty, remote: remoteOf(repository) },
      ...(dirty === undefined
        ? { untold: `Whether files differ from the git commit is unknown: ${doubts[0]}.` }
        : {}),
    };
  } catch (error) {
    if (!(error instanceof Untold)) throw error;
    return { state: undefined, untold: `The git commit is unknown: ${error.message}.` };
  }
}

const MOST_NESTED = 10;

function isDirty(
  repository: Repository,
  commit: string,
  { home, doubt, depth = 0 }: {
    readonly home: Home | undefined;
    readonly doubt: (why: string) => void;
    readonly depth?: number;
  },
): boolean | undefined {
  let doubts = 0;
  const doubted = (why: string) => {
    doubts++;
    doubt(why);
  };
  /** What is certain counts, whatever else can't be told. */
  const attempt = (look: () => boolean): boolean => {
    try {
      return look();
    } catch (error) {
      if (!(error instanceof Untold)) throw error;
      doubted(error.message);
      return false;
    }
  };
  const submodule = (path: string, id: string): boolean => {
    const directory = join(repository.worktree, path);
    if (statOf(join(directory, ".git")) === undefined) return false;
    if (depth === MOST_NESTED) throw new Untold("submodules are nested deeper than is read");
    const nested = openRepository(directory);
    const head = nested && headOf(nested).commit;
    if (nested === undefined || head === undefined) {
      throw new Untold("a submodule isn't in a form that is known here");
    }
    const differs = head !== id || isDirty(nested, head, { home, doubt: doubted, depth: depth + 1 });
    if (differs && ignoresSubmodules(repository)) {
      throw new Untold("git is set to ignore changes of submodules");
    }
    return differs === true;
  };
  let dirty = false;
  attempt(() => {
    const index = readIndex(repository);
    const user = userConfigOf(repository.config, home);
    dirty = attempt(() => {
      if (hasReplacements(repository)) throw new Untold("the repository replaces objects by others");
      return hasStaged(repository, index, commit);
    }) ||
      attempt(() => hasChanged(repository, index, { user, doubt: doubted, submodule })) ||
      attempt(() => hasUntracked(repository, index, { user, doubt: doubted }));
    return dirty;
  });
  return dirty || (doubts > 0 ? undefined : false);
}

/** Settings that tell git to leave out changes of submodules; which of them doesn't matter. */
function ignoresSubmodules({ config, worktree }: Repository): boolean {
  const set = config.names.some((name) =>
    name === "diff.ignoresubmodules" || /^submodule\..*\.ignore$/.test(name)
  );
  return set || /^\s*ignore\b/mi.test(textOf(join(worktree, ".gitmodules")) ?? "");
}

function remoteOf({ config }: Repository): string | undefined {
  if (config.names.some((name) => /^include(if)?\./.test(name))) return undefined;
  return config.get("remote.origin.url")?.trim().replace(/\/\/[^/]*@/, "//") || undefined;
}

import { statOf, Untold } from "./read.ts";
import { type GitReading, type GitState, readState } from "./read_state.ts";
import { findRepository } from "./repository.ts";

export type { GitState } from "./read_state.ts";

/** The size of an index from which on to look at its files takes longer than to start a thread for it. */
const LARGE_INDEX = 256 << 10;

/**
 * The state of the git repository around the working directory, as `git status` tells it, from its files alone as far as
 * they may be read: no program is run. Undefined without a repository, without a commit, and where that can't be told.
 *
 * @param tell Is told, in one line, what can't be told and why.
 */
export async function gitState(tell: (words: string) => void = () => {}): Promise<GitState | undefined> {
  const { state, untold } = mayStart(WORKER) && hasManyFiles() ? await readBeside() : readState();
  if (untold !== undefined) tell(untold);
  return state;
}

const WORKER = new URL("./worker.ts", import.meta.url);

/** Whether a thread may be started with a module: Deno asks for the permission to read it. */
function mayStart(module: URL): boolean {
  return module.protocol === "file:" &&
    Deno.permissions.querySync({ name: "read", path: module }).state === "granted";
}

function hasManyFiles(): boolean {
  try {
    const repository = findRepository(Deno.cwd());
    return (repository && statOf(`${repository.own}/index`)?.size || 0) > LARGE_INDEX;
  } catch (error) {
    if (error instanceof Untold) return false;
    throw error;
  }
}

/** Reads in a thread of its own, so that data and code are read meanwhile. */
function readBeside(): Promise<GitReading> {
  const worker = new Worker(WORKER, { type: "module" });
  const { promise, resolve, reject } = Promise.withResolvers<GitReading>();
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = (event) => {
    event.preventDefault();
    reject(new Error(event.message));
  };
  return promise.finally(() => worker.terminate());
}

import { beyondLimit, LIMITS } from "./limits.ts";
import type { TrackingStore } from "./store.ts";

/** How many folders are listed at once. */
const AT_ONCE = 8;

/**
 * The paths of all files among a run's artifacts, or of those below a folder, in the order of their names.
 *
 * @param options.onFault Is told of each folder that can't be listed, which is then left out.
 * @throws {ExperimentError} `INVALID_STATE` for more, or deeper, than artifacts are; without `onFault` whatever a
 * folder's list throws.
 */
export async function artifactPaths(store: TrackingStore, runId: string, options: {
  readonly folder?: string;
  readonly onFault?: (error: unknown) => void;
} = {}): Promise<readonly string[]> {
  const { folder = "", onFault = raise } = options;
  const what = `The list of artifacts of the run ${runId}`;
  const files: string[] = [];
  let level: readonly string[] = [folder];
  let listed = 0;
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > LIMITS.artifactDepth) {
      onFault(beyondLimit(what, `${LIMITS.artifactDepth} folders deep`));
      break;
    }
    const next: string[] = [];
    for (let start = 0; start < level.length && listed <= LIMITS.listed; start += AT_ONCE) {
      const lists = await Promise.all(
        level.slice(start, start + AT_ONCE).map(async (path) => {
          try {
            return await store.listArtifacts(runId, path);
          } catch (error) {
            onFault(error);
            return [];
          }
        }),
      );
      for (const { path, is_dir } of lists.flat()) (is_dir ? next : files).push(path);
      listed += Math.max(1, lists.flat().length);
    }
    if (listed > LIMITS.listed) {
      onFault(beyondLimit(what, `${LIMITS.listed} artifacts`));
      break;
    }
    level = next;
  }
  return files.sort(byFolder);
}

function raise(error: unknown): never {
  throw error;
}

/** Orders paths name by name, so that what is in a folder stands together. */
function byFolder(a: string, b: string): number {
  const [first, second] = [a.split("/"), b.split("/")];
  const at = first.findIndex((name, index) => name !== second[index]);
  const [one, other] = [first[at] ?? "", second[at] ?? ""];
  return one < other ? -1 : one > other ? 1 : 0;
}

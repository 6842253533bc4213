import { basename, join, normalize } from "node:path";
import { shorten } from "../../document/show.ts";
import { folderOf, isBelow, proxiedOf, sharedPathOf, type Shelf } from "../artifacts.ts";
import * as refusals from "../refusals.ts";
import { activeRun, type EmbeddedStore } from "./embedded_store.ts";

/** Where artifacts are. */
export interface Place extends Shelf {
  /** Whether that is elsewhere than was recorded, as the project was moved since. */
  readonly isMoved: boolean;
}

/**
 * Where the artifacts are that a URI names: below one of the store's own folders. A project may be moved, so the part of
 * a path below a folder of that name is taken to be below today's.
 *
 * @returns undefined for any other place.
 */
export function placeOf({ roots }: Pick<EmbeddedStore, "roots">, uri: unknown): Place | undefined {
  if (typeof uri !== "string" || uri === "") return undefined;
  const proxied = proxiedOf(uri);
  // A server that was started beside the file keeps them in its first folder.
  if (proxied !== undefined) return below(roots[0], join(roots[0], proxied.path), false);
  const folder = folderOf(uri)?.replace(/(?<=.)[/\\]+$/, "");
  if (folder === undefined) return undefined;
  for (const root of roots) {
    const place = below(root, normalize(folder), false);
    if (place !== undefined) return place;
  }
  const parts = folder.split(/[/\\]/);
  const at = parts.findLastIndex((part) => roots.some((root) => basename(root) === part));
  if (at === -1) return undefined;
  const root = roots.find((root) => basename(root) === parts[at])!;
  return below(root, join(root, ...parts.slice(at + 1)), !isSame(folder, root));
}

/** The folder of a run's artifacts. @throws {ExperimentError} `INVALID_STATE` for one that isn't the store's own. */
export function shelfOf(store: EmbeddedStore, runId: string): Place {
  const { artifact_uri } = store.file.read(() => activeRun(store, runId));
  return placeOf(store, artifact_uri) ?? elsewhere(store, runId, artifact_uri);
}

/** The folder of what runs share, found by one of them. @throws {ExperimentError} As `shelfOf` does. */
export function sharedShelfOf(store: EmbeddedStore, runId: string): Shelf {
  const { folder, root } = shelfOf(store, runId);
  const shared = below(root, sharedPathOf(folder), false);
  if (shared !== undefined) return shared;
  return elsewhere(store, runId, folder);
}

function below(root: string, folder: string, isMoved: boolean): Place | undefined {
  return folder !== root && isBelow(root, folder) ? { root, folder, isMoved } : undefined;
}

/** Whether a folder is in a root after all, by another path to it. */
function isSame(folder: string, root: string): boolean {
  try {
    return isBelow(Deno.realPathSync(root), Deno.realPathSync(folder));
  } catch {
    return false;
  }
}

function elsewhere({ roots }: EmbeddedStore, runId: string, uri: unknown): never {
  const told = typeof uri === "string" && uri !== "" ? shorten(uri, 300) : "no place that can be read";
  if (typeof uri === "string" && /^(?!file:)[a-z][a-z0-9+.-]+:/i.test(uri)) {
    const hint = "Open the MLflow server of this file instead of the file.";
    throw refusals.artifactsElsewhere(runId, told, hint);
  }
  throw refusals.artifactsElsewhere(
    runId,
    `${told}, and this store keeps them below ${roots.join(" and ")} alone`,
    "Move them there; a path below a folder of that name is found again.",
  );
}

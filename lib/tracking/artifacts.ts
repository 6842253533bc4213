import { dirname, isAbsolute, join, relative, sep as SEPARATOR } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { ExperimentError, messageOf } from "../base/error.ts";
import { beyondLimit, LIMITS, sizeOf } from "./limits.ts";
import { artifactInTheWay, leadsOut, notAFile } from "./refusals.ts";
import type { ArtifactInfo } from "./store.ts";

/**
 * The local folder that an artifact URI names, read as MLflow reads it; undefined for one that is elsewhere, or whose
 * path isn't absolute or leads up.
 */
export function folderOf(artifactUri: string): string | undefined {
  const folder = pathOf(artifactUri);
  const isPlain = folder !== undefined && isAbsolute(folder) && !folder.includes("\0") &&
    !folder.split(/[/\\]/).includes("..");
  return isPlain ? folder : undefined;
}

function pathOf(artifactUri: string): string | undefined {
  try {
    if (artifactUri.startsWith("file:")) return fileURLToPath(artifactUri);
    if (/^[a-z][a-z0-9+.-]+:/i.test(artifactUri)) return undefined;
  } catch {
    return undefined;
  }
  try {
    return decodeURIComponent(artifactUri);
  } catch {
    return artifactUri;
  }
}

/** The server (`""` for the one that tells it) and the path there that an artifact URI names; undefined for other URIs. */
export function proxiedOf(artifactUri: string): { readonly host: string; readonly path: string } | undefined {
  const [, host = "", path] = /^mlflow-artifacts:(?:\/\/([^/]*))?(\/.*)$/.exec(artifactUri) ?? [];
  return path === undefined ? undefined : { host, path };
}

/** The URI of a local folder from which MLflow, and `folderOf`, find that folder again. */
export function artifactUriOf(folder: string): string {
  return /[%#?]/.test(folder) ? pathToFileURL(folder).href : folder;
}

/** The path of the folder that runs share, by the path of the artifacts of one of them: `ROOT/EXPERIMENT/RUN/artifacts`. */
export function sharedPathOf(artifacts: string): string {
  return join(artifacts, "../../../reprise-objects");
}

/** A folder of artifacts, and the one that nothing of it may lead out of. */
export interface Shelf {
  /** The folder, which is the root or below it. */
  readonly folder: string;
  /** What all that is read and written has to be below, links followed; it may be a link itself. */
  readonly root: string;
}

/** Writes one artifact below a run's artifact folder; a process that dies meanwhile leaves it absent, never in part. */
export async function writeArtifact(
  shelf: Shelf,
  path: string,
  content: Uint8Array | string,
): Promise<void> {
  const { folder } = shelf;
  const target = join(folder, path);
  // Beside the artifact folder, so that no listing shows it.
  const unfinished = join(dirname(folder), `.${crypto.randomUUID()}.tmp`);
  try {
    await checkInside(shelf, dirname(target));
    await Deno.mkdir(dirname(target), { recursive: true });
    try {
      await Deno.writeFile(
        unfinished,
        typeof content === "string" ? new TextEncoder().encode(content) : content,
      );
      await Deno.rename(unfinished, target);
    } catch (error) {
      await Deno.remove(unfinished).catch(() => {});
      throw error;
    }
  } catch (error) {
    if (isInTheWay(error)) throw artifactInTheWay(path, error);
    throw troubleOf(`The artifact ${JSON.stringify(path)} can't be written to ${folder}`, error);
  }
}

/**
 * The artifacts directly below a folder of a run's artifact folder, by path; none where there is no such folder. Links
 * that lead out of it and what is no file, such as a pipe, are listed as empty files.
 */
export async function artifactsIn(shelf: Shelf, path: string): Promise<readonly ArtifactInfo[]> {
  const { folder } = shelf;
  try {
    await checkInside(shelf, join(folder, path));
    const found: ArtifactInfo[] = [];
    for await (const { name } of Deno.readDir(join(folder, path))) {
      if (found.length >= LIMITS.listed) {
        throw beyondLimit(`The list of ${folder}`, `${LIMITS.listed} artifacts`);
      }
      const below = path === "" ? name : `${path}/${name}`;
      const stat = await statInside(shelf, join(folder, below));
      const isFolder = stat?.isDirectory === true;
      found.push({ path: below, is_dir: isFolder, file_size: isFolder ? undefined : stat?.size ?? 0 });
    }
    return found.sort(byPath);
  } catch (error) {
    if (isAbsence(error)) return [];
    throw troubleOf(`The artifacts in ${folder} can't be listed`, error);
  }
}

/** Orders artifacts by path. */
export function byPath(a: ArtifactInfo, b: ArtifactInfo): number {
  return a.path < b.path ? -1 : 1;
}

/** The bytes of one artifact; undefined where there is no such file. More than so many bytes are refused. */
export async function artifactBytes(
  shelf: Shelf,
  path: string,
  most: number,
): Promise<Uint8Array | undefined> {
  const { folder } = shelf;
  const place = join(folder, path);
  try {
    await checkInside(shelf, place);
    // Before it is opened, as opening a pipe waits for whoever writes to it.
    const { isFile, isDirectory, size } = await Deno.stat(place);
    if (isDirectory) return undefined;
    if (!isFile) throw notAFile(path);
    if (size > most) throw beyondLimit(`The artifact ${JSON.stringify(path)}`, sizeOf(most));
    return await Deno.readFile(place);
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw troubleOf(`The artifact ${JSON.stringify(path)} can't be read from ${folder}`, error);
  }
}

/** Whether there is a file at a path below a folder. */
export async function isArtifact(shelf: Shelf, path: string): Promise<boolean> {
  const { folder } = shelf;
  try {
    await checkInside(shelf, join(folder, path));
    return (await Deno.stat(join(folder, path))).isFile;
  } catch (error) {
    if (isAbsence(error)) return false;
    throw troubleOf(`The artifact ${JSON.stringify(path)} can't be looked for in ${folder}`, error);
  }
}

/** Refuses a place that isn't below the root once links are followed, whether or not something is there. */
async function checkInside({ root }: Shelf, place: string): Promise<void> {
  const real = await Deno.realPath(root).catch(unlessAbsent);
  // Nothing is there yet, so nothing leads out of it.
  if (real === undefined) return;
  for (let part = place; part !== root && isBelow(root, part); part = dirname(part)) {
    const found = await Deno.realPath(part).catch((error: unknown) =>
      error instanceof Deno.errors.FilesystemLoop ? undefined : unlessAbsent(error)
    );
    if (found !== undefined) {
      if (isBelow(real, found)) return;
      throw leadsOut(relative(root, place), root);
    }
    // What is written to a link that leads to nothing yet is written where it leads.
    if ((await Deno.lstat(part).catch(unlessAbsent))?.isSymlink) throw leadsOut(relative(root, place), root);
  }
}

/** What is at a place; undefined where a link leads out of the root, or to nothing. */
async function statInside(shelf: Shelf, place: string): Promise<Deno.FileInfo | undefined> {
  const own = await Deno.lstat(place);
  if (!own.isSymlink) return own;
  try {
    await checkInside(shelf, place);
    return await Deno.stat(place);
  } catch {
    return undefined;
  }
}

/** Whether a path is another or below it, by their names. */
export function isBelow(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(SEPARATOR) ? root : root + SEPARATOR);
}

function unlessAbsent(error: unknown): undefined {
  if (!isAbsence(error)) throw error;
}

function isAbsence(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory ||
    error instanceof Deno.errors.IsADirectory;
}

function isInTheWay(error: unknown): boolean {
  return error instanceof Deno.errors.NotADirectory || error instanceof Deno.errors.IsADirectory ||
    error instanceof Deno.errors.AlreadyExists;
}

function troubleOf(what: string, cause: unknown): ExperimentError {
  if (cause instanceof ExperimentError) return cause;
  if (cause instanceof Deno.errors.NotCapable) {
    return new ExperimentError("PERMISSION_DENIED", `${what}: Deno was not given leave to.`, {
      hint: "Run again with --allow-read and --allow-write for that folder.",
      cause,
    });
  }
  if (cause instanceof Deno.errors.PermissionDenied) {
    return new ExperimentError("PERMISSION_DENIED", `${what}: the system does not allow it.`, {
      hint: "Check who may read and write that folder.",
      cause,
    });
  }
  const found = messageOf(cause);
  // A name that is too long, links in a circle: something is wrong with what is there, not with the program.
  return new ExperimentError("INVALID_STATE", `${what}: ${found}.`, { cause });
}

import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { ExperimentError, messageOf } from "../base/error.ts";
import { artifactInTheWay } from "./refusals.ts";
import type { ArtifactInfo } from "./store.ts";

/** The local folder that an artifact URI names, read as MLflow reads it; undefined for one that is elsewhere. */
export function folderOf(artifactUri: string): string | undefined {
  if (artifactUri.startsWith("file:")) return fileURLToPath(artifactUri);
  if (/^[a-z][a-z0-9+.-]+:/i.test(artifactUri)) return undefined;
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

/** Writes one artifact below a run's artifact folder; a process that dies meanwhile leaves it absent, never in part. */
export async function writeArtifact(
  folder: string,
  path: string,
  content: Uint8Array | string,
): Promise<void> {
  const target = join(folder, path);
  // Beside the artifact folder, so that no listing shows it.
  const unfinished = join(dirname(folder), `.${crypto.randomUUID()}.tmp`);
  try {
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

/** The artifacts directly below a folder of a run's artifact folder, by path; none where there is no such folder. */
export async function artifactsIn(folder: string, path: string): Promise<readonly ArtifactInfo[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(join(folder, path)));
    const found = await Promise.all(entries.map(async ({ name }): Promise<ArtifactInfo> => {
      const below = path === "" ? name : `${path}/${name}`;
      const { isDirectory, size } = await Deno.stat(join(folder, below));
      return { path: below, is_dir: isDirectory, file_size: isDirectory ? undefined : size };
    }));
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

/** The bytes of one artifact; undefined where there is no such file. */
export async function artifactBytes(folder: string, path: string): Promise<Uint8Array | undefined> {
  try {
    return await Deno.readFile(join(folder, path));
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw troubleOf(`The artifact ${JSON.stringify(path)} can't be read from ${folder}`, error);
  }
}

/** Whether there is a file at a path below a folder. */
export async function isArtifact(folder: string, path: string): Promise<boolean> {
  try {
    return (await Deno.stat(join(folder, path))).isFile;
  } catch (error) {
    if (isAbsence(error)) return false;
    throw troubleOf(`The artifact ${JSON.stringify(path)} can't be looked for in ${folder}`, error);
  }
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
  return new ExperimentError("INTERNAL_ERROR", `${what}: ${found}.`, { cause });
}

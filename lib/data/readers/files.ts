import { openBuffer } from "./buffer.ts";
import { errorOf, readFile } from "./local.ts";

/**
 * The URLs of the files that a source is read from: where a local path has `*`, which stands for any part of a name, all
 * that match, sorted by their paths. Names that begin with a dot don't match a `*` there.
 *
 * @throws {ExperimentError} `RESOURCE_DOES_NOT_EXIST` where none matches.
 */
export async function filesOf(url: string): Promise<readonly string[]> {
  if (!url.startsWith("file:") || !url.includes("*")) return [url];
  const found = await expand("file:///", new URL(url).pathname.split("/").slice(1))
    .catch((cause) => Promise.reject(errorOf(url, cause)));
  if (found.length > 0) return found.sort();
  throw errorOf(url);
}

/** The files below a folder, whose URL ends with a slash, by the parts of their paths. */
async function expand(folder: string, [part, ...rest]: readonly string[]): Promise<string[]> {
  const [begin, ...others] = part!.split("*").map(decodeURIComponent);
  if (others.length === 0) {
    if (rest.length > 0) return await expand(`${folder}${part}/`, rest);
    return await isThere(folder + part) ? [folder + part] : [];
  }
  const matches = (name: string) => {
    if (!name.startsWith(begin!) || (begin === "" && name.startsWith("."))) return false;
    let at = begin!.length;
    const end = others.at(-1)!;
    for (const middle of others.slice(0, -1)) {
      const found = name.indexOf(middle, at);
      if (found < 0) return false;
      at = found + middle.length;
    }
    return name.length - end.length >= at && name.endsWith(end);
  };
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder))) {
    if (!matches(name) || isDirectory !== rest.length > 0) continue;
    const path = folder + encodeURIComponent(name);
    found.push(...rest.length > 0 ? await expand(`${path}/`, rest) : [path]);
  }
  return found;
}

async function isThere(url: string): Promise<boolean> {
  try {
    return (await Deno.stat(new URL(url))).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * The bytes of a source's file, part by part; a part is there until the next one is asked for.
 *
 * @throws {ExperimentError} `RESOURCE_DOES_NOT_EXIST` where there is no file, `PERMISSION_DENIED` where it may not be read;
 * what is at an `http` or `https` URL, as `fetchBytes` says.
 */
export async function* bytesOf(
  url: string,
  { signal }: { readonly signal?: AbortSignal | undefined },
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  if (!url.startsWith("file:")) return yield* (await import("./http.ts")).fetchBytes(url, { signal });
  try {
    yield* readFile(new URL(url), signal);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw errorOf(url, error);
  }
}

/** How many bytes a local file has; undefined where that isn't known. */
export async function sizeOfFile(url: string): Promise<number | undefined> {
  if (!url.startsWith("file:")) return undefined;
  return (await Deno.stat(new URL(url)).catch(() => undefined))?.size;
}

/** All bytes of a file, which is of this size where that is known. */
export async function gather(
  parts: AsyncIterable<Uint8Array>,
  size?: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const buffer = openBuffer(size);
  for await (const part of parts) buffer.append(part);
  return buffer.bytes();
}

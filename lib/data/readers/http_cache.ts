import { createHash } from "node:crypto";
import { digestOf } from "../../base/digest.ts";
import { readFile } from "./local.ts";

/**
 * Where bytes from URLs are kept, below the working directory: each under its digest, beside them for each URL an entry
 * under its own. It may be removed at any time. Keeping is a help and no need, so nothing that hinders it is an error.
 */
const HOME = ".cache/reprise";
const FOLDER = `${HOME}/data`;

/** What is kept of a URL: the digest of its bytes, and what its server knows them by. */
export type Kept = { readonly digest: string } & Version;

type Version = { readonly etag: string } | { readonly last_modified: string };

/** The file of what is kept. */
export const fileOf = ({ digest }: Pick<Kept, "digest">): string => `${FOLDER}/${digest}`;

const entryOf = (url: string) => `${FOLDER}/${digestOf(url)}.json`;

/** What is kept of a URL; undefined where nothing is, or where it was damaged. */
export async function keptOf(url: string): Promise<Kept | undefined> {
  try {
    const kept: Kept = JSON.parse(await Deno.readTextFile(entryOf(url)));
    const hash = createHash("sha256");
    for await (const bytes of readFile(fileOf(kept))) hash.update(bytes);
    return hash.digest("hex") === kept.digest ? kept : undefined;
  } catch {
    return undefined;
  }
}

/** The headers that ask whether what is kept is still the same. */
export function questionOf(kept: Kept): Readonly<Record<string, string>> {
  return "etag" in kept ? { "If-None-Match": kept.etag } : { "If-Modified-Since": kept.last_modified };
}

/** Keeps bytes; what was written is thrown away unless `keep` is called at the end. */
export interface Keeper extends AsyncDisposable {
  write(bytes: Uint8Array): Promise<void>;
  keep(): Promise<void>;
}

/** Begins to keep what is answered at a URL; undefined where that can't be asked about later, or nothing can be written. */
export async function openKeeper(url: string, headers: Headers): Promise<Keeper | undefined> {
  const version = versionIn(headers);
  if (version === undefined) return undefined;
  const part = await makePart();
  if (part === undefined) return undefined;
  const hash = createHash("sha256");
  let file: Deno.FsFile | undefined = await Deno.open(part, { write: true });
  const close = () => {
    file?.close();
    file = undefined;
  };
  return {
    async write(bytes) {
      hash.update(bytes);
      try {
        for (let at = 0; file !== undefined && at < bytes.length;) at += await file.write(bytes.subarray(at));
      } catch {
        close();
      }
    },
    async keep() {
      if (file === undefined) return;
      close();
      const kept: Kept = { digest: hash.digest("hex"), ...version };
      try {
        await Deno.rename(part, fileOf(kept));
        await Deno.writeTextFile(part, JSON.stringify(kept));
        await Deno.rename(part, entryOf(url));
      } catch {
        // The next read fetches it again.
      }
    },
    async [Symbol.asyncDispose]() {
      close();
      await Deno.remove(part).catch(() => {});
    },
  };
}

/**
 * What the server knows its answer by. A time counts only where it is over for a second, as what is changed within one
 * second has the same.
 */
function versionIn(headers: Headers): Version | undefined {
  if (headers.get("cache-control")?.includes("no-store")) return undefined;
  const etag = headers.get("etag");
  if (etag !== null) return { etag };
  const [changed, answered] = [headers.get("last-modified"), headers.get("date")];
  if (changed === null || answered === null) return undefined;
  return Date.parse(answered) - Date.parse(changed) > 1000 ? { last_modified: changed } : undefined;
}

/** Makes a file of its own to write to; undefined where nothing can be written. */
async function makePart(): Promise<string | undefined> {
  try {
    await Deno.mkdir(FOLDER, { recursive: true });
    // Whatever is kept is no change to a repository.
    await Deno.writeTextFile(`${HOME}/.gitignore`, "*\n");
    return await Deno.makeTempFile({ dir: FOLDER, prefix: "part-" });
  } catch {
    return undefined;
  }
}

import { fileURLToPath } from "node:url";

/** A URL in words: a path below the working directory where it is one. */
export function placeOf(url: string): string {
  if (!url.startsWith("file:")) return url;
  const path = fileURLToPath(url);
  const directory = `${Deno.cwd()}/`;
  return path.startsWith(directory) ? path.slice(directory.length) : path;
}

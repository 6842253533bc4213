import { z } from "../../deps/zod.ts";
import type { ArtifactInfo } from "../store.ts";

const told = z.object({
  path: z.string().min(1).max(4096).refine((path) => path.isWellFormed() && !path.includes("\0")),
  is_dir: z.boolean().default(false),
  file_size: z.union([z.int(), z.string().regex(/^\d{1,15}$/)]).transform(Number).pipe(z.int().min(0))
    .default(0),
});

/** An artifact as a server lists it in a folder; undefined where it is misshapen, or its path leads elsewhere. */
export function artifactIn(value: unknown, folder: string): ArtifactInfo | undefined {
  const found = told.safeParse(value).data;
  if (found === undefined) return undefined;
  const { path, is_dir, file_size } = found;
  const prefix = folder === "" ? "" : `${folder}/`;
  const name = path.slice(prefix.length);
  if (!path.startsWith(prefix) || name.includes("/") || ["", ".", ".."].includes(name)) return undefined;
  return { path, is_dir, file_size: is_dir ? undefined : file_size };
}

/** The names of the files in an answer that lists a folder of what runs share. */
export function fileNamesIn(files: readonly unknown[]): readonly string[] {
  return files.flatMap((file) => {
    const found = told.safeParse(file).data;
    return found === undefined || found.is_dir ? [] : [found.path.slice(found.path.lastIndexOf("/") + 1)];
  });
}

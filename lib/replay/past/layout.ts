import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { digestOf } from "../../base/digest.ts";
import { ExperimentError, messageOf } from "../../base/error.ts";
import type { Graph } from "../../training/kept/graph.ts";

/** Modules that were written below a folder, to be run from there. */
export interface Layout {
  /** The URL of the file that holds a module now. */
  urlOf(module: string): string;
  /** The URLs of all files that hold modules. */
  readonly files: readonly string[];
  /** The import map's scopes by which they import each other, and their packages. */
  readonly scopes: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Writes modules below an absolute folder, so that what each imports is found there and nowhere else. */
export async function layOut(graph: Graph, folder: string): Promise<Layout> {
  const root = pathToFileURL(`${folder}/`).href;
  const files = new Map(
    Object.keys(graph.modules).map((url) => [url, pathToFileURL(join(folder, pathOf(url))).href]),
  );
  // Else the code that is run could be another than the one that was checked.
  if (new Set(files.values()).size < files.size) throw unfit("two of them would be in one file");
  try {
    await Promise.all(
      Object.entries(graph.modules).map(async ([url, text]) => {
        const file = fileURLToPath(files.get(url)!);
        await Deno.mkdir(dirname(file), { recursive: true });
        await Deno.writeTextFile(file, text);
      }),
    );
  } catch (cause) {
    throw unfit(messageOf(cause).replaceAll(`${folder}/`, ""), cause);
  }

  const shared: Record<string, string> = {};
  const scopes: Record<string, Record<string, string>> = { [root]: shared };
  const map = (from: string, specifier: string, target: string) => {
    const known = shared[specifier] ??= target;
    if (known !== target) (scopes[from] ??= {})[specifier] = target;
  };
  for (const [url, file] of files) {
    // Where a relative import would look for this module, if its name is none for a file.
    const { protocol, host, pathname, search } = new URL(url);
    const at = host === "" ? "" : `/${folderOf(host)}`;
    const sought = `${root}${protocol.slice(0, -1)}${at}${pathname}${search}`;
    if (sought !== file) map(root, sought, file);
  }
  for (const [url, imports] of Object.entries(graph.imports)) {
    const file = files.get(url)!;
    for (const [specifier, target] of Object.entries(imports)) {
      // One that begins like a path and can't be resolved is of no module, and stays as it is.
      const key = /^\.{0,2}\//.test(specifier) ? URL.parse(specifier, file)?.href ?? specifier : specifier;
      const found = files.get(target) ?? (/^(npm|jsr|node):/.test(target) ? target : undefined);
      if (found !== undefined) map(file, key, found);
    }
  }
  return {
    urlOf(module) {
      const file = files.get(module);
      if (file !== undefined) return file;
      throw new Error(`${module} isn't laid out.`);
    },
    files: [...files.values()],
    scopes,
  };
}

/**
 * The import map of layouts: modules import what their scopes say, and no file but those that are laid out, as Deno asks
 * nobody before it imports a file that a literal names. Any other file is looked for below a folder that isn't there.
 */
export function importMapOf(layouts: Iterable<Layout>, nowhere: string): object {
  const all = [...layouts];
  // JSON is read as text by a URL of its own.
  const files = all.flatMap(({ files }) =>
    files.flatMap((file) => [file, ...file.endsWith(".json") ? [`${file}#text`] : []])
  );
  return {
    imports: { "file:///": nowhere, ...Object.fromEntries(files.map((file) => [file, file])) },
    scopes: Object.assign({}, ...all.map(({ scopes }) => scopes)),
  };
}

/** The longest name that is surely allowed for a file. */
const LONGEST = 200;
const CODE = /\.([cm]?[jt]sx?|json)$/;
/** Files that tell Deno or npm what to do, wherever they lie beside code. */
const SETTINGS = /^(deno|package|jsr)\.jsonc?$|^deno\.lock$|^\.npmrc$|^node_modules$/i;

/** The path of a module's file, with folders as in its URL, so that relative imports stay as they are. */
function pathOf(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  const parts = pathname.split("/").slice(1).map(fileNameOf);
  const last = parts.pop()!;
  const isOwn = isNamed(url) && !SETTINGS.test(last);
  return [protocol.slice(0, -1), folderOf(host), ...parts, isOwn ? last : named(last, url)]
    .filter((part) => part !== "").join("/");
}

/** Whether a file of a module's own name is read as what the module is. */
function isNamed(url: string): boolean {
  const { protocol, pathname, search } = new URL(url);
  return search === "" && (protocol === "file:" || CODE.test(pathname));
}

/** A name that tells modules apart that differ in their query, and says that they are code. */
function named(name: string, url: string): string {
  return `${name}.${digestOf(url).slice(0, 8)}${CODE.exec(name)?.[0] ?? ".ts"}`;
}

/** The name of the folder of a host's modules. */
function folderOf(host: string): string {
  return fileNameOf(host.replace(":", "_"));
}

function unfit(what: string, cause?: unknown): ExperimentError {
  return new ExperimentError(
    "INVALID_STATE",
    `The recorded code can't be run: its modules can't be laid out: ${what}.`,
    {
      cause,
    },
  );
}

/** A part of a URL's path as a file's name; what can't be one, or would lead elsewhere, by its digest. */
function fileNameOf(part: string): string {
  try {
    const name = decodeURIComponent(part);
    if (!/^\.{1,2}$|[/\\\0]/.test(name) && !/^node_modules$/i.test(name) && name.length <= LONGEST) {
      return name;
    }
  } catch {
    // It is no UTF-8.
  }
  return `${digestOf(part)}${CODE.exec(part)?.[0] ?? ""}`;
}

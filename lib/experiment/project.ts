import { basename, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ExperimentError, messageOf } from "../base/error.ts";
import { observedLoad } from "../base/observe/observe.ts";
import { endScript } from "../base/observe/script.ts";
import { placeOf } from "../data/place.ts";

/** The URL of the folder that Reprise's own `mod.ts` is in, with a slash at its end. */
export const FRAMEWORK: string = new URL("../../", import.meta.url).href;

/** What comes with Reprise for a project without registries of its own. A static host can't list a folder. */
export const BUILT_IN: readonly string[] = [
  "configs/baseline.yaml",
  "configs/diabetes.yaml",
  "configs/exp_v1.yaml",
  "configs/exp_v2.ts",
  "configs/penguins.yaml",
  "configs/replay_exp_v1.yaml",
  "registries/mod.ts",
];

/** The URL of a file of the working directory; undefined where there is none. */
export async function existing(path: string): Promise<string | undefined> {
  const file = resolve(path);
  try {
    return (await Deno.stat(file)).isFile ? pathToFileURL(file).href : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
}

/** The URL of a project's file: the working directory's own, or else the one that comes with Reprise. */
export async function locate(path: string): Promise<string | undefined> {
  return await existing(path) ??
    ((await builtIn()).includes(path) ? new URL(path, FRAMEWORK).href : undefined);
}

/** What comes with Reprise and belongs to the registry in use: nothing, where the project has its own. */
async function builtIn(): Promise<readonly string[]> {
  return await existing("registries/mod.ts") === undefined ? BUILT_IN : [];
}

/** The names of the files in `configs/`, and of those that come with Reprise where no others are to be. */
export async function configFiles(): Promise<readonly string[]> {
  const files = (await builtIn()).flatMap((path) => path.startsWith("configs/") ? basename(path) : []);
  try {
    for await (const { name } of Deno.readDir("configs")) files.push(name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return files;
}

/** Whether a config is asked for by its URL, rather than by a name or path of this project. */
export function isRemote(name: string): boolean {
  return /^https?:/.test(name);
}

/**
 * The text at a URL. Like a module, one that isn't a file is kept in Deno's cache until `--reload`.
 *
 * @throws {ExperimentError} `RESOURCE_DOES_NOT_EXIST` where it can't be had.
 */
export async function readText(url: string): Promise<string> {
  if (url.startsWith("file:")) return await Deno.readTextFile(new URL(url));
  try {
    return (await import(url, { with: { type: "text" } })).default;
  } catch (error) {
    const reason = messageOf(error);
    throw new ExperimentError("RESOURCE_DOES_NOT_EXIST", `${url} can't be read: ${reason}`, {
      hint: hintOf(reason) ?? "Check the address.",
      cause: error,
    });
  }
}

/**
 * Imports a module of a project, and so runs it.
 *
 * @throws {ExperimentError} `INVALID_STATE` where it can't be loaded.
 */
export async function importModule(url: string): Promise<Record<string, unknown>> {
  endScript();
  try {
    const module = await observedLoad(() => import(url));
    // Reprise's own modules may have been loaded by that one first.
    endScript();
    return module;
  } catch (error) {
    const reason = messageOf(error);
    throw new ExperimentError("INVALID_STATE", `${placeOf(url)} can't be loaded: ${reason}`, {
      hint: hintOf(reason) ?? "Mend the module; `deno check` tells more.",
      cause: error,
    });
  }
}

function hintOf(reason: string): string | undefined {
  if (reason.includes("not a dependency")) {
    return "Name the import map by `deno run -c deno.json …`, as Deno looks for none here by itself; or import by npm: or URL.";
  }
  const host = /Requires import access to "([^"]+)"/.exec(reason)?.[1];
  return host && `Allow that host by \`deno run --allow-import=${host} …\`.`;
}

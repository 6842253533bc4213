import { fileURLToPath } from "node:url";
import type { Asker } from "./input.ts";

/** The folder of Reprise's `mod.ts`, and the one of this module. */
const FRAMEWORK = new URL("../../../", import.meta.url).href;
const HERE = new URL("./", import.meta.url).href;

/** What the URL of each module begins with that stands for one of Node's. */
export const FACADE = "data:text/javascript;reprise,";

/** Whose code a frame of a stack is of. */
export interface Frame {
  readonly owner: "project" | "package" | "framework" | "facade";
  readonly url: string;
  readonly line: string;
  /** The function as the stack names it; empty for the top level of a module. */
  readonly in: string;
}

/** The folder and the name of the package that a URL is in, as Deno lays packages out; undefined elsewhere. */
export function packageOf(url: string): { readonly folder: string; readonly name: string } | undefined {
  const installed = /^file:.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url) ??
    /^file:.*?\/npm\/[^/]+\/((?:@[^/]+\/)?[^/]+)\/\d[^/]*\//.exec(url) ??
    /^https:\/\/jsr\.io\/(@[^/]+\/[^/]+)\/[^/]+\//.exec(url);
  return installed ? { folder: installed[0], name: installed[1]! } : undefined;
}

/** Whether a module is one of the framework's own. */
export function isFramework(url: string): boolean {
  return url.startsWith(FRAMEWORK) && /^(?:(?:mod|cli|serve)\.ts$|lib\/)/.test(url.slice(FRAMEWORK.length));
}

/** The frames of the stack that are of modules, the innermost first, at most so many, without those of the observers. */
export function framesNow(most: number): readonly Frame[] {
  const { prepareStackTrace, stackTraceLimit } = Error as unknown as Settings;
  const settings = Error as unknown as Settings;
  settings.prepareStackTrace = undefined;
  settings.stackTraceLimit = most;
  const stack = String(new Error().stack);
  settings.prepareStackTrace = prepareStackTrace;
  settings.stackTraceLimit = stackTraceLimit;
  return stack.split("\n").flatMap((line): readonly Frame[] => {
    const [, name = "", url, at] =
      /^\s+at (?:(?:async )?(.*?) ?\()?(?:async )?((?:file|https?|data|blob):.*?):(\d+):\d+\)?$/.exec(line) ??
        [];
    if (url === undefined || url.startsWith(HERE)) return [];
    const owner = url.startsWith(FACADE)
      ? "facade"
      : packageOf(url)
      ? "package"
      : isFramework(url)
      ? "framework"
      : "project";
    return [{ owner, url, line: at!, in: name }];
  });
}

interface Settings {
  prepareStackTrace: unknown;
  stackTraceLimit: number;
}

/** The code that asked, by the frames of the stack: the project's where there is any. */
export function askerIn(frames: readonly Frame[]): Asker {
  const project = frames.find(({ owner }) => owner === "project");
  if (project) return { module: project.url, place: `${pathOf(project.url)}:${project.line}` };
  const [first] = frames;
  const found = first && packageOf(first.url);
  if (found) return { module: `npm:${found.name}`, place: `npm:${found.name}` };
  return first
    ? { module: first.url, place: `${pathOf(first.url)}:${first.line}` }
    : { module: "", place: "code without a stack" };
}

/** A module's URL as a path below the working directory, where it is one. */
export function pathOf(url: string): string {
  if (!url.startsWith("file:")) return url;
  const path = fileURLToPath(url);
  const directory = `${Deno.cwd()}/`;
  return path.startsWith(directory) ? path.slice(directory.length) : path;
}

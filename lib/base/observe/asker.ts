import { fileURLToPath, pathToFileURL } from "node:url";
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
  readonly line: number;
  /** Of a package's code the function as the stack names it; empty for the top level of a module. */
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
  const settings = Error as unknown as Settings;
  const { prepareStackTrace, stackTraceLimit } = settings;
  settings.prepareStackTrace = (_error, sites) => sites;
  settings.stackTraceLimit = most;
  const sites: unknown = new Error().stack;
  settings.prepareStackTrace = prepareStackTrace;
  settings.stackTraceLimit = stackTraceLimit;
  return Array.isArray(sites) ? sites.flatMap((site: Site) => frameOf(site) ?? []) : [];
}

function frameOf(site: Site): Frame | undefined {
  const file = site.getFileName();
  if (typeof file !== "string" || /^(?:ext|node|native|checkin):/.test(file)) return undefined;
  const url = URL.canParse(file) && !/^[a-z]:[\\/]/i.test(file) ? file : pathToFileURL(file).href;
  if (url.startsWith(HERE)) return undefined;
  const owner = url.startsWith(FACADE)
    ? "facade"
    : packageOf(url)
    ? "package"
    : isFramework(url)
    ? "framework"
    : "project";
  return {
    owner,
    url,
    line: site.getLineNumber() ?? 0,
    in: owner === "package" ? functionIn(String(site)) : "",
  };
}

/** The name of the function in a frame's text: `async new Some.name [as other] (FILE:1:2)`; empty where it has none. */
function functionIn(site: string): string {
  return /^(?:async )?(.*?) \(/.exec(site)?.[1] ?? "";
}

/** What a frame is before it is anybody's. */
interface Site {
  getFileName(): unknown;
  getLineNumber(): number | null;
}

interface Settings {
  prepareStackTrace: ((error: unknown, sites: unknown) => unknown) | undefined;
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

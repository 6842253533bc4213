import { dirname, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { digestOf } from "../../base/digest.ts";
import { FRAMEWORK } from "../../experiment/project.ts";

/** Below what URL the files of a project are recorded, wherever it was. */
export const PROJECT = "file:///project/";

/** Below what URL the framework's own files are recorded, wherever it was. */
export const REPRISE = "file:///reprise/";

/**
 * The URL that a module is recorded by: one that says nothing of the machine, and is the same in every checkout. A file
 * outside of both the project and the framework is named by its name, and by a digest of where it is from the project.
 */
export function recordedUrl(url: string): string {
  if (!url.startsWith("file:")) return url;
  if (isOwn(url, FRAMEWORK)) return REPRISE + url.slice(FRAMEWORK.length);
  const project = pathToFileURL(`${Deno.cwd()}/`).href;
  if (url.startsWith(project)) return PROJECT + url.slice(project.length);
  if (url.startsWith(FRAMEWORK)) return REPRISE + url.slice(FRAMEWORK.length);
  const folder = relative(Deno.cwd(), dirname(fileURLToPath(url))).replaceAll("\\", "/");
  return `file:///other/${digestOf(folder).slice(0, 12)}/${url.slice(url.lastIndexOf("/") + 1)}`;
}

/** Words without the places of the project and the framework on this machine. */
export function recordedWords(words: string): string {
  const framework = FRAMEWORK.startsWith("file:") ? [FRAMEWORK, fileURLToPath(FRAMEWORK)] : [];
  const project = [pathToFileURL(`${Deno.cwd()}/`).href, `${Deno.cwd()}/`];
  return framework.reduce((text, place) => text.replaceAll(place, "reprise/"), words)
    .replaceAll(project[0]!, "").replaceAll(project[1]!, "");
}

/** Whether a module is one of the framework's own, by where it is or by the URL that it is recorded by. */
export function isFramework(url: string): boolean {
  return isOwn(url, FRAMEWORK) || isOwn(url, REPRISE);
}

function isOwn(url: string, framework: string): boolean {
  return url.startsWith(framework) && /^(mod\.ts$|deno\.json$|lib\/)/.test(url.slice(framework.length));
}

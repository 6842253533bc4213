import { messageOf } from "../../base/error.ts";
import type { SourceReader } from "../../source/source.ts";
import { installedPackageOf, resolveSpecifier } from "../../source/specifier.ts";
import { isFramework, recordedUrl, recordedWords } from "./place.ts";
import { type ModuleRequest, requestsIn } from "./requests.ts";

/** Modules, and what they import, by the URLs that they are recorded by. */
export interface Graph {
  /** The text of each module, by its URL. */
  readonly modules: Readonly<Record<string, string>>;
  /**
   * What a specifier stands for where the module's own URL doesn't say: a URL, or a package such as `npm:zod@4.6.7`.
   * By the URL of the module, then by specifier.
   */
  readonly imports: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Why a module or what it imports isn't here, by URL. */
  readonly lacking: Readonly<Record<string, string>>;
}

/**
 * The modules that a registry and a program of the framework reach by imports, re-exports and `import()` of a literal,
 * the data among them as text. Packages and built-ins are named, and types are left out, as is what the framework
 * would load only where the program doesn't. What can't be read is told in `lacking`.
 */
export async function graphOf(
  { program, registry }: { readonly program: string; readonly registry: string },
  reader: Pick<SourceReader, "text">,
): Promise<Graph> {
  const modules: Record<string, string> = {};
  const imports: Record<string, Record<string, string>> = {};
  const lacking: Record<string, string> = {};
  const seen = new Set<string>();
  let inProgram = true;

  async function visit(url: string, type?: string | undefined): Promise<void> {
    const seenAs = type === undefined ? url : `data ${url}`;
    if (seen.has(seenAs)) return;
    seen.add(seenAs);
    await orLacking(url, async () => {
      if (type !== undefined && type !== "json" && type !== "text") throw new Error(`it is of type ${type}`);
      const text = modules[recordedUrl(url)] = await reader.text(url);
      if (type === undefined) {
        const isWhole = inProgram || !isFramework(url);
        const requests = await requestsIn(text);
        const followed = requests.filter(({ isDynamic }) => isWhole || !isDynamic);
        await Promise.all(followed.map((request) => follow(url, request)));
      }
    });
  }

  async function follow(from: string, { specifier, type }: ModuleRequest): Promise<void> {
    await orLacking(specifier, async () => {
      const address = resolveSpecifier(specifier, from, type);
      const isModule = address.kind === "module";
      const target = isModule ? recordedUrl(address.url) : await packageUrl(specifier);
      const isRelative = /^\.{1,2}\//.test(specifier);
      const said = isRelative ? new URL(specifier, recordedUrl(from)).href : isModule ? undefined : specifier;
      if (target !== said) (imports[recordedUrl(from)] ??= {})[specifier] = target;
      if (isModule) await visit(address.url, type);
    });
  }

  async function orLacking(name: string, what: () => Promise<void>): Promise<void> {
    try {
      await what();
    } catch (error) {
      lacking[recordedUrl(name)] = recordedWords(messageOf(error));
    }
  }

  await visit(program);
  inProgram = false;
  await visit(registry);
  return { modules, imports, lacking };
}

/** The `npm:`, `jsr:` or `node:` URL that a specifier stands for, with the version that is installed. */
async function packageUrl(specifier: string): Promise<string> {
  if (URL.canParse(specifier)) return specifier;
  const url = import.meta.resolve(specifier);
  const installed = installedPackageOf(url);
  if (installed === undefined) return url;
  const { name, folder } = installed;
  const version = installed.version ??
    JSON.parse(await Deno.readTextFile(new URL("package.json", folder))).version;
  return `npm:${name}@${version}${/^(?:@[^/]+\/)?[^/]+(\/.*)?$/.exec(specifier)?.[1] ?? ""}`;
}

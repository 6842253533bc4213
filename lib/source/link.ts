import { ExperimentError } from "../base/error.ts";
import { memo } from "../base/memo.ts";
import { type Declaration, type Imported, type Module, parseModule } from "./module.ts";
import type { Address, PackageAddress, Resolve } from "./specifier.ts";

/** What a name in a module stands for, in the end. */
export type Target =
  | {
    readonly kind: "declaration";
    readonly module: Module;
    readonly declaration: Declaration;
    readonly name: string;
  }
  /** A `var` inside the module's side effects. */
  | { readonly kind: "effect"; readonly module: Module; readonly name: string }
  | { readonly kind: "namespace"; readonly address: Address }
  /** A JSON or text module. */
  | { readonly kind: "data"; readonly url: string; readonly type: "json" | "text" }
  /** What is named and not followed: an export of a package, or one of the framework's own identities. */
  | { readonly kind: "leaf"; readonly name: string; readonly packages: readonly PackageAddress[] };

/** A target, and the modules that were passed through on the way, which are run too. */
export interface Found {
  readonly target: Target;
  readonly passed: readonly Module[];
}

/** The modules that a digest reads, each parsed once, and what their names stand for. */
export interface Linker {
  /** What a specifier names when a module imports it. */
  readonly resolve: Resolve;
  /** The text of a module. */
  text(url: string): Promise<string>;
  /** A parsed module. */
  module(url: string): Promise<Module>;
  /** What an export stands for; undefined where there is no such export. */
  exported(address: Address, name: string): Promise<Found | undefined>;
  /** The names of all exports; `*` stands for those of a package. */
  exportsOf(address: Address): Promise<readonly string[]>;
  /** What a top-level name of a module stands for; undefined for a global one. */
  bound(module: Module, name: string): Promise<Found | undefined>;
}

/** Makes a linker over a way to read the text of modules. `framework` is the folder of the framework's `mod.ts`. */
export function createLinker(
  read: (url: string) => Promise<string>,
  { framework, resolve }: { readonly framework: string; readonly resolve: Resolve },
): Linker {
  const texts = new Map<string, Promise<string>>();
  const modules = new Map<string, Promise<Module>>();
  const isFramework = (url: string) => url === `${framework}mod.ts` || url.startsWith(`${framework}lib/`);

  const text = (url: string) => memo(texts, url, read);
  const module = (url: string) =>
    memo(modules, url, async () => {
      const [source, { parse }] = await Promise.all([text(url), import("../deps/acorn.ts")]);
      return parseModule(url, source, parse);
    });

  async function exported(
    address: Address,
    name: string,
    seen: readonly string[] = [],
  ): Promise<Found | undefined> {
    if (address.kind === "package") {
      return { target: { kind: "leaf", name: `${address.prefix}#${name}`, packages: [address] }, passed: [] };
    }
    const { url } = address;
    if (isFramework(url) && isIdentity(name)) return identity(name);
    const type = dataTypeOf(address);
    if (type !== undefined) {
      return name === "default" ? { target: { kind: "data", url, type }, passed: [] } : undefined;
    }
    if (seen.includes(`${url} ${name}`)) return undefined;
    const trail = [...seen, `${url} ${name}`];
    const from = await module(url);
    const found = from.exports.get(name);
    if (found?.kind === "local") return bound(from, found.name, trail);
    if (found !== undefined) return await imported(from, found, trail);
    if (name === "default") return undefined;
    const stars = from.stars.map((star) => resolve(star.specifier, url, star.type));
    for (const star of stars) {
      const through = star.kind === "module" ? await exported(star, name, trail) : undefined;
      if (through !== undefined) return { ...through, passed: [from, ...through.passed] };
    }
    // Which of several packages has the name can't be seen without loading them, so it is one of any of them.
    const packages = stars.filter((star) => star.kind === "package");
    if (packages.length === 0) return undefined;
    const leaf = packages.map(({ prefix }) => `${prefix}#${name}`).join(" or ");
    return { target: { kind: "leaf", name: leaf, packages }, passed: [from] };
  }

  async function bound(from: Module, name: string, seen: readonly string[] = []): Promise<Found | undefined> {
    const binding = from.bindings.get(name);
    if (binding === undefined) return undefined;
    if (binding.kind === "imported") return await imported(from, binding, seen);
    if (binding.kind === "effect") return { target: { kind: "effect", module: from, name }, passed: [from] };
    if (isFramework(from.url) && isIdentity(name)) return identity(name);
    return { target: { kind: "declaration", module: from, declaration: binding, name }, passed: [from] };
  }

  async function imported(
    from: Module,
    { request, name }: Imported,
    seen: readonly string[],
  ): Promise<Found> {
    const address = resolve(request.specifier, from.url, request.type);
    if (name === undefined) return { target: { kind: "namespace", address }, passed: [from] };
    const found = await exported(address, name, seen);
    if (found !== undefined) return { ...found, passed: [from, ...found.passed] };
    throw new ExperimentError(
      "RESOURCE_DOES_NOT_EXIST",
      `${from.url} can't be fingerprinted: it takes "${name}" from "${request.specifier}", which has no such export.`,
    );
  }

  async function exportsOf(address: Address, seen: readonly string[] = []): Promise<readonly string[]> {
    if (address.kind === "package") return ["*"];
    if (dataTypeOf(address) !== undefined) return ["default"];
    if (seen.includes(address.url)) return [];
    const from = await module(address.url);
    const names = new Set(from.exports.keys());
    for (const star of from.stars) {
      const next = resolve(star.specifier, from.url, star.type);
      for (const name of await exportsOf(next, [...seen, address.url])) {
        if (name !== "default") names.add(name);
      }
    }
    return [...names].sort();
  }

  return { resolve, text, module, exported, exportsOf, bound };
}

function isIdentity(name: string): boolean {
  return /^define[A-Z]/.test(name) || name === "main";
}

function identity(name: string): Found {
  return { target: { kind: "leaf", name: `reprise#${name}`, packages: [] }, passed: [] };
}

function dataTypeOf(address: Address & { readonly kind: "module" }): "json" | "text" | undefined {
  const { type, url } = address;
  if (type === undefined || type === "json" || type === "text") return type;
  throw new ExperimentError(
    "INVALID_PARAMETER_VALUE",
    `${url} can't be fingerprinted: it is imported with the type "${type}".`,
    { hint: "Import data as json or text." },
  );
}

import { ExperimentError } from "../base/error.ts";

/** What an import names: a module that can be read, or a package (or built-in) that is only named. */
export type Address = ModuleAddress | PackageAddress;

/** A module by its absolute URL; `type` is the import attribute, where there is one. */
export interface ModuleAddress {
  readonly kind: "module";
  readonly url: string;
  readonly type: string | undefined;
}

/** A package or built-in. */
export interface PackageAddress {
  readonly kind: "package";
  /** How the source digest names it, without a version: `npm:csv-parse/sync`, `node:crypto`. */
  readonly prefix: string;
  /** The package's name, such as `zod` or `jsr:@std/yaml`; undefined for built-ins, which come with Deno. */
  readonly name: string | undefined;
  /** The specifier that it was imported by. */
  readonly specifier: string;
}

/** A package in one of the two places where Deno keeps installed ones. */
export interface InstalledPackage {
  readonly name: string;
  /** Undefined where the path doesn't say it. */
  readonly version: string | undefined;
  /** The folder of the package, with a slash at the end. */
  readonly folder: string;
}

/** What a specifier names when it is imported by a module; `type` is the import attribute, where there is one. */
export type Resolve = (specifier: string, base: string, type?: string | undefined) => Address;

/**
 * What a specifier names when it is imported by a module, through the import map that the process runs with.
 *
 * @throws {ExperimentError} `INVALID_PARAMETER_VALUE` for a bare specifier that no import map knows.
 */
export function resolveSpecifier(
  specifier: string,
  base: string,
  type?: string | undefined,
): Address {
  const direct = packageAddressOf(specifier, specifier);
  if (direct !== undefined) return direct;
  const relative = /^\.{0,2}\//.test(specifier);
  const url = resolve(relative ? new URL(specifier, base).href : specifier, base);
  if (!relative && !URL.canParse(specifier)) {
    const resolved = packageAddressOf(url, specifier);
    if (resolved !== undefined) return resolved;
    const name = installedPackageOf(url)?.name;
    if (name !== undefined) {
      const subpath = /^(?:@[^/]+\/)?[^/]+(\/.*)?$/.exec(specifier)?.[1] ?? "";
      return { kind: "package", prefix: `npm:${name}${subpath}`, name, specifier };
    }
  }
  return { kind: "module", url, type };
}

/** The same by what was recorded of each module's imports: targets by the URL of the module, then by specifier. */
export function recordedResolve(imports: RecordedImports): Resolve {
  return (specifier, base, type) => {
    const direct = packageAddressOf(specifier, specifier);
    if (direct !== undefined) return direct;
    const own = imports[base];
    const target = own !== undefined && Object.hasOwn(own, specifier) ? own[specifier]! : undefined;
    const address = target === undefined ? undefined : packageAddressOf(target, target);
    if (address !== undefined) return address;
    const url = target ?? URL.parse(specifier, /^\.{0,2}\//.test(specifier) ? base : undefined)?.href;
    if (url !== undefined) return { kind: "module", url, type };
    throw new ExperimentError(
      "INVALID_STATE",
      `The import "${specifier}" of ${base} can't be resolved: what it stood for wasn't recorded.`,
    );
  };
}

/** What specifiers stand for: a URL or a package, by the URL of the importing module, then by specifier. */
export type RecordedImports = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** The name, version and subpath that an `npm:` or `jsr:` specifier asks for; undefined for any other. */
export function parsePackageSpecifier(
  specifier: string,
):
  | { readonly scheme: string; readonly name: string; readonly version: string; readonly subpath: string }
  | undefined {
  const [, scheme, name, version = "", subpath = ""] =
    /^(npm|jsr):\/?((?:@[^/@]+\/)?[^/@]+)(?:@([^/]+))?(\/.*)?$/.exec(specifier) ?? [];
  return scheme === undefined || name === undefined ? undefined : { scheme, name, version, subpath };
}

/** The package that a resolved URL lies in, as Deno lays packages out in `node_modules` and in its own cache. */
export function installedPackageOf(url: string): InstalledPackage | undefined {
  const local = /^file:.*\/node_modules\/(?:(@[^/]+\/)?[^/]+)\//.exec(url);
  if (local !== null) {
    const folder = local[0];
    const name = folder.slice(folder.lastIndexOf("/node_modules/") + "/node_modules/".length, -1);
    const version = /\/\.deno\/[^/]+?@(\d[^_/]*)[^/]*\/node_modules\//.exec(folder)?.[1];
    return { name, version, folder };
  }
  const [folder, name, version] =
    /^file:.*?\/npm\/[^/]+\/((?:@[^/]+\/)?[^/]+)\/(\d[^_/]*)[^/]*\//.exec(url) ?? [];
  return folder === undefined || name === undefined ? undefined : { name, version, folder };
}

function packageAddressOf(url: string, specifier: string): PackageAddress | undefined {
  if (url.startsWith("node:")) return { kind: "package", prefix: url, name: undefined, specifier };
  const parsed = parsePackageSpecifier(url);
  if (parsed === undefined) return undefined;
  const name = parsed.scheme === "npm" ? parsed.name : `jsr:${parsed.name}`;
  return { kind: "package", prefix: `${parsed.scheme}:${parsed.name}${parsed.subpath}`, name, specifier };
}

function resolve(specifier: string, base: string): string {
  try {
    return import.meta.resolve(specifier);
  } catch (cause) {
    throw new ExperimentError(
      "INVALID_PARAMETER_VALUE",
      `The import "${specifier}" of ${base} can't be resolved: no import map knows it.`,
      {
        hint: "Import it by npm:, jsr: or a path, or name the import map with deno run -c deno.json.",
        cause,
      },
    );
  }
}

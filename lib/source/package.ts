import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { ExperimentError } from "../base/error.ts";
import { jsonIn } from "../base/json.ts";
import { z } from "../deps/zod.ts";
import { type InstalledPackage, installedPackageOf, parsePackageSpecifier } from "./specifier.ts";

/** How a package resolves now. */
export interface ResolvedPackage {
  /** The name, such as `zod` or `jsr:@std/yaml`. */
  readonly name: string;
  /** The version; several, parted by commas, where the code imports several. */
  readonly version: string;
  /** What the lock file or Deno's cache says that its archive must hash to, where one of them does. */
  readonly integrity: string | undefined;
  /** `name@version integrity` of all that it depends on, by the lock file or else as installed, sorted. */
  readonly dependencies: readonly string[];
}

/** The part of a lock file that pins packages. */
interface Lock {
  readonly specifiers?: Readonly<Record<string, string>>;
  readonly npm?: Readonly<Record<string, LockedPackage>>;
  readonly jsr?: Readonly<Record<string, LockedPackage>>;
}

interface LockedPackage {
  readonly integrity?: string;
  readonly dependencies?: readonly string[];
  readonly optionalDependencies?: readonly string[];
}

/**
 * How a package resolves now, without loading it.
 *
 * @param options.specifiers What it is imported by; where the code imports several versions of it, all are told.
 * @param options.lock The text of the lock file, where there is one.
 * @throws {ExperimentError} `INVALID_STATE` where nothing says which version a range stands for.
 */
export async function resolvePackage(name: string, options: {
  readonly specifiers: Iterable<string>;
  readonly lock: string | undefined;
  /**
   * Look at what is installed here, before the lock file.
   *
   * @default true
   */
  readonly installed?: boolean;
}): Promise<ResolvedPackage> {
  const { installed = true } = options;
  const lock = parseLock(options.lock);
  const asked = name.startsWith("jsr:") ? name : `npm:${name}`;
  const known = [...options.specifiers];
  const specifiers = known.length > 0
    ? known
    : Object.keys(lock.specifiers ?? {}).filter((each) => each === asked || each.startsWith(`${asked}@`));
  const resolved = new Map<string, ResolvedPackage>();
  for (const specifier of specifiers.length > 0 ? specifiers : [asked]) {
    const one = await resolveOne(name, installed ? resolve(specifier) : specifier, { specifier, lock });
    resolved.set(one.version, one);
  }
  const all = [...resolved.values()].sort((a, b) => (a.version < b.version ? -1 : 1));
  const integrities = all.flatMap(({ integrity }) => integrity ?? []);
  return {
    name,
    version: all.map(({ version }) => version).join(", "),
    integrity: integrities.length === all.length ? integrities.join(", ") : undefined,
    dependencies: [...new Set(all.flatMap(({ dependencies }) => dependencies))].sort(),
  };
}

async function resolveOne(
  name: string,
  url: string,
  { specifier, lock }: { readonly specifier: string; readonly lock: Lock },
): Promise<ResolvedPackage> {
  const installed = installedPackageOf(url);
  const version = (installed && (installed.version ?? await versionIn(installed.folder))) ??
    lockedVersion(url, lock) ?? exactVersion(url);
  if (version === undefined) {
    throw new ExperimentError(
      "INVALID_STATE",
      `Which version of ${name} is used can't be told: it is imported as "${specifier}", and nothing pins that.`,
      { hint: "Import an exact version, such as npm:zod@4.6.7, or keep a deno.lock." },
    );
  }
  const section = (name.startsWith("jsr:") ? lock.jsr : lock.npm) ?? {};
  const key = keyIn(section, `${name.replace(/^jsr:/, "")}@${version}`);
  return {
    name,
    version,
    integrity: key === undefined ? await cachedIntegrity(installed, version) : section[key]?.integrity,
    dependencies: section === lock.jsr
      ? []
      : key === undefined
      ? await installedDependencies(installed)
      : dependenciesOf(section, key),
  };
}

function resolve(specifier: string): string {
  try {
    return import.meta.resolve(specifier);
  } catch {
    return specifier;
  }
}

function lockedVersion(specifier: string, lock: Lock): string | undefined {
  const parsed = parsePackageSpecifier(specifier);
  if (parsed === undefined) return undefined;
  const { scheme, name, version } = parsed;
  const asked = version === "" ? `${scheme}:${name}` : `${scheme}:${name}@${version}`;
  return lock.specifiers?.[asked]?.split("_")[0];
}

function exactVersion(specifier: string): string | undefined {
  return /^\d+\.\d+\.\d+[^ |]*$/.exec(parsePackageSpecifier(specifier)?.version ?? "")?.[0];
}

/** The key of `name@version` in a lock, where the packages that it was matched with may follow after `_`. */
function keyIn(
  packages: Readonly<Record<string, LockedPackage>>,
  nameAndVersion: string,
): string | undefined {
  if (nameAndVersion in packages) return nameAndVersion;
  return Object.keys(packages).find((each) => each.startsWith(`${nameAndVersion}_`));
}

function dependenciesOf(packages: Readonly<Record<string, LockedPackage>>, root: string): string[] {
  const reached = reachedFrom(packages, [root]);
  reached.delete(root);
  return [...reached].map((key) => `${/^.[^@]*@[^_]*/.exec(key)?.[0]} ${packages[key]?.integrity ?? "-"}`)
    .sort();
}

/** The keys of packages and of all that they depend on. */
function reachedFrom(
  packages: Readonly<Record<string, LockedPackage>>,
  roots: Iterable<string>,
): Set<string> {
  const reached = new Set(roots);
  for (const key of reached) {
    const { dependencies = [], optionalDependencies = [] } = packages[key] ?? {};
    for (const each of [...dependencies, ...optionalDependencies]) {
      // `alias@npm:name@version`, `name@version`, or only `name` where the lock holds one version of it.
      const asked = each.replace(/^.+@npm:/, "");
      const found = asked.lastIndexOf("@") > 0
        ? keyIn(packages, asked)
        : Object.keys(packages).find((other) => other.startsWith(`${asked}@`));
      if (found !== undefined) reached.add(found);
    }
  }
  return reached;
}

/** A lock file with no more than some code needs. */
export interface PrunedLock {
  /** Its text. */
  readonly text: string;
  /** What packages are asked for by. */
  readonly specifiers: readonly string[];
  /** `name@version` of each package of npm. */
  readonly packages: readonly string[];
}

const lockSchema = z.looseObject({
  version: z.enum(["4", "5"]),
  specifiers: z.record(z.string().regex(/^(npm|jsr):[@\w]/), z.string()).default({}),
  npm: z.record(
    z.string().regex(/^(@[\w.~-]+\/)?\w[\w.~-]*@\d[\w.+-]*(_.*)?$/),
    z.looseObject({
      integrity: z.string().exactOptional(),
      dependencies: z.array(z.string()).exactOptional(),
      optionalDependencies: z.array(z.string()).exactOptional(),
      optionalPeers: z.array(z.string()).exactOptional(),
    }),
  ).default({}),
});

/**
 * What of a lock file pins the packages of npm that code asks for, and all that these depend on; as Deno itself would
 * write it, which compares the texts.
 *
 * @param options.mapped Which of them an import map names.
 * @returns Undefined where the file is none of a form that is known, or doesn't pin all of them.
 */
export function pruneLock(text: string, { asked, mapped }: {
  readonly asked: Iterable<string>;
  readonly mapped: ReadonlySet<string>;
}): PrunedLock | undefined {
  const { success, data: lock } = lockSchema.safeParse(jsonIn(text));
  if (!success) return undefined;
  const specifiers: Record<string, string> = {};
  const roots: string[] = [];
  const dependencies = new Set<string>();
  for (const specifier of [...asked].sort()) {
    const { scheme, name, version } = parsePackageSpecifier(specifier) ?? {};
    if (scheme !== "npm" || name === undefined) return undefined;
    const said = version === "" ? `npm:${name}` : `npm:${name}@${version}`;
    const pinned = lock.specifiers[said] ?? keyIn(lock.npm, `${name}@${version}`)?.slice(name.length + 1);
    if (pinned === undefined || lock.npm[`${name}@${pinned}`] === undefined) return undefined;
    specifiers[said] = pinned;
    if (mapped.has(specifier)) dependencies.add(said);
    roots.push(`${name}@${pinned}`);
  }
  const keys = [...reachedFrom(lock.npm, roots)].sort();
  const npm = Object.fromEntries(keys.map((key) => [key, lock.npm[key]]));
  const workspace = dependencies.size === 0 ? {} : { workspace: { dependencies: [...dependencies] } };
  return {
    text: `${JSON.stringify({ version: lock.version, specifiers, npm, ...workspace }, null, 2)}\n`,
    specifiers: Object.keys(specifiers),
    packages: [...new Set(keys.map((key) => /^.[^@]*@[^_]*/.exec(key)![0]))],
  };
}

/** What the lock file would say of a package that no lock file pins, as when a program is run from a URL. */
async function installedDependencies(root: InstalledPackage | undefined): Promise<string[]> {
  const found = new Map<string, string>();
  const visit = async ({ folder }: InstalledPackage): Promise<void> => {
    const text = await readIfThere(`${folder}package.json`);
    if (text === undefined) return;
    const { dependencies, optionalDependencies, peerDependencies } = JSON.parse(text);
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
      const installed = dependencyOf(folder, name);
      const version = installed && (installed.version ?? await versionIn(installed.folder));
      if (installed === undefined || version === undefined || found.has(installed.folder)) continue;
      const integrity = await cachedIntegrity(installed, version);
      found.set(installed.folder, `${installed.name}@${version} ${integrity ?? "-"}`);
      await visit(installed);
    }
  };
  if (root !== undefined) {
    await visit(root);
    found.delete(root.folder);
  }
  return [...new Set(found.values())].sort();
}

/** Where a package finds one that it depends on; undefined where that is optional and not installed. */
function dependencyOf(folder: string, name: string): InstalledPackage | undefined {
  const { resolve } = createRequire(fileURLToPath(`${folder}package.json`));
  for (const specifier of [`${name}/package.json`, name]) {
    try {
      return installedPackageOf(pathToFileURL(resolve(specifier)).href);
    } catch {
      // It isn't installed, or doesn't export that.
    }
  }
  return undefined;
}

async function versionIn(folder: string): Promise<string | undefined> {
  const text = await readIfThere(`${folder}package.json`);
  return text === undefined ? undefined : JSON.parse(text).version;
}

async function cachedIntegrity(
  installed: InstalledPackage | undefined,
  version: string,
): Promise<string | undefined> {
  if (installed === undefined || installed.folder.includes("/node_modules/")) return undefined;
  const text = await readIfThere(new URL("../registry.json", installed.folder).href);
  return text === undefined ? undefined : JSON.parse(text).versions?.[version]?.dist?.integrity;
}

async function readIfThere(url: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(new URL(url));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    throw new ExperimentError("PERMISSION_DENIED", `What the packages are can't be told: ${error.message}.`, {
      hint:
        "Allow reading the folder that Deno keeps packages in, or keep a deno.lock and name it by -c deno.json.",
      cause: error,
    });
  }
}

function parseLock(text: string | undefined): Lock {
  if (text === undefined) return {};
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ExperimentError("INVALID_PARAMETER_VALUE", "The lock file is no JSON.", { cause });
  }
}

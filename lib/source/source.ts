import { digestOf } from "../base/digest.ts";
import { ExperimentError, messageOf } from "../base/error.ts";
import { memo } from "../base/memo.ts";
import { createLinker, type Linker } from "./link.ts";
import { locate, type SourceLocation } from "./locate.ts";
import { type ResolvedPackage, resolvePackage } from "./package.ts";
import { type Body, createSections, MARK, type Section } from "./section.ts";
import { type RecordedImports, recordedResolve, resolveSpecifier } from "./specifier.ts";

export type { ResolvedPackage, SourceLocation };

/** The version of the canonical text. Digests of different schemes can't be compared. */
export const SCHEME = "canon/1";

/** The digest of a value's source and of everything that it reaches. */
export interface SourceDigest {
  /** The SHA-256 of the scheme, a line feed and the canonical text, as 64 hex digits. */
  readonly digest: string;
  /** Numbered sections in the order of discovery; `#2` names section 2, `@0` a local variable. Holds no paths. */
  readonly canonical: string;
  /** In the order of discovery, the located expression first. */
  readonly declarations: readonly SourceDeclaration[];
  /** The URLs of all modules from which something was reached or through which it was, sorted. */
  readonly modules: readonly string[];
  /** The names of the packages that were reached, sorted; those of JSR begin with `jsr:`. */
  readonly packages: readonly string[];
}

/** One section of a digest, to be compared and read. */
export interface SourceDeclaration {
  /** The module's URL; empty for what is in no module. */
  readonly module: string;
  /** The declared name, or the path to the located expression, `side effects`, or a leaf such as `npm:zod#z`. */
  readonly name: string;
  /** The 1-based line in the source, the best guess in a module with enums or namespaces; 0 for leaves. */
  readonly line: number;
  /** The 1-based last line, as good a guess; 0 for leaves, and for side effects with other statements between them. */
  readonly end: number;
  /** The canonical text of this declaration alone, with the names that the source has. */
  readonly text: string;
}

/** Digests source code. Reads each module once, and runs none. */
export interface SourceReader {
  /**
   * The digest of the source of a located value: its own expression and, across modules, every declaration, side
   * effect, data import and package that it reaches. Comments, layout, types, the order of imports, the names of
   * variables and files, and code that isn't reached make no difference. What can't be followed without running the
   * code widens the digest.
   *
   * Not covered: what is read at run time (files, the environment, the clock), workers, side effects of modules from
   * which nothing is reached, and functions elsewhere that change a value when they are called.
   *
   * @throws {ExperimentError} `RESOURCE_DOES_NOT_EXIST` where there is no such export, property or module, and
   * `INVALID_PARAMETER_VALUE` for what can't be fingerprinted: `import()` of no literal, `eval()`, decorators, JSX.
   */
  digest(location: SourceLocation): Promise<SourceDigest>;
  /**
   * How a package resolves now, without loading it.
   *
   * @throws {ExperimentError} `INVALID_STATE` where nothing says which version a range stands for.
   */
  package(name: string): Promise<ResolvedPackage>;
  /** The text of a module as it was read. */
  text(module: string): Promise<string>;
}

/** Opens a reader of source code; it keeps what it has read, so a later look needs a new one. */
export function openSource(options: {
  /** The text of the lock file that pins the packages, where there is one. */
  readonly lock?: string;
  /**
   * `executed` reads the text that Deno runs, even where a file was edited since; `current` what a file holds now.
   *
   * @default "executed"
   */
  readonly text?: "executed" | "current";
  /**
   * The URL, with a slash at its end, of the folder of the `mod.ts` whose `define…` functions are named, not followed.
   *
   * @default This framework's.
   */
  readonly framework?: string;
} = {}): SourceReader {
  const { lock, text = "executed", framework = new URL("../../", import.meta.url).href } = options;
  return readerOver({
    linker: createLinker((url) => readText(url, text), { framework, resolve: resolveSpecifier }),
    lock,
  });
}

/** Modules that were kept, and what they import. */
export interface KeptSource {
  /** The text of each module, by its URL. */
  readonly modules: Readonly<Record<string, string>>;
  /** What specifiers stand for where the module's own URL doesn't say. */
  readonly imports: RecordedImports;
}

/**
 * Opens a reader of kept source code, which looks at nothing else: an import leads to another kept module, and packages
 * are those of the lock file, whatever is installed here.
 *
 * @param options.framework The URL, with a slash at its end, of the folder of the `mod.ts` whose `define…` functions are
 * named, not followed.
 * @param options.lock The text of the lock file, where there is one.
 */
export function openKeptSource({ modules, imports }: KeptSource, options: {
  readonly framework: string;
  readonly lock: string | undefined;
}): SourceReader {
  const { framework, lock } = options;
  const read = (url: string): Promise<string> => {
    if (Object.hasOwn(modules, url)) return Promise.resolve(modules[url]!);
    throw new ExperimentError("RESOURCE_DOES_NOT_EXIST", `The source of ${url} wasn't kept.`);
  };
  const resolve = recordedResolve(imports);
  return readerOver({ linker: createLinker(read, { framework, resolve }), lock, installed: false });
}

function readerOver({ linker, lock, installed = true }: {
  readonly linker: Linker;
  readonly lock: string | undefined;
  readonly installed?: boolean;
}): SourceReader {
  const sections = createSections(linker);
  const specifiers = new Map<string, Set<string>>();

  async function digest(location: SourceLocation): Promise<SourceDigest> {
    const { section: root, passed } = await locate(location, { linker, sections });
    const found = new Map<Section, { readonly number: number; readonly body: Body }>();
    const visit = async (section: Section): Promise<void> => {
      if (found.has(section)) return;
      const body = await section.body();
      found.set(section, { number: found.size + 1, body });
      for (const mark of body.marks) if (mark.section) await visit(mark.section);
      for (const effect of body.effects) await visit(effect);
    };
    await visit(root);
    const before = new Set<Section>();
    for (const module of new Set(passed)) {
      const effects = await sections.effectsOf(module);
      if (effects === undefined) continue;
      await visit(effects);
      before.add(effects);
    }

    const numberOf = (section: Section) => `#${found.get(section)?.number}`;
    const modules = new Set(passed.map(({ url }) => url));
    const packages = new Set<string>();
    const declarations: SourceDeclaration[] = [];
    const canonical: string[] = [];
    for (const [section, { number, body }] of found) {
      if (section.module !== "") modules.add(section.module);
      for (const { url } of body.passed) modules.add(url);
      for (const { name, specifier } of body.packages) {
        if (name === undefined) continue;
        packages.add(name);
        memo(specifiers, name, () => new Set<string>()).add(specifier);
      }
      const { module, name, line, end } = section;
      declarations.push({ module, name, line, end, text: render(body, (mark) => mark.label) });
      const effects = new Set([...body.effects, ...(section === root ? before : [])]);
      const header = [`[${number}]`, ...(effects.size === 0 ? [] : ["after", ...[...effects].map(numberOf)])];
      const text = render(body, ({ section: target, name }, index) => {
        if (target === undefined) return `@${index}`;
        return target.names.length > 1
          ? `${numberOf(target)}.${target.names.indexOf(name)}`
          : numberOf(target);
      });
      canonical.push(`${header.join(" ")}\n${text}\n`);
    }
    const whole = canonical.join("");
    return {
      digest: digestOf(`${SCHEME}\n${whole}`),
      canonical: whole,
      declarations,
      modules: [...modules].sort(),
      packages: [...packages].sort(),
    };
  }

  return {
    digest,
    package: (name) => resolvePackage(name, { specifiers: specifiers.get(name) ?? [], lock, installed }),
    text: linker.text,
  };
}

function render(body: Body, nameOf: (mark: Body["marks"][number], index: number) => string): string {
  return body.text.replace(MARK, (whole, digits) => {
    const index = Number(digits);
    const mark = body.marks[index];
    return mark === undefined ? whole : nameOf(mark, index);
  });
}

async function readText(url: string, which: "executed" | "current"): Promise<string> {
  try {
    const text: string = which === "current" && url.startsWith("file:")
      ? await Deno.readTextFile(new URL(url))
      : await importText(url);
    return text.replace(/^\uFEFF/, "");
  } catch (cause) {
    const denied = cause instanceof Deno.errors.NotCapable;
    throw new ExperimentError(
      denied ? "PERMISSION_DENIED" : "RESOURCE_DOES_NOT_EXIST",
      `The source of ${url} can't be read: ${messageOf(cause)}`,
      { cause },
    );
  }
}

async function importText(url: string): Promise<string> {
  try {
    return (await import(url, { with: { type: "text" } })).default;
  } catch (error) {
    // What was imported as JSON can't be imported as text, except by another URL.
    if (url.includes("#") || !String(error).includes("JSON module")) throw error;
    return await importText(`${url}#text`);
  }
}

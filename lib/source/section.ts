import { canonicalJson } from "../base/digest.ts";
import { ExperimentError } from "../base/error.ts";
import { memo } from "../base/memo.ts";
import type { AnyNode, Expression, Statement } from "../deps/acorn.ts";
import type { Found, Linker, Target } from "./link.ts";
import type { Module } from "./module.ts";
import { keyOf, normalise, textOf } from "./normalise.ts";
import { become, importTypeOf, withoutDescription } from "./rewrite.ts";
import { type ImportUse, type NameUse, usesOf } from "./scope.ts";
import type { Address, PackageAddress } from "./specifier.ts";

/** One declaration, or whatever else a digest is made of: a section of the canonical text. */
export interface Section {
  /** The module's URL; empty for what is in none. */
  readonly module: string;
  readonly name: string;
  /** The 1-based lines on which it begins and ends; 0 where it has none, `end` also where others lie in between. */
  readonly line: number;
  readonly end: number;
  /** The names that it binds; a use of one says which, where there are several. */
  readonly names: readonly string[];
  /** Its text and what that refers to, made when first asked for. */
  readonly body: () => Promise<Body>;
}

/** What a section says. */
export interface Body {
  /** Canonical text, with a numbered mark in place of each name that is resolved. */
  readonly text: string;
  readonly marks: readonly Mark[];
  /** The modules that were passed through, and the side effects that it stands on. */
  readonly passed: readonly Module[];
  readonly effects: readonly Section[];
  readonly packages: readonly PackageAddress[];
}

/** A resolved name: of another section, or of a local variable. */
export interface Mark {
  readonly label: string;
  readonly section: Section | undefined;
  readonly name: string;
}

/** Makes sections, each once. */
export interface Sections {
  /** The section of what a name stands for. */
  of(target: Target): Section;
  /** The section of an expression at the top level of a module. */
  ofExpression(module: Module, node: Expression, name: string): Section;
  /** The section of a module's side effects; undefined where it has none. */
  effectsOf(module: Module): Promise<Section | undefined>;
}

const NOWHERE = { line: 0, end: 0, names: [] };

/** A mark in a text: its number between two characters of Unicode's private use area. */
export const MARK = /\uE000(\d+)\uE001/g;

/** Makes sections from what a linker finds. */
export function createSections(linker: Linker): Sections {
  const sections = new Map<string, Section>();
  const effects = new Map<string, Promise<Section | undefined>>();
  let printer: Promise<(node: AnyNode) => string> | undefined;

  function section(
    key: string,
    from: () => Omit<Section, "body">,
    make: (self: Section) => Promise<Body>,
  ): Section {
    return memo(sections, key, () => {
      let body: Promise<Body> | undefined;
      const self: Section = { ...from(), body: () => body ??= make(self) };
      return self;
    });
  }

  function of(target: Target): Section {
    switch (target.kind) {
      case "declaration": {
        const { module, declaration: { node, names } } = target;
        const from = () => ({
          module: module.url,
          name: names.join(", "),
          ...linesOf(module, [node]),
          names,
        });
        return section(`${module.url} ${node.start}`, from, () => bodyOf(module, node));
      }
      case "effect":
        return effectSection(target.module, target.module.effects);
      case "namespace":
        return namespace(target.address);
      case "data": {
        const from = () => ({ module: target.url, name: target.type, ...NOWHERE });
        return section(`${target.url} ${target.type}`, from, async () => {
          const text = await linker.text(target.url);
          const content = target.type === "json" ? canonicalJson(JSON.parse(text)) : JSON.stringify(text);
          return { text: `${target.type} ${content}`, marks: [], passed: [], effects: [], packages: [] };
        });
      }
      case "leaf":
        return leaf(target.name, target.packages);
    }
  }

  function leaf(name: string, packages: readonly PackageAddress[]): Section {
    const body = { text: name, marks: [], passed: [], effects: [], packages };
    return section(name, () => ({ module: "", name, ...NOWHERE }), () => Promise.resolve(body));
  }

  function namespace(address: Address, taken?: readonly string[]): Section {
    if (address.kind === "package" && taken === undefined) return leaf(`${address.prefix}#*`, [address]);
    const [url, place] = address.kind === "module" ? [address.url, address.url] : ["", address.prefix];
    const what = taken === undefined ? "*" : `{ ${[...taken].sort().join(", ")} }`;
    const from = () => ({ module: url, name: what, ...NOWHERE });
    return section(`${place} ${what}`, from, async () => {
      const names = [...taken ?? await linker.exportsOf(address)].sort();
      const marks: Mark[] = [];
      const passed: Module[] = address.kind === "module" && address.type === undefined
        ? [await linker.module(address.url)]
        : [];
      const lines: string[] = [];
      for (const name of names) {
        const found = await linker.exported(address, name);
        if (found === undefined) continue;
        passed.push(...found.passed);
        lines.push(`${JSON.stringify(name)}: \uE000${marks.length}\uE001`);
        marks.push({ label: name, section: of(found.target), name: nameIn(found.target) });
      }
      return {
        text: `{ ${lines.join(", ")} }`,
        marks,
        passed,
        effects: await effectsOfAll(passed),
        packages: [],
      };
    });
  }

  function ofExpression(module: Module, node: Expression, name: string): Section {
    const from = () => ({ module: module.url, name, ...linesOf(module, [node]), names: [] });
    return section(`${module.url} ${node.start} ${node.end}`, from, () => bodyOf(module, node));
  }

  async function effectsOf(module: Module): Promise<Section | undefined> {
    return await memo(effects, module.url, async () => {
      const counted: Statement[] = [];
      for (const each of module.effects) if (!await isMainCall(module, each)) counted.push(each);
      if (counted.length === 0 && module.effectImports.length === 0) return undefined;
      return effectSection(module, counted);
    });
  }

  function effectSection(module: Module, statements: readonly Statement[]): Section {
    const from = () => ({
      module: module.url,
      name: "side effects",
      ...linesOf(module, statements),
      names: module.effectNames,
    });
    return section(`${module.url} side effects`, from, async (self) => {
      const before: Section[] = [];
      for (const { specifier, type } of module.effectImports) {
        const address = linker.resolve(specifier, module.url, type);
        const run = address.kind === "package"
          ? leaf(address.prefix, [address])
          : type === undefined
          ? await effectsOf(await linker.module(address.url))
          : undefined;
        if (run !== undefined) before.push(run);
      }
      const body = await bodyOf(module, {
        type: "Program",
        body: [...statements],
        sourceType: "module",
        start: 0,
        end: 0,
      });
      return { ...body, effects: [...before, ...body.effects].filter((each) => each !== self) };
    });
  }

  async function isMainCall(module: Module, statement: Statement): Promise<boolean> {
    if (statement.type !== "ExpressionStatement") return false;
    const { expression } = statement;
    const call = expression.type === "AwaitExpression" ? expression.argument : expression;
    if (call.type !== "CallExpression" || call.callee.type !== "Identifier") return false;
    const found = await linker.bound(module, call.callee.name);
    return found?.target.kind === "leaf" && found.target.name === "reprise#main";
  }

  async function effectsOfAll(modules: readonly Module[]): Promise<Section[]> {
    const all = await Promise.all(new Set(modules).values().map(effectsOf));
    return all.filter((each) => each !== undefined);
  }

  async function bodyOf(module: Module, source: AnyNode): Promise<Body> {
    const root = normalise(source);
    const { uses, calls } = usesOf(root);
    const marks: Mark[] = [];
    const numbers = new Map<unknown, Map<string, number>>();
    const passed: Module[] = [module];
    const identities = new Set<AnyNode>();

    const markFor = (owner: Section | object, name: string, label: string, target: Section | undefined) => {
      const number = memo(memo(numbers, owner, () => new Map<string, number>()), name, () => {
        return marks.push({ label, section: target, name }) - 1;
      });
      return `\uE000${number}\uE001`;
    };
    const reach = ({ target, passed: modules }: Found, label: string) => {
      passed.push(...modules);
      const reached = of(target);
      return markFor(reached, nameIn(target), label, reached);
    };

    async function resolveName({ node, members, local }: NameUse): Promise<void> {
      if (local !== undefined) {
        node.name = markFor(local, local.name, local.name, undefined);
        return;
      }
      let found = await linker.bound(module, node.name);
      if (found === undefined) return;
      let place: AnyNode = node;
      let label = node.name;
      for (const member of members) {
        const name = keyOf({ key: member.property, computed: member.computed });
        if (found.target.kind !== "namespace" || name === undefined) break;
        const next: Found | undefined = await linker.exported(found.target.address, name);
        if (next === undefined) break;
        found = { target: next.target, passed: [...found.passed, ...next.passed] };
        place = member;
        label += `.${name}`;
      }
      if (found.target.kind === "leaf" && found.target.name.startsWith("reprise#define")) {
        identities.add(place);
      }
      become(place, { type: "Identifier", name: reach(found, label) });
    }

    function resolveImport({ node, names }: ImportUse): void {
      const specifier = textOf(node.source);
      if (specifier === undefined) throw notFollowed(module, node, "an import() of what is no literal text");
      const address = linker.resolve(specifier, module.url, importTypeOf(node));
      const reached = namespace(address, names);
      node.source = { ...node.source, type: "Identifier", name: markFor(reached, "", reached.name, reached) };
      node.options = null;
    }

    const evaluated = calls.find(({ callee }) => callee.type === "Identifier" && callee.name === "eval");
    if (evaluated !== undefined) throw notFollowed(module, evaluated, "a call of eval()");
    for (const use of uses) {
      if (use.kind === "name") await resolveName(use);
      else resolveImport(use);
    }
    for (const call of calls) if (identities.has(call.callee)) withoutDescription(call);
    const print = await (printer ??= loadPrinter());
    const text = print(root);
    return { text, marks, passed, effects: await effectsOfAll(passed), packages: [] };
  }

  return { of, ofExpression, effectsOf };
}

async function loadPrinter(): Promise<(node: AnyNode) => string> {
  const [{ print }, { javascript }] = await Promise.all([
    import("../deps/esrap.ts"),
    import("../deps/esrap_javascript.ts"),
  ]);
  const visitors = javascript({ quotes: "double" });
  return (node) => print(node, visitors, { indent: "  " }).code;
}

/** The lines from the first to the last of some statements, or of one node. */
function linesOf(module: Module, nodes: readonly AnyNode[]): Pick<Section, "line" | "end"> {
  const [first, last] = [nodes.at(0), nodes.at(-1)];
  if (first === undefined || last === undefined) return { line: 0, end: 0 };
  const [start, end] = [first.start, last.end];
  const within = module.statements.filter((each) => each.start >= start && each.end <= end);
  const whole = within.length <= nodes.length;
  return { line: module.lineOf(start), end: whole ? module.lastLineOf({ start, end }) : 0 };
}

function nameIn(target: Target): string {
  return target.kind === "declaration" || target.kind === "effect" ? target.name : "";
}

function notFollowed(module: Module, node: AnyNode, what: string): ExperimentError {
  return new ExperimentError(
    "INVALID_PARAMETER_VALUE",
    `${module.url}:${module.lineOf(node.start)} can't be fingerprinted: ${what} can't be followed.`,
    { hint: "Name the module in the code: import it, or write import() with its path as a literal." },
  );
}

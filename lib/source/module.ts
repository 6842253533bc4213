import { SourceMap, stripTypeScriptTypes } from "node:module";
import { ExperimentError, messageOf } from "../base/error.ts";
import type {
  AnyNode,
  ClassDeclaration,
  Expression,
  FunctionDeclaration,
  Identifier,
  ImportAttribute,
  Literal,
  Program,
  Statement,
  VariableDeclaration,
} from "../deps/acorn.ts";
import { declared, hoisted } from "./scope.ts";

/** One module, parsed, with its top level indexed. */
export interface Module {
  readonly url: string;
  /** What each top-level name is bound to; a default export without a name is bound to `default`. */
  readonly bindings: ReadonlyMap<string, Binding>;
  readonly exports: ReadonlyMap<string, Imported | { readonly kind: "local"; readonly name: string }>;
  /** What `export * from` names. */
  readonly stars: readonly Request[];
  /** The top-level statements that are no declarations, less those under `if (import.meta.main)`. */
  readonly effects: readonly Statement[];
  /** The names that `var` declares inside those statements. */
  readonly effectNames: readonly string[];
  /** What is imported only to be run. */
  readonly effectImports: readonly Request[];
  /** All top-level statements, in their order. */
  readonly statements: readonly AnyNode[];
  /** The 1-based line of the source that an offset in the code came from. */
  lineOf(offset: number): number;
  /** The 1-based line of the source that a stretch of the code ends on. */
  lastLineOf(stretch: { readonly start: number; readonly end: number }): number;
}

/** A module specifier and its import attribute. */
export interface Request {
  readonly specifier: string;
  readonly type: string | undefined;
}

/** What a top-level name stands for. */
export type Binding = Declaration | Imported | { readonly kind: "effect" };

/** A top-level declaration; a destructuring one binds several names. */
export interface Declaration {
  readonly kind: "declaration";
  readonly node: VariableDeclaration | FunctionDeclaration | ClassDeclaration | Expression;
  readonly names: readonly string[];
}

/** An import or a re-export; without a name it is the module's namespace. */
export interface Imported {
  readonly kind: "imported";
  readonly request: Request;
  readonly name: string | undefined;
}

/** The code of a module without its types; where that hasn't the lines of the source, `map` says where they came from. */
interface Code {
  readonly code: string;
  readonly map: SourceMap | undefined;
}

// Node's own types know no such mode any more, and no source maps; Deno has them.
const LOWER = { mode: "transform" as "strip", sourceMap: true };

type Parse = (typeof import("../deps/acorn.ts"))["parse"];

/**
 * Parses a module and indexes its top level.
 *
 * @throws {ExperimentError} `INVALID_PARAMETER_VALUE` for what the parser doesn't know, such as decorators and JSX.
 */
export function parseModule(url: string, text: string, parse: Parse): Module {
  const stripped = withoutTypes(url, text);
  const { code } = stripped;
  const program = parseCode(url, { text, ...stripped, parse });
  const bindings = new Map<string, Binding>();
  const exports = new Map<string, Imported | { readonly kind: "local"; readonly name: string }>();
  const stars: Request[] = [];
  const effects: Statement[] = [];
  const effectImports: Request[] = [];

  /** Indexes a declaration and returns the names that it binds. */
  function declare(node: FunctionDeclaration | ClassDeclaration | VariableDeclaration): readonly string[] {
    if (node.type !== "VariableDeclaration") {
      bindings.set(node.id.name, { kind: "declaration", node, names: [node.id.name] });
      return [node.id.name];
    }
    for (const each of node.declarations) {
      const end = node.declarations.length === 1 ? node.end : each.end;
      const one = { ...node, start: each.start, end, declarations: [each] };
      const names = declared(one);
      // A `var` said twice is a declaration and an assignment.
      if (names.some((name) => bindings.has(name))) effects.push(one);
      else for (const name of names) bindings.set(name, { kind: "declaration", node: one, names });
    }
    return declared(node);
  }

  for (const node of program.body) {
    switch (node.type) {
      case "ImportDeclaration": {
        const request = requestOf(node);
        for (const each of node.specifiers) {
          const name = each.type === "ImportSpecifier"
            ? nameOf(each.imported)
            : each.type === "ImportDefaultSpecifier"
            ? "default"
            : undefined;
          bindings.set(each.local.name, { kind: "imported", request, name });
        }
        // `import { type T } from` doesn't run the module; without its types only a wide gap tells it from `import {} from`.
        const clause = code.slice(node.start, node.source.start);
        if (node.specifiers.length === 0 && !/\{\s{2,}\}/.test(clause)) effectImports.push(request);
        break;
      }
      case "ExportNamedDeclaration":
        if (node.declaration) {
          for (const name of declare(node.declaration)) exports.set(name, { kind: "local", name });
        }
        for (const each of node.specifiers) {
          const name = nameOf(each.local);
          exports.set(
            nameOf(each.exported),
            node.source
              ? { kind: "imported", request: requestOf({ ...node, source: node.source }), name }
              : { kind: "local", name },
          );
        }
        break;
      case "ExportAllDeclaration":
        if (!node.exported) stars.push(requestOf(node));
        else {exports.set(nameOf(node.exported), {
            kind: "imported",
            request: requestOf(node),
            name: undefined,
          });}
        break;
      case "ExportDefaultDeclaration": {
        const value = node.declaration;
        const named = (value.type === "FunctionDeclaration" || value.type === "ClassDeclaration") &&
          value.id !== null;
        const name = named
          ? declare(value as FunctionDeclaration | ClassDeclaration)[0] ?? "default"
          : "default";
        if (!named) bindings.set(name, { kind: "declaration", node: value as Expression, names: [name] });
        exports.set("default", { kind: "local", name });
        break;
      }
      case "FunctionDeclaration":
      case "ClassDeclaration":
      case "VariableDeclaration":
        declare(node);
        break;
      default:
        if (node.type !== "EmptyStatement" && !isMainOnly(node)) effects.push(node);
    }
  }

  const effectNames = hoisted(effects).filter((name) => !bindings.has(name));
  for (const name of effectNames) bindings.set(name, { kind: "effect" });
  const lineOf = (offset: number) => {
    const lines = code.slice(0, offset).split("\n");
    return lineIn(text, stripped, lines.length, lines.at(-1)?.length);
  };
  const lastLineOf = ({ start, end }: { readonly start: number; readonly end: number }) => {
    const [first, last] = [lineOf(start), lineOf(end)];
    // The map doesn't know where an enum ends.
    const lost = stripped.map !== undefined && last <= first && code.slice(start, end).includes("\n");
    return lost ? closingLine(text, first) : Math.max(first, last);
  };
  const statements = program.body;
  return {
    url,
    bindings,
    exports,
    stars,
    effects,
    effectNames,
    effectImports,
    statements,
    lineOf,
    lastLineOf,
  };
}

function withoutTypes(url: string, text: string): Code {
  if (/\.[mc]?jsx?$/.test(new URL(url).pathname)) return { code: text, map: undefined };
  try {
    return { code: stripTypeScriptTypes(text, { mode: "strip" }), map: undefined };
  } catch {
    // Enums, namespaces and parameter properties are no types that could be left out: they are lowered instead.
    try {
      const lowered = stripTypeScriptTypes(text, LOWER);
      const [, code = lowered, map = ""] = /^([^]*)\/\/# sourceMappingURL=.*?base64,(.*)\s*$/.exec(lowered) ??
        [];
      return { code, map: map === "" ? undefined : new SourceMap(JSON.parse(atob(map))) };
    } catch (cause) {
      const [, line] = /:(\d+):\d+\s*$/.exec(messageOf(cause)) ?? [];
      throw unreadable(line === undefined ? url : `${url}:${line}`, cause);
    }
  }
}

function parseCode(url: string, { text, parse, ...code }: Code & {
  readonly text: string;
  readonly parse: Parse;
}): Program {
  try {
    return parse(code.code, { ecmaVersion: "latest", sourceType: "module" });
  } catch (cause) {
    const { loc } = cause as { readonly loc?: { readonly line: number } };
    throw unreadable(loc === undefined ? url : `${url}:${lineIn(text, code, loc.line)}`, cause);
  }
}

/** The line of the source that a place in the code came from; what the map doesn't know is looked for by what it says. */
function lineIn(text: string, { code, map }: Code, line: number, column = 0): number {
  if (map === undefined) return line;
  const entry = map.findEntry(line - 1, column);
  if ("originalLine" in entry) return entry.originalLine + 1;
  const sought = code.split("\n")[line - 1]?.trim();
  return text.split("\n").findIndex((each) => each.trim() === sought) + 1 || line;
}

/** The line on which the brackets that a line opens are closed; that line itself where they never are. */
function closingLine(text: string, line: number): number {
  let open = 0;
  const closing = text.split("\n").slice(line - 1).findIndex((each) => {
    for (const [bracket] of each.matchAll(/[{(\[\])}]/g)) {
      open = "{([".includes(bracket) ? open + 1 : Math.max(open - 1, 0);
    }
    return open === 0;
  });
  return line + Math.max(closing, 0);
}

function unreadable(place: string, cause: unknown): ExperimentError {
  const [found] = messageOf(cause).replace(/^SyntaxError: | \(\d+:\d+\)$/g, "").split("\n");
  return new ExperimentError("INVALID_PARAMETER_VALUE", `${place} can't be fingerprinted: ${found}.`, {
    hint: "Decorators and JSX can't be read; keep them out of the modules that an experiment reaches.",
    cause,
  });
}

function requestOf(
  node: { readonly source: Literal; readonly attributes: readonly ImportAttribute[] },
): Request {
  const type = node.attributes.find((each) => nameOf(each.key) === "type")?.value.value;
  return { specifier: String(node.source.value), type: typeof type === "string" ? type : undefined };
}

function nameOf(node: Identifier | Literal): string {
  return node.type === "Identifier" ? node.name : String(node.value);
}

function isMainOnly(node: Statement): boolean {
  if (node.type !== "IfStatement" || node.alternate) return false;
  const { test } = node;
  return test.type === "MemberExpression" && test.object.type === "MetaProperty" &&
    test.property.type === "Identifier" && test.property.name === "main";
}

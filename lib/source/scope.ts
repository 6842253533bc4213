import type {
  AnyNode,
  CallExpression,
  Identifier,
  ImportExpression,
  MemberExpression,
  Pattern,
  Statement,
  VariableDeclaration,
} from "../deps/acorn.ts";
import { childrenOf, keyOf, propertyOf } from "./normalise.ts";

/** A variable that is declared inside the code that was looked at. */
export interface Local {
  readonly name: string;
}

/** A place where a variable is named. */
export interface NameUse {
  readonly kind: "name";
  readonly node: Identifier;
  /** The static member expressions around it, innermost first: `a.b` and `a.b.c` around the `a` of `a.b.c`. */
  readonly members: readonly MemberExpression[];
  /** Undefined where the name is the module's or a global one. */
  readonly local: Local | undefined;
}

/** A dynamic import. */
export interface ImportUse {
  readonly kind: "import";
  readonly node: ImportExpression;
  /** The exports that are plainly taken from it; undefined where all of them may be. */
  readonly names: readonly string[] | undefined;
}

/** What the code refers to, in the order of the text, and the calls that it makes. */
export interface Uses {
  readonly uses: readonly (NameUse | ImportUse)[];
  readonly calls: readonly CallExpression[];
}

interface Scope {
  readonly locals: ReadonlyMap<string, Local>;
  readonly outer: Scope | undefined;
}

/** Resolves every variable of a tree. Declarations at the tree's own top level count as the module's. */
export function usesOf(root: AnyNode): Uses {
  const uses: (NameUse | ImportUse)[] = [];
  const calls: CallExpression[] = [];
  const taken = new Map<AnyNode, readonly string[]>();

  function visit(node: AnyNode, scope: Scope | undefined, members: readonly MemberExpression[] = []): void {
    const visitAll = (nodes: readonly (AnyNode | null | undefined)[], inner: Scope | undefined) => {
      for (const child of nodes) if (child) visit(child, inner);
    };
    switch (node.type) {
      case "Identifier":
        uses.push({ kind: "name", node, members, local: lookUp(node.name, scope) });
        return;
      case "MemberExpression": {
        const name = propertyOf(node);
        if (name !== undefined && node.object.type === "AwaitExpression") {
          taken.set(node.object.argument, [name]);
        }
        visit(node.object, scope, name === undefined ? [] : [node, ...members]);
        if (node.computed) visit(node.property, scope);
        return;
      }
      case "Property":
      case "MethodDefinition":
      case "PropertyDefinition":
        if (node.computed) visit(node.key, scope);
        if (node.value) visit(node.value, scope);
        return;
      case "LabeledStatement":
        visit(node.body, scope);
        return;
      case "BreakStatement":
      case "ContinueStatement":
      case "MetaProperty":
        return;
      case "VariableDeclarator": {
        const names = node.id.type === "ObjectPattern" ? keysOf(node.id) : undefined;
        if (names !== undefined && node.init?.type === "AwaitExpression") {
          taken.set(node.init.argument, names);
        }
        visitAll([node.id, node.init], scope);
        return;
      }
      case "ImportExpression":
        uses.push({ kind: "import", node, names: taken.get(node) });
        visitAll(childrenOf(node), scope);
        return;
      case "CallExpression":
        calls.push(node);
        visitAll(childrenOf(node), scope);
        return;
      case "FunctionDeclaration":
      case "FunctionExpression":
      case "ArrowFunctionExpression": {
        const named = node.type === "FunctionExpression" && node.id ? enter(scope, [node.id.name]) : scope;
        if (node.id) visit(node.id, named);
        const names = node.params.flatMap(namesOf);
        const parameters = enter(named, names);
        visitAll(node.params, parameters);
        if (node.body.type !== "BlockStatement") return visit(node.body, parameters);
        // A `var` with a parameter's name begins with the parameter's value.
        const variables = hoisted(node.body.body).filter((name) => !names.includes(name));
        visitAll(node.body.body, enter(parameters, [...variables, ...lexical(node.body.body)]));
        return;
      }
      case "ClassExpression":
        visitAll(childrenOf(node), node.id ? enter(scope, [node.id.name]) : scope);
        return;
      case "StaticBlock":
        visitAll(node.body, enter(scope, [...hoisted(node.body), ...lexical(node.body)]));
        return;
      case "BlockStatement":
        visitAll(node.body, enter(scope, lexical(node.body)));
        return;
      case "ForStatement":
        visitAll(childrenOf(node), enter(scope, node.init ? lexical([node.init]) : []));
        return;
      case "ForInStatement":
      case "ForOfStatement":
        visitAll(childrenOf(node), enter(scope, lexical([node.left])));
        return;
      case "SwitchStatement":
        visit(node.discriminant, scope);
        visitAll(node.cases, enter(scope, lexical(node.cases.flatMap((each) => each.consequent))));
        return;
      case "CatchClause":
        visitAll([node.param, node.body], enter(scope, node.param ? namesOf(node.param) : []));
        return;
      default:
        visitAll(childrenOf(node), scope);
    }
  }

  visit(root, undefined);
  return { uses, calls };
}

/** The names that a pattern binds. */
export function namesOf(pattern: Pattern): string[] {
  switch (pattern.type) {
    case "Identifier":
      return [pattern.name];
    case "ObjectPattern":
      return pattern.properties.flatMap((each) => namesOf(each.type === "Property" ? each.value : each));
    case "ArrayPattern":
      return pattern.elements.flatMap((each) => each === null ? [] : namesOf(each));
    case "AssignmentPattern":
      return namesOf(pattern.left);
    case "RestElement":
      return namesOf(pattern.argument);
    case "MemberExpression":
      return [];
  }
}

/** The names that `var` declares anywhere in statements, not looking into functions. */
export function hoisted(statements: readonly AnyNode[]): string[] {
  return statements.flatMap((node) => {
    if (node.type === "VariableDeclaration") return node.kind === "var" ? declared(node) : [];
    return /Function|Class|Expression/.test(node.type) ? [] : hoisted(childrenOf(node));
  });
}

/** The names that a `var`, `let`, `const` or `using` declares. */
export function declared(node: VariableDeclaration): string[] {
  return node.declarations.flatMap((each) => namesOf(each.id));
}

function lexical(statements: readonly (Statement | AnyNode)[]): string[] {
  return statements.flatMap((node) => {
    if (node.type === "VariableDeclaration") return node.kind === "var" ? [] : declared(node);
    const named = node.type === "FunctionDeclaration" || node.type === "ClassDeclaration";
    return named && node.id ? [node.id.name] : [];
  });
}

function keysOf(pattern: Pattern & { readonly type: "ObjectPattern" }): string[] | undefined {
  const keys = pattern.properties.map((each) => each.type === "Property" ? keyOf(each) : undefined);
  return keys.every((key) => key !== undefined) ? keys : undefined;
}

function enter(outer: Scope | undefined, names: readonly string[]): Scope | undefined {
  if (names.length === 0) return outer;
  return { locals: new Map(names.map((name) => [name, { name }])), outer };
}

function lookUp(name: string, scope: Scope | undefined): Local | undefined {
  for (let each = scope; each !== undefined; each = each.outer) {
    const local = each.locals.get(name);
    if (local !== undefined) return local;
  }
  return undefined;
}

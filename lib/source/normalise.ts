import type { AnyNode, Expression, Literal, Statement } from "../deps/acorn.ts";

/**
 * A copy of a syntax tree in which what doesn't change the meaning is always written one way: the spelling of
 * literals, quoted and computed keys, braces around single statements, empty statements, arrows that only return.
 */
export function normalise<Node extends AnyNode>(node: Node): Node {
  return copyOf(node, true) as Node;
}

/** The nodes directly below a node, in the order in which the parser made them. */
export function childrenOf(node: AnyNode): AnyNode[] {
  return Object.values(node).flat().filter(isNode);
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}

function copyOf(value: unknown, rewritten: boolean): unknown {
  if (Array.isArray(value)) {
    return value
      .filter((item) => !isNode(item) || item.type !== "EmptyStatement")
      .map((item) => copyOf(item, true));
  }
  if (!isNode(value)) return value;
  // A tag function sees the raw text of its template, so that one stays as it is spelled.
  const copy = Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, copyOf(member, key !== "quasi")]),
  ) as unknown as AnyNode;
  return rewritten ? rewrite(copy) : copy;
}

function rewrite(node: AnyNode): AnyNode {
  switch (node.type) {
    case "Literal":
      return rewriteLiteral(node);
    case "TemplateLiteral": {
      const texts = node.quasis.map((quasi) => quasi.value.cooked ?? quasi.value.raw);
      if (texts.length === 1) return literal(texts[0] ?? "", node);
      node.quasis.forEach((quasi, index) => {
        quasi.value = {
          ...quasi.value,
          raw: (texts[index] ?? "").replace(/[\\`]|\$(?=\{)/g, "\\$&").replaceAll("\r", "\\r"),
        };
      });
      return node;
    }
    case "MemberExpression": {
      const name = node.computed ? textOf(node.property) : undefined;
      if (name === undefined || !isName(name)) return node;
      return { ...node, computed: false, property: { ...base(node), type: "Identifier", name } };
    }
    case "Property":
    case "MethodDefinition":
    case "PropertyDefinition": {
      const name = keyOf(node);
      // Written as computed or as a plain name, these two mean different things.
      if (name === undefined || name === "__proto__" || name === "constructor") return node;
      node.computed = false;
      node.key = isName(name) ? { ...base(node), type: "Identifier", name } : literal(name, node);
      return node;
    }
    case "IfStatement":
      node.consequent = blockOf(node.consequent);
      if (node.alternate) node.alternate = blockOf(node.alternate);
      return node;
    case "ForStatement":
    case "ForInStatement":
    case "ForOfStatement":
    case "WhileStatement":
    case "DoWhileStatement":
      node.body = blockOf(node.body);
      return node;
    case "ArrowFunctionExpression": {
      const [only, ...others] = node.body.type === "BlockStatement" ? node.body.body : [];
      if (only?.type === "ReturnStatement" && only.argument && others.length === 0) node.body = only.argument;
      node.expression = node.body.type !== "BlockStatement";
      return node;
    }
    default:
      return node;
  }
}

/** The name of a property whose key is static; undefined for computed and private keys. */
export function keyOf(node: {
  readonly key: AnyNode;
  readonly computed: boolean;
}): string | undefined {
  if (node.computed) return textOf(node.key);
  if (node.key.type === "Identifier") return node.key.name;
  return node.key.type === "Literal" ? String(node.key.value) : undefined;
}

/** The property that a member expression reads, where it is static. */
export function propertyOf(node: {
  readonly property: AnyNode;
  readonly computed: boolean;
}): string | undefined {
  return keyOf({ key: node.property, computed: node.computed });
}

/** The value of a text literal, or of a template without expressions. */
export function textOf(node: AnyNode | null | undefined): string | undefined {
  if (node?.type === "Literal" && typeof node.value === "string") return node.value;
  if (node?.type === "TemplateLiteral" && node.quasis.length === 1) {
    return node.quasis[0]?.value.cooked ?? undefined;
  }
  return undefined;
}

function rewriteLiteral(node: Literal): Literal {
  const { raw: _, ...rest } = node;
  if (node.regex !== undefined) {
    return { ...rest, raw: `/${node.regex.pattern}/${[...node.regex.flags].sort().join("")}` };
  }
  return typeof node.value === "bigint" ? { ...rest, bigint: String(node.value) } : rest;
}

function blockOf(node: Statement): Statement {
  if (node.type === "BlockStatement") return node;
  return { ...base(node), type: "BlockStatement", body: node.type === "EmptyStatement" ? [] : [node] };
}

function literal(value: string, at: AnyNode): Expression & Literal {
  return { ...base(at), type: "Literal", value };
}

function base(node: AnyNode): { start: number; end: number } {
  return { start: node.start, end: node.end };
}

function isName(text: string): boolean {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u.test(text);
}

import type { AnyNode, CallExpression, ImportExpression } from "../deps/acorn.ts";
import { keyOf, textOf } from "./normalise.ts";

/** Turns a node into another one in its place. */
export function become(node: AnyNode, other: { readonly type: string; readonly name: string }): void {
  for (const key of Object.keys(node)) delete (node as unknown as Record<string, unknown>)[key];
  Object.assign(node, other);
}

/** The type that an `import()` asks for by its attributes; undefined where it names none. */
export function importTypeOf({ options }: ImportExpression): string | undefined {
  const member = (node: AnyNode | null, name: string): AnyNode | null => {
    if (node?.type !== "ObjectExpression") return null;
    return node.properties.find((each) => each.type === "Property" && keyOf(each) === name) as AnyNode | null;
  };
  const attributes = member(options, "with");
  const type = attributes?.type === "Property" ? member(attributes.value, "type") : null;
  return type?.type === "Property" ? textOf(type.value) : undefined;
}

/** Drops what is documentation of a definition: its `description`, and what is said about a feature view. */
export function withoutDescription(call: CallExpression): void {
  if (call.arguments.length === 3 && isDocumentation(call.arguments[2]!)) call.arguments.pop();
  for (const each of call.arguments) {
    if (each.type !== "ObjectExpression") continue;
    each.properties = each.properties.filter((property) =>
      property.type !== "Property" || keyOf(property) !== "description" ||
      textOf(property.value) === undefined
    );
  }
}

/** Whether an expression is a text, or an object of nothing but texts. */
function isDocumentation(node: AnyNode): boolean {
  if (node.type !== "ObjectExpression") return textOf(node) !== undefined;
  return node.properties.every((each) =>
    each.type === "Property" && !each.computed && isDocumentation(each.value)
  );
}

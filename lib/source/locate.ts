import { ExperimentError } from "../base/error.ts";
import type { CallExpression, Expression, ObjectExpression } from "../deps/acorn.ts";
import type { Found, Linker } from "./link.ts";
import type { Module } from "./module.ts";
import { keyOf, propertyOf } from "./normalise.ts";
import type { Section, Sections } from "./section.ts";
import type { Address } from "./specifier.ts";

/** Where a value is: an export of a module, then property names into it. */
export interface SourceLocation {
  /** An absolute `file:`, `http:` or `https:` URL. */
  readonly module: string;
  /** The name of an export of the module. */
  readonly export: string;
  /** The property names from there. */
  readonly path: readonly string[];
}

/** A point on the way: an expression, a namespace, or what can't be stepped into. */
type Place =
  | { readonly kind: "expression"; readonly module: Module; readonly node: Expression; readonly name: string }
  | { readonly kind: "namespace"; readonly address: Address; readonly found: Found }
  | { readonly kind: "whole"; readonly found: Found };

/** `unknown` where the code doesn't say, `missing` where it says that there is no such property. */
type Step = Place | "unknown" | "missing";

/**
 * Follows a location through the code to the narrowest expression that surely holds the value: where a step can't
 * be followed without running the code, the last expression that was reached.
 *
 * @returns Its section, and the modules that were passed on the way.
 * @throws {ExperimentError} `RESOURCE_DOES_NOT_EXIST` where there is no such export or property.
 */
export async function locate(
  location: SourceLocation,
  { linker, sections }: { readonly linker: Linker; readonly sections: Sections },
): Promise<{ readonly section: Section; readonly passed: readonly Module[] }> {
  const passed: Module[] = [];

  /** The place that a name or an export leads to. */
  async function placeOf(found: Found): Promise<Place> {
    passed.push(...found.passed);
    const { target } = found;
    if (target.kind === "namespace") return { kind: "namespace", address: target.address, found };
    if (target.kind !== "declaration") return { kind: "whole", found };
    const { module, name, declaration: { node } } = target;
    if (node.type === "VariableDeclaration") {
      const [{ id, init } = { id: undefined, init: undefined }] = node.declarations;
      if (id?.type !== "Identifier" || !init) return { kind: "whole", found };
      return await reduce({ kind: "expression", module, node: init, name });
    }
    if (node.type === "FunctionDeclaration" || node.type === "ClassDeclaration") {
      return { kind: "whole", found };
    }
    return await reduce({ kind: "expression", module, node, name });
  }

  /** What an expression that only names another one names; else itself. */
  async function reduce(place: Place & { readonly kind: "expression" }): Promise<Place> {
    const { module, node } = place;
    if (node.type === "Identifier") {
      const found = await linker.bound(module, node.name);
      return found === undefined ? place : await placeOf(found);
    }
    const key = node.type === "MemberExpression" ? propertyOf(node) : undefined;
    if (node.type !== "MemberExpression" || key === undefined || node.object.type === "Super") return place;
    const object = await reduce({ ...place, node: node.object });
    const next = await step(object, key);
    return typeof next === "string" ? place : next;
  }

  async function step(place: Place, key: string): Promise<Step> {
    if (place.kind === "whole") return "unknown";
    if (place.kind === "namespace") {
      const found = await linker.exported(place.address, key);
      return found === undefined ? "missing" : await placeOf(found);
    }
    const { module, node, name } = place;
    if (node.type === "ObjectExpression") return await property({ ...place, node }, key);
    if (node.type !== "CallExpression") return "unknown";
    const inside = await argumentOf(module, node, key);
    if (inside === undefined) return "unknown";
    if (inside.whole) return await reduce({ ...place, node: inside.node, name: `${name}.${key}` });
    return await step(await reduce({ ...place, node: inside.node }), key);
  }

  /** The argument of a `define…` call that a step goes to; `whole` where the argument is itself what was asked for. */
  async function argumentOf(
    module: Module,
    call: CallExpression,
    key: string,
  ): Promise<{ readonly node: Expression; readonly whole: boolean } | undefined> {
    const callee = await reduce({ kind: "expression", module, node: call.callee as Expression, name: "" });
    const target = callee.kind === "whole" ? callee.found.target : undefined;
    if (target?.kind !== "leaf" || !target.name.startsWith("reprise#define")) return undefined;
    const whole = target.name === "reprise#defineExperiment" && key === "registry";
    const node = call.arguments.at(whole ? 0 : target.name === "reprise#defineFeatures" ? 1 : -1);
    if (node === undefined || call.arguments.some((each) => each.type === "SpreadElement")) return undefined;
    return { node: node as Expression, whole };
  }

  async function property(
    place: Place & { readonly kind: "expression"; readonly node: ObjectExpression },
    key: string,
  ): Promise<Step> {
    for (const each of place.node.properties.toReversed()) {
      if (each.type === "SpreadElement") {
        const next = await step(await reduce({ ...place, node: each.argument }), key);
        if (next === "missing") continue;
        return next;
      }
      const name = keyOf(each);
      if (name === undefined || name === "__proto__") return "unknown";
      if (name !== key) continue;
      if (each.kind !== "init") return "unknown";
      return await reduce({ ...place, node: each.value, name: `${place.name}.${key}` });
    }
    // A statement may have put it there.
    return await sections.effectsOf(place.module) === undefined ? "missing" : "unknown";
  }

  const path = [location.export, ...location.path];
  const entry: Address = { kind: "module", url: location.module, type: undefined };
  const first = await linker.exported(entry, location.export);
  if (first === undefined) throw missing(location.module, path, 0);
  let place = await placeOf(first);
  for (const [index, key] of location.path.entries()) {
    const next = await step(place, key);
    if (next === "missing") throw missing(location.module, path, index + 1);
    if (next === "unknown") break;
    place = next;
  }
  const section = place.kind === "expression"
    ? sections.ofExpression(place.module, place.node, place.name)
    : sections.of(place.found.target);
  return { section, passed };
}

function missing(module: string, path: readonly string[], index: number): ExperimentError {
  const at = path.slice(0, index).join(".");
  return new ExperimentError(
    "RESOURCE_DOES_NOT_EXIST",
    index === 0
      ? `${module} has no export "${path[0]}".`
      : `${module} has no "${path.join(".")}": there is no "${path[index]}" in "${at}".`,
  );
}

import { canonicalJson } from "../../base/digest.ts";
import type { ConfigChange } from "./explanation.ts";

/** A resolved config and where each of its leaves comes from, by dotted path. */
export interface ConfigSide {
  /** The config as a spec or as it was recorded. */
  readonly config: object;
  /** Where each leaf comes from: `configs/exp_v1.yaml:7:22`, `--set` or `default`. */
  readonly origins: Readonly<Record<string, string>>;
}

/** The leaves of two configs that differ, by path; a list is one leaf. */
export function configChanges(past: ConfigSide, current: ConfigSide): readonly ConfigChange[] {
  const [before, after] = [leavesOf(past.config), leavesOf(current.config)];
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((path) => textOf(before, path) !== textOf(after, path))
    .map((path) => ({
      path,
      ...(before.has(path) ? { past: before.get(path) } : {}),
      ...(after.has(path) ? { current: after.get(path) } : {}),
      origin: {
        ...(before.has(path) ? originIn(past, path, "past") : {}),
        ...(after.has(path) ? originIn(current, path, "current") : {}),
      },
    }));
}

/** The changes of those leaves that a clause is made of. */
export function changesBehind(clause: string, changes: readonly ConfigChange[]): readonly ConfigChange[] {
  const [kind] = clause.split(".");
  const roots = BEHIND[kind!] ?? [];
  return changes.filter(({ path }) => roots.some((root) => path === root || path.startsWith(`${root}.`)));
}

/** The parts of the config that each kind of clause depends on. */
const BEHIND: Readonly<Record<string, readonly string[]>> = {
  data: ["data.name"],
  features: ["features.view"],
  split: ["split", "seed"],
  model: ["model.name"],
  params: ["model.params"],
  seed: ["seed"],
  metrics: ["metrics"],
};

function textOf(leaves: ReadonlyMap<string, unknown>, path: string): string | undefined {
  return leaves.has(path) ? canonicalJson(leaves.get(path)) : undefined;
}

function originIn({ origins }: ConfigSide, path: string, side: "past" | "current") {
  const origin = origins[path] ?? origins[`${path}.0`];
  return origin === undefined ? {} : { [side]: origin };
}

function leavesOf(config: object): ReadonlyMap<string, unknown> {
  const leaves = new Map<string, unknown>();
  const visit = (value: unknown, path: readonly string[]) => {
    const isMap = typeof value === "object" && value !== null && !Array.isArray(value);
    if (!isMap || Object.keys(value).length === 0) return leaves.set(path.join("."), value);
    for (const [key, member] of Object.entries(value)) {
      if (member !== undefined) visit(member, [...path, key]);
    }
  };
  visit(config, []);
  return leaves;
}

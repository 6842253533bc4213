import { isRecord, quote } from "./show.ts";

/** Where something was written. */
export interface Place {
  /** As a message begins: `configs/exp_v1.yaml:7:22`, or `--set seed=1`. */
  readonly label: string;
  /** As an origin is recorded: the label, or just `--set`. */
  readonly origin: string;
  /** Its rank among the places of one check. */
  readonly order: number;
}

/** The steps from the root to a value: keys of maps and indices of lists. */
export type Path = readonly PropertyKey[];

/** Something wrong at a place; the path is empty where none is known. */
export interface Problem {
  readonly place: Place;
  readonly path: Path;
  readonly message: string;
}

/** A value that knows where it (`at`) and its key (`key`; a root or list item has its own place there) were written. */
export type Tree = { readonly at: Place; readonly key: Place } & Content;

type Content =
  | { readonly kind: "leaf"; readonly value: unknown }
  | { readonly kind: "list"; readonly items: readonly Tree[] }
  | { readonly kind: "map"; readonly entries: ReadonlyMap<string, Tree> };

/** How many maps and lists may lie within each other. */
export const MAX_DEPTH = 100;

/** What is said of a value that lies deeper. */
export const TOO_DEEP = `nested too deeply (at most ${MAX_DEPTH} levels)`;

/** The tree of a value from code, all of it written at one place; adds what can't be read to `problems`. */
export function treeOf(value: unknown, place: Place, problems: Problem[]): Tree {
  const open = new Set<unknown>();
  const visit = (value: unknown, path: Path): Tree => {
    const fail = (message: string): Tree => {
      problems.push({ place, path, message });
      return { at: place, key: place, kind: "leaf", value: null };
    };
    if (!Array.isArray(value) && !isRecord(value)) return { at: place, key: place, kind: "leaf", value };
    if (open.has(value)) return fail("contains itself");
    if (path.length > MAX_DEPTH) return fail(TOO_DEEP);
    open.add(value);
    const content: Content = Array.isArray(value)
      ? { kind: "list", items: Array.from(value, (item, index) => visit(item, [...path, index])) }
      : { kind: "map", entries: entriesOf(value, (key, member) => visit(member, [...path, key])) };
    open.delete(value);
    return { at: place, key: place, ...content };
  };
  return visit(value, []);
}

function entriesOf(value: object, visit: (key: string, member: unknown) => Tree): ReadonlyMap<string, Tree> {
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return new Map(members.map(([key, member]) => [key, visit(key, member)]));
}

/** The plain value of a tree. */
export function valueOf(tree: Tree): unknown {
  if (tree.kind === "leaf") return tree.value;
  if (tree.kind === "list") return tree.items.map(valueOf);
  return Object.fromEntries(Array.from(tree.entries, ([key, child]) => [key, valueOf(child)]));
}

/** The child of a tree at one step, if there is one. */
function childOf(tree: Tree, step: PropertyKey): Tree | undefined {
  if (tree.kind === "map") return tree.entries.get(String(step));
  return tree.kind === "list" ? tree.items[Number(step)] : undefined;
}

/** Where a path was written: its value, its key, or for a missing one the key of the map it is missing from. */
export function placeOf(root: Tree, path: Path, part: "value" | "key"): Place {
  let tree = root;
  for (const step of path) {
    const child = childOf(tree, step);
    if (child === undefined) return tree.kind === "leaf" ? tree.at : tree.key;
    tree = child;
  }
  return part === "key" ? tree.key : tree.at;
}

/** A path in dots, `model.params.epochs`; steps that would read wrongly are quoted. */
export function toDotted(path: Path): string {
  return path.map(String).map((step) => /^[^\s."'\p{C}]{1,60}$/u.test(step) ? step : quote(step)).join(".");
}

/**
 * Where each leaf of a checked value came from, by dotted path: its place in the `tree` it was checked from, or
 * `default` where the schema filled it in.
 */
export function originsOf(value: unknown, tree: Tree): Readonly<Record<string, string>> {
  const origins: [string, string][] = [];
  const visit = (value: unknown, tree: Tree | undefined, otherwise: string, path: Path) => {
    const members = Array.isArray(value) || isRecord(value) ? Object.entries(value) : [];
    if (members.length === 0) origins.push([toDotted(path), tree?.at.origin ?? otherwise]);
    const below = tree === undefined ? otherwise : tree.kind === "leaf" ? tree.at.origin : "default";
    for (const [key, member] of members) {
      if (member !== undefined) visit(member, tree && childOf(tree, key), below, [...path, key]);
    }
  };
  visit(value, tree, "default", []);
  return Object.fromEntries(origins);
}

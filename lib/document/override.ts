import { ExperimentError } from "../base/error.ts";
import { quote, shorten, show, toLine } from "./show.ts";
import { MAX_DEPTH, type Path, type Place, type Problem, type Tree } from "./tree.ts";
import { readYaml } from "./yaml.ts";

/** One value set over a document. */
export interface Override {
  /** Keys and indices of lists in dots: `model.params.epochs`. */
  readonly path: string;
  /** The value as YAML text; empty for null. */
  readonly value: string;
}

/**
 * Reads the text of a `--set` flag, such as `model.params.epochs=100`.
 *
 * @throws {ExperimentError} `INVALID_PARAMETER_VALUE` when it isn't a path of keys and dots, `=` and a value.
 */
export function parseOverride(text: string): Override {
  const equals = text.indexOf("=");
  const path = text.slice(0, equals);
  if (equals > 0 && isDotted(path)) return { path, value: text.slice(equals + 1) };
  throw new ExperimentError(
    "INVALID_PARAMETER_VALUE",
    toLine(`--set ${shorten(text)}  expected path=value, such as model.params.epochs=100`),
  );
}

/** The tree with one value set: maps that are missing on the way are made, adds what can't be done to `problems`. */
export function withOverride(root: Tree, override: Override, order: number, problems: Problem[]): Tree {
  const label = `--set ${shorten(`${override.path}=${override.value}`)}`;
  const place: Place = { label, origin: "--set", order };
  const keep = (tree: Tree, path: Path, message: string): Tree => {
    problems.push({ place, path, message });
    return tree;
  };
  if (!isDotted(override.path)) {
    return keep(root, [override.path], "expected a path such as model.params.epochs");
  }
  const reading = readYaml(override.value, () => place);
  const path = override.path.split(".");
  problems.push(...reading.problems.map((problem) => ({ ...problem, path: [...path, ...problem.path] })));
  if (reading.tree === undefined) return root;
  const leaf = reading.tree;

  const set = (tree: Tree | undefined, depth: number): Tree => {
    const step = path[depth];
    if (step === undefined) return leaf;
    if (tree === undefined || tree.kind === "leaf" && tree.value === null) {
      return { at: place, key: place, kind: "map", entries: new Map([[step, set(undefined, depth + 1)]]) };
    }
    if (tree.kind === "map") {
      return { ...tree, entries: new Map(tree.entries).set(step, set(tree.entries.get(step), depth + 1)) };
    }
    const here = path.slice(0, depth);
    if (tree.kind === "leaf") {
      return keep(tree, here, `expected a map to set ${quote(step)} in, found ${show(tree.value)}`);
    }
    const index = /^\d{1,6}$/.test(step) ? Number(step) : -1;
    if (index < 0 || index > tree.items.length) {
      const last = tree.items.length;
      return keep(
        tree,
        [...here, step],
        `expected the index of a list item, 0 to ${last} (${last} adds one)`,
      );
    }
    const item = set(tree.items[index], depth + 1);
    return { ...tree, items: [...tree.items.slice(0, index), item, ...tree.items.slice(index + 1)] };
  };
  return set(root, 0);
}

function isDotted(path: string): boolean {
  const steps = path.split(".");
  return steps.length <= MAX_DEPTH &&
    steps.every((step) => /^[^\s=\p{C}]+$/u.test(step) && step !== "__proto__");
}

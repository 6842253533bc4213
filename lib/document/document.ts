import { ExperimentError } from "../base/error.ts";
import type { z } from "../deps/zod.ts";
import { checkTree } from "./issue.ts";
import { type Override, withOverride } from "./override.ts";
import { show, toLine } from "./show.ts";
import {
  originsOf,
  type Path,
  type Place,
  type Problem,
  toDotted,
  type Tree,
  treeOf,
  valueOf,
} from "./tree.ts";
import { readYaml } from "./yaml.ts";

export { type Override, parseOverride } from "./override.ts";

/** How to check a document. */
export interface DocumentOptions<S extends z.ZodType> {
  /** The file's name in messages: `configs/exp_v1.yaml`. */
  readonly file: string;
  /** What the document must be. Words its author gave an issue are told as they are. */
  readonly schema: S;
  /** Values set over the document, in order. @default [] */
  readonly set?: readonly Override[];
  /**
   * What the choices at a path are called, so that a wrong one reads `no model "x"`: `{ "model.name": "model" }`.
   * Indices of lists are left out of the path. @default {}
   */
  readonly nouns?: Readonly<Record<string, string>>;
}

/** A checked document. */
export interface CheckedDocument<S extends z.ZodType> {
  /** What the schema made of it, defaults filled in. */
  readonly value: z.output<S>;
  /** Where each leaf of `value` came from, by dotted path: `configs/exp_v1.yaml:7:22`, `--set` or `default`. */
  readonly origins: Readonly<Record<string, string>>;
}

/**
 * Reads a YAML text, sets the overrides and checks the result by a schema.
 *
 * @throws {ExperimentError} `INVALID_PARAMETER_VALUE`: all problems at once, a line each, in the order of the text:
 * `configs/exp_v1.yaml:5:9  model.name: no model "logistc_regression". Did you mean "logistic_regression"?`
 */
export function parseDocument<S extends z.ZodType>(
  text: string,
  options: DocumentOptions<S>,
): CheckedDocument<S> {
  const reading = readYaml(text, ({ offset, line, col }) => {
    const label = `${options.file}:${line}:${col}`;
    return { label, origin: label, order: offset };
  });
  const problems = [...reading.problems];
  let tree = reading.tree;
  if (tree !== undefined && tree.kind !== "map") {
    const found = tree.kind === "leaf" && tree.value === null ? "nothing" : show(valueOf(tree));
    problems.push({ place: tree.at, path: [], message: `expected a map of keys and values, found ${found}` });
    tree = undefined;
  }
  return checkDocument(tree, problems, options, text.length);
}

/**
 * Checks a value that isn't YAML, such as a typed config's, in the same way; its places are just the file.
 *
 * @throws {ExperimentError} `INVALID_PARAMETER_VALUE`: all problems at once, a line each.
 */
export function checkValue<S extends z.ZodType>(
  value: unknown,
  options: DocumentOptions<S>,
): CheckedDocument<S> {
  const place: Place = { label: options.file, origin: options.file, order: 0 };
  const problems: Problem[] = [];
  return checkDocument(treeOf(value, place, problems), problems, options, 0);
}

/** What a schema finds wrong with a value: `expected a number above 0, found -1`; undefined where nothing. */
export function mismatchOf(schema: z.ZodType, value: unknown): string | undefined {
  const checked = checkTree(schema, value, treeOf(value, { label: "", origin: "", order: 0 }, []), {});
  return "problems" in checked ? checked.problems.map(({ message }) => message).join("; ") : undefined;
}

function checkDocument<S extends z.ZodType>(
  root: Tree | undefined,
  problems: Problem[],
  { schema, set = [], nouns = {} }: DocumentOptions<S>,
  end: number,
): CheckedDocument<S> {
  let tree = root ?? treeOf({}, { label: "", origin: "", order: 0 }, []);
  set.forEach((override, index) => tree = withOverride(tree, override, end + 1 + index, problems));
  if (root === undefined) throw errorOf(problems);
  const value = valueOf(tree);
  const checked = checkTree(schema, value, tree, nouns);
  if ("problems" in checked) {
    const told = problems.map(({ path }) => path);
    problems.push(...checked.problems.filter(({ path }) => !told.some((above) => isWithin(path, above))));
  }
  if (problems.length > 0 || !("value" in checked)) throw errorOf(problems);
  return { value: checked.value, origins: originsOf(checked.value, tree) };
}

const MAX_TOLD = 20;

function errorOf(problems: readonly Problem[]): ExperimentError {
  const sorted = problems.toSorted((a, b) => a.place.order - b.place.order);
  const lines = [...new Set(sorted.map(lineOf))];
  const told = lines.slice(0, MAX_TOLD);
  if (told.length < lines.length) told.push(`… and ${lines.length - told.length} more`);
  return new ExperimentError("INVALID_PARAMETER_VALUE", told.join("\n"));
}

function lineOf({ place, path, message }: Problem): string {
  return toLine(`${place.label}  ${path.length === 0 ? "" : `${toDotted(path)}: `}${message}`);
}

function isWithin(path: Path, above: Path): boolean {
  return above.every((step, index) => String(step) === String(path[index]));
}

import { listOf, nearest, suggestionOf } from "../base/nearest.ts";
import { observingCheck } from "../base/observe/scope.ts";
import type { z } from "../deps/zod.ts";
import { count, isRecord, quote, show } from "./show.ts";
import { type Path, placeOf, type Problem, toDotted, type Tree } from "./tree.ts";

type Issue = z.core.$ZodIssue;

/** What only the schema knows, noted on an issue while zod still tells which schema it is of. */
interface Noted {
  readonly knownKeys?: readonly string[];
  readonly isWhole?: boolean;
}

/** What a schema finds wrong with a value, and the value after it, defaults filled in. */
export function checkTree<S extends z.ZodType>(
  schema: S,
  value: unknown,
  tree: Tree,
  nouns: Readonly<Record<string, string>>,
): { readonly value: z.output<S> } | { readonly problems: readonly Problem[] } {
  const result = observingCheck(() =>
    schema.safeParse(value, {
      reportInput: true,
      // The empty message marks an issue that the schema's author gave no words.
      error: (issue) => {
        if (issue.code === "unrecognized_keys") issue["knownKeys"] = keysOf(issue.inst);
        issue["isWhole"] = isWhole(issue.inst) || isWhole(issue.schema);
        return "";
      },
    })
  );
  if (result.success) return { value: result.data };
  const issues = result.error.issues.flatMap((issue) => spread(issue, []));
  return { problems: issues.flatMap((issue) => problemsOf(issue, tree, nouns)) };
}

function problemsOf(
  issue: Issue,
  tree: Tree,
  nouns: Readonly<Record<string, string>>,
): Problem[] {
  const { path } = issue;
  if (issue.code === "unrecognized_keys") {
    const keys = (issue as Noted).knownKeys ?? [];
    const open = keys.filter((key) => !isRecord(issue.input) || !Object.hasOwn(issue.input, key));
    return issue.keys.map((key) => {
      const hint = nearest(key, open) === undefined ? suggestionOf(key, keys) : suggestionOf(key, open);
      const message = issue.message || `unknown key. ${hint}`;
      return { place: placeOf(tree, [...path, key], "key"), path: [...path, key], message };
    });
  }
  const place = placeOf(tree, path, issue.code === "invalid_key" ? "key" : "value");
  const name = toDotted(path.filter((step) => typeof step !== "number"));
  return [{ place, path, message: messageOf(issue, Object.hasOwn(nouns, name) ? nouns[name] : undefined) }];
}

function messageOf(issue: Issue, noun: string | undefined): string {
  if (issue.message !== "") return issue.message;
  const found = foundIn(issue);
  const expected = expectedBy(issue);
  if (expected === undefined) return `not accepted: ${nestedIn(issue) ?? `found ${show(found)}`}`;
  if (found === undefined) return `missing (expected ${expected})`;
  const choices = choicesOf(issue).map(String);
  if (noun !== undefined && choices.length > 0) {
    return `no ${noun} ${show(found)}. ${suggestionOf(String(found), choices)}`;
  }
  const match = typeof found === "string" && choices.length > 1 ? nearest(found, choices) : undefined;
  const hint = match === undefined ? "" : `. Did you mean ${quote(match)}?`;
  return `expected ${expected}, found ${show(found)}${hint}`;
}

/**
 * The issues to tell: of a union that fits in no way, those inside the alternative that has the right shape and the
 * fewest faults, if there is one.
 */
function spread(issue: Issue, prefix: Path): Issue[] {
  const path = [...prefix, ...issue.path];
  if (issue.code === "invalid_union" && issue.message === "") {
    const [best] = issue.errors
      .filter((branch) =>
        branch.every((inner) => inner.path.length > 0 || inner.code === "unrecognized_keys")
      )
      .sort((a, b) => a.length - b.length);
    if (best !== undefined && best.length > 0) return best.flatMap((inner) => spread(inner, path));
  }
  return [{ ...issue, path }];
}

function foundIn(issue: Issue): unknown {
  if (issue.code !== "invalid_union" || issue.discriminator === undefined) return issue.input;
  return isRecord(issue.input) ? issue.input[issue.discriminator] : issue.input;
}

/** The end of "expected …"; `undefined` where a schema doesn't say. */
function expectedBy(issue: Issue): string | undefined {
  switch (issue.code) {
    case "invalid_type":
      if ((issue as Noted).isWhole) return "a whole number";
      return TYPES[issue.expected] ?? `a value of type ${issue.expected}`;
    case "too_small":
      return bound(issue, issue.minimum, issue.inclusive ? "at least" : "above");
    case "too_big":
      return bound(issue, issue.maximum, issue.inclusive ? "at most" : "below");
    case "not_multiple_of":
      return `a multiple of ${issue.divisor}`;
    case "invalid_format":
      return formatOf(issue);
    case "invalid_value":
    case "invalid_union": {
      const choices = choicesOf(issue);
      if (choices.length > 1) return `one of ${listOf(choices.map(String))}`;
      if (choices.length === 1) return show(choices[0]);
      const alternatives = issue.code === "invalid_union"
        ? issue.errors.flatMap((branch) => branch.slice(0, 1))
        : [];
      const expected = alternatives.map((inner) => inner.message || expectedBy(inner)).filter((text) => text);
      return expected.length === 0 ? undefined : [...new Set(expected)].join(" or ");
    }
    default:
      return undefined;
  }
}

const TYPES: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  date: "a date-time such as 2024-05-01T12:30:00Z",
  null: "null",
  array: "a list",
  tuple: "a list",
  object: "a map",
  record: "a map",
  never: "nothing here",
  nonoptional: "a value",
};

const SIZED: Readonly<Record<string, readonly [thing: string, unit: string]>> = {
  string: ["a text", "character"],
  array: ["a list", "item"],
  set: ["a set", "item"],
  map: ["a map", "key"],
};

function bound(
  issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig,
  limit: number | bigint,
  relation: string,
): string {
  const sized = SIZED[issue.origin];
  if (sized !== undefined) {
    return `${sized[0]} of ${issue.exact ? "exactly" : relation} ${count(limit, sized[1])}`;
  }
  if (issue.origin === "date") {
    return `a date-time not ${issue.code === "too_small" ? "before" : "after"} ${
      show(new Date(Number(limit)))
    }`;
  }
  const number = (issue as Noted).isWhole ? "a whole number" : "a number";
  return `${number}${issue.inclusive ? " of" : ""} ${relation} ${limit}`;
}

function formatOf(issue: z.core.$ZodIssueInvalidStringFormat): string {
  const { prefix, suffix, includes } = issue as { prefix?: string; suffix?: string; includes?: string };
  if (prefix !== undefined) return `a text that starts with ${quote(prefix)}`;
  if (suffix !== undefined) return `a text that ends with ${quote(suffix)}`;
  if (includes !== undefined) return `a text that contains ${quote(includes)}`;
  return issue.format === "regex"
    ? `a text that matches ${issue.pattern}`
    : `a text of the form ${issue.format}`;
}

function choicesOf(issue: Issue): readonly unknown[] {
  if (issue.code === "invalid_value") return issue.values;
  return issue.code === "invalid_union" && "options" in issue ? issue.options ?? [] : [];
}

function nestedIn(issue: Issue): string | undefined {
  const [first] = issue.code === "invalid_key" || issue.code === "invalid_element" ? issue.issues : [];
  return first && messageOf(first, undefined);
}

function keysOf(schema: z.core.$ZodType | z.core.$ZodCheck | undefined): readonly string[] {
  const def: object = schema?._zod.def ?? {};
  if ("shape" in def) return Object.keys(def.shape as object);
  const keyType = "keyType" in def ? def.keyType as z.core.$ZodType : undefined;
  return Array.from(keyType?._zod.values ?? [], String);
}

function isWhole(schema: z.core.$ZodType | z.core.$ZodCheck | undefined): boolean {
  return schema !== undefined && "isInt" in schema && schema.isInt === true;
}

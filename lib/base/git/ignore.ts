import { Untold } from "./read.ts";
import { type Matcher, wildmatch } from "./wildmatch.ts";

/** The patterns of a file such as `.gitignore`. */
export interface IgnoreRules {
  /** Whether they ignore a path; undefined where they say nothing of it. The path is relative to their directory. */
  test(path: string, directory: boolean): boolean | undefined;
}

const MOST_RULES = 10_000;
const LONGEST_RULE = 1024;

interface Rule {
  readonly ignores: boolean;
  readonly directoriesOnly: boolean;
  /** Whether it is about a name alone, in any directory. */
  readonly nameOnly: boolean;
  readonly matches: Matcher;
}

/**
 * The rules in the text of an ignore file.
 *
 * @param options.ignoreCase As git's `core.ignoreCase`.
 * @throws {Untold} Where there are more of them, or longer ones, than are read.
 */
export function parseIgnore(text: string, { ignoreCase }: { readonly ignoreCase: boolean }): IgnoreRules {
  const fold = (one: string) =>
    bytesIn(ignoreCase ? one.replace(/[A-Z]/g, (char) => char.toLowerCase()) : one);
  const lines = text.replace(/^\ufeff/, "").split("\n");
  if (lines.length > MOST_RULES || lines.some(({ length }) => length > LONGEST_RULE)) {
    throw new Untold("there are more ignore rules, or longer ones, than are read");
  }
  const rules = lines.flatMap((line) => ruleOf(fold(trimmed(line.replace(/\r$/, "")))) ?? []).reverse();
  return {
    test(path, directory) {
      const whole = fold(path);
      const name = whole.slice(whole.lastIndexOf("/") + 1);
      return rules.find((rule) =>
        (directory || !rule.directoriesOnly) && rule.matches(rule.nameOnly ? name : whole)
      )?.ignores;
    },
  };
}

/** A line without the spaces at its end that no backslash keeps. */
function trimmed(line: string): string {
  return /^(?:\\[^]|[^\\ ]| +(?=[^ ]))*\\?/.exec(line)![0];
}

function ruleOf(line: string): Rule | undefined {
  if (line === "" || line.startsWith("#")) return undefined;
  const ignores = !line.startsWith("!");
  const text = ignores ? line : line.slice(1);
  const directoriesOnly = text.endsWith("/");
  const pattern = directoriesOnly ? text.slice(0, -1) : text;
  const nameOnly = !pattern.includes("/");
  const matches = nameOnly ? nameMatcher(pattern) : pathMatcher(pattern.replace(/^\//, ""));
  return matches && { ignores, directoriesOnly, nameOnly, matches };
}

function nameMatcher(pattern: string): Matcher | undefined {
  return /[*?[\\]/.test(pattern) ? wildmatch(pattern, { path: false }) : (name) => name === pattern;
}

function pathMatcher(pattern: string): Matcher | undefined {
  // Git compares what stands before the first wildcard by itself, so that `a**` crosses slashes.
  const plain = pattern.search(/[*?[\\]/);
  if (plain < 0) return (path) => path === pattern;
  const [prefix, rest] = [pattern.slice(0, plain), wildmatch(pattern.slice(plain), { path: true })];
  return rest && ((path) => path.startsWith(prefix) && rest(path.slice(plain)));
}

/** A text of a character a byte, as git sees it. */
function bytesIn(text: string): string {
  return /^[\0-\x7f]*$/.test(text)
    ? text
    : Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join("");
}

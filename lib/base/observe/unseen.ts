import { isFramework, pathOf } from "./asker.ts";
import { BUILTIN_NAMES } from "./builtins.ts";
import { digestOf } from "../digest.ts";
import type { Input } from "./input.ts";
import { isSeen } from "./seen.ts";

const QUOTED = new RegExp(`["'](?:node:)?(?:${BUILTIN_NAMES.join("|")})["']|\\bparseArgs\\b`);
const WORDS =
  /\b(?:Date|Deno|EventSource|Intl|Math\s*\.\s*random|Performance|Temporal|WebSocket|Worker|crypto|eval|fetch|globalThis|localStorage|navigator|performance|process|require|self|sessionStorage|window)\b/;

/**
 * That a module was loaded before anybody could observe it, as a script's are that is a program of its own, where its
 * text says that it may have asked for something then: it imports a module of Node's that gives such, or has words for
 * it and may have been run before Reprise's own modules were.
 */
export function unseenInput(url: string, text: string): Input | undefined {
  if (isFramework(url) || isSeen(url) || !/\.[cm]?[jt]sx?$/.test(new URL(url).pathname)) return undefined;
  // Only what is surely a comment: what looks like one may stand in a text.
  const code = text.replace(/^[ \t]*\/\/.*$/gm, "");
  const isAfter = [...code.matchAll(/\bfrom\s*["']([^"']+)["']/g)].some(([, specifier]) =>
    URL.canParse(specifier!, url) && /^.*\/mod\.ts$/.test(new URL(specifier!, url).href) &&
    isFramework(new URL(specifier!, url).href)
  );
  if (!QUOTED.test(code) && (isAfter || !WORDS.test(code))) return undefined;
  return { kind: "unseen", name: "", digest: digestOf("unseen"), by: { module: url, place: pathOf(url) } };
}

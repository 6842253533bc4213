import { unobserved } from "../base/observe/scope.ts";
import { LineCounter, parseDocument } from "../deps/yaml.ts";
import { type Place, type Problem, TOO_DEEP } from "./tree.ts";
import { NO_TAGS, type Reading, readTree } from "./yaml_tree.ts";

/** A point in a text: its offset, and the line and column from 1. */
export interface Position {
  readonly offset: number;
  readonly line: number;
  readonly col: number;
}

const MAX_LENGTH = 2 ** 20;
const UNREADABLE = /[[\p{Cc}\p{Cs}\ufffd]--[\t\n\r\u0085]]/v;

/**
 * Reads YAML 1.2 (core schema, merge keys) into a tree of places. Whatever another YAML reader might take for
 * something else is a problem: tabs, tags, repeated keys, numbers such as `010` and `1_000`, directives of YAML 1.1.
 */
export function readYaml(text: string, placeAt: (position: Position) => Place): Reading {
  const lines = new LineCounter();
  const at = (offset: number) => placeAt({ offset, ...lines.linePos(offset) });
  const problem = (offset: number, message: string): Problem => ({ place: at(offset), path: [], message });

  lines.addNewLine(0);
  text = text.replace(/^\ufeff/, "");
  if (text.length > MAX_LENGTH) return { problems: [problem(0, "longer than 1 MiB")] };
  const unreadable = UNREADABLE.exec(text);
  if (unreadable !== null) {
    for (const { index } of text.slice(0, unreadable.index).matchAll(/\n/g)) lines.addNewLine(index + 1);
    return { problems: [problem(unreadable.index, unreadableMessage(unreadable[0]))] };
  }
  lines.lineStarts.length = 0;
  // The parser looks at a variable for each token, and to tell who asks takes longer than all the rest.
  const document = unobserved(() =>
    parseDocument(text, {
      version: "1.2",
      schema: "core",
      strict: true,
      uniqueKeys: false,
      prettyErrors: false,
      lineCounter: lines,
    })
  );
  // Where the stack ends depends on the machine, so no place is told.
  if (document.errors.some(({ code }) => code === "RESOURCE_EXHAUSTION")) {
    return { problems: [problem(0, TOO_DEEP)] };
  }
  const faults = [...document.errors, ...document.warnings]
    .map(({ code, message, pos }) => problem(pos[0], faultMessage(code, message)));
  if (document.directives?.yaml.explicit && document.directives.yaml.version !== "1.2") {
    faults.push(
      problem(text.indexOf("%YAML"), `expected YAML 1.2, found ${document.directives.yaml.version}`),
    );
  }
  if (faults.length > 0) return { problems: firstsOf(faults) };
  return readTree(document.contents, at);
}

function unreadableMessage(character: string): string {
  if (character === "\ufffd") return "not UTF-8 text";
  const code = character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
  return `the character U+${code} can't be in a YAML text`;
}

function faultMessage(code: string, message: string): string {
  if (code === "TAB_AS_INDENT") return "indent with spaces, not tabs";
  if (code === "MULTIPLE_DOCS") return "expected one document, found the start of another";
  if (code === "TAG_RESOLVE_FAILED") return NO_TAGS;
  const [line = ""] = message.split("\n");
  return line.charAt(0).toLowerCase() + line.slice(1);
}

/** One fault at a place: what follows it there follows from it. */
function firstsOf(faults: readonly Problem[]): Problem[] {
  const labels = new Set<string>();
  return faults.filter(({ place }) => !labels.has(place.label) && labels.add(place.label));
}

import { dirname, join } from "node:path";
import { statOf, textOf } from "./read.ts";
import type { Repository, UserConfig } from "./repository.ts";

/** Whether git would change a file's content before it compares it: for certain not, only its line ends, or in other ways. */
export type Conversion = "none" | "line ends" | "other";

/** Tells of each file what git's attributes may make of its content, on the safe side: any that name something count. */
export function openAttributes(repository: Repository, user: UserConfig): (path: string) => Conversion {
  const known = new Map<string, Conversion>();
  const everywhere = repository.config.get("core.attributesfile") !== undefined ||
      user.config?.get("core.attributesfile") !== undefined
    ? "other"
    : conversionIn(textOf(join(repository.common, "info/attributes")) ?? "");
  const ofDirectory = (directory: string): Conversion => {
    const before = known.get(directory);
    if (before !== undefined) return before;
    const above = directory === "." ? everywhere : ofDirectory(dirname(directory));
    const file = join(repository.worktree, directory, ".gitattributes");
    const own = statOf(file)?.isFile ? conversionIn(textOf(file) ?? "") : "none";
    const both = [above, own].includes("other") ? "other" : above === "none" ? own : above;
    known.set(directory, both);
    return both;
  };
  return (path) => ofDirectory(dirname(path));
}

function conversionIn(text: string): Conversion {
  const rules = text.replace(/^\s*#.*$/gm, "");
  if (/filter|ident|encoding|\[attr\]/.test(rules)) return "other";
  return /text|crlf|eol|binary/.test(rules) ? "line ends" : "none";
}

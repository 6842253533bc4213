import { ExperimentError } from "../base/error.ts";
import type { Element } from "../base/html.ts";

/**
 * The text of a document whose root is an `<html>` element.
 *
 * @throws {ExperimentError} `INVALID_STATE` where JSX was compiled for another library: under `"jsx": "precompile"`, Deno
 * takes the library of the `deno.json` in use, whatever a module says.
 */
export function documentOf(root: Element): string {
  const text = String(root);
  if (!text.startsWith("<html")) {
    throw new ExperimentError(
      "INVALID_STATE",
      "HTML can't be written: the deno.json in use has all JSX precompiled for another library.",
      { hint: 'Give it `"jsx": "react-jsx"`, or run without it.' },
    );
  }
  return `<!doctype html>\n${text}\n`;
}

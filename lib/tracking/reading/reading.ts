import { shorten, toLine } from "../../document/show.ts";
import type { z } from "../../deps/zod.ts";

/** What was read from a store: a value that was checked; or in words why there is none, as the end of a sentence. */
export type Reading<Value> =
  | { readonly value: Value }
  | {
    /** Why there is no value, such as `it is not JSON`. */
    readonly reason: string;
    /** Whether nothing is there, rather than something that is misshapen. */
    readonly absent: boolean;
  };

/** A value that a schema accepts; or what is wrong with it first. */
export function checked<Value>(schema: z.ZodType<Value>, value: unknown): Reading<Value> {
  const result = schema.safeParse(value);
  if (result.success) return { value: result.data };
  const [issue] = result.error.issues;
  const path = (issue?.path ?? []).map(String).join(".");
  const message = wordsOf(issue?.message ?? "");
  const place = path === "" ? "" : `${toLine(shorten(path, 120))}: `;
  return { reason: toLine(shorten(`${place}${message}`, 400)), absent: false };
}

/** What zod calls the kinds of values, in the words of this project. */
const KINDS: Readonly<Record<string, string>> = {
  object: "a map",
  record: "a map",
  array: "a list",
  string: "a text",
  number: "a number",
  boolean: "true or false",
  undefined: "nothing",
  Uint8Array: "bytes",
};

function wordsOf(message: string): string {
  const [, expected = "", received = ""] = /^Invalid input: expected (\w+), received (\w+)$/.exec(message) ??
    [];
  if (expected !== "") return `expected ${KINDS[expected] ?? expected}, found ${KINDS[received] ?? received}`;
  return message.replace(/^Invalid input: /, "").replace(/^Invalid input$/, "not accepted")
    .replace("Invalid key in record", "not accepted as a name");
}

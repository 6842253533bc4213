import { z } from "../deps/zod.ts";

/** A name, path or address of a caller: of so many characters at most, and printable, so that a program can be given it. */
export function nameText(most: number): z.ZodString {
  return z.string().min(1).max(most).regex(/^\P{Cc}*$/u, "expected no control characters");
}

/** Words of a caller, which may be in several lines, of so many characters at most. */
export function proseText(most: number): z.ZodString {
  return z.string().max(most).regex(
    /^(?:\P{Cc}|[\t\n\r])*$/u,
    "expected no control characters but line ends",
  );
}

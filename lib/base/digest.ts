import { createHash } from "node:crypto";
import { ExperimentError } from "./error.ts";

/** The SHA-256 of a text (as UTF-8) or of bytes, as 64 lower-case hex digits. */
export function digestOf(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** The SHA-256 of a value's canonical JSON, as 64 lower-case hex digits. */
export function digestOfJson(value: unknown): string {
  return digestOf(canonicalJson(value));
}

/**
 * JSON with sorted keys, no white space and the shortest number form that reads back the same, after RFC 8785, so
 * that equal values have equal texts. Properties that are `undefined` are left out; `-0` is written as `0`.
 *
 * @throws {ExperimentError} `INVALID_PARAMETER_VALUE` for what JSON can't hold: NaN, infinities, functions, symbols, bigints.
 */
export function canonicalJson(value: unknown): string {
  switch (typeof value) {
    case "string":
    case "boolean":
      return JSON.stringify(value);
    case "number":
      if (Number.isFinite(value)) return JSON.stringify(value);
      break;
    case "object": {
      if (value === null) return "null";
      if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
      const entries = Object.entries(value)
        .filter(([, member]) => member !== undefined)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
      return `{${entries.join(",")}}`;
    }
  }
  throw new ExperimentError(
    "INVALID_PARAMETER_VALUE",
    `A value can't be digested: found ${
      String(value)
    } (${typeof value}), but canonical JSON holds only finite numbers, ` +
      "texts, booleans, null, arrays and plain objects.",
  );
}

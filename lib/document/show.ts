import { toLine } from "../base/printable.ts";

export { toLine };

/** A text in quotes, shortened to about 60 characters. */
export function quote(text: string): string {
  return JSON.stringify(shorten(text));
}

/** A text of so many characters at most, with `…` where it goes on. */
export function shorten(text: string, most = 60): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

/** What was found, in a message: a scalar as it is written in YAML, or `a map`, `a list of 3 items`. */
export function show(value: unknown): string {
  if (typeof value === "string") return quote(value);
  if (Array.isArray(value)) {
    return value.length === 0 ? "an empty list" : `a list of ${count(value.length, "item")}`;
  }
  if (typeof value === "function" || typeof value === "symbol") return `a ${typeof value}`;
  if (typeof value !== "object" || value === null) return Object.is(value, -0) ? "-0" : String(value);
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString();
  if (!isRecord(value)) return `a ${value.constructor?.name ?? "value"}`;
  return Object.keys(value).length === 0 ? "an empty map" : "a map";
}

/** Whether a value is an object literal, so that it reads as a map. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** `1 item`, `2 items`. */
export function count(amount: number | bigint, unit: string): string {
  return `${amount} ${unit}${Number(amount) === 1 ? "" : "s"}`;
}

/** A number, short enough for a table. */
export function short(value: number | null | undefined): string {
  if (value === undefined) return "none";
  if (value === null) return "not finite";
  if (!Number.isFinite(value) || Number.isInteger(value)) return String(value);
  return String(Number(value.toPrecision(5)));
}

/** A value of a cell or a config in words: texts in quotes where they could be read as something else. */
export function showValue(value: unknown): string {
  if (value === undefined) return "none";
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  const isPlain = typeof value === "string" && /^\p{L}[\p{L}\p{N}_ .-]*(?<! )$/u.test(value) &&
    !/^(true|false|null|none|nan|infinity)$/i.test(value);
  return isPlain ? value : toLine(JSON.stringify(value) ?? String(value));
}

import { digestOf } from "../digest.ts";
import type { InputKind } from "./input.ts";
import type { Patches } from "./patch.ts";
import { ask } from "./scope.ts";

const { DateTimeFormat, NumberFormat } = Intl;

const askClock = () => ask("clock", "clock", () => ({ kind: "clock", name: "", digest: digestOf("clock") }));
const askZone = () => askSetting("timezone", () => new DateTimeFormat().resolvedOptions().timeZone);
const askLocale = () => askSetting("locale", () => new DateTimeFormat().resolvedOptions().locale);

function askSetting(kind: InputKind, read: () => string): void {
  ask(kind, kind, () => {
    const value = read();
    return { kind, name: "", digest: digestOf(value), value };
  });
}

/** The digest of the time zone, or of the locale, that code has by default; with its name. */
export function settingNow(kind: "timezone" | "locale"): { readonly digest: string; readonly value: string } {
  const { locale, timeZone } = new DateTimeFormat().resolvedOptions();
  const value = kind === "timezone" ? timeZone : locale;
  return { digest: digestOf(value), value };
}

/** The members of a date that are of the time zone. */
const PARTS = ["Date", "Day", "FullYear", "Hours", "Milliseconds", "Minutes", "Month", "Seconds"];
const ZONED = [
  ...PARTS.map((part) => `get${part}`),
  ...PARTS.filter((part) => part !== "Day").map((part) => `set${part}`),
  ...["getTimezoneOffset", "getYear", "setYear", "toString", "toDateString", "toTimeString"],
  ...localized(Date.prototype),
];

/** The members that take a locale. */
function localized(prototype: object): readonly string[] {
  return Object.getOwnPropertyNames(prototype).filter((key) => key.startsWith("toLocale"));
}

/** The constructors of Intl that take a locale. */
const LOCALIZED = [
  ...["Collator", "DisplayNames", "DurationFormat", "ListFormat", "NumberFormat", "PluralRules"],
  ...["RelativeTimeFormat", "Segmenter"],
];

/** Observes who asks for the time, the time zone and the locale. */
export function observeDate({ replace, calls, reads }: Patches): void {
  replace(globalThis, "Date", (given) => {
    const observed = observedDate(given as DateConstructor);
    replace(observed.prototype, "constructor", () => observed);
    return observed;
  });
  for (const key of ZONED) {
    replace(Date.prototype, key, (given) =>
      function (this: unknown, ...args: unknown[]) {
        askZone();
        if (key.startsWith("toLocale")) askFor(args[0]);
        return (given as (...args: unknown[]) => unknown).apply(this, args);
      });
  }
  const primitive = Symbol.toPrimitive;
  replace(Date.prototype, primitive, (given) =>
    function (this: unknown, hint: unknown) {
      if (hint !== "number") askZone();
      return (given as (hint: unknown) => unknown).call(this, hint);
    });

  const askFormat = (locales: unknown, options: unknown) => {
    askFor(locales);
    if ((options as Intl.DateTimeFormatOptions | undefined)?.timeZone === undefined) askZone();
  };
  calls(Intl, ["DateTimeFormat"], ([locales, options]) => askFormat(locales, options));
  calls(Intl, LOCALIZED, ([locales]) => askFor(locales));
  for (const key of ["DateTimeFormat", ...LOCALIZED]) {
    const observed =
      (Intl as unknown as Readonly<Record<string, { readonly prototype: object } | undefined>>)[key];
    if (observed) replace(observed.prototype, "constructor", () => observed);
  }
  for (const { prototype } of [Number, BigInt, Array, Object.getPrototypeOf(Uint8Array)]) {
    calls(prototype, localized(prototype), ([locales]) => askFor(locales));
  }
  calls(String.prototype, ["localeCompare"], ([, locales]) => askFor(locales));
  calls(String.prototype, localized(String.prototype), ([locales]) => askFor(locales));
  reads(Navigator.prototype, ["language", "languages"], askLocale);

  const { Temporal } = globalThis as { readonly Temporal?: TemporalLike };
  if (Temporal === undefined) return;
  const now = Temporal.Now;
  for (
    const [key, { prototype }] of Object.entries(Object.getOwnPropertyDescriptors(Temporal)).flatMap(
      ([key, { value }]): [string, { readonly prototype: object }][] =>
        typeof value === "function" ? [[key, value]] : [],
    )
  ) {
    calls(prototype, localized(prototype), ([locales, options]) => {
      if (key === "Instant") askFormat(locales, options);
      else askFor(locales);
    });
  }
  calls(now, ["timeZoneId"], askZone);
  calls(now, ["instant"], askClock);
  for (const key of ["plainDateISO", "plainDateTimeISO", "plainTimeISO", "zonedDateTimeISO"]) {
    calls(now, [key], ([zone]) => {
      askClock();
      if (zone === undefined) askZone();
    });
  }
}

interface TemporalLike {
  readonly Now: object;
}

const isTaken = new Map<string, boolean>();

/** Notes that the locale counts where none is given that there is: an empty list, or an unknown one, is none. */
function askFor(locales: unknown): void {
  if (typeof locales !== "string") {
    if (!hasLocale(locales)) askLocale();
    return;
  }
  let taken = isTaken.get(locales);
  if (taken === undefined) isTaken.set(locales, taken = hasLocale(locales));
  if (!taken) askLocale();
}

function hasLocale(locales: unknown): boolean {
  if (locales === undefined) return false;
  try {
    return NumberFormat.supportedLocalesOf(locales as string).length > 0;
  } catch {
    // Whoever asks by it gets the same error.
    return true;
  }
}

function observedDate(given: DateConstructor): DateConstructor {
  const { now, parse, prototype, UTC } = given;
  function observed(this: unknown, ...args: unknown[]) {
    if (new.target === undefined) {
      askClock();
      askZone();
      return given();
    }
    if (args.length === 0) askClock();
    else if (args.length > 1 || isLocal(args[0])) askZone();
    return Reflect.construct(given, args, new.target === (observed as unknown) ? given : new.target);
  }
  observed.prototype = prototype;
  const members = {
    now: () => {
      askClock();
      return now();
    },
    parse: (text: string) => {
      if (isLocal(text)) askZone();
      return parse(text);
    },
    UTC,
  };
  for (const [key, value] of Object.entries(members)) {
    Object.defineProperty(observed, key, { value, writable: true, configurable: true });
  }
  Object.defineProperty(observed, "name", { value: "Date", configurable: true });
  Object.defineProperty(observed, "length", { value: 7, configurable: true });
  return observed as unknown as DateConstructor;
}

/** A date of ISO 8601 alone, which is in UTC; written in any other way, a date is local. */
const DATE = /^(?:\d{4}|[+-]\d{6})(?:-\d\d){0,2}$/;
/** A time with its offset: `01-05-2024` ends with a year, and not with one. */
const OFFSET =
  /\d:\d\d(?::\d\d(?:[.,]\d+)?)?\s*(?:[AP]M\s*)?(?:(?:Z|UTC?|GMT)(?:[+-]\d\d:?\d\d)?|[+-]\d\d:?\d\d)\s*(?:\([^()]*\))?\s*$/i;

/** Whether what a date is made of may say nothing of its offset: a text, or what may become one. */
function isLocal(given: unknown): boolean {
  if (typeof given === "string") return !DATE.test(given) && !OFFSET.test(given);
  return typeof given === "object" && given !== null && !(given instanceof Date);
}

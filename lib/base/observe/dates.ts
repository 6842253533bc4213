import { digestOf } from "../digest.ts";
import type { InputKind } from "./input.ts";
import type { Patches } from "./patch.ts";
import { ask } from "./scope.ts";

const { DateTimeFormat } = Intl;

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
        if (key.startsWith("toLocale") && args[0] === undefined) askLocale();
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
    if (locales === undefined) askLocale();
    if ((options as Intl.DateTimeFormatOptions | undefined)?.timeZone === undefined) askZone();
  };
  calls(Intl, ["DateTimeFormat"], ([locales, options]) => askFormat(locales, options));
  calls(Intl, LOCALIZED, ([locales]) => {
    if (locales === undefined) askLocale();
  });
  for (const { prototype } of [Number, BigInt, Array, Object.getPrototypeOf(Uint8Array)]) {
    calls(prototype, localized(prototype), ([locales]) => {
      if (locales === undefined) askLocale();
    });
  }
  calls(String.prototype, ["localeCompare"], ([, locales]) => {
    if (locales === undefined) askLocale();
  });
  calls(String.prototype, localized(String.prototype), ([locales]) => {
    if (locales === undefined) askLocale();
  });
  reads(Navigator.prototype, ["language", "languages"], askLocale);

  const now = (globalThis as { readonly Temporal?: { readonly Now: object } }).Temporal?.Now;
  if (now === undefined) return;
  calls(now, ["timeZoneId"], askZone);
  calls(now, ["instant"], askClock);
  for (const key of ["plainDateISO", "plainDateTimeISO", "plainTimeISO", "zonedDateTimeISO"]) {
    calls(now, [key], ([zone]) => {
      askClock();
      if (zone === undefined) askZone();
    });
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

/** Whether a text of a time says nothing of its offset: only a date alone is in UTC then. */
function isLocal(given: unknown): boolean {
  return typeof given === "string" && !/^\s*[+-]?\d{4,6}(-\d\d){0,2}\s*$/.test(given) &&
    !/(?:Z|UTC?|GMT|[+-]\d\d:?\d\d)(?:\s*\(.*\))?\s*$/i.test(given);
}

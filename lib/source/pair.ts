import type { CanonicalSection, Reference } from "./canonical.ts";

/** A section to be paired. */
export interface PlacedSection extends CanonicalSection {
  /** Where it is, such as `registries/features/_helpers.ts#scale`. */
  readonly place: string;
  /** Only a section of the same sort can be what it has become; undefined where it is only ever itself. */
  readonly sort: string | undefined;
  /** Whether a difference is its own; otherwise it is one of those that refer to it. */
  readonly named: boolean;
}

/** How a pair differs by itself, whatever happened to what it refers to. */
export type Difference =
  /** It says something else. */
  | "text"
  /** What it says stands for something else, or it comes after other side effects. */
  | "references";

/** How the sections of two sides belong together, and which of them differ. */
export interface Pairing {
  /** The past section that a current one was; undefined for a new one. */
  pastOf(current: number): number | undefined;
  /** Whether a past section has become a current one. */
  isKept(past: number): boolean;
  /** How a pair differs; undefined where it doesn't. */
  differenceOf(past: number, current: number): Difference | undefined;
  /** The positions of the references of a pair that stand for something else, where its text is the same. */
  otherReferences(past: number, current: number): readonly number[];
}

/**
 * Pairs the sections of two sides, of which the first are the same one. Those that mean the same with all that they
 * reach are a pair if they are in the same place or are referred to from the same position of a pair; then those of
 * the same place; then those that mean the same anywhere; then those at the same position of a pair, whatever they
 * mean; then those of the same text anywhere. Positions are those in the text of a pair; where that differs, the words
 * by which it refers to others.
 */
export function pairSections(past: readonly PlacedSection[], current: readonly PlacedSection[]): Pairing {
  const { texts, meanings } = numbersOf(past, current);
  const currents = new Map<number, number>();
  const pasts = new Map<number, number>();
  const places = new Map(current.map(({ place }, index) => [place, index]));
  const differences = new Map<number, Difference | undefined>();

  type Fit = (p: number, c: number) => boolean;
  const alike: Fit = (p, c) => meanings.past[p] === meanings.current[c];
  const sameSort: Fit = (p, c) => past[p]!.sort !== undefined && past[p]!.sort === current[c]!.sort;

  function link(p: number, c: number | undefined): void {
    if (c === undefined || currents.has(p) || pasts.has(c)) return;
    currents.set(p, c);
    pasts.set(c, p);
  }

  function linkInPlace(fits: Fit): void {
    for (const [p, { place }] of past.entries()) {
      const c = places.get(place);
      if (c !== undefined && fits(p, c)) link(p, c);
    }
  }

  /** Links what pairs refer to, and in turn what that refers to. */
  function linkReferred(fits: Fit): void {
    for (const [p, c] of currents) {
      for (const [from, to] of positionsOf(past[p]!, current[c]!)) if (fits(from, to)) link(from, to);
    }
  }

  /** Links what has the same number wherever it is. */
  function linkEqual(numbers: Numbers): void {
    const free = Map.groupBy(current.keys().filter((c) => !pasts.has(c)), (c) => numbers.current[c]);
    for (const p of past.keys()) {
      link(
        p,
        free.get(numbers.past[p])?.find((c) => !pasts.has(c) && sameSort(p, c)),
      );
    }
  }

  link(0, 0);
  linkInPlace(alike);
  const steps = [
    () => linkReferred(alike),
    () => linkInPlace(sameSort),
    () => linkEqual(meanings),
    () => linkReferred(sameSort),
    () => linkEqual(texts),
  ];
  const grows = (step: () => void) => {
    const before = currents.size;
    step();
    return currents.size > before;
  };
  while (steps.some(grows));

  function differenceOf(p: number, c: number): Difference | undefined {
    if (!differences.has(p)) {
      differences.set(p, undefined);
      differences.set(p, compare(past[p]!, current[c]!));
    }
    return differences.get(p);
  }

  function compare(before: PlacedSection, after: PlacedSection): Difference | undefined {
    if (!sameParts(before, after)) return "text";
    const other = differing(before, after);
    if (other.some((each) => before.references[each]?.label !== after.references[each]?.label)) return "text";
    // Side effects that are new or gone are told once, and not by each section that comes after them.
    const [from, to] = [
      before.after.filter((p) => currents.has(p) || !past[p]!.named),
      after.after.filter((c) => pasts.has(c) || !current[c]!.named),
    ];
    const sameEffects = from.length === to.length && from.every((p, index) => currents.get(p) === to[index]);
    return other.length === 0 && sameEffects ? undefined : "references";
  }

  function differing(before: PlacedSection, after: PlacedSection): readonly number[] {
    return [...before.references.keys()].filter((each) =>
      !isSame(before.references[each]!, after.references[each]!)
    );
  }

  function isSame(one: Reference, other: Reference): boolean {
    if (currents.get(one.to) !== other.to) {
      // What is new in the place of another one, or gone from it, is told by itself.
      const replaced = past[one.to]!.place === current[other.to]!.place && past[one.to]!.named;
      return replaced && (!currents.has(one.to) || !pasts.has(other.to));
    }
    const difference = differenceOf(one.to, other.to);
    if (!past[one.to]!.named && difference !== undefined) return false;
    // One name of several is told by its number, which changes as others come and go.
    return one.which === other.which || (one.label === other.label && difference !== undefined);
  }

  return {
    pastOf: (c) => pasts.get(c),
    isKept: (p) => currents.has(p),
    differenceOf,
    otherReferences: (p, c) => sameParts(past[p]!, current[c]!) ? differing(past[p]!, current[c]!) : [],
  };
}

/** What two sections refer to from the same positions. */
function positionsOf(past: CanonicalSection, current: CanonicalSection): (readonly [number, number])[] {
  const words = new Map(current.references.map(({ label, to }) => [label, to]));
  const same = sameParts(past, current);
  return [
    ...past.after.map((each, index) => [each, current.after[index]] as const),
    ...past.references.map(({ label, to }, index) =>
      [to, same ? current.references[index]?.to : words.get(label)] as const
    ),
  ].flatMap(([from, to]) => to === undefined ? [] : [[from, to] as const]);
}

function sameParts({ parts }: CanonicalSection, other: CanonicalSection): boolean {
  return parts.length === other.parts.length && parts.every((part, index) => part === other.parts[index]);
}

/** A number for each section of two sides. */
interface Numbers {
  readonly past: readonly number[];
  readonly current: readonly number[];
}

/** Sections of the same text have the same number; and of the same meaning, where they also reach the same. */
function numbersOf(
  past: readonly CanonicalSection[],
  current: readonly CanonicalSection[],
): { readonly texts: Numbers; readonly meanings: Numbers } {
  const sections = [past, current].flatMap((side, index) =>
    side.map(({ after, parts, references }) => ({
      text: JSON.stringify([after.length, parts, references.map(({ which }) => which)]),
      reached: [...after, ...references.map(({ to }) => to)].map((to) => to + index * past.length),
    }))
  );
  const bySide = (numbers: readonly number[]) => ({
    past: numbers.slice(0, past.length),
    current: numbers.slice(past.length),
  });
  const texts = numbered(sections.map(({ text }) => text));
  let meanings = texts;
  // Told apart by ever more of what they reach, until that tells no more of them apart.
  for (let count = -1; count !== new Set(meanings).size;) {
    count = new Set(meanings).size;
    const known = meanings;
    meanings = numbered(
      sections.map(({ reached }, index) => [known[index], ...reached.map((to) => known[to])].join()),
    );
  }
  return { texts: bySide(texts), meanings: bySide(meanings) };
}

function numbered(keys: readonly string[]): readonly number[] {
  const numbers = new Map<string, number>();
  for (const key of keys) if (!numbers.has(key)) numbers.set(key, numbers.size);
  return keys.map((key) => numbers.get(key)!);
}

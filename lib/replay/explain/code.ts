import type { ClauseSource, CodeDeclaration } from "../../contract/clause_source.ts";
import { parseCanonical } from "../../source/canonical.ts";
import { type Difference, pairSections, type PlacedSection } from "../../source/pair.ts";
import type { CodeChange } from "./explanation.ts";
import { type Excerpt, linesOf, sameLines, unifiedDiff } from "./unified.ts";

/** One side's code. */
export interface CodeSide {
  /** What the digest of each code clause was made of. */
  readonly clauses: Readonly<Record<string, ClauseSource>>;
  /** The text of a file as it was; undefined where it isn't kept. */
  text(file: string): Promise<string | undefined>;
}

/** What differs in one clause; a side that has no declaration is the one that doesn't reach it. */
interface Finding {
  readonly past: CodeDeclaration | undefined;
  readonly current: CodeDeclaration | undefined;
  /** Both sides by what their words stand for, best form first, where that differs and the words don't. */
  readonly meant?: readonly [string, string];
}

/**
 * The declarations that make two sides differ, each once, in the order in which the current side reaches them. A
 * declaration that was renamed or moved and means the same isn't one of them, nor is one that only reaches another one
 * that changed. At least one is named for each clause whose canonical text differs.
 *
 * A diff is of the lines of that declaration alone, with their numbers in the files; where these aren't kept or don't
 * show the difference, it is of the canonical text.
 *
 * @param clauses Those to look at, in the order in which changes name them; one that a side hasn't is left out.
 */
export async function codeChanges(
  past: CodeSide,
  current: CodeSide,
  clauses: readonly string[],
): Promise<readonly CodeChange[]> {
  const found = clauses.flatMap((clause) => {
    const [before, after] = [past.clauses[clause], current.clauses[clause]];
    if (before === undefined || after === undefined || before.canonical === after.canonical) return [];
    return findingsIn(before, after).map((finding) => ({ clause, finding }));
  });
  // What is new to one clause may have changed in another: that says more.
  const changed = new Map<string, string>();
  for (const { finding } of found) {
    if (!finding.past || !finding.current) continue;
    for (const place of [`+${placeOf(finding.current)}`, `-${placeOf(finding.past)}`]) {
      if (!changed.has(place)) changed.set(place, keyOf(finding));
    }
  }
  const groups = Map.groupBy(found, ({ finding }) => changed.get(keyOf(finding)) ?? keyOf(finding));
  return await Promise.all(
    groups.entries().map(async ([key, group]) => {
      const { finding } = group.find((each) => keyOf(each.finding) === key) ?? group[0]!;
      const declaration = (finding.current ?? finding.past)!;
      return {
        kind: !finding.past ? "added" : !finding.current ? "removed" : "changed",
        declaration: placeOf(declaration),
        file: declaration.file,
        line: declaration.line,
        diff: await diffOf(finding, past, current),
        clauses: [...new Set(group.map(({ clause }) => clause))],
      } as const;
    }),
  );
}

function keyOf({ past, current }: Finding): string {
  return [past && `-${placeOf(past)}`, current && `+${placeOf(current)}`].filter(Boolean).join(" ");
}

function placeOf({ file, name }: CodeDeclaration): string {
  return file === "" ? name : `${file}#${name}`;
}

/** What differs in a clause: what changed, then what is new, then what is gone. */
function findingsIn(past: ClauseSource, current: ClauseSource): readonly Finding[] {
  const [before, after] = [sectionsOf(past), sectionsOf(current)];
  const found = before && after ? differencesBetween(before, after) : [];
  if (found.length > 0) return found;
  const byText = differingTexts(past.declarations, current.declarations);
  if (byText.length > 0) return byText;
  return [{
    past: past.declarations[0],
    current: current.declarations[0],
    meant: [past.canonical, current.canonical],
  }];
}

interface Section extends PlacedSection {
  readonly declaration: CodeDeclaration;
}

function sectionsOf({ canonical, declarations }: ClauseSource): readonly Section[] | undefined {
  return parseCanonical(canonical, declarations.map(({ text }) => text))?.map((section, index) => {
    const declaration = declarations[index]!;
    return {
      ...section,
      place: placeOf(declaration),
      sort: sortOf(declaration),
      named: isNamed(declaration),
      declaration,
    };
  });
}

function sortOf({ file, name, line }: CodeDeclaration): string | undefined {
  if (name.startsWith("{")) return "import";
  if (file === "") return undefined;
  return name === "side effects" || line === 0 ? name : "declaration";
}

/** Packages are named by their own clauses, and what an `import()` takes by the code around it. */
function isNamed({ file, name }: CodeDeclaration): boolean {
  return file !== "" && !name.startsWith("{");
}

function differencesBetween(past: readonly Section[], current: readonly Section[]): readonly Finding[] {
  const { pastOf, isKept, differenceOf, otherReferences } = pairSections(past, current);
  const changed = current.flatMap((after, c): Finding[] => {
    const p = pastOf(c);
    const difference: Difference | undefined = p === undefined ? undefined : differenceOf(p, c);
    if (p === undefined || difference === undefined || !after.named) return [];
    const before = past[p]!;
    const sides = { past: before.declaration, current: after.declaration };
    if (difference === "text") return [sides];
    const shown = otherReferences(p, c);
    return [{ ...sides, meant: [meaningOf(past, p, shown), meaningOf(current, c, shown)] }];
  });
  const isNew = (c: number) => pastOf(c) === undefined;
  const isGone = (p: number) => !isKept(p);
  const added = onlyIn(current, isNew).map((now) => ({ past: undefined, current: now }));
  const removed = onlyIn(past, isGone).map((then) => ({ past: then, current: undefined }));
  return [...changed, ...added, ...removed];
}

function onlyIn(sections: readonly Section[], alone: (index: number) => boolean): readonly CodeDeclaration[] {
  return sections.flatMap(({ named, after, declaration }, index) => {
    // A module that only runs others has nothing to show that they don't.
    const passing = declaration.text === "" && after.some((each) => alone(each) && sections[each]!.named);
    return named && alone(index) && !passing
      ? [declaration.text === "" ? { ...declaration, text: headerOf(sections, index) } : declaration]
      : [];
  });
}

/** The text of a section, with what it comes after, and with places for some of its references. */
function meaningOf(sections: readonly Section[], index: number, shown: readonly number[]): string {
  const { words, references } = sections[index]!;
  const names = references.map(({ label, to, which }, position) => {
    if (!shown.includes(position)) return label;
    const { declaration: { file, name }, place, named, references: inner } = sections[to]!;
    if (!named && inner.length > 0) return meaningOf(sections, to, [...inner.keys()]);
    const one = which === undefined ? undefined : name.split(", ")[which];
    return one === undefined ? place : `${file}#${one}`;
  });
  return headerOf(sections, index) + words.map((word, position) => word + (names[position] ?? "")).join("");
}

function headerOf(sections: readonly Section[], index: number): string {
  return sections[index]!.after.map((each) => `after ${sections[each]!.place}\n`).join("");
}

/** What differs by its text and place alone. */
function differingTexts(
  past: readonly CodeDeclaration[],
  current: readonly CodeDeclaration[],
): readonly Finding[] {
  const before = new Map(past.map((each) => [placeOf(each), each]));
  const after = new Map(current.map((each) => [placeOf(each), each]));
  return [
    ...current.flatMap((now) => {
      const then = before.get(placeOf(now));
      return then !== undefined && then.text !== now.text ? [{ past: then, current: now }] : [];
    }),
    ...current.filter((now) => isNamed(now) && !before.has(placeOf(now)))
      .map((now) => ({ past: undefined, current: now })),
    ...past.filter((then) => isNamed(then) && !after.has(placeOf(then)))
      .map((then) => ({ past: then, current: undefined })),
  ];
}

async function diffOf({ past, current, meant }: Finding, before: CodeSide, after: CodeSide): Promise<string> {
  const [raw, rawNow] = await Promise.all([past && rawOf(past, before), current && rawOf(current, after)]);
  const diff = (one: Excerpt | undefined, other: Excerpt | undefined) =>
    unifiedDiff({ file: past?.file ?? "", excerpt: one }, { file: current?.file ?? "", excerpt: other });
  if (!past || !current) {
    return await diff(past && (raw ?? canonicalOf(past)), current && (rawNow ?? canonicalOf(current)));
  }
  const forms: readonly (readonly [Excerpt | undefined, Excerpt | undefined])[] = [
    ...meant ? [[excerptOf(meant[0]), excerptOf(meant[1])] as const] : [],
    [raw, rawNow],
    [canonicalOf(past), canonicalOf(current)],
  ];
  const diffs = forms.flatMap(([one, other]) =>
    one && other && !sameLines(one, other) ? [diff(one, other)] : []
  );
  const [first = "", second] = await Promise.all(diffs);
  const data = dataOf(past) !== undefined && dataOf(current) !== undefined;
  // Data that was written in another way besides is shown by its values.
  return data && second !== undefined && 2 * weightOf(second) < weightOf(first) ? second : first;
}

/** How much of a diff is changed lines. */
function weightOf(diff: string): number {
  return diff.split("\n").slice(2).filter((line) => /^[-+]/.test(line)).join("").length;
}

/** The lines of a declaration in its file; of data, all of them. */
async function rawOf(declaration: CodeDeclaration, side: CodeSide): Promise<Excerpt | undefined> {
  const { file, line, end } = declaration;
  const data = dataOf(declaration) !== undefined;
  if (!data && (line === 0 || end < line)) return undefined;
  const text = await side.text(file);
  if (text === undefined) return undefined;
  const lines = linesOf(text);
  if (data) return { from: 1, lines };
  return end <= lines.length ? { from: line, lines: lines.slice(line - 1, end) } : undefined;
}

function canonicalOf(declaration: CodeDeclaration): Excerpt {
  return excerptOf(dataOf(declaration) ?? declaration.text);
}

function excerptOf(text: string): Excerpt {
  return { from: 1, lines: linesOf(text) };
}

/** The content of a JSON or text module, in lines; undefined for code. */
function dataOf({ name, line, text }: CodeDeclaration): string | undefined {
  if (line !== 0 || !text.startsWith(`${name} `)) return undefined;
  const content = text.slice(name.length + 1);
  if (name === "text") return JSON.parse(content);
  return name === "json" ? JSON.stringify(JSON.parse(content), null, 2) : undefined;
}

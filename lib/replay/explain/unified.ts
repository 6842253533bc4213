/** Some lines of a file. */
export interface Excerpt {
  /** The 1-based number of the first of them. */
  readonly from: number;
  /** The lines, without their ends. */
  readonly lines: readonly string[];
}

/** A file and what is compared of it. */
export interface DiffSide {
  /** Its name in the header. */
  readonly file: string;
  /** Undefined for what isn't there on this side. */
  readonly excerpt: Excerpt | undefined;
}

/** How many lines of a diff are kept. */
const LONGEST = 400;
// A longer script of edits is quadratic to find and of no use to read: then all lines are replaced.
const MOST_EDITS = 1_000;

/** Whether two excerpts have the same lines. */
export function sameLines(one: Excerpt, other: Excerpt): boolean {
  return one.lines.length === other.lines.length &&
    one.lines.every((line, index) => line === other.lines[index]);
}

/** The lines of a text: those of Windows are like others, and whether the last one has an end makes no difference. */
export function linesOf(text: string): readonly string[] {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}

/**
 * The unified diff of two excerpts, with three lines of context and the line numbers of their files. It ends with a
 * line feed; of a diff of more than 400 lines, the last line says how many there are more.
 */
export async function unifiedDiff(past: DiffSide, current: DiffSide): Promise<string> {
  const { structuredPatch } = await import("../../deps/diff.ts");
  const [before, after] = [past.excerpt?.lines ?? [], current.excerpt?.lines ?? []];
  const text = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join("");
  const patch = structuredPatch("", "", text(before), text(after), "", "", {
    context: 3,
    maxEditLength: MOST_EDITS,
  });
  const replaced = [...before.map((line) => `-${line}`), ...after.map((line) => `+${line}`)];
  const hunks = patch?.hunks ??
    [{ oldStart: 1, oldLines: before.length, newStart: 1, newLines: after.length, lines: replaced }];
  const nameOf = ({ file, excerpt }: DiffSide) => excerpt === undefined ? "/dev/null" : file;
  const range = ({ excerpt }: DiffSide, start: number, count: number) =>
    `${start + (excerpt?.from ?? 1) - (count === 0 ? 2 : 1)},${count}`;
  const lines = [
    `--- ${nameOf(past)}`,
    `+++ ${nameOf(current)}`,
    ...hunks.flatMap((hunk) => [
      `@@ -${range(past, hunk.oldStart, hunk.oldLines)} +${range(current, hunk.newStart, hunk.newLines)} @@`,
      ...hunk.lines,
    ]),
  ];
  const kept = lines.length > LONGEST
    ? [...lines.slice(0, LONGEST), `… ${lines.length - LONGEST} more lines`]
    : lines;
  return text(kept);
}

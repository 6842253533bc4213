import { toLine } from "../document/show.ts";

/** A line of a unified diff. */
export interface DiffLine {
  /** What it is; `note` is of the diff itself, such as a missing line end. */
  readonly kind: "file" | "hunk" | "removed" | "added" | "same" | "note";
  /** The line with its sign; characters that would disguise it are escaped. */
  readonly text: string;
}

/** The lines of a unified diff, of one file or of several, one after the other. */
export function diffLines(diff: string): readonly DiffLine[] {
  const lines = diff.split("\n");
  if (lines.at(-1) === "") lines.pop();
  // The lines that a hunk still has on either side: only these tell "--- x" from the removed line "-- x".
  let [before, after] = [0, 0];
  return lines.map((line) => {
    const text = line.split("\t").map(toLine).join("\t");
    const sign = line[0] ?? " ";
    if (sign === "\\") return { kind: "note", text };
    if (before <= 0 && after <= 0) {
      const hunk = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/.exec(line);
      if (hunk === null) return { kind: "file", text };
      [before, after] = [Number(hunk[1] ?? 1), Number(hunk[2] ?? 1)];
      return { kind: "hunk", text };
    }
    if (sign !== "+") before--;
    if (sign !== "-") after--;
    return { kind: sign === "+" ? "added" : sign === "-" ? "removed" : "same", text };
  });
}

/** A line of a diff with the part of it that differs from its counterpart, where it has one. */
export interface MarkedLine extends DiffLine {
  /** From where to where it differs. */
  readonly mark?: readonly [from: number, to: number];
}

/** Lines of a diff, in which runs of as many removed as added lines are compared pair by pair. */
export function markChanges(lines: readonly DiffLine[]): readonly MarkedLine[] {
  const marked: MarkedLine[] = [...lines];
  for (let start = 0; start < lines.length; start++) {
    const removed = runOf(lines, start, "removed");
    if (removed === 0) continue;
    const added = runOf(lines, start + removed, "added");
    for (let index = start; added === removed && index < start + removed; index++) {
      const [past, current] = [lines[index]!, lines[index + removed]!];
      const marks = differingParts(past.text, current.text);
      if (marks === undefined) continue;
      marked[index] = { ...past, mark: marks[0] };
      marked[index + removed] = { ...current, mark: marks[1] };
    }
    start += removed + added - 1;
  }
  return marked;
}

function runOf(lines: readonly DiffLine[], start: number, kind: DiffLine["kind"]): number {
  let length = 0;
  while (lines[start + length]?.kind === kind) length++;
  return length;
}

/** The part of each of two lines that the other lacks, by words; undefined where little is the same. */
function differingParts(past: string, current: string) {
  const words = (text: string) => text.slice(1).match(/[\p{L}\p{N}_$]+|\s+|./gu) ?? [];
  const [before, after] = [words(past), words(current)];
  const least = Math.min(before.length, after.length);
  let head = 0;
  while (head < least && before[head] === after[head]) head++;
  let tail = 0;
  while (tail < least - head && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
  const length = (some: readonly string[]) => some.join("").length;
  const [from, rest] = [1 + length(before.slice(0, head)), length(before.slice(before.length - tail))];
  if (from - 1 + rest < Math.min(past.length, current.length) / 4) return undefined;
  return [[from, past.length - rest], [from, current.length - rest]] as const;
}

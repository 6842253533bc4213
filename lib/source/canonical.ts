/** A section of canonical text, read back. */
export interface CanonicalSection {
  /** The indexes of the side effects that it comes after. */
  readonly after: readonly number[];
  /** The text between its references: one part more than there are references. */
  readonly parts: readonly string[];
  /** The same with the names that local variables have in the source. */
  readonly words: readonly string[];
  /** What it names of other sections, or of itself. */
  readonly references: readonly Reference[];
}

/** A place in a section's text that names a section. */
export interface Reference {
  /** The index of the section. */
  readonly to: number;
  /** Which of the names of that section, where it binds several. */
  readonly which: number | undefined;
  /** How the source says it. */
  readonly label: string;
}

/**
 * Reads back the sections of a canonical text.
 *
 * @param texts The text of each section with the names that the source has. They tell a reference, which is a name
 * there, from a literal that only looks like one.
 * @returns The sections in their order; undefined where the two don't belong together.
 */
export function parseCanonical(
  canonical: string,
  texts: readonly string[],
): readonly CanonicalSection[] | undefined {
  const sections: CanonicalSection[] = [];
  let rest = canonical;
  for (const [index, text] of texts.entries()) {
    const header = headerOf(index + 1).exec(rest);
    if (header?.index !== 0) return undefined;
    rest = rest.slice(header[0].length);
    const found = bodyIn(rest, text, index + 1 < texts.length ? headerOf(index + 2) : undefined);
    if (found === undefined) return undefined;
    const after = [...(header[1] ?? "").matchAll(/\d+/g)].map(([number]) => Number(number) - 1);
    sections.push({ after, ...found.body });
    rest = rest.slice(found.length);
  }
  const known = (index: number) => index >= 0 && index < sections.length;
  const whole = sections.every(({ after, references }) =>
    after.every(known) && references.every(({ to }) => known(to))
  );
  return rest === "" && whole ? sections : undefined;
}

function headerOf(number: number): RegExp {
  return new RegExp(`^\\[${number}\\]((?: after(?: #\\d+)+)?)\\n`, "gm");
}

type SectionBody = Pick<CanonicalSection, "parts" | "words" | "references">;

/** The body that a text begins with: up to the first following header at which it says the same as `text`. */
function bodyIn(
  rest: string,
  text: string,
  next: RegExp | undefined,
): { readonly body: SectionBody; readonly length: number } | undefined {
  const ends = next === undefined ? [rest.length] : rest.matchAll(next).map(({ index }) => index);
  for (const length of ends) {
    const body = rest[length - 1] === "\n" ? align(rest.slice(0, length - 1), text) : undefined;
    if (body !== undefined) return { body, length };
  }
}

/** Splits canonical text at its references, by walking along the same text with the names of the source. */
function align(canonical: string, text: string): SectionBody | undefined {
  const candidates = [...canonical.matchAll(/#(\d+)(?:\.(\d+))?|@\d+/g)];
  const parts: string[] = [];
  const words: string[] = [];
  const references: Reference[] = [];
  let [part, said] = ["", ""];
  let from = 0;
  let at = 0;
  const literal = (end: number): boolean => {
    const piece = canonical.slice(from, end);
    const same = text.startsWith(piece, at);
    [part, said] = [part + piece, said + piece];
    [from, at] = [end, at + piece.length];
    return same;
  };
  for (const [position, candidate] of candidates.entries()) {
    const [sign, section, which] = candidate;
    if (!literal(candidate.index)) return undefined;
    // No name of a source begins like that, so what is the same on both sides is part of a literal.
    if (text.startsWith(sign, at)) continue;
    const following = canonical.slice(candidate.index + sign.length, candidates[position + 1]?.index);
    const end = position + 1 === candidates.length
      ? text.length - following.length
      : text.indexOf(following, at + 1);
    if (end < at) return undefined;
    const label = text.slice(at, end);
    if (section === undefined) {
      [part, said] = [part + sign, said + label];
    } else {
      references.push({ to: Number(section) - 1, which: which === undefined ? which : Number(which), label });
      parts.push(part);
      words.push(said);
      [part, said] = ["", ""];
    }
    [from, at] = [candidate.index + sign.length, end];
  }
  if (!literal(canonical.length) || at !== text.length) return undefined;
  return { parts: [...parts, part], words: [...words, said], references };
}

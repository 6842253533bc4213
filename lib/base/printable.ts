/** A text with what would break or disguise its line in a terminal (line ends, control characters) escaped. */
export function toLine(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}

/**
 * A text of several lines with what would disguise it escaped as JSON escapes it, so that JSON stays the same data; line
 * ends and tabs stay.
 */
export function toPrintable(text: string): string {
  if (/^[\n\t\x20-\x7e]*$/.test(text)) return text;
  return text.replace(
    /[[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]--[\n\t]]/gv,
    (character) =>
      Array.from(
        { length: character.length },
        (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`,
      ).join(""),
  );
}

/** The lines of a text, printable; all but the first are indented, so that none passes for a line of what it is told in. */
export function toLines(text: string): readonly string[] {
  return text.replace(/\r?\n(?=.)/g, "\n  ").split("\n").map(toLine);
}

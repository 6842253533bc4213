/** JSON lines, one of each item, in bytes: they may be longer than the longest string. */
export function toJsonLines(items: Iterable<unknown>): Uint8Array {
  const encoder = new TextEncoder();
  const lines = Array.from(items, (item) => encoder.encode(`${JSON.stringify(item)}\n`));
  const bytes = new Uint8Array(lines.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const line of lines) {
    bytes.set(line, at);
    at += line.length;
  }
  return bytes;
}

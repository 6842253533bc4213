const QUOTE = 0x22;
/** Most bytes of a text that is remembered, and how many texts are. */
const MAX_BYTES = 32;
const SLOTS = 8192;

/** Makes a text of some bytes. */
export type TextReader = (bytes: Uint8Array, from: number, to: number) => string;

/**
 * Remembers the short texts that are read, as most texts of a table are the same few, and to find one takes a fraction of
 * the time that it takes to make one.
 */
export function remembering(textOf: TextReader): TextReader {
  const known = new Uint8Array(SLOTS * MAX_BYTES);
  const texts = new Array<string | undefined>(SLOTS).fill(undefined);
  const lengths = new Uint8Array(SLOTS);
  return (bytes, from, to) => {
    const length = to - from;
    if (length > MAX_BYTES) return textOf(bytes, from, to);
    const hash = hashOf(bytes, from, to);
    const slot = hash & SLOTS - 1;
    const text = texts[slot];
    if (text !== undefined && lengths[slot] === length) {
      let same = 0;
      while (same < length && known[slot * MAX_BYTES + same] === bytes[from + same]) same++;
      if (same === length) return text;
    }
    known.set(bytes.subarray(from, to), slot * MAX_BYTES);
    lengths[slot] = length;
    return texts[slot] = textOf(bytes, from, to);
  };
}

/** Makes texts of the cells of a CSV file, which are UTF-8; null where there is nothing between two commas. */
export function cellReader(): (bytes: Uint8Array, from: number, to: number) => string | null {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const textOf = remembering((bytes, from, to) =>
    bytes[from] === QUOTE
      ? decoder.decode(bytes.subarray(from + 1, to - 1)).replaceAll('""', '"')
      : decoder.decode(bytes.subarray(from, to))
  );
  return (bytes, from, to) => from === to ? null : textOf(bytes, from, to);
}

/** Finds the index of the level that a cell of a CSV file has, in quotes or without; NaN where it has none of them. */
export function codeReader(
  levels: readonly string[],
): (bytes: Uint8Array, from: number, to: number) => number {
  const encoder = new TextEncoder();
  const cells: Uint8Array[] = [];
  const codes: number[] = [];
  levels.forEach((level, code) => {
    // An empty cell may be none, and half a surrogate pair is in no file.
    if (level === "" || !level.isWellFormed()) return;
    const written = level.includes('"') ? [] : [level];
    for (const cell of [...written, `"${level.replaceAll('"', '""')}"`]) {
      cells.push(encoder.encode(cell));
      codes.push(code);
    }
  });
  // A table of 2^n slots, of which at least half are free; a cell is in the first free one from its hash on.
  const slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * cells.length + 1))).fill(-1);
  const mask = slots.length - 1;
  cells.forEach((bytes, index) => {
    let slot = hashOf(bytes, 0, bytes.length) & mask;
    while (slots[slot] !== -1) slot = slot + 1 & mask;
    slots[slot] = index;
  });
  return (bytes, from, to) => {
    const length = to - from;
    for (let slot = hashOf(bytes, from, to) & mask;; slot = slot + 1 & mask) {
      const index = slots[slot]!;
      if (index < 0) return NaN;
      const cell = cells[index]!;
      if (cell.length !== length) continue;
      let same = 0;
      while (same < length && cell[same] === bytes[from + same]) same++;
      if (same === length) return codes[index]!;
    }
  };
}

function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = to - from;
  for (let at = from; at < to; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  return hash ^ hash >>> 15;
}

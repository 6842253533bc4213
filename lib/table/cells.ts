/** Most bytes of a text that is remembered, and how many texts are. */
const MAX_BYTES = 32;
const SLOTS = 8192;

/**
 * Makes texts of bytes that are UTF-8. Short ones are remembered, as most texts of a table are the same few, and to find
 * one takes a fraction of the time that it takes to make one.
 */
export function textReader(): (bytes: Uint8Array, from: number, to: number) => string {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const known = new Uint8Array(SLOTS * MAX_BYTES);
  const texts = new Array<string | undefined>(SLOTS).fill(undefined);
  const lengths = new Uint8Array(SLOTS);

  return (bytes, from, to) => {
    const length = to - from;
    if (length > MAX_BYTES) return decoder.decode(bytes.subarray(from, to));
    let hash = length;
    for (let at = from; at < to; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
    const slot = (hash ^ hash >>> 15) & SLOTS - 1;
    const text = texts[slot];
    if (text !== undefined && lengths[slot] === length) {
      let same = 0;
      while (same < length && known[slot * MAX_BYTES + same] === bytes[from + same]) same++;
      if (same === length) return text;
    }
    const cell = bytes.subarray(from, to);
    known.set(cell, slot * MAX_BYTES);
    lengths[slot] = length;
    return texts[slot] = decoder.decode(cell);
  };
}

const MOST_DIGITS = 15;
const POWERS = Float64Array.from({ length: MOST_DIGITS + 1 }, (_, exponent) => 10 ** exponent);

/**
 * The number that a text in some bytes is, where it has at most 15 digits, perhaps a point among or after them and a minus
 * before, and nothing else; NaN for all other texts. Its digits and the power of ten are whole numbers that a double
 * holds, so their quotient is the nearest one (W. D. Clinger, How to read floating point numbers accurately, 1990).
 */
export function decimalIn(bytes: Uint8Array, from: number, to: number): number {
  const isNegative = bytes[from] === 0x2d;
  let [digits, count, decimals] = [0, 0, -1];
  for (let at = isNegative ? from + 1 : from; at < to; at++) {
    const digit = bytes[at]! - 0x30;
    if (digit >= 0 && digit <= 9) {
      digits = 10 * digits + digit;
      count++;
    } else if (digit === -2 && decimals < 0) decimals = to - at - 1;
    else return NaN;
  }
  if (count === 0 || count > MOST_DIGITS) return NaN;
  const value = decimals > 0 ? digits / POWERS[decimals]! : digits;
  return isNegative ? 0 - value : value;
}

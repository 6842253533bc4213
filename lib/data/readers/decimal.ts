const [PLUS, MINUS, POINT, ZERO, E, LOWER_E] = [0x2b, 0x2d, 0x2e, 0x30, 0x45, 0x65];
/** Most digits of a whole number that a double always holds, that a 32-bit integer does, and of two of these. */
const EXACT_DIGITS = 15;
const HALF_DIGITS = 9;
const MOST_DIGITS = 18;
/** The powers of ten that a double holds. */
const POWERS = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));

/**
 * The number nearest to a decimal text in some bytes, where that can be told by a few operations on doubles; NaN for
 * longer texts, for very large and very small numbers, and for what is no number.
 */
export function decimalIn(bytes: Uint8Array, from: number, to: number): number {
  const isNegative = bytes[from] === MINUS;
  const begin = isNegative ? from + 1 : from;
  if (to - begin > EXACT_DIGITS + 1) return longDecimalIn(bytes, from, to);
  let digits = 0;
  let at = begin;
  for (; at < to; at++) {
    const digit = bytes[at]! - ZERO;
    if (digit >= 0 && digit <= 9) digits = 10 * digits + digit;
    else break;
  }
  const point = at;
  if (bytes[at] === POINT) {
    for (at++; at < to; at++) {
      const digit = bytes[at]! - ZERO;
      if (digit >= 0 && digit <= 9) digits = 10 * digits + digit;
      else break;
    }
  }
  const decimals = Math.max(0, at - point - 1);
  const count = point - begin + decimals;
  if (at !== to || count === 0 || count > EXACT_DIGITS) return longDecimalIn(bytes, from, to);
  // Both are exact, so the one operation on them is rounded once (W. D. Clinger, How to read floating point numbers
  // accurately, 1990).
  const value = digits / POWERS[decimals]!;
  return isNegative ? 0 - value : value;
}

/** The same, of a text with up to 18 digits besides the zeros before them, and perhaps an exponent. */
function longDecimalIn(bytes: Uint8Array, from: number, to: number): number {
  const isNegative = bytes[from] === MINUS;
  const begin = isNegative ? from + 1 : from;
  let high = 0;
  let low = 0;
  let count = 0;
  let point = -1;
  let at = begin;
  for (; at < to; at++) {
    const digit = bytes[at]! - ZERO;
    if (digit >= 0 && digit <= 9) {
      if (count < HALF_DIGITS) high = Math.imul(high, 10) + digit | 0;
      else low = Math.imul(low, 10) + digit | 0;
      if (high > 0) count++;
    } else if (bytes[at] === POINT && point < 0) point = at;
    else break;
  }
  if (at - begin === (point < 0 ? 0 : 1) || count > MOST_DIGITS) return NaN;
  let exponent = point < 0 ? 0 : point + 1 - at;
  if (at < to) exponent += exponentIn(bytes, at, to);
  if (!(Math.abs(exponent) < POWERS.length)) return NaN;
  // Exact, as the power is a power of two and one of five, by which 30 bits become 51.
  const upper = count > HALF_DIGITS ? high * POWERS[count - HALF_DIGITS]! : high;
  let value = NaN;
  if (count <= EXACT_DIGITS) {
    value = exponent > 0 ? (upper + low) * POWERS[exponent]! : (upper + low) / POWERS[-exponent]!;
  } else if (exponent <= 0) value = quotientOf(upper, low, POWERS[-exponent]!);
  return isNegative ? 0 - value : value;
}

/** The exponent in some bytes that begin with its E; NaN where it is none. */
function exponentIn(bytes: Uint8Array, from: number, to: number): number {
  if (bytes[from] !== E && bytes[from] !== LOWER_E) return NaN;
  const sign = bytes[from + 1];
  const begin = sign === MINUS || sign === PLUS ? from + 2 : from + 1;
  let exponent = begin < to && to - begin <= 3 ? 0 : NaN;
  for (let at = begin; at < to; at++) {
    const digit = bytes[at]! - ZERO;
    exponent = digit >= 0 && digit <= 9 ? 10 * exponent + digit : NaN;
  }
  return sign === MINUS ? 0 - exponent : exponent;
}

/**
 * The double nearest to (upper + lower) / power, upper being the larger; NaN where that is too near to the middle of two.
 * What the rounded quotient leaves is computed without error (T. J. Dekker, A floating-point technique for extending the
 * available precision, 1971), divided, and added.
 */
function quotientOf(upper: number, lower: number, power: number): number {
  const sum = upper + lower;
  const lost = lower - (sum - upper);
  const quotient = sum / power;
  const product = quotient * power;
  const a = headOf(quotient);
  const b = headOf(power);
  const c = quotient - a;
  const d = power - b;
  const error = ((a * b - product) + a * d + c * b) + c * d;
  const rest = (((sum - product) - error) + lost) / power;
  const value = quotient + rest * (1 + 2 ** -50);
  return value === quotient + rest * (1 - 2 ** -50) ? value : NaN;
}

/** The upper half of a double's digits. */
function headOf(value: number): number {
  const scaled = (2 ** 27 + 1) * value;
  return scaled - (scaled - value);
}

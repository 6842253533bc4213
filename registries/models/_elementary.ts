/**
 * `exp` and `log` by additions and multiplications alone, after FreeBSD's msun (Sun Microsystems, 1993): below 1 unit
 * in the last place off, and with the same bits on every machine, which `Math.exp` and `Math.log` don't promise.
 */

const LN2_HIGH = 6.93147180369123816490e-01;
const LN2_LOW = 1.90821492927058770002e-10;

/** The powers of 2 from −1022 to 1023. */
const POWERS = new Float64Array(2046);
for (let at = 0, power = 2.2250738585072014e-308; at < POWERS.length; at++, power *= 2) POWERS[at] = power;

/** e to the power of a number; 0 below −708, where the result would have fewer digits. */
export function exp(x: number): number {
  if (x < -708) return 0;
  if (x > 709) return Infinity;
  const k = Math.round(x / Math.LN2);
  const high = x - k * LN2_HIGH;
  const low = k * LN2_LOW;
  const rest = high - low;
  const t = rest * rest;
  const c = rest -
    t * (1.66666666666666019037e-01 + t * (-2.77777777770155933842e-03 + t * (6.61375632143793436117e-05 +
                t * (-1.65339022054652515390e-06 + t * 4.13813679705723846039e-08))));
  return (1 - ((low - (rest * c) / (2 - c)) - high)) * POWERS[k + 1022]!;
}

/** The softmax of a part of the values, in place. */
export function softmax(values: Float32Array | Float64Array, start: number, end: number): void {
  let largest = -Infinity;
  for (let at = start; at < end; at++) largest = Math.max(largest, values[at]!);
  let total = 0;
  for (let at = start; at < end; at++) total += values[at] = exp(values[at]! - largest);
  for (let at = start; at < end; at++) values[at]! /= total;
}

const view = new DataView(new ArrayBuffer(8));

/** The natural logarithm of a number that is positive and not below 2 ** −1022; −Infinity of 0. */
export function log(x: number): number {
  if (x === 0) return -Infinity;
  view.setFloat64(0, x);
  const head = view.getInt32(0);
  const mantissa = head & 0xfffff;
  // Halved from √2 on, so that the fraction is within √½ and √2.
  const half = (mantissa + 0x95f64) & 0x100000;
  const k = (head >> 20) - 1023 + (half >> 20);
  view.setInt32(0, mantissa | (half ^ 0x3ff00000));
  const f = view.getFloat64(0) - 1;
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const even = z * (6.666666666666735130e-01 + w * (2.857142874366239149e-01 +
        w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01)));
  const odd = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01));
  const square = 0.5 * f * f;
  return k * LN2_HIGH - ((square - (s * (square + even + odd) + k * LN2_LOW)) - f);
}

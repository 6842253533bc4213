const DATE_TIME = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d(?::\d\d(?:\.\d{1,3}0*)?)?)(Z|[+-]\d\d:\d\d))?$/;

/**
 * The moment of an ISO 8601 text with its offset, to the millisecond, or the midnight in UTC of a plain date; undefined
 * for other texts, and for days that no calendar has.
 */
export function dateOf(text: string): Date | undefined {
  const [, day, time, offset] = DATE_TIME.exec(text) ?? [];
  if (day === undefined || new Date(day).toJSON()?.slice(0, 10) !== day) return undefined;
  const date = new Date(time === undefined ? day : `${day}T${time}${offset}`);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

const [ZERO, DASH, POINT, COLON, T, Z, PLUS] = [0x30, 0x2d, 0x2e, 0x3a, 0x54, 0x5a, 0x2b];
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const [SECOND, MINUTE, HOUR, DAY] = [1000, 60_000, 3_600_000, 86_400_000];

/** The milliseconds since 1970 of such a text in some bytes; NaN for other texts, and for those of rare forms. */
export function timeIn(bytes: Uint8Array, from: number, to: number): number {
  const length = to - from;
  if (length < 10 || bytes[from + 4] !== DASH || bytes[from + 7] !== DASH) return NaN;
  const day = dayOf(
    100 * pairIn(bytes, from) + pairIn(bytes, from + 2),
    pairIn(bytes, from + 5),
    pairIn(bytes, from + 8),
  );
  if (length === 10) return day * DAY;
  if (length < 17 || bytes[from + 10] !== T) return NaN;
  let at = from + 16;
  let time = clockIn(bytes, from + 11);
  if (bytes[at] === COLON) {
    time += below(60, pairIn(bytes, at + 1)) * SECOND;
    at += 3;
    if (bytes[at] === POINT) {
      const begin = ++at;
      for (let unit = 100; at < to && bytes[at]! >= ZERO && bytes[at]! <= ZERO + 9; unit /= 10, at++) {
        const digit = bytes[at]! - ZERO;
        time += unit >= 1 ? digit * unit : digit === 0 ? 0 : NaN;
      }
      if (at === begin) return NaN;
    }
  }
  if (at + 1 === to && bytes[at] === Z) return day * DAY + time;
  if (at + 6 !== to || (bytes[at] !== PLUS && bytes[at] !== DASH)) return NaN;
  const offset = clockIn(bytes, at + 1);
  return day * DAY + time + (bytes[at] === PLUS ? -offset : offset);
}

/** The milliseconds of hours and minutes. */
function clockIn(bytes: Uint8Array, at: number): number {
  if (bytes[at + 2] !== COLON) return NaN;
  return below(24, pairIn(bytes, at)) * HOUR + below(60, pairIn(bytes, at + 3)) * MINUTE;
}

function pairIn(bytes: Uint8Array, at: number): number {
  const tens = bytes[at]! - ZERO;
  const units = bytes[at + 1]! - ZERO;
  return tens >= 0 && tens <= 9 && units >= 0 && units <= 9 ? 10 * tens + units : NaN;
}

const below = (limit: number, value: number): number => value < limit ? value : NaN;

/** The days from 1970 to a day of the Gregorian calendar. */
function dayOf(year: number, month: number, day: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  if (!(month >= 1 && month <= 12 && day >= 1)) return NaN;
  if (day > DAYS[month - 1]! + (isLeap && month === 2 ? 1 : 0)) return NaN;
  // Years that begin in March end with the day that only leap years have.
  const years = month > 2 ? year : year - 1;
  const months = month > 2 ? month - 3 : month + 9;
  const leapDays = Math.floor(years / 4) - Math.floor(years / 100) + Math.floor(years / 400);
  return 365 * years + leapDays + Math.floor((153 * months + 2) / 5) + day - 719_469;
}

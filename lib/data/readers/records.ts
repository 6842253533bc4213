import { ExperimentError } from "../../base/error.ts";

const [LF, CR, QUOTE, COMMA] = [0x0a, 0x0d, 0x22, 0x2c];
/** About how many cells are found at once, such that their bytes are still in a near cache when they are read. */
const CELLS = 1 << 14;

/** Where the cells of some records are. */
export interface Records {
  readonly count: number;
  /** How many places there are of each record: one more than it has cells. */
  readonly stride: number;
  /** Of each record, the place before its first cell, then the end of each cell, which is the place before the next. */
  readonly places: Int32Array;
  /** The line that each record begins on. */
  readonly lines: Int32Array;
}

/** Finds the records of a CSV file. */
export interface RecordFinder {
  /**
   * Finds the next records, all with as many cells as the first one, which is found alone.
   *
   * @param bytes Their lines, of which the last one ends.
   * @param options Where to begin and to end, and whether the file ends there.
   * @returns The records, and the place after them.
   * @throws {ExperimentError} `INVALID_PARAMETER_VALUE` where it isn't a CSV file.
   */
  readonly find: (
    bytes: Uint8Array,
    options: { readonly begin: number; readonly end: number; readonly isLast: boolean },
  ) => { readonly records: Records; readonly next: number };
}

/** That a file isn't CSV, and why. */
export function csvErrorOf(place: string, reason: string): ExperimentError {
  return new ExperimentError("INVALID_PARAMETER_VALUE", `${place} can't be read as CSV: ${reason}.`);
}

/** Opens a finder of the records of the file of this name. */
export function openRecords(place: string): RecordFinder {
  let places = new Int32Array(CELLS);
  let lines = new Int32Array(1);
  let stride = 0;
  let line = 1;
  /** The line that the search is on. */
  let nextLine = 1;

  /** The place after a cell that begins with a quote; -1 where that isn't closed. */
  function skipQuoted(bytes: Uint8Array, begin: number, end: number): number {
    for (let at = begin + 1;; at += 2) {
      while (at < end && bytes[at] !== QUOTE) if (bytes[at++] === LF) nextLine++;
      if (at >= end) return -1;
      if (bytes[at + 1] === QUOTE) continue;
      const byte = bytes[++at];
      if (byte === COMMA || byte === LF || byte === CR) return at;
      throw csvErrorOf(
        place,
        `Invalid Closing Quote: neither a comma nor a line end is after it on line ${nextLine}`,
      );
    }
  }

  /** The place after a cell without quotes. */
  function skipPlain(bytes: Uint8Array, begin: number): number {
    for (let at = begin;; at++) {
      const byte = bytes[at]!;
      if (byte > COMMA) continue;
      if (byte === COMMA || byte === LF || byte === CR) return at;
      if (byte === QUOTE) {
        throw csvErrorOf(
          place,
          `Invalid Opening Quote: it isn't the begin of a cell on line ${nextLine}`,
        );
      }
    }
  }

  return {
    find(bytes, { begin, end, isLast }) {
      let count = 0;
      let next = begin;
      while (next < end && count < lines.length) {
        const first = count * stride;
        let at = next - 1;
        let filled = first;
        nextLine = line;
        do {
          if (filled + 1 === places.length) {
            places = new Int32Array(places.buffer.transfer(8 * places.length));
          }
          places[filled++] = at++;
          at = bytes[at] === QUOTE ? skipQuoted(bytes, at, end) : skipPlain(bytes, at);
        } while (bytes[at] === COMMA);
        if (at < 0 && isLast) throw csvErrorOf(place, `Quote Not Closed: it was opened on line ${line}`);
        // The record isn't whole, nor where an LF may still follow its CR.
        if (at < 0 || (bytes[at] === CR && at + 1 === end)) break;
        places[filled++] = at;
        const isEmpty = filled === first + 2 && places[first]! + 1 === at;
        if (!isEmpty) {
          if (stride === 0) stride = filled;
          if (filled !== first + stride) {
            const counts = `expect ${stride - 1}, got ${filled - first - 1}`;
            throw csvErrorOf(place, `Invalid Record Length: ${counts} on line ${line}`);
          }
          lines[count++] = line;
        }
        line = nextLine + 1;
        next = at + (bytes[at] === CR && bytes[at + 1] === LF ? 2 : 1);
      }
      const records = { count, stride, places, lines };
      if (count > 0 && lines.length === 1) lines = new Int32Array(Math.max(1, Math.floor(CELLS / stride)));
      return { records, next };
    },
  };
}

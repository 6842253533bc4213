import { isUtf8 } from "node:buffer";
import { ExperimentError } from "../error.ts";
import { type AddValue, checkNames, type TableBuilder } from "./builder.ts";
import { decimalIn, textReader } from "./cells.ts";

const [LF, CR, QUOTE, COMMA] = [0x0a, 0x0d, 0x22, 0x2c];

/**
 * Reads the rows of a CSV file (RFC 4180, UTF-8) with a header line, part by part. Lines end with CRLF, LF or CR; empty
 * ones are skipped.
 *
 * @throws {ExperimentError} `INVALID_PARAMETER_VALUE` where it isn't one, or lacks a column.
 */
export async function readCsv(
  parts: AsyncIterable<Uint8Array>,
  place: string,
  builder: TableBuilder,
): Promise<void> {
  const reader = openReader(place, builder);
  let waiting: Uint8Array[] = [];
  let [length, enough] = [0, 4];
  for await (const part of parts) {
    waiting.push(part);
    length += part.length;
    if (length < enough) continue;
    const bytes = joined(waiting, length);
    const rest = bytes.subarray(reader.read(bytes, false));
    waiting = [rest];
    length = rest.length;
    // A record that isn't whole is read from its begin again, so only once there is twice as much of it.
    enough = Math.max(4, 2 * length);
  }
  reader.read(joined(waiting, length), true);
  if (reader.rows() > 0) return;
  throw new ExperimentError(
    "INVALID_PARAMETER_VALUE",
    `${place} has no rows: expected a header line, then rows.`,
  );
}

interface Reader {
  /** Adds the rows of all whole records in some bytes; the place of what isn't whole, which the last bytes have none of. */
  readonly read: (bytes: Uint8Array, isLast: boolean) => number;
  readonly rows: () => number;
}

function openReader(place: string, builder: TableBuilder): Reader {
  const textOf = textReader();
  const isNumeric = builder.columns.map(({ kind }) => kind === "number" || kind === "integer");
  // Where each cell of a record begins and ends, and whether it is in quotes: 2 where there are others in these.
  let starts = new Int32Array(64);
  let ends = new Int32Array(64);
  let quotes = new Uint8Array(64);
  let cells = 0;
  let [line, nextLine] = [1, 1];
  let isBegun = false;
  let width = 0;
  let rows = 0;
  let places: readonly number[] = [];
  let adders: readonly AddValue[] = [];

  /** Finds the cells of the record that begins at a place; the place after it, or -1 where it isn't whole. */
  function scan(bytes: Uint8Array, begin: number, isLast: boolean): number {
    const { length } = bytes;
    cells = 0;
    nextLine = line;
    for (let at = begin;; at++) {
      if (cells === starts.length) grow();
      let quote = 0;
      starts[cells] = at;
      if (bytes[at] === QUOTE) {
        const from = at + 1;
        quote = 1;
        for (at = from;; at++) {
          while (at < length && bytes[at] !== QUOTE) if (bytes[at++] === LF) nextLine++;
          if (at >= length) {
            if (isLast) throw errorOf(`Quote Not Closed: it was opened on line ${line}`);
            return -1;
          }
          if (bytes[at + 1] !== QUOTE) break;
          quote = 2;
          at++;
        }
        starts[cells] = from;
        ends[cells] = at++;
        if (at < length && bytes[at] !== COMMA && bytes[at] !== LF && bytes[at] !== CR) {
          throw errorOf(
            `Invalid Closing Quote: neither a comma nor a line end is after it on line ${nextLine}`,
          );
        }
      } else {
        let byte = bytes[at];
        while (at < length && byte !== COMMA && byte !== LF && byte !== CR && byte !== QUOTE) {
          byte = bytes[++at];
        }
        if (at < length && byte === QUOTE) {
          throw errorOf(`Invalid Opening Quote: it isn't the begin of a cell on line ${nextLine}`);
        }
        ends[cells] = at;
      }
      quotes[cells++] = quote;
      if (bytes[at] === COMMA) continue;
      // After a CR there may be an LF still to come.
      if (at >= length || (bytes[at] === CR && at + 1 === length)) {
        if (!isLast) return -1;
      }
      nextLine++;
      return at + (bytes[at] === CR && bytes[at + 1] === LF ? 2 : 1);
    }
  }

  function grow(): void {
    const size = 2 * starts.length;
    starts = new Int32Array(starts.buffer.transfer(4 * size));
    ends = new Int32Array(ends.buffer.transfer(4 * size));
    quotes = new Uint8Array(quotes.buffer.transfer(size));
  }

  function cellIn(bytes: Uint8Array, cell: number): string | null {
    const [from, to, quote] = [starts[cell]!, ends[cell]!, quotes[cell]];
    if (from === to) return quote === 0 ? null : "";
    const text = textOf(bytes, from, to);
    return quote === 2 ? text.replaceAll('""', '"') : text;
  }

  function addHeader(bytes: Uint8Array): void {
    const header = Array.from({ length: cells }, (_, cell) => cellIn(bytes, cell) ?? "");
    const names = builder.columns.map(({ name }) => name);
    checkNames(names, header, place);
    width = cells;
    places = names.map((name) => header.indexOf(name));
    adders = builder.begin({ place, by: "line" });
  }

  function addRow(bytes: Uint8Array): void {
    rows++;
    if (cells !== width) {
      throw errorOf(`Invalid Record Length: expect ${width}, got ${cells} on line ${line}`);
    }
    for (let column = 0; column < adders.length; column++) {
      const cell = places[column]!;
      const number = isNumeric[column] ? decimalIn(bytes, starts[cell]!, ends[cell]!) : NaN;
      adders[column]!(number === number ? number : cellIn(bytes, cell), line);
    }
  }

  function errorOf(reason: string): ExperimentError {
    return new ExperimentError("INVALID_PARAMETER_VALUE", `${place} can't be read as CSV: ${reason}.`);
  }

  return {
    rows: () => rows,
    read(bytes, isLast) {
      let at = !isBegun && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
      isBegun = true;
      const end = isLast ? bytes.length : 1 + Math.max(bytes.lastIndexOf(LF), bytes.lastIndexOf(CR));
      if (!isUtf8(bytes.subarray(0, end))) throw errorOf("it is not UTF-8");
      while (at < end) {
        const next = scan(bytes, at, isLast);
        if (next < 0) break;
        const isEmpty = cells === 1 && starts[0] === ends[0] && quotes[0] === 0;
        if (!isEmpty) {
          if (width === 0) addHeader(bytes);
          else addRow(bytes);
        }
        line = nextLine;
        at = next;
      }
      return Math.min(at, bytes.length);
    },
  };
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

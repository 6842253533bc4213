import { isUtf8 } from "node:buffer";
import { ExperimentError } from "../../base/error.ts";
import { type AddBlock, checkNames, type TableBuilder } from "../builder.ts";
import { timeIn } from "../date_time.ts";
import { openBuffer } from "./buffer.ts";
import { cellReader, codeReader } from "./cells.ts";
import { decimalIn } from "./decimal.ts";
import { csvErrorOf, openRecords, type Records } from "./records.ts";

const [LF, CR] = [0x0a, 0x0d];

/**
 * Reads the rows of a CSV file (RFC 4180, UTF-8) with a header line, part by part. Lines end with CRLF, LF or CR; empty
 * ones are skipped. A `size` in bytes, where it is known, saves time.
 *
 * @throws {ExperimentError} `INVALID_PARAMETER_VALUE` where it isn't one, or lacks a column.
 */
export async function readCsv(
  parts: AsyncIterable<Uint8Array>,
  builder: TableBuilder,
  { place, size = 0 }: { readonly place: string; readonly size?: number | undefined },
): Promise<void> {
  const reader = openReader(place, builder);
  const buffer = openBuffer();
  let enough = 4;
  let read = 0;
  for await (const part of parts) {
    buffer.append(part);
    if (buffer.bytes().length < enough) continue;
    const length = reader.read(buffer.bytes(), false);
    buffer.drop(length);
    read += length;
    builder.expect(Math.ceil(1.01 * reader.rows() * Math.max(0, size / Math.max(1, read) - 1)));
    // A record that isn't whole is read from its begin again, so only once there is twice as much of it.
    enough = Math.max(4, 2 * buffer.bytes().length);
  }
  buffer.append(Uint8Array.of(LF));
  reader.read(buffer.bytes(), true);
  if (reader.rows() > 0) return;
  throw new ExperimentError(
    "INVALID_PARAMETER_VALUE",
    `${place} has no rows: expected a header line, then rows.`,
  );
}

/** Reads a column's cells of some records as the numbers that the column holds; NaN for those that it can't. */
type ReadCells = (bytes: Uint8Array, records: Records, cell: number, numbers: Float64Array) => void;

interface Reader {
  /** Adds the rows of all whole records in some bytes; the place of what isn't whole, which the last bytes have none of. */
  readonly read: (bytes: Uint8Array, isLast: boolean) => number;
  readonly rows: () => number;
}

function openReader(place: string, builder: TableBuilder): Reader {
  const finder = openRecords(place);
  const cellIn = cellReader();
  let columns:
    | readonly { readonly cell: number; readonly read: ReadCells; readonly add: AddBlock }[]
    | undefined;
  let numbers = new Float64Array();
  let isBegun = false;
  let rows = 0;

  function addHeader(bytes: Uint8Array, { places, stride }: Records): void {
    const header = Array.from(
      { length: stride - 1 },
      (_, cell) => cellIn(bytes, places[cell]! + 1, places[cell + 1]!) ?? "",
    );
    const names = builder.columns.map(({ name }) => name);
    checkNames(names, header, place);
    columns = builder.beginBlocks({ place, by: "line" }).map((add, column) => {
      const { name, ...kind } = builder.columns[column]!;
      return { cell: header.indexOf(name), read: readerOf(kind), add };
    });
  }

  function addRows(bytes: Uint8Array, records: Records): void {
    const { count, stride, places, lines } = records;
    rows += count;
    if (numbers.length < count) numbers = new Float64Array(lines.length);
    for (const { cell, read, add } of columns!) {
      read(bytes, records, cell, numbers);
      add({
        rows: count,
        numbers,
        valueAt: (row) => cellIn(bytes, places[row * stride + cell]! + 1, places[row * stride + cell + 1]!),
        placeAt: (row) => lines[row]!,
      });
    }
  }

  return {
    rows: () => rows,
    read(bytes, isLast) {
      let begin = !isBegun && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
      isBegun = true;
      const afterLf = bytes.lastIndexOf(LF) + 1;
      const end = afterLf + bytes.subarray(afterLf).lastIndexOf(CR) + 1;
      if (!isUtf8(bytes.subarray(0, end))) throw csvErrorOf(place, "it is not UTF-8");
      for (;;) {
        const { records, next } = finder.find(bytes, { begin, end, isLast });
        if (next === begin) return begin;
        begin = next;
        if (columns !== undefined) addRows(bytes, records);
        else if (records.count > 0) addHeader(bytes, records);
      }
    },
  };
}

function readerOf({ kind, levels = [] }: Omit<TableBuilder["columns"][number], "name">): ReadCells {
  switch (kind) {
    case "number":
    case "integer":
      return readDecimals;
    case "date-time":
      return readTimes;
    case "boolean":
      return readCodes(["false", "true"]);
    case "category":
      return readCodes(levels);
    case "text":
      return (_bytes, { count }, _cell, numbers) => void numbers.fill(NaN, 0, count);
  }
}

// Each has a loop of its own, which is compiled with what reads a cell inside it.

const readDecimals: ReadCells = (bytes, { count, stride, places }, cell, numbers) => {
  for (let row = 0, at = cell; row < count; row++, at += stride) {
    numbers[row] = decimalIn(bytes, places[at]! + 1, places[at + 1]!);
  }
};

const readTimes: ReadCells = (bytes, { count, stride, places }, cell, numbers) => {
  for (let row = 0, at = cell; row < count; row++, at += stride) {
    numbers[row] = timeIn(bytes, places[at]! + 1, places[at + 1]!);
  }
};

function readCodes(levels: readonly string[]): ReadCells {
  const codeIn = codeReader(levels);
  return (bytes, { count, stride, places }, cell, numbers) => {
    for (let row = 0, at = cell; row < count; row++, at += stride) {
      numbers[row] = codeIn(bytes, places[at]! + 1, places[at + 1]!);
    }
  };
}

import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import { type DecodedArray, parquetMetadata, parquetRead } from "../deps/hyparquet.ts";
import { ExperimentError } from "../error.ts";
import { checkNames, type TableBuilder } from "./builder.ts";
import { gather } from "./files.ts";

/**
 * Reads the rows of a Parquet file, one row group after the other. Timestamps without a time zone are read as UTC.
 *
 * @throws {ExperimentError} `INVALID_PARAMETER_VALUE` where it isn't one, or lacks a column.
 */
export async function readParquet(
  parts: AsyncIterable<Uint8Array>,
  place: string,
  builder: TableBuilder,
): Promise<void> {
  const bytes = await gather(parts);
  const metadata = await readAs(place, () => parquetMetadata(bytes));
  const names = builder.columns.map(({ name }) => name);
  checkNames(names, metadata.schema.slice(1).map(({ name }) => name), place);
  // Decimals are taken as the integers that they are kept as, since hyparquet would round them twice.
  const scales = new Map<string, number>();
  metadata.schema.forEach((element) => {
    if (element.converted_type !== "DECIMAL") return;
    scales.set(element.name, element.scale ?? 0);
    delete element.converted_type;
    delete element.logical_type;
  });
  const adders = builder.begin({ place, by: "row" });
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let rowStart = 0;
  for (const { num_rows } of metadata.row_groups) {
    const rowEnd = rowStart + Number(num_rows);
    const chunks = names.map((): DecodedArray[] => []);
    await readAs(place, () =>
      parquetRead({
        file: { byteLength: bytes.length, slice: (start, end) => bytes.buffer.slice(start, end) },
        metadata,
        columns: names,
        rowStart,
        rowEnd,
        compressors: {
          GZIP: (page) => gunzipSync(page),
          BROTLI: (page) => brotliDecompressSync(page),
          ZSTD: (page) => zstdDecompressSync(page),
        },
        parsers: {
          timestampFromMicroseconds: (time) => dateOf(time, 1000n),
          timestampFromNanoseconds: (time) => dateOf(time, 1_000_000n),
          stringFromBytes: (text) => text && decoder.decode(text),
        },
        onChunk: ({ columnName, columnData }) => chunks[names.indexOf(columnName)]?.push(columnData),
      }));
    adders.forEach((add, column) => {
      const scale = scales.get(names[column]!);
      let row = rowStart;
      for (const values of chunks[column]!) {
        for (const value of values as Iterable<unknown>) {
          add(scale === undefined ? value ?? null : decimalOf(value, scale), ++row);
        }
      }
    });
    rowStart = rowEnd;
  }
}

async function readAs<Result>(place: string, read: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ExperimentError("INVALID_PARAMETER_VALUE", `${place} can't be read as Parquet: ${reason}.`, {
      cause,
    });
  }
}

/** The moment of a time in fractions of a second; its text where milliseconds can't hold it, which no date-time is. */
function dateOf(time: bigint, perMillisecond: bigint): Date | string {
  if (time % perMillisecond === 0n) return new Date(Number(time / perMillisecond));
  const perSecond = 1000n * perMillisecond;
  const fraction = (time % perSecond + perSecond) % perSecond;
  const digits = String(perSecond + fraction).slice(1);
  const seconds = new Date(1000 * Number((time - fraction) / perSecond)).toISOString().slice(0, -5);
  return `${seconds}.${digits}Z`;
}

/** The number nearest to a decimal, which is kept as an integer or as its bytes. */
function decimalOf(value: unknown, scale: number): number | null {
  if (value === null || value === undefined) return null;
  const integer = value instanceof Uint8Array
    ? BigInt.asIntN(8 * value.length, BigInt(`0x${value.toHex()}`))
    : value;
  return Number(`${integer}e${-scale}`);
}

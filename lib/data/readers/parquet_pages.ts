import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import {
  convert,
  type DecodedArray,
  decompressPage,
  DEFAULT_PARSERS,
  isFlatColumn,
  parquetHeader,
  readDataPage,
  readDataPageV2,
  readPlain,
  type RowGroup,
  type SchemaTree,
} from "../../deps/hyparquet.ts";
import { remembering } from "./cells.ts";

/** The values of a part of a column. */
export interface Page {
  readonly rows: number;
  /** Values of rows, or those that `indices` are of, which are the same object for many pages. */
  readonly values: DecodedArray;
  /** For each row that has a value which of the values it is; absent where they follow one another. */
  readonly indices?: DecodedArray;
  /** Has a 1 for each row that has a value, else 0; absent where all have one. */
  readonly present?: readonly number[];
}

const COMPRESSORS = {
  GZIP: (page: Uint8Array) => gunzipSync(page),
  BROTLI: (page: Uint8Array) => brotliDecompressSync(page),
  ZSTD: (page: Uint8Array) => zstdDecompressSync(page),
};

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const textOf = remembering((bytes, from, to) => decoder.decode(bytes.subarray(from, to)));

const PARSERS = {
  ...DEFAULT_PARSERS,
  timestampFromNanoseconds: (time: bigint) => dateOf(time, 1_000_000n),
  stringFromBytes: (text: Uint8Array | undefined) => text && textOf(text, 0, text.length),
};

/**
 * The pages of a column in one row group of a Parquet file. hyparquet decodes them; its own way on from there makes a
 * list of boxed values of every column that may have nulls, even where it has none.
 */
export function* pagesOf(
  bytes: Uint8Array,
  group: RowGroup,
  schemaPath: SchemaTree[],
): Generator<Page> {
  const { path, element } = schemaPath[1]!;
  const chunk = group.columns.find(({ meta_data }) => meta_data?.path_in_schema[0] === path[0])?.meta_data;
  if (chunk === undefined || !isFlatColumn(schemaPath)) throw new Error(`the column "${path[0]}" is nested`);
  const column = {
    ...chunk,
    pathInSchema: path,
    element,
    schemaPath,
    parsers: PARSERS,
    compressors: COMPRESSORS,
  };
  const { codec, type } = chunk;
  const start = Number(chunk.dictionary_page_offset || chunk.data_page_offset);
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, Number(chunk.total_compressed_size));
  const reader = { view, offset: 0 };
  let dictionary: DecodedArray | undefined;
  for (let left = Number(chunk.num_values); left > 0;) {
    const header = parquetHeader(reader);
    const size = header.compressed_page_size;
    const compressed = new Uint8Array(view.buffer, view.byteOffset + reader.offset, size);
    reader.offset += size;
    const decompressed = () =>
      decompressPage(compressed, Number(header.uncompressed_page_size), codec, COMPRESSORS);
    if (header.dictionary_page_header) {
      const page = decompressed();
      const of = { view: new DataView(page.buffer, page.byteOffset, page.byteLength), offset: 0 };
      dictionary = convert(
        readPlain(of, type, header.dictionary_page_header.num_values, element.type_length),
        column,
      );
      continue;
    }
    const data = header.data_page_header ?? header.data_page_header_v2;
    if (data === undefined) throw new Error(`there is a page of the type ${header.type}`);
    const { definitionLevels = [], dataPage } = header.data_page_header
      ? readDataPage(decompressed(), header.data_page_header, column)
      : readDataPageV2(compressed, header, column);
    const rows = data.num_values;
    left -= rows;
    yield {
      rows,
      ...(dictionary && data.encoding.endsWith("_DICTIONARY")
        ? { values: dictionary, indices: dataPage }
        : { values: convert(dataPage, column) }),
      ...(dataPage.length < rows && { present: definitionLevels }),
    };
  }
}

/** The moment of a time in fractions of a second; its text where milliseconds can't hold it, which no date-time is. */
export function dateOf(time: bigint, perMillisecond: bigint): Date | string {
  if (perMillisecond === 1n) return new Date(Number(time));
  if (time % perMillisecond === 0n) return new Date(Number(time / perMillisecond));
  const perSecond = 1000n * perMillisecond;
  const fraction = (time % perSecond + perSecond) % perSecond;
  const digits = String(perSecond + fraction).slice(1);
  const seconds = new Date(1000 * Number((time - fraction) / perSecond)).toISOString().slice(0, -5);
  return `${seconds}.${digits}Z`;
}

import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import {
  type ColumnMetaData,
  convert,
  type DataPageHeader,
  type DecodedArray,
  decompressPage,
  DEFAULT_PARSERS,
  isFlatColumn,
  type PageHeader,
  parquetHeader,
  readDataPage,
  type RowGroup,
  type SchemaTree,
} from "../../deps/hyparquet.ts";
import { remembering } from "./cells.ts";
import { hybridOf } from "./parquet_levels.ts";

/** The values of a part of a column. */
export interface Page {
  readonly rows: number;
  /** Values of rows, or those that `indices` are of, which are the same object for many pages. */
  readonly values: DecodedArray;
  /** For each row that has a value which of the values it is; absent where they follow one another. */
  readonly indices?: DecodedArray;
  /** Has a 1 for each row that has a value, else 0; absent where all have one. */
  readonly present?: Int32Array;
}

/** The most bytes that a page may have, decompressed. */
const MOST_BYTES = 2 ** 30;

const COMPRESSORS = {
  GZIP: (page: Uint8Array, size: number) => gunzipSync(page, atMost(size)),
  BROTLI: (page: Uint8Array, size: number) => brotliDecompressSync(page, atMost(size)),
  ZSTD: (page: Uint8Array, size: number) => zstdDecompressSync(page, atMost(size)),
};

/** Never more than a page says it has: what is longer is an error, and takes no memory. */
const atMost = (size: number) => ({ maxOutputLength: Math.max(size, 1) });

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const textOf = remembering((bytes, from, to) => decoder.decode(bytes.subarray(from, to)));

const PARSERS = {
  ...DEFAULT_PARSERS,
  timestampFromNanoseconds: (time: bigint) => dateOf(time, 1_000_000n),
  stringFromBytes: (text: Uint8Array | undefined) => text && textOf(text, 0, text.length),
};

/** The values of a column's pages so far, and what they are read by. */
interface Reading {
  readonly chunk: ColumnMetaData;
  readonly schemaPath: SchemaTree[];
  readonly dictionary: DecodedArray | undefined;
}

/**
 * The pages of a column in one row group of a Parquet file. hyparquet decodes their values; its own way on from there makes
 * a list of boxed values of every column that may have nulls, even where it has none. What the file says twice has to be
 * the same both times, as hyparquet believes either.
 *
 * @throws {Error} Where the file disagrees with itself, or isn't whole.
 */
export function* pagesOf(
  bytes: Uint8Array,
  group: RowGroup,
  schemaPath: SchemaTree[],
): Generator<Page> {
  const { path, element } = schemaPath[1]!;
  const chunks = group.columns.filter(({ meta_data }) => meta_data?.path_in_schema[0] === path[0]);
  const chunk = chunks[0]?.meta_data;
  if (chunk === undefined || !isFlatColumn(schemaPath)) throw new Error(`the column "${path[0]}" is nested`);
  const wrong = (what: string) => new Error(`the column "${path[0]}" ${what}`);
  if (chunks.length > 1) throw wrong("is twice in a row group");
  if (chunks[0]!.file_path !== undefined) throw wrong("is in another file");
  if (chunk.type !== element.type) throw wrong(`is of ${chunk.type} where its schema says ${element.type}`);
  if (chunk.num_values !== group.num_rows) {
    throw wrong(`has ${chunk.num_values} values in a row group of ${group.num_rows} rows`);
  }
  const start = Number(chunk.dictionary_page_offset || chunk.data_page_offset);
  const length = Number(chunk.total_compressed_size);
  if (!(start >= 4 && length >= 0 && start + length <= bytes.length - 8)) {
    throw wrong("lies outside of the file");
  }
  const reader = { view: new DataView(bytes.buffer, bytes.byteOffset + start, length), offset: 0 };
  let dictionary: DecodedArray | undefined;
  let left = Number(chunk.num_values);
  while (left > 0 || reader.offset < length) {
    if (reader.offset >= length) throw wrong(`lacks ${left} of its ${chunk.num_values} values`);
    const header = parquetHeader(reader);
    const { compressed_page_size: size, uncompressed_page_size: whole } = header;
    if (!(size >= 0 && reader.offset + size <= length)) throw wrong("has a page that isn't whole");
    if (!(whole >= 0 && whole <= MOST_BYTES)) throw wrong(`has a page of ${whole} bytes`);
    const compressed = bytes.subarray(start + reader.offset, start + reader.offset + size);
    reader.offset += size;
    if (header.type === "DICTIONARY_PAGE" && header.dictionary_page_header !== undefined) {
      if (dictionary !== undefined) throw wrong("has two dictionaries");
      dictionary = dictionaryOf(compressed, header, { chunk, schemaPath });
      continue;
    }
    const data = headOf(header);
    if (data === undefined) throw new Error(`there is a page of the type ${header.type} that isn't one`);
    const rows = data.num_values;
    if (!(rows >= 0 && rows <= left)) throw wrong(`has a page of ${rows} values where ${left} are left`);
    left -= rows;
    yield { rows, ...valuesOf(compressed, header, { chunk, schemaPath, dictionary }) };
  }
}

/** What a page of data says of itself. */
function headOf({ type, data_page_header, data_page_header_v2 }: PageHeader) {
  return type === "DATA_PAGE" ? data_page_header : type === "DATA_PAGE_V2" ? data_page_header_v2 : undefined;
}

/** The values of a page by themselves, decoded with the levels of none. */
function plainValues(
  page: Uint8Array,
  values: DataPageHeader,
  { chunk, schemaPath }: Omit<Reading, "dictionary">,
) {
  const required = schemaPath.map((part) => ({
    ...part,
    element: { ...part.element, repetition_type: "REQUIRED" as const },
  }));
  const column = { ...columnOf(chunk, schemaPath), schemaPath: required };
  // Alone in its buffer, so that nothing beyond its end can be read.
  const { dataPage } = within(() => readDataPage(page.slice(), values, column));
  if (dataPage.length === values.num_values) return dataPage;
  throw new Error(`a page has ${dataPage.length} values where it says ${values.num_values}`);
}

function columnOf(chunk: ColumnMetaData, schemaPath: SchemaTree[]) {
  const { path, element } = schemaPath[1]!;
  return { ...chunk, pathInSchema: path, element, schemaPath, parsers: PARSERS, compressors: COMPRESSORS };
}

function dictionaryOf(
  compressed: Uint8Array,
  header: PageHeader,
  reading: Omit<Reading, "dictionary">,
): DecodedArray {
  const { num_values, encoding } = header.dictionary_page_header!;
  const { chunk, schemaPath } = reading;
  if (!encoding.startsWith("PLAIN")) throw new Error(`there is a dictionary in ${encoding}`);
  const page = decompressed(compressed, header.uncompressed_page_size, chunk);
  if (!(num_values >= 0 && num_values <= 8 * page.length)) {
    throw new Error("a page ends before its values do");
  }
  const values = plainValues(page, { num_values, encoding: "PLAIN" } as DataPageHeader, reading);
  return convert(values, columnOf(chunk, schemaPath));
}

/** The values of a page, and which rows have one. */
function valuesOf(compressed: Uint8Array, header: PageHeader, reading: Reading): Omit<Page, "rows"> {
  const { chunk, schemaPath, dictionary } = reading;
  const { num_values, encoding } = headOf(header)!;
  const { levels, values: page } = partsOf(compressed, header, reading);
  const present = levels && hybridOf(levels, { width: 1, count: num_values, below: 2 });
  const count = present === undefined ? num_values : present.reduce((sum, level) => sum + level, 0);
  const told = header.type === "DATA_PAGE_V2" ? header.data_page_header_v2 : undefined;
  const nulls = told?.num_nulls ?? num_values - count;
  if (nulls !== num_values - count) {
    throw new Error(`a page has ${num_values - count} nulls where it says ${nulls}`);
  }
  const holes = present !== undefined && count < num_values ? { present } : {};
  if (encoding.endsWith("_DICTIONARY")) {
    if (dictionary === undefined) throw new Error("a page is of a dictionary that isn't there");
    const width = count === 0 ? 0 : page[0] ?? Infinity;
    const indices = hybridOf(page.subarray(1), { width, count, below: dictionary.length });
    return { values: dictionary, indices, ...holes };
  }
  if (encoding === "RLE") {
    if (chunk.type !== "BOOLEAN") throw new Error(`there is a page of ${chunk.type} in RLE`);
    const [bits] = prefixed(page);
    const values = [...hybridOf(bits, { width: 1, count, below: 2 })].map((bit) => bit === 1);
    return { values: convert(values, columnOf(chunk, schemaPath)), ...holes };
  }
  const values = plainValues(page, { num_values: count, encoding } as DataPageHeader, reading);
  return { values: convert(values, columnOf(chunk, schemaPath)), ...holes };
}

/** The definition levels of a page, where it may have nulls, and its values. */
function partsOf(
  compressed: Uint8Array,
  header: PageHeader,
  { chunk, schemaPath }: Reading,
): { readonly levels: Uint8Array | undefined; readonly values: Uint8Array } {
  const nullable = schemaPath[1]!.element.repetition_type !== "REQUIRED";
  const second = header.data_page_header_v2;
  if (header.type === "DATA_PAGE" || second === undefined) {
    const page = decompressed(compressed, header.uncompressed_page_size, chunk);
    if (!nullable) return { levels: undefined, values: page };
    const { definition_level_encoding: encoding } = header.data_page_header!;
    if (encoding !== "RLE") throw new Error(`there are definition levels in ${encoding}`);
    const [levels, values] = prefixed(page);
    return { levels, values };
  }
  const { definition_levels_byte_length: length, repetition_levels_byte_length: repeated } = second;
  if (second.num_rows !== second.num_values || repeated !== 0) {
    throw new Error(`a page has ${second.num_rows} rows where it has ${second.num_values} values`);
  }
  if (!(length >= 0 && length <= compressed.length) || (!nullable && length !== 0)) {
    throw new Error("a page has other definition levels than it says");
  }
  const codec = second.is_compressed === false ? "UNCOMPRESSED" : chunk.codec;
  return {
    levels: nullable ? compressed.subarray(0, length) : undefined,
    values: decompressed(compressed.subarray(length), header.uncompressed_page_size - length, { codec }),
  };
}

/** What stands behind its own length, and what follows. */
function prefixed(page: Uint8Array): readonly [part: Uint8Array, rest: Uint8Array] {
  const length = page.length < 4 ? Infinity : new DataView(page.buffer, page.byteOffset).getUint32(0, true);
  if (length > page.length - 4) throw new Error("a page ends before its values do");
  return [page.subarray(4, 4 + length), page.subarray(4 + length)];
}

function decompressed(
  compressed: Uint8Array,
  size: number,
  { codec }: Pick<ColumnMetaData, "codec">,
): Uint8Array {
  if (size === 0 && compressed.length === 0) return compressed;
  if (codec === "SNAPPY" && snappySize(compressed) !== size) {
    throw new Error("a page is longer or shorter than it says");
  }
  return within(() => decompressPage(compressed, size, codec, COMPRESSORS));
}

/** How many bytes Snappy's parts say that they give, NaN where they aren't whole: hyparquet never ends with some of those. */
function snappySize(bytes: Uint8Array): number {
  let at = bytes.findIndex((byte) => byte < 0x80) + 1;
  let size = 0;
  while (at < bytes.length) {
    const tag = bytes[at++]!;
    const kind = tag & 3;
    let length = kind === 1 ? (tag >> 2 & 7) + 4 : (tag >> 2) + 1;
    if (kind > 0) at += [0, 1, 2, 4][kind]!;
    else {
      const places = Math.max(0, length - 60);
      if (places > 0) length = 1;
      for (let place = 0; place < places; place++) length += (bytes[at++] ?? NaN) * 256 ** place;
      at += length;
    }
    size += length;
  }
  return at === bytes.length ? size : NaN;
}

/** What is read past the end of its bytes is an error that says so. */
function within<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const isLonger = (cause as { readonly code?: unknown }).code === "ERR_BUFFER_TOO_LARGE";
    throw new Error(isLonger ? "a page is longer than it says" : "a page ends before its values do", {
      cause,
    });
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

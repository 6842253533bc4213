import { ExperimentError } from "../base/error.ts";
import type { DecodedArray } from "../deps/hyparquet.ts";
import type { ColumnSource } from "../deps/hyparquet_writer.ts";
import { z } from "../deps/zod.ts";
import type { Column } from "./column.ts";
import { ROW_GROUP, type Table } from "./table.ts";

/** The key of the file's metadata that holds what Parquet's types can't say. */
const METADATA = "reprise";

const metadataSchema = z.object({
  version: z.literal(1),
  bytes: z.string(),
  columns: z.array(
    z.discriminatedUnion("kind", [
      z.object({ name: z.string(), kind: z.enum(["number", "integer", "boolean", "date-time", "text"]) }),
      z.object({ name: z.string(), kind: z.literal("category"), levels: z.array(z.string()) }),
    ]),
  ),
});

type ColumnMetadata = z.infer<typeof metadataSchema>["columns"][number];

/**
 * The snapshot of a table: a Parquet file with its columns in order, as pandas or DuckDB read it. Categories are texts
 * in it, and date-times are in milliseconds; the levels, the kinds and the digest of the table's source are in the
 * metadata `reprise`, as JSON. Equal tables have equal bytes. Pages aren't compressed, as the whole compresses better
 * at once.
 */
export async function toSnapshot(table: Table): Promise<Uint8Array> {
  const { parquetWriteBuffer } = await import("../deps/hyparquet_writer.ts");
  const columns = Object.entries(table.columns);
  const metadata: z.infer<typeof metadataSchema> = {
    version: 1,
    bytes: table.bytes,
    columns: columns.map(([name, column]) =>
      column.kind === "category"
        ? { name, kind: column.kind, levels: [...column.levels] }
        : { name, kind: column.kind }
    ),
  };
  return new Uint8Array(parquetWriteBuffer({
    columnData: columns.map(([name, column]) => ({ name, ...sourceOf(column) })),
    codec: "UNCOMPRESSED",
    statistics: false,
    rowGroupSize: ROW_GROUP,
    kvMetadata: [{ key: METADATA, value: JSON.stringify(metadata) }],
  }));
}

/**
 * The table in a snapshot, with each value bit for bit as it was.
 *
 * @throws {ExperimentError} `INVALID_STATE` where the bytes aren't a snapshot.
 */
export async function fromSnapshot(bytes: Uint8Array): Promise<Table> {
  const { parquetMetadata, parquetRead } = await import("../deps/hyparquet.ts");
  try {
    const file = parquetMetadata(bytes);
    const value = file.key_value_metadata?.find(({ key }) => key === METADATA)?.value ?? "null";
    const metadata = metadataSchema.parse(JSON.parse(value));
    const chunks: DecodedArray[][] = metadata.columns.map(() => []);
    // Columns go by their place: hyparquet drops a byte order mark from names, so two could become one.
    const schema = file.schema.map((element, place) => ({ ...element, name: String(place - 1) }));
    for (const { columns } of file.row_groups) {
      columns.forEach(({ meta_data }, place) => meta_data!.path_in_schema = [String(place)]);
    }
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    await parquetRead({
      file: {
        byteLength: bytes.length,
        slice: (start, end) => bytes.slice(start, end).buffer as ArrayBuffer,
      },
      metadata: { ...file, schema },
      parsers: { stringFromBytes: (text) => decoder.decode(text) },
      onChunk: ({ columnName, columnData }) => chunks[Number(columnName)]?.push(columnData),
    });
    const rows = Number(file.num_rows);
    const columns = metadata.columns.map((column, place) => {
      const found = chunks[place]!.reduce((sum, chunk) => sum + chunk.length, 0);
      if (found !== rows) throw new RangeError(`column "${column.name}" has ${found} values of ${rows}`);
      return [column.name, columnOf(column, chunks[place]!, rows)] as const;
    });
    return { rows, columns: Object.fromEntries(columns), bytes: metadata.bytes };
  } catch (cause) {
    throw new ExperimentError("INVALID_STATE", "A snapshot can't be read: its bytes aren't a snapshot's.", {
      hint: "The file was changed or cut off since the run; put it back, or replay without it.",
      cause,
    });
  }
}

type Source = Pick<ColumnSource, "data" | "type" | "encoding" | "nullable">;

function sourceOf(column: Column): Source {
  const { nulls } = column;
  const { data, ...source } = filledSourceOf(column);
  if (!nulls) return { ...source, data, nullable: false };
  return {
    ...source,
    data: Array.from(data, (value, row) => nulls[row] === 1 ? null : value),
    nullable: true,
  };
}

/** A column's values in Parquet's types, in the encoding that made 100,000 rows of mixed columns least. */
function filledSourceOf(column: Column): Source {
  switch (column.kind) {
    case "integer":
      if (column.values.every((value) => Number.isSafeInteger(value) && !Object.is(value, -0))) {
        const data = BigInt64Array.from(column.values as unknown as Iterable<bigint>, BigInt);
        return { data, type: "INT64", encoding: "DELTA_BINARY_PACKED" };
      }
      return { data: column.values, type: "DOUBLE", encoding: "PLAIN" };
    case "number":
      // The writer's dictionary takes -0 for 0.
      return column.values.some((value) => Object.is(value, -0))
        ? { data: column.values, type: "DOUBLE", encoding: "PLAIN" }
        : { data: column.values, type: "DOUBLE" };
    case "boolean":
      return { data: Array.from(column.values, (value) => value === 1), type: "BOOLEAN" };
    case "date-time":
      return { data: Array.from(column.values, (time) => new Date(time)), type: "TIMESTAMP" };
    case "category":
      return {
        data: Array.from(column.values, (code) => column.levels[code]!),
        type: "STRING",
        encoding: "RLE_DICTIONARY",
      };
    case "text":
      return { data: [...column.values], type: "STRING" };
  }
}

function columnOf(column: ColumnMetadata, chunks: readonly DecodedArray[], rows: number): Column {
  const filled = filledColumnOf(column, chunks, rows);
  const nulls = fill(new Uint8Array(rows).fill(1), chunks, () => 0);
  return nulls.includes(1) ? { ...filled, nulls } : filled;
}

function filledColumnOf(column: ColumnMetadata, chunks: readonly DecodedArray[], rows: number): Column {
  switch (column.kind) {
    case "number":
    case "integer":
    case "date-time":
      return { kind: column.kind, values: fill(new Float64Array(rows), chunks, Number) };
    case "boolean":
      return { kind: column.kind, values: fill(new Uint8Array(rows), chunks, Number) };
    case "category": {
      const codes = new Map<unknown, number>(column.levels.map((level, code) => [level, code]));
      const codeOf = (value: unknown) => {
        const code = codes.get(value);
        if (code !== undefined) return code;
        throw new RangeError(`column "${column.name}" has no level ${String(value)}`);
      };
      return {
        kind: column.kind,
        values: fill(new Uint32Array(rows), chunks, codeOf),
        levels: column.levels,
      };
    }
    case "text":
      return { kind: column.kind, values: fill(new Array<string>(rows).fill(""), chunks, String) };
  }
}

/** Sets the values of chunks, one after the other, in an array of the right length, whose own stay where one is null. */
function fill<Target extends { [place: number]: Value }, Value>(
  target: Target,
  chunks: readonly DecodedArray[],
  valueOf: (value: unknown) => Value,
): Target {
  let place = 0;
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at++, place++) {
      const value = chunk[at];
      if (value !== null && value !== undefined) target[place] = valueOf(value);
    }
  }
  return target;
}

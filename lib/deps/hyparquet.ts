export { parquetMetadata, parquetRead, parquetSchema } from "npm:hyparquet@1.31.5";
export type {
  ColumnMetaData,
  DataPageHeader,
  DecodedArray,
  PageHeader,
  RowGroup,
  SchemaElement,
  SchemaTree,
} from "npm:hyparquet@1.31.5";
export { parquetHeader } from "npm:hyparquet@1.31.5/src/column.js";
export { convert, DEFAULT_PARSERS } from "npm:hyparquet@1.31.5/src/convert.js";
export { decompressPage, readDataPage } from "npm:hyparquet@1.31.5/src/datapage.js";
export { getTreePath, isFlatColumn } from "npm:hyparquet@1.31.5/src/schema.js";

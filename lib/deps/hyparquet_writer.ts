export { parquetWriteBuffer } from "npm:hyparquet-writer@0.17.0";
export type { ColumnSource } from "npm:hyparquet-writer@0.17.0";

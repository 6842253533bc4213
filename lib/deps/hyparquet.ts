export { parquetMetadata, parquetRead } from "npm:hyparquet@1.31.5";
export type { DecodedArray } from "npm:hyparquet@1.31.5";

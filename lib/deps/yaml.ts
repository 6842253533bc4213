export {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parse,
  parseDocument,
  stringify,
  visit,
} from "npm:yaml@2.9.1";
export type { Document, Node, Scalar, YAMLMap } from "npm:yaml@2.9.1";

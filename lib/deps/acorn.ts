export { parse } from "npm:acorn@8.19.0";
export type {
  AnyNode,
  CallExpression,
  ClassDeclaration,
  Expression,
  FunctionDeclaration,
  Identifier,
  ImportAttribute,
  ImportExpression,
  Literal,
  MemberExpression,
  ObjectExpression,
  Pattern,
  Program,
  Statement,
  VariableDeclaration,
  VariableDeclarator,
} from "npm:acorn@8.19.0";

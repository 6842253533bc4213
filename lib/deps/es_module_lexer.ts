export { init, parse } from "npm:es-module-lexer@3.0.5";

export { structuredPatch } from "npm:diff@9.0.0";

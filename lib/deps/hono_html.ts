export { html, raw } from "npm:hono@4.13.19/html";
export type { HtmlEscapedString } from "npm:hono@4.13.19/utils/html";

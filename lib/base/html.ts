import type { HtmlEscapedString } from "../deps/hono_html.ts";

/** A piece of a page: what a template gives, or nothing. */
export type Html = HtmlEscapedString | Promise<HtmlEscapedString> | readonly Html[] | "";

import type { HtmlEscapedString } from "../deps/hono_html.ts";

/** An element of a page, or several beside each other. */
export type Element = HtmlEscapedString | Promise<HtmlEscapedString>;

/** What a page can show: elements, texts and numbers, which are escaped where they are shown; or nothing. */
export type Html = Element | string | number | false | null | undefined | readonly Html[];

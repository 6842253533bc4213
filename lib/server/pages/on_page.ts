import type { HtmlReportOptions } from "../../report/html_options.ts";
import { sourceUrl } from "./reading.ts";

/** How a page of this server shows a report: with links to what it names, and as much of it as there is room for. */
export const onPage: HtmlReportOptions = {
  links: {
    run: (id) => `/runs/${encodeURIComponent(id)}`,
    compare: (past, current) => `/compare?${new URLSearchParams({ a: past, b: current })}`,
    source: sourceUrl,
  },
  limits: { drifts: 80, columns: 24, lines: 400 },
};

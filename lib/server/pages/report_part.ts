import { html } from "../../deps/hono_html.ts";
import type { ReportDocument } from "../../replay/report.ts";
import { type HtmlReportOptions, reportFacts, reportHead, reportSections } from "../../report/html_report.ts";
import type { Html } from "./layout.ts";
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

/** A replay report: the verdict in words, why, every drift, and what stands behind it. */
export function reportPart(report: ReportDocument): Html {
  return html`${reportHead(report)}
${reportFacts(report, onPage)}
${reportSections(report, onPage)}`;
}

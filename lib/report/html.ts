import { VERSION } from "../base/environment.ts";
import { html, raw } from "../deps/hono_html.ts";
import style from "../plot/page.css" with { type: "text" };
import plotStyle from "../plot/plot.css" with { type: "text" };
import { verdictWords } from "../replay/report.ts";
import { type HtmlReportOptions, reportFacts, reportHead, reportSections } from "./html_report.ts";
import type { Reported } from "./words.ts";

/** What the page may load: nothing but the style within it. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/**
 * A replay report as a page that needs nothing else: no network, no script.
 *
 * @param options What to draw. @default nothing
 */
export function toHtml(
  report: Reported,
  { curves = [], evaluations = {} }: Pick<HtmlReportOptions, "curves" | "evaluations"> = {},
): string {
  const { run_name, verdict } = report;
  const words = verdictWords[verdict].replace(/^\S+ /, "");
  return String(html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="Content-Security-Policy" content="${raw(POLICY)}">
        <meta name="color-scheme" content="light dark">
        <title>Replay of ${run_name}: ${words}</title>
        <style>
    ${raw(style + plotStyle)}</style>
      </head>
      <body>
        <main class="wide">
    <h1>Replay of ${run_name}</h1>
    ${reportHead(report)}
    ${reportFacts(report)}
    ${reportSections(report, { curves, evaluations })}
        </main>
        <footer class="wide">
          <p>Reprise ${VERSION}</p>
        </footer>
      </body>
    </html>
  `).trimStart();
}

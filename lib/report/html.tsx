/** @jsxImportSource npm:hono@4.13.19/jsx */
import { VERSION } from "../base/environment.ts";
import { raw } from "../deps/hono_html.ts";
import style from "../plot/page.css" with { type: "text" };
import plotStyle from "../plot/plot.css" with { type: "text" };
import { documentOf } from "./html_document.ts";
import type { HtmlReportOptions } from "./html_options.ts";
import { sentenceOf } from "./html_parts.tsx";
import { Report } from "./html_report.tsx";
import type { Reported } from "./reported.ts";

/** What the page may load: nothing but the style within it. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/**
 * A replay report as a page that needs nothing else: no network, no script.
 *
 * @param options What to draw. @default nothing
 */
export function toHtml(
  report: Reported,
  { curves, evaluations }: Pick<HtmlReportOptions, "curves" | "evaluations"> = {},
): string {
  const { run_name } = report;
  return documentOf(
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content={POLICY} />
        <meta name="color-scheme" content="light dark" />
        <title>Replay of {run_name}: {sentenceOf(report)}</title>
        <style>{raw(style + plotStyle)}</style>
      </head>
      <body>
        <main class="wide">
          <h1>Replay of {run_name}</h1>
          <Report report={report} options={{ curves, evaluations }} />
        </main>
        <footer class="wide">
          <p>Reprise {VERSION}</p>
        </footer>
      </body>
    </html>,
  );
}

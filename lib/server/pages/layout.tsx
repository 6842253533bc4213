/** @jsxImportSource npm:hono@4.13.19/jsx */
import { digestOf } from "../../base/digest.ts";
import { VERSION } from "../../base/environment.ts";
import type { Html } from "../../base/html.ts";
import { lineageRules } from "../../plot/lineage.ts";
import reportStyle from "../../plot/page.css" with { type: "text" };
import plotStyle from "../../plot/plot.css" with { type: "text" };
import { documentOf } from "../../report/html_document.ts";
import script from "./app.js" with { type: "text" };
import icon from "./icon.svg" with { type: "text" };
import style from "./style.css" with { type: "text" };

/** The files that every page loads, by their names below `/assets/`. */
export const assets: Readonly<Record<string, { readonly type: string; readonly text: string }>> = {
  "style.css": {
    type: "text/css; charset=utf-8",
    text: [reportStyle, plotStyle, lineageRules, style].join("\n"),
  },
  "app.js": { type: "text/javascript; charset=utf-8", text: script },
  "icon.svg": { type: "image/svg+xml", text: icon },
};

/** The places in the page's head bar. */
const NAV = [["/", "Experiments"], ["/runs", "Runs"], ["/jobs", "Jobs"], ["/docs", "API"]] as const;

/** A whole page. */
export interface Page {
  readonly title: string;
  /** The path of the part of the site that it belongs to. */
  readonly section: string;
  readonly main: Html;
  /** More for the head. */
  readonly head?: Html;
}

/** A page with the bar above it, the store below it, and what it loads. */
export function layout({ title, section, main, head }: Page, trackingUri: string): string {
  return documentOf(
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{title} · Reprise</title>
        <link rel="stylesheet" href={assetUrl("style.css")} />
        <script type="module" src={assetUrl("app.js")} />
        {head}
        <link rel="icon" type="image/svg+xml" href={assetUrl("icon.svg")} />
      </head>
      <body>
        <a class="skip" href="#main">Skip to the content</a>
        <header class="bar">
          <div class="wide">
            <a class="brand" href="/">
              <img src={assetUrl("icon.svg")} alt="" width="22" height="22" /> Reprise
            </a>
            <nav aria-label="Main">
              <ul>
                {NAV.map(([path, name]) => (
                  <li>
                    <a href={path} aria-current={path === section ? "page" : undefined}>{name}</a>
                  </li>
                ))}
              </ul>
            </nav>
          </div>
        </header>
        <main id="main" class="wide" tabindex={-1}>{main}</main>
        <footer class="wide">
          <p>
            Store <code>{trackingUri}</code> · Reprise {VERSION}
          </p>
        </footer>
      </body>
    </html>,
  );
}

/** A URL that changes with the file, so that browsers may keep it. */
function assetUrl(name: string): string {
  return `/assets/${name}?v=${digestOf(assets[name]!.text).slice(0, 12)}`;
}

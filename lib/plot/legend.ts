import type { Html } from "../base/html.ts";
import { html } from "../deps/hono_html.ts";

/** The names of what a plot shows, each with a sample of its line. */
export function legend(names: readonly string[]): Html {
  return html`<span class="legend">${
    names.map((name, index) =>
      html`<span><svg width="28" height="8" aria-hidden="true"><line class="line l${index}" x1="1" x2="27" y1="4" y2="4"/></svg> ${name}</span>`
    )
  }</span>`;
}

import type { Html } from "../base/html.ts";
import { html } from "../deps/hono_html.ts";
import { shorten } from "../document/show.ts";
import { legend } from "./legend.ts";

/** A drawing in a coordinate system of its own. */
export interface Panel {
  /** What it shows. */
  readonly title: string;
  /** What can be seen in it, for those who can't see it. */
  readonly description: string;
  readonly width: number;
  readonly height: number;
  /** The elements of the drawing, in SVG. */
  readonly body: Html;
}

/** One or more panels under one title. */
export interface Plot {
  readonly title: string;
  /** What a reader should know, such as how many rows it is made of. */
  readonly note?: string;
  /** The names of its lines, in the order of their styles. */
  readonly legend?: readonly string[];
  readonly panels: readonly Panel[];
}

/**
 * A plot as a figure in a page, whose panels stand beside each other where there is room.
 *
 * @param id The beginning of the ids in the figure, one of its own in the page.
 */
export function figure({ title, note, legend: names = [], panels }: Plot, id: string): Html {
  return html`
    <figure class="plot${panels.length > 1 ? " wide-plot" : ""}">
      <figcaption>${title}${names.length < 2 ? "" : legend(names)}${note === undefined
        ? ""
        : html`<small>${note}</small>`}</figcaption>
      <div class="panels">${panels.map(({ width, height, title, description, body }, index) =>
        html`
          <svg viewBox="0 0 ${width} ${height}" role="img"
            aria-labelledby="${id}-${index}-t ${id}-${index}-d">
          <title id="${id}-${index}-t">${title}</title>
          <desc id="${id}-${index}-d">${description}</desc>
          ${body}</svg>
        `
      )}</div>
    </figure>
  `;
}

/** How many characters there is room for above a panel. */
const HEADING = 35;

/** The words above a panel, of which the second ones are never cut. */
export function heading(text: string, more = ""): Html {
  return html`<text class="heading" x="4" y="14">${shorten(text, HEADING - more.length)}${more}</text>`;
}

/** How wide the widest of some names is about, of which so many characters are shown. */
export function widthOf(names: readonly string[], characters: number): number {
  return 6.7 * Math.max(...names.map((name) => Math.min(characters, name.length)));
}

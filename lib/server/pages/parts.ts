import type { Html } from "../../base/html.ts";
import { html } from "../../deps/hono_html.ts";
import { type Verdict, verdictWords } from "../../replay/report.ts";
import { badge, type Tone } from "../../report/html_parts.ts";
import type { RecordedStatus } from "../../tracking/store.ts";
import type { JobState } from "../job.ts";

export {
  badge,
  breakable,
  clip,
  digest,
  facts,
  section,
  table,
  verdictBadge,
  verdictBanner,
} from "../../report/html_parts.ts";
export { short } from "../../document/show.ts";

const STATES: Readonly<Record<RecordedStatus | JobState, readonly [tone: Tone, symbol: string]>> = {
  FINISHED: ["good", "✓"],
  FAILED: ["bad", "✕"],
  KILLED: ["quiet", "■"],
  RUNNING: ["going", "▸"],
  SCHEDULED: ["going", "…"],
  UNKNOWN: ["bad", "?"],
  queued: ["going", "…"],
  running: ["going", "▸"],
  succeeded: ["good", "✓"],
  failed: ["bad", "✕"],
  cancelled: ["quiet", "■"],
  lost: ["bad", "?"],
};

/** A state as a symbol and a word. */
export function stateBadge(state: RecordedStatus | JobState): Html {
  return badge(...STATES[state], state.toLowerCase());
}

/** Whether a text is a verdict. */
export function isVerdict(text: unknown): text is Verdict {
  return typeof text === "string" && Object.hasOwn(verdictWords, text);
}

/** A moment, in UTC. */
export function moment(time: string | number): Html {
  const iso = new Date(time).toISOString();
  return html`<time datetime="${iso}" title="${iso}">${iso.slice(0, 10)} ${iso.slice(11, 16)}</time>`;
}

/** A span of time, in the largest unit that fits. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${milliseconds} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${Math.floor(seconds % 60)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** What people chose before the digests that Reprise recorded beside it. */
export function byChoice(a: string, b: string): number {
  const rank = (name: string) => name.startsWith("contract.") ? 1 : 0;
  return rank(a) - rank(b) || (a < b ? -1 : 1);
}

/** A number of things, in words. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** Where a form's error is shown. */
export const formTrouble: Html = html`<div class="trouble" role="alert" tabindex="-1" hidden></div>
<noscript><p class="trouble">This form needs JavaScript; without it, use the command line or the API.</p></noscript>`;

/** An error in words, with what to do about it. */
export function trouble(
  { message, hint }: { readonly message: string; readonly hint?: string | undefined },
): Html {
  return html`<div class="trouble"><p>${message}</p>${
    hint === undefined ? "" : html`<p class="hint">${hint}</p>`
  }</div>`;
}

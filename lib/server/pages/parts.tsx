/** @jsxImportSource npm:hono@4.13.19/jsx */
import type { Element } from "../../base/html.ts";
import { Badge, type Tone } from "../../report/html_parts.tsx";
import type { RecordedStatus } from "../../tracking/store.ts";
import type { JobState } from "../job.ts";

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
export function StateBadge({ state }: { readonly state: RecordedStatus | JobState }): Element {
  const [tone, symbol] = STATES[state];
  return <Badge tone={tone} symbol={symbol} word={state.toLowerCase()} />;
}

/** A moment, in UTC. */
export function Moment({ time }: { readonly time: string | number }): Element {
  const iso = new Date(time).toISOString();
  return <time datetime={iso} title={iso}>{iso.slice(0, 10)} {iso.slice(11, 16)}</time>;
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

/** The name of a run as a link to its page, with the beginning of its id. */
export function RunLink(
  { info: { run_id, run_name } }: { readonly info: { readonly run_id: string; readonly run_name: string } },
): Element {
  return (
    <>
      <a href={`/runs/${run_id}`}>{run_name}</a> <code class="digest">{run_id.slice(0, 8)}</code>
    </>
  );
}

/** Where a form's error is shown. */
export function FormTrouble(): Element {
  return (
    <>
      <div class="trouble" role="alert" tabindex={-1} hidden />
      <noscript>
        <p class="trouble">This form needs JavaScript; without it, use the command line or the API.</p>
      </noscript>
    </>
  );
}

/** An error in words, with what to do about it. */
export function Trouble(
  { message, hint }: { readonly message: string; readonly hint?: string | undefined },
): Element {
  return (
    <div class="trouble">
      <p>{message}</p>
      {hint !== undefined && <p class="hint">{hint}</p>}
    </div>
  );
}

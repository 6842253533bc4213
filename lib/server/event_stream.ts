import type { JobEvent } from "./job.ts";

/** How often a stream on which nothing happens shows that it is alive, in milliseconds. */
const BEAT_MS = 15_000;

/**
 * A job's events as server-sent events, no faster than they are read.
 *
 * @param open Begins to give the events, until its signal is aborted: when the client has gone, or by `closing`.
 * @param options.ended Is called once, when there is nothing more to give or nobody to give it to.
 */
export function eventStream(
  open: (signal: AbortSignal) => AsyncIterable<JobEvent>,
  { closing, ended }: { readonly closing: AbortSignal; readonly ended: () => void },
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const gone = new AbortController();
  const end = () => gone.abort();
  const leave = () => {
    closing.removeEventListener("abort", end);
    ended();
  };
  closing.addEventListener("abort", end);
  if (closing.aborted) end();
  const encoder = new TextEncoder();
  const events = open(gone.signal)[Symbol.asyncIterator]();
  let next: Promise<IteratorResult<JobEvent>> | undefined;
  return new ReadableStream({
    async pull(controller) {
      next ??= events.next();
      const beat = Promise.withResolvers<undefined>();
      const timer = setTimeout(() => beat.resolve(undefined), BEAT_MS);
      const result = await Promise.race([next, beat.promise]).catch((error) => {
        leave();
        throw error;
      }).finally(() => clearTimeout(timer));
      if (result === undefined) return controller.enqueue(encoder.encode(":\n\n"));
      next = undefined;
      if (!result.done) return controller.enqueue(encoder.encode(textOf(result.value)));
      leave();
      controller.close();
    },
    cancel() {
      leave();
      end();
      void events.return?.();
    },
  }, { highWaterMark: 0 });
}

function textOf({ id, type, data }: JobEvent): string {
  return `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
}

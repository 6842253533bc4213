/** How many bytes are given at once. */
const PART = 64 * 1024;

/**
 * Bytes as a body that is sent part by part, no faster than it is read: so a client who reads nothing is noticed.
 *
 * @param ended Is called once all of it is sent, or nobody is there to send it to.
 */
export function byteStream(
  bytes: Uint8Array,
  ended: () => void = () => {},
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at < bytes.length) return controller.enqueue(bytes.slice(at, at += PART));
      ended();
      controller.close();
    },
    cancel: ended,
  }, { highWaterMark: 0 });
}

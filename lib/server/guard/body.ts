/** The body of a request; or why there is none: it has too many bytes, took too long, or broke off. */
export type Body = Uint8Array<ArrayBuffer> | "too large" | "too slow" | "broken";

/** Reads the body of a request to its end, whether it tells its length or comes in chunks. */
export async function readBody(
  request: Request,
  { bytes, milliseconds }: { readonly bytes: number; readonly milliseconds: number },
): Promise<Body> {
  if (Number(request.headers.get("content-length")) > bytes) return "too large";
  if (request.body === null) return new Uint8Array();
  const reader = request.body.getReader();
  const late = Promise.withResolvers<"too slow">();
  const timer = setTimeout(() => late.resolve("too slow"), milliseconds);
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    while (true) {
      const read = await Promise.race([reader.read(), late.promise]);
      if (read === "too slow") return read;
      if (read.done) return joined(chunks, size);
      size += read.value.byteLength;
      if (size > bytes) return "too large";
      chunks.push(read.value);
    }
  } catch {
    return "broken";
  } finally {
    clearTimeout(timer);
  }
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return whole;
}

import { ExperimentError } from "../base/error.ts";
import { LIMITS, sizeOf } from "./limits.ts";
import type { TrackingStore } from "./store.ts";

/** What runs share, each kept once under its digest. */
export interface Objects {
  /** Keeps what `make` gives under a digest, unless something is kept under it already. */
  put(digest: string, make: () => Promise<Uint8Array> | Uint8Array): Promise<void>;
  /**
   * What is kept under a digest; undefined where nothing is.
   *
   * @param options.most How many bytes it has at most, decompressed. @default 1 GiB
   * @throws {ExperimentError} `INVALID_STATE` where it is damaged or larger than objects may be, or the digest is none.
   */
  get(digest: string, options?: { readonly most?: number }): Promise<Uint8Array | undefined>;
}

/** The objects of a store, found by one of its runs; they are compressed with gzip. */
export function openObjects(store: TrackingStore, runId: string): Objects {
  return {
    async put(digest, make) {
      if (await store.hasShared(runId, pathOf(digest))) return;
      const bytes = await make();
      if (bytes.length > LIMITS.objectBytes) {
        throw new ExperimentError(
          "INVALID_PARAMETER_VALUE",
          `An object of ${sizeOf(bytes.length)} can't be kept: no more than ${
            sizeOf(LIMITS.objectBytes)
          } are read again.`,
          { hint: "Lower data.snapshot.max_mb in the config." },
        );
      }
      await store.putShared(runId, pathOf(digest), await compressed(bytes));
    },
    async get(digest, { most = LIMITS.objectBytes } = {}) {
      if (!/^[0-9a-f]{64}$/.test(digest)) {
        throw new ExperimentError("INVALID_STATE", "An object can't be read: what names it is no digest.");
      }
      const bytes = await store.getShared(runId, pathOf(digest));
      return bytes && await decompressed(bytes, {
        most,
        unreadable: (why, cause) =>
          new ExperimentError(
            "INVALID_STATE",
            `The object ${digest.slice(0, 12)} in ${store.uri} can't be read: ${why}.`,
            { cause },
          ),
      });
    },
  };
}

const pathOf = (digest: string) => `${digest.slice(0, 2)}/${digest}.gz`;

// Not node:zlib, which takes 20 ms to load.
async function compressed(bytes: Uint8Array): Promise<Uint8Array> {
  return await new Response(streamOf(bytes).pipeThrough(new CompressionStream("gzip"))).bytes();
}

/** What is in gzip, no more than it says that it is, so that a few bytes can't become all of the memory. */
async function decompressed(
  bytes: Uint8Array,
  { most, unreadable }: {
    readonly most: number;
    readonly unreadable: (why: string, cause?: unknown) => ExperimentError;
  },
): Promise<Uint8Array> {
  // The last four bytes of gzip are the length of what is in it.
  const length = bytes.length < 18
    ? 0
    : new DataView(bytes.buffer, bytes.byteOffset).getUint32(bytes.length - 4, true);
  // Nothing is compressed to less than a 1032nd.
  if (length > 1100 * bytes.length) throw unreadable("it was changed since it was kept");
  if (length > most) throw unreadable(`it is more than ${sizeOf(most)}`);
  const whole = new Uint8Array(length);
  let at = 0;
  try {
    for await (const chunk of streamOf(bytes).pipeThrough(new DecompressionStream("gzip"))) {
      if (at + chunk.length > length) throw new TypeError("longer than it says");
      whole.set(chunk, at);
      at += chunk.length;
    }
  } catch (cause) {
    throw unreadable("it was changed since it was kept", cause);
  }
  if (at < length) throw unreadable("it was changed since it was kept");
  return whole;
}

function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new Blob([new Uint8Array(bytes)]).stream();
}

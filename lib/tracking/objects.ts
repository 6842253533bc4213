import { ExperimentError } from "../base/error.ts";
import type { TrackingStore } from "./store.ts";

/** What runs share, each kept once under its digest. */
export interface Objects {
  /** Keeps what `make` gives under a digest, unless something is kept under it already. */
  put(digest: string, make: () => Promise<Uint8Array> | Uint8Array): Promise<void>;
  /** What is kept under a digest; undefined where nothing is. @throws {ExperimentError} `INVALID_STATE` where it is damaged. */
  get(digest: string): Promise<Uint8Array | undefined>;
}

/** The objects of a store, found by one of its runs; they are compressed with gzip. */
export function openObjects(store: TrackingStore, runId: string): Objects {
  return {
    async put(digest, make) {
      if (await store.hasShared(runId, pathOf(digest))) return;
      await store.putShared(
        runId,
        pathOf(digest),
        await through(await make(), new CompressionStream("gzip")),
      );
    },
    async get(digest) {
      const bytes = await store.getShared(runId, pathOf(digest));
      try {
        return bytes && await through(bytes, new DecompressionStream("gzip"));
      } catch (cause) {
        throw new ExperimentError(
          "INVALID_STATE",
          `The object ${
            digest.slice(0, 12)
          } in ${store.uri} can't be read: it was changed since it was kept.`,
          { cause },
        );
      }
    },
  };
}

const pathOf = (digest: string) => `${digest.slice(0, 2)}/${digest}.gz`;

// Not node:zlib, which takes 20 ms to load.
async function through(
  bytes: Uint8Array,
  stream: CompressionStream | DecompressionStream,
): Promise<Uint8Array> {
  return await new Response(new Blob([new Uint8Array(bytes)]).stream().pipeThrough(stream)).bytes();
}

import { gunzipSync, gzipSync } from "node:zlib";
import type { TrackingStore } from "./store.ts";

/** What runs share, each kept once under its digest. */
export interface Objects {
  /** Keeps what `make` gives under a digest, unless something is kept under it already. */
  put(digest: string, make: () => Promise<Uint8Array> | Uint8Array): Promise<void>;
  /** What is kept under a digest; undefined where nothing is. */
  get(digest: string): Promise<Uint8Array | undefined>;
}

/** The objects of a store, found by one of its runs; they are compressed with gzip. */
export function openObjects(store: TrackingStore, runId: string): Objects {
  return {
    async put(digest, make) {
      if (await store.hasShared(runId, pathOf(digest))) return;
      await store.putShared(runId, pathOf(digest), gzipSync(await make()));
    },
    async get(digest) {
      const bytes = await store.getShared(runId, pathOf(digest));
      return bytes && new Uint8Array(gunzipSync(bytes));
    },
  };
}

const pathOf = (digest: string) => `${digest.slice(0, 2)}/${digest}.gz`;

import { elapsed } from "../../base/environment.ts";

/** How often a client may ask: `burst` requests at once, and `perSecond` more in each second after. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

interface Bucket {
  tokens: number;
  at: number;
}

const SWEEP_EVERY = 1000;

/**
 * Counts the requests of clients, each in a bucket of its own. It remembers so many clients at most; when there are
 * more who ask often, the new ones share a bucket, so that nobody gets a fresh one by changing addresses.
 *
 * @param clock Milliseconds since some fixed time.
 * @returns A function of a client that counts a request of it, and gives the seconds to wait: 0 where it is admitted.
 */
export function openRateLimiter(
  { perSecond, burst }: Rate,
  { clients = 10_000, clock = elapsed }: { readonly clients?: number; readonly clock?: () => number } = {},
): (client: string) => number {
  const buckets = new Map<string, Bucket>();
  let swept = -Infinity;
  const tokensAt = (bucket: Bucket, time: number) =>
    Math.min(burst, bucket.tokens + (time - bucket.at) / 1000 * perSecond);
  const bucketOf = (client: string, time: number): Bucket => {
    const known = buckets.get(client);
    if (known) return known;
    if (buckets.size >= clients && time - swept >= SWEEP_EVERY) {
      swept = time;
      for (const [name, bucket] of buckets) if (tokensAt(bucket, time) >= burst) buckets.delete(name);
    }
    const name = buckets.size < clients ? client : "";
    const bucket = buckets.get(name) ?? { tokens: burst, at: time };
    buckets.set(name, bucket);
    return bucket;
  };
  return (client) => {
    const time = clock();
    const bucket = bucketOf(client, time);
    bucket.tokens = tokensAt(bucket, time);
    bucket.at = time;
    if (bucket.tokens < 1) return Math.ceil((1 - bucket.tokens) / perSecond);
    bucket.tokens -= 1;
    return 0;
  };
}

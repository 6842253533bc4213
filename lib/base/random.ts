import { createHash } from "node:crypto";
import { xoroshiro128plusFromState } from "../deps/pure_rand.ts";

/**
 * A named stream of random numbers. Streams of other names are independent of it, so that a draw more in one place
 * changes nothing in another.
 */
export interface Random {
  /** A stream of its own for a part of the work. The same name gives the same stream, whatever was drawn before. */
  stream(name: string): Random;
  /** A number in [0, 1), with 53 random bits. */
  uniform(): number;
  /** A whole number in [0, bound), for a bound up to 2^53. */
  integer(bound: number): number;
  /** A number from the normal distribution with mean 0 and standard deviation 1, by the Box–Muller transform. */
  normal(): number;
  /** Orders the items at random, in place, by the Fisher–Yates shuffle, and returns them. */
  shuffle<Items extends { [index: number]: unknown; readonly length: number }>(items: Items): Items;
}

/**
 * The stream from which all others of a run derive: xoroshiro128+ (Blackman and Vigna, 2018), its 128 bits of state
 * the first of the SHA-256 of the seed and the stream's name.
 */
export function randomOf(seed: number): Random {
  return openStream(`reprise/random/1:${seed}`);
}

function openStream(name: string): Random {
  const state = createHash("sha256").update(name).digest();
  const generator = xoroshiro128plusFromState([0, 4, 8, 12].map((offset) => state.readInt32LE(offset)));
  const bits = () => generator.next() >>> 0;
  const uniform = () => ((bits() >>> 5) * 2 ** 26 + (bits() >>> 6)) / 2 ** 53;
  const integer = (bound: number) => Math.floor(uniform() * bound);
  return {
    stream: (part) => openStream(`${name}/${part}`),
    uniform,
    integer,
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    shuffle(items) {
      for (let last = items.length - 1; last > 0; last--) {
        const other = integer(last + 1);
        const kept = items[last];
        items[last] = items[other];
        items[other] = kept;
      }
      return items;
    },
  };
}

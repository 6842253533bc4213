/** Bytes that parts are put to, one after the other. */
export interface ByteBuffer {
  /** The bytes that are there, until the next change. */
  readonly bytes: () => Uint8Array<ArrayBuffer>;
  /** Puts a copy of a part at the end. */
  readonly append: (part: Uint8Array) => void;
  /** Takes this many bytes away from the begin. */
  readonly drop: (count: number) => void;
}

/** Makes an empty buffer, with room for so many bytes at first. */
export function openBuffer(room = 0): ByteBuffer {
  let all = new Uint8Array(room);
  let length = 0;
  return {
    bytes: () => all.subarray(0, length),
    append(part) {
      const to = length + part.length;
      if (to > all.length) all = new Uint8Array(all.buffer.transfer(2 * to));
      all.set(part, length);
      length = to;
    },
    drop(count) {
      all.copyWithin(0, count, length);
      length -= count;
    },
  };
}

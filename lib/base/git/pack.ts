import { inflateSync } from "node:zlib";
import { type OpenFile, openFile, Untold } from "./read.ts";

/** The most bytes of an object that is read. */
export const MOST_OBJECT = 32 << 20;
/** The longest chain of differences that is followed; git makes none of more than 4,095. */
const MOST_DELTAS = 4095;
/** The most bytes of ids that begin with the same byte. */
const MOST_BUCKET = 64 << 20;
const KINDS = ["", "commit", "tree", "blob", "tag"];
const OFFSET_DELTA = 6;
const NAMED_DELTA = 7;

const broken = () => new Untold("a pack of the repository isn't in a form that is known here");

/** Where an object lies in a pack, by the pack's index; undefined where it isn't in it. */
export function findInPack(path: string, id: string): number | undefined {
  using file = openFile(path);
  if (file === undefined) throw broken();
  const head = viewOf(file.at(0, 8 + 1024));
  if (head.byteLength < 1032 || head.getUint32(0) !== 0xff744f63 || head.getUint32(4) !== 2) throw broken();
  const first = parseInt(id.slice(0, 2), 16);
  const [from, to] = [first === 0 ? 0 : head.getUint32(4 + 4 * first), head.getUint32(8 + 4 * first)];
  const count = head.getUint32(8 + 4 * 255);
  const width = id.length / 2;
  if (from > to || to > count || (to - from) * width > MOST_BUCKET) throw broken();
  const ids = file.at(1032 + from * width, (to - from) * width);
  let [low, high] = [0, to - from];
  while (low < high) {
    const middle = (low + high) >> 1;
    const found = ids.subarray(middle * width, (middle + 1) * width).toHex();
    if (found === id) return offsetAt(file, { index: from + middle, count, width });
    if (found < id) low = middle + 1;
    else high = middle;
  }
  return undefined;
}

function offsetAt(
  file: OpenFile,
  { index, count, width }: { readonly index: number; readonly count: number; readonly width: number },
): number {
  const offsets = 1032 + count * (width + 4);
  const bytes = file.at(offsets + 4 * index, 4);
  if (bytes.length < 4) throw broken();
  const offset = viewOf(bytes).getUint32(0);
  if (offset < 2 ** 31) return offset;
  const wide = file.at(offsets + 4 * count + 8 * (offset - 2 ** 31), 8);
  if (wide.length < 8) throw broken();
  return Number(viewOf(wide).getBigUint64(0));
}

/** An object of a pack, all differences applied. */
export function readPacked(path: string, start: number, { idBytes, find }: {
  readonly idBytes: number;
  readonly find: (id: string) => number | undefined;
}): { readonly kind: string; readonly content: Uint8Array } {
  using file = openFile(path);
  if (file === undefined) throw broken();
  const deltas: Uint8Array[] = [];
  let held = 0;
  for (let offset = start; deltas.length <= MOST_DELTAS;) {
    const head = file.at(offset, 64);
    let at = 0;
    const next = () => {
      const byte = head[at++];
      if (byte === undefined) throw broken();
      return byte;
    };
    let byte = next();
    const kind = (byte >> 4) & 7;
    let size = byte & 15;
    for (let shift = 4; byte & 128; shift += 7) {
      byte = next();
      size += (byte & 127) * 2 ** shift;
    }
    let base: number | undefined;
    if (kind === OFFSET_DELTA) base = offset - readVarint(next);
    if (kind === NAMED_DELTA) {
      base = find(head.subarray(at, at + idBytes).toHex());
      at += idBytes;
    }
    held += size;
    if (held > MOST_OBJECT) throw new Untold("an object of the repository is larger than is read");
    const content = contentAt(file, offset + at, size);
    if (kind !== OFFSET_DELTA && kind !== NAMED_DELTA) {
      const name = KINDS[kind];
      if (!name) throw broken();
      return { kind: name, content: deltas.reduceRight(applyDelta, content) };
    }
    if (base === undefined || base < 12) throw broken();
    deltas.push(content);
    offset = base;
  }
  throw broken();
}

/** A number in the form that git uses for distances: seven bits a byte, each further byte counting from one. */
export function readVarint(next: () => number): number {
  let byte = next();
  let value = byte & 127;
  while (byte & 128) {
    byte = next();
    value = (value + 1) * 128 + (byte & 127);
    if (value > Number.MAX_SAFE_INTEGER) throw broken();
  }
  return value;
}

function contentAt(file: OpenFile, offset: number, size: number): Uint8Array {
  // Bytes that don't compress grow by a few in each 16 KB block.
  const packed = file.at(offset, size + (size >> 10) + 64);
  try {
    const content = inflateSync(packed, { maxOutputLength: Math.max(1, size) });
    if (content.length === size) return content;
  } catch {
    // Told below.
  }
  throw broken();
}

function applyDelta(base: Uint8Array, delta: Uint8Array): Uint8Array {
  let at = 0;
  const next = () => {
    const byte = delta[at++];
    if (byte === undefined) throw broken();
    return byte;
  };
  const length = () => {
    let value = 0;
    for (let shift = 0;; shift += 7) {
      const byte = next();
      value += (byte & 127) * 2 ** shift;
      if (!(byte & 128)) return value;
    }
  };
  const [from, size] = [length(), length()];
  if (from !== base.length || size > MOST_OBJECT) throw broken();
  const result = new Uint8Array(size);
  let end = 0;
  while (at < delta.length) {
    const command = next();
    const number = (bits: number, bytes: number) => {
      let value = 0;
      for (let index = 0; index < bytes; index++) {
        if (bits & (1 << index)) value += next() * 2 ** (8 * index);
      }
      return value;
    };
    let part: Uint8Array;
    if (command & 128) {
      const offset = number(command & 15, 4);
      const count = number((command >> 4) & 7, 3) || 0x10000;
      if (offset + count > base.length) throw broken();
      part = base.subarray(offset, offset + count);
    } else {
      if (command === 0 || at + command > delta.length) throw broken();
      part = delta.subarray(at, at += command);
    }
    if (end + part.length > size) throw broken();
    result.set(part, end);
    end += part.length;
  }
  if (end !== size) throw broken();
  return result;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

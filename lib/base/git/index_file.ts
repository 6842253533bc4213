import { Buffer } from "node:buffer";
import { join } from "node:path";
import { nameIn } from "./objects.ts";
import { readVarint } from "./pack.ts";
import { bytesOf, Untold } from "./read.ts";
import type { Repository } from "./repository.ts";

/** A file that git knows. */
export interface IndexEntry {
  readonly path: string;
  readonly mode: number;
  /** The id of its content, in hex. */
  readonly id: string;
  /** What the file was when its content was last seen to be that. */
  readonly stat: {
    readonly ctime: number;
    readonly mtime: number;
    readonly mtimeNs: number;
    readonly ino: number;
    readonly uid: number;
    readonly gid: number;
    readonly size: number;
  };
  /** Not 0 for the sides of a conflict. */
  readonly stage: number;
  readonly assumeUnchanged: boolean;
  readonly skipWorktree: boolean;
  readonly intentToAdd: boolean;
}

/** A directory of the index whose tree is known. */
export interface CachedTree {
  /** How many entries are below it; -1 where its tree isn't known. */
  readonly entries: number;
  readonly id: string | undefined;
  readonly trees: ReadonlyMap<string, CachedTree>;
}

/** What git's index holds. */
export interface GitIndex {
  readonly entries: readonly IndexEntry[];
  readonly tree: CachedTree | undefined;
}

const MOST_BYTES = 128 << 20;
/** The most files that are looked at. */
export const MOST_FILES = 100_000;
const MOST_DEPTH = 200;

const broken = () => new Untold("the index isn't in a form that is known here");

/**
 * The index of a working tree.
 *
 * @throws {Untold} Where it is of a form that isn't known here, or has more files than are looked at.
 */
export function readIndex(repository: Repository): GitIndex {
  const bytes = bytesOf(join(repository.own, "index"), MOST_BYTES);
  return bytes === undefined ? { entries: [], tree: undefined } : parseIndex(bytes, repository.idBytes);
}

/** The index in bytes of one. */
export function parseIndex(bytes: Uint8Array, idBytes: number): GitIndex {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = bytes.length - idBytes;
  if (end < 12 || view.getUint32(0) !== 0x44495243) throw broken();
  const [version, count] = [view.getUint32(4), view.getUint32(8)];
  if (version < 2 || version > 4) throw broken();
  if (count > MOST_FILES) throw new Untold(`the repository has more than ${MOST_FILES} files`);

  const entries: IndexEntry[] = [];
  let at = 12;
  let before = "";
  // Twenty thousand names are cut out of one text far faster than they are decoded.
  const text = latin1(bytes);
  for (let index = 0; index < count; index++) {
    const start = at;
    let path = at + 40 + idBytes + 2;
    if (path >= end) throw broken();
    const flags = view.getUint16(path - 2);
    const extended = (flags & 0x4000) !== 0;
    if (extended && version === 2) throw broken();
    const more = extended ? view.getUint16(path) : 0;
    if (extended) path += 2;
    let name: string;
    if (version === 4) {
      at = path;
      const cut = readVarint(() => bytes[at++] ?? 0);
      const stop = text.indexOf("\0", at);
      if (cut > before.length || stop < 0 || stop >= end) throw broken();
      name = before = before.slice(0, before.length - cut) + text.slice(at, stop);
      at = stop + 1;
    } else {
      const stop = text.indexOf("\0", path);
      if (stop < 0 || stop >= end) throw broken();
      name = text.slice(path, stop);
      // Each entry is filled up with one to eight zeros.
      at = start + ((stop - start + 8) & ~7);
    }
    entries.push({
      path: /^[\x20-\x7e]*$/.test(name) ? name : nameIn(Uint8Array.from(name, (char) => char.charCodeAt(0))),
      mode: view.getUint32(start + 24),
      id: bytes.subarray(start + 40, start + 40 + idBytes).toHex(),
      stat: {
        ctime: view.getUint32(start),
        mtime: view.getUint32(start + 8),
        mtimeNs: view.getUint32(start + 12),
        ino: view.getUint32(start + 20),
        uid: view.getUint32(start + 28),
        gid: view.getUint32(start + 32),
        size: view.getUint32(start + 36),
      },
      stage: (flags >> 12) & 3,
      assumeUnchanged: (flags & 0x8000) !== 0,
      skipWorktree: (more & 0x4000) !== 0,
      intentToAdd: (more & 0x2000) !== 0,
    });
  }
  if (at > end) throw broken();
  // A split index has entries without a name, which this tells first.
  const tree = treeIn(bytes.subarray(at, end), idBytes);
  if (entries.some(({ path }) => leadsOut(path))) throw broken();
  return { entries, tree };
}

/** A text of a character a byte. */
function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/** Whether a path leads out of the working tree, or into the repository. */
function leadsOut(path: string): boolean {
  return path === "" || path.startsWith("/") || /(^|\/)(\.{0,2}|\.git)(\/|$)/i.test(path) ||
    path.includes("\0");
}

/** The known trees, from what follows the entries. */
function treeIn(bytes: Uint8Array, idBytes: number): CachedTree | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let tree: CachedTree | undefined;
  for (let at = 0; at < bytes.length;) {
    if (at + 8 > bytes.length) throw broken();
    const name = latin1(bytes.subarray(at, at + 4));
    const size = view.getUint32(at + 4);
    if (at + 8 + size > bytes.length) throw broken();
    // Small letters mean that the entries alone aren't the whole index: a split one, or one of some directories.
    if (!/^[A-Z]/.test(name)) throw new Untold("the index is split, or of some directories only");
    if (name === "TREE") tree = cachedTree(bytes.subarray(at + 8, at + 8 + size), idBytes);
    at += 8 + size;
  }
  return tree;
}

function cachedTree(bytes: Uint8Array, idBytes: number): CachedTree | undefined {
  let at = 0;
  const until = (byte: number): Uint8Array => {
    const stop = bytes.indexOf(byte, at);
    if (stop < 0) throw broken();
    const part = bytes.subarray(at, stop);
    at = stop + 1;
    return part;
  };
  const read = (depth: number): readonly [string, CachedTree] => {
    if (depth > MOST_DEPTH) throw broken();
    const name = nameIn(until(0));
    const [, entries, count] = /^(-?\d{1,9}) (\d{1,9})$/.exec(nameIn(until(10))) ?? [];
    if (entries === undefined) throw broken();
    const known = Number(entries) >= 0;
    if (known && at + idBytes > bytes.length) throw broken();
    const id = known ? bytes.subarray(at, at += idBytes).toHex() : undefined;
    const trees = Array.from({ length: Math.min(Number(count), bytes.length) }, () => read(depth + 1));
    return [name, { entries: Number(entries), id, trees: new Map(trees) }];
  };
  return bytes.length === 0 ? undefined : read(0)[1];
}

import { createHash } from "node:crypto";
import { join } from "node:path";
import { inflateSync } from "node:zlib";
import { findInPack, MOST_OBJECT, readPacked } from "./pack.ts";
import { bytesOf, entriesOf, realPathOf, Untold } from "./read.ts";
import type { Repository } from "./repository.ts";

/** A commit, tree or other thing that git keeps. */
export interface GitObject {
  readonly kind: string;
  readonly content: Uint8Array;
}

/**
 * An object by its id, from a file of its own or a pack, checked to be the one that the id names.
 *
 * @throws {Untold} Where it isn't there, is too large, or was changed.
 */
function readObject(repository: Repository, id: string): GitObject {
  const object = looseObject(repository, id) ?? packedObject(repository, id);
  if (object === undefined) throw new Untold("an object of the commit isn't in the repository");
  const hash = createHash(repository.idBytes === 32 ? "sha256" : "sha1");
  hash.update(`${object.kind} ${object.content.length}\0`).update(object.content);
  if (hash.digest("hex") !== id) throw new Untold("an object of the repository isn't what its name says");
  return object;
}

/** The id of the tree of a commit. */
export function treeOf(repository: Repository, commit: string): string {
  const { kind, content } = readObject(repository, commit);
  const id = /^tree ([0-9a-f]+)\n/.exec(new TextDecoder().decode(content.subarray(0, 80)))?.[1];
  if (kind !== "commit" || id === undefined) throw new Untold("HEAD names no commit");
  return id;
}

/** An entry of a tree. */
export interface TreeEntry {
  readonly mode: number;
  readonly name: string;
  readonly id: string;
}

/** The trees without an entry, which git knows without keeping them. */
const EMPTY = [
  "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
  "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
];

/** The entries of a tree, as they lie in it. */
export function readTree(repository: Repository, id: string): readonly TreeEntry[] {
  if (EMPTY.includes(id)) return [];
  const { kind, content } = readObject(repository, id);
  if (kind !== "tree") throw new Untold("a tree of the commit isn't one");
  const entries: TreeEntry[] = [];
  for (let at = 0; at < content.length;) {
    const end = content.indexOf(0, at);
    const [, mode, name] = /^([0-7]{5,6}) ([^]+)$/.exec(nameIn(content.subarray(at, Math.max(at, end)))) ??
      [];
    const next = end + 1 + repository.idBytes;
    if (mode === undefined || next > content.length) throw new Untold("a tree of the commit isn't one");
    entries.push({ mode: parseInt(mode, 8), name: name!, id: content.subarray(end + 1, next).toHex() });
    at = next;
  }
  return entries;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A name of a file; `Untold` for one that isn't UTF-8, which can't be asked for here. */
export function nameIn(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new Untold("a file's name isn't UTF-8");
  }
}

function looseObject({ common }: Repository, id: string): GitObject | undefined {
  const bytes = bytesOf(join(common, "objects", id.slice(0, 2), id.slice(2)), MOST_OBJECT);
  if (bytes === undefined) return undefined;
  const whole = inflated(bytes);
  const end = whole.indexOf(0);
  const kind = /^(\w+) \d+$/.exec(new TextDecoder().decode(whole.subarray(0, Math.max(0, end))))?.[1];
  if (kind === undefined) throw new Untold("an object of the repository isn't one");
  return { kind, content: whole.subarray(end + 1) };
}

function inflated(bytes: Uint8Array): Uint8Array {
  try {
    return inflateSync(bytes, { maxOutputLength: MOST_OBJECT });
  } catch {
    throw new Untold("an object of the repository can't be unpacked");
  }
}

function packedObject(repository: Repository, id: string): GitObject | undefined {
  const directory = realPathOf(join(repository.common, "objects/pack"));
  if (directory === undefined) return undefined;
  for (const { name } of entriesOf(directory) ?? []) {
    if (!/^pack-[0-9a-f]+\.idx$/.test(name)) continue;
    const pack = join(directory, name.slice(0, -4));
    const offset = findInPack(`${pack}.idx`, id);
    if (offset !== undefined) {
      return readPacked(`${pack}.pack`, offset, {
        idBytes: repository.idBytes,
        find: (base) => findInPack(`${pack}.idx`, base),
      });
    }
  }
  return undefined;
}

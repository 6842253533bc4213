/** That something of a repository can't be told; the message says why, as the end of a sentence, without foreign text. */
export class Untold extends Error {}

/** The path with every link followed; undefined where nothing is there. `Untold` where that may not be read. */
export function realPathOf(path: string): string | undefined {
  const real = tried(() => Deno.realPathSync(path));
  // Deno judges a path by its name: a link may lead out of what it grants.
  if (real !== undefined && Deno.permissions.querySync({ name: "read", path: real }).state !== "granted") {
    throw new Untold("a link leads to where nothing may be read");
  }
  return real;
}

/** What a path itself is, no link followed; undefined where nothing is there. */
export function statOf(path: string): Deno.FileInfo | undefined {
  return tried(() => Deno.lstatSync(path));
}

/** The entries of a directory; undefined where there is none. */
export function entriesOf(path: string): readonly Deno.DirEntry[] | undefined {
  return tried(() => [...Deno.readDirSync(path)]);
}

/** A file's bytes; undefined where there is none. `Untold` for one of more than `most` bytes, and for a pipe or device. */
export function bytesOf(path: string, most: number): Uint8Array<ArrayBuffer> | undefined {
  using file = openFile(path);
  if (file === undefined) return undefined;
  if (file.size > most) throw new Untold("a file of the repository is larger than is read");
  return file.at(0, file.size);
}

/** A file's text; undefined where there is none. `Untold` as for its bytes. */
export function textOf(path: string, most = 1 << 20): string | undefined {
  const bytes = bytesOf(path, most);
  return bytes && new TextDecoder().decode(bytes);
}

/** A file that is read in parts. */
export interface OpenFile extends Disposable {
  readonly size: number;
  /** Bytes from an offset on; fewer where the file ends. */
  at(offset: number, length: number): Uint8Array<ArrayBuffer>;
}

/** Opens a file, links followed; undefined where there is none. */
export function openFile(path: string): OpenFile | undefined {
  const real = realPathOf(path);
  const stat = real === undefined ? undefined : statOf(real);
  if (real === undefined || stat === undefined) return undefined;
  // To open a named pipe would wait for whoever writes to it.
  if (!stat.isFile) throw new Untold("something else is in place of a file");
  const file = tried(() => Deno.openSync(real));
  return file && {
    size: stat.size,
    at(offset, length) {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, stat.size - offset)));
      file.seekSync(offset, Deno.SeekMode.Start);
      let read = 0;
      while (read < bytes.length) {
        const count = file.readSync(bytes.subarray(read));
        if (count === null) break;
        read += count;
      }
      return bytes.subarray(0, read);
    },
    [Symbol.dispose]: () => file.close(),
  };
}

function tried<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    if (error instanceof Deno.errors.NotCapable || error instanceof Deno.errors.PermissionDenied) {
      throw new Untold("it lies where nothing may be read");
    }
    throw new Untold("a file can't be read");
  }
}

import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type Frame, packageOf } from "./asker.ts";
import { digestOf } from "../digest.ts";
import { digestOfState, type Input } from "./input.ts";
import { ask, type Found } from "./scope.ts";

// As they are before anything is put in their place.
const { lstatSync, openSync, realPathSync, statSync } = Deno;

/** Notes that a file is read, or whether it is there: a path, a URL of a file, or what no file is behind. */
export function askFile(given: unknown): void {
  const path = pathIn(given);
  if (path !== undefined) ask("file", `file ${path}`, (frames) => fileFound(path, frames));
}

/** The path that an argument stands for; undefined for a number, which stands for what was opened before. */
export function pathIn(given: unknown): string | undefined {
  if (typeof given === "string") return given;
  if (given instanceof URL) return given.protocol === "file:" ? fileURLToPath(given) : undefined;
  return given instanceof Uint8Array ? Buffer.from(given).toString() : undefined;
}

function fileFound(path: string, frames: readonly Frame[]): Found | undefined {
  const real = realPathOf(path);
  if (isOfAskingPackage(real, frames)) return undefined;
  const digest = fileDigest(real);
  return digest === undefined
    ? { kind: "device", name: "", digest: "" }
    : { kind: "file", name: relative(realPathOf("."), real), digest };
}

/** A package may read its own files: they are locked with it. */
function isOfAskingPackage(path: string, [first]: readonly Frame[]): boolean {
  const asking = first && packageOf(first.url);
  if (asking === undefined) return false;
  const folder = realPathOf(fileURLToPath(asking.folder));
  return path.startsWith(`${folder}/`) && packageOf(pathToFileURL(path).href) !== undefined;
}

/** A path without links in it, as far as it is there. */
function realPathOf(path: string): string {
  try {
    return realPathSync(path);
  } catch {
    const whole = resolve(path);
    const above = resolve(whole, "..");
    return above === whole ? whole : resolve(realPathOf(above), relative(above, whole));
  }
}

/** The SHA-256 of a file's bytes, or of its state where it has none; undefined for what is no file and no folder. */
export function fileDigest(path: string): string | undefined {
  try {
    const { isDirectory, isFile } = statSync(path);
    if (isDirectory) return digestOfState("folder");
    if (!isFile) return undefined;
    using file = openSync(path);
    const hash = createHash("sha256");
    const bytes = new Uint8Array(1 << 20);
    for (let length = file.readSync(bytes); length !== null; length = file.readSync(bytes)) {
      hash.update(bytes.subarray(0, length));
    }
    return hash.digest("hex");
  } catch (error) {
    return digestOfState(error instanceof Deno.errors.NotFound ? "missing" : "denied");
  }
}

/** That files aren't any more what they were when they were read: what was read of them then isn't known for sure. */
export function rewrittenOf(inputs: readonly Input[]): readonly Input[] {
  return inputs.filter(({ kind, name, digest }) => kind === "file" && fileDigest(name) !== digest)
    .map(({ by }) => ({ kind: "rewritten", name: "", digest: digestOf("rewritten"), by }));
}

/** Why a file that a run says its fit read may not be read for it; undefined where it may be. */
export function refusalOf(name: string, kept: readonly string[]): string | undefined {
  const project = realPathOf(".");
  const real = realPathOf(name);
  const inside = relative(project, real);
  if (inside.startsWith("..") || inside === "" || resolve(project, inside) !== real) {
    return "it isn't below the project";
  }
  // Also on the way to it: a link there may lead to anywhere.
  const hidden = [inside, name].some((path) => path.split("/").some((part) => /^\.(?!\.?$)/.test(part)));
  if (hidden) return "it is hidden";
  const isKept = kept.map(realPathOf).some((path) =>
    real === path || real.startsWith(`${path}/`) || real.startsWith(`${path}-`)
  );
  if (isKept) return "it is of the store";
  return isLink(name) ? "it is a link" : undefined;
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymlink;
  } catch {
    return false;
  }
}

import { ExperimentError } from "../../base/error.ts";
import { placeOf } from "../place.ts";

const FIRST_BYTES = 1 << 16;
const MORE_BYTES = 1 << 20;

/** The bytes of a local file, part by part, each in the place of the one before. */
export async function* readFile(
  path: string | URL,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  using file = await Deno.open(path);
  let bytes = new Uint8Array(FIRST_BYTES);
  for (;;) {
    const length = await file.read(bytes);
    if (length === null) return;
    signal?.throwIfAborted();
    yield bytes.subarray(0, length);
    if (bytes.length < MORE_BYTES) bytes = new Uint8Array(MORE_BYTES);
  }
}

/** That a source can't be read, and why. */
export function errorOf(url: string, cause?: unknown): ExperimentError {
  if (cause instanceof Deno.errors.NotCapable) {
    return new ExperimentError("PERMISSION_DENIED", `The data can't be read: ${cause.message}.`, {
      hint: "Keep the file in the project's directory, or allow it by --allow-read or --allow-net.",
      cause,
    });
  }
  return new ExperimentError("RESOURCE_DOES_NOT_EXIST", `The data can't be read: no file ${placeOf(url)}.`, {
    hint: "Put the file back, or change `source` of the dataset.",
    cause,
  });
}

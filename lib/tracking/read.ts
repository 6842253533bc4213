import { ExperimentError } from "../base/error.ts";
import type { z } from "../deps/zod.ts";
import { LIMITS } from "./limits.ts";
import type { TrackingStore } from "./store.ts";
import { parseJson } from "./reading/json.ts";
import { checked, type Reading } from "./reading/reading.ts";

export { checked, parseJson, type Reading };

/**
 * An artifact of JSON that a schema accepts, within the limits of what is read; or in words why there is none.
 *
 * @throws {ExperimentError} `TEMPORARILY_UNAVAILABLE`, `UNAUTHENTICATED` and `PERMISSION_DENIED` where the store can't
 * be asked.
 */
export async function readJsonArtifact<Value>(
  store: TrackingStore,
  runId: string,
  path: string,
  schema: z.ZodType<Value>,
): Promise<Reading<Value>> {
  const text = await readTextArtifact(store, runId, path);
  if (!("value" in text)) return text;
  const json = parseJson(text.value);
  return "value" in json ? checked(schema, json.value) : json;
}

/**
 * An artifact as text; or in words why there is none.
 *
 * @throws {ExperimentError} As `readJsonArtifact` does.
 */
export async function readTextArtifact(
  store: TrackingStore,
  runId: string,
  path: string,
): Promise<Reading<string>> {
  let bytes: Uint8Array;
  try {
    bytes = await store.downloadArtifact(runId, path, { most: LIMITS.textBytes });
  } catch (error) {
    return { reason: reasonOfStore(error), absent: isAbsence(error) };
  }
  try {
    return { value: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch {
    return { reason: "it is not UTF-8 text", absent: false };
  }
}

/** What an error says is wrong with what a store keeps; an error of a store that can't be asked is thrown on. */
export function reasonOfStore(error: unknown): string {
  if (error instanceof ExperimentError && !CANT_ASK.includes(error.code)) {
    return error.message.charAt(0).toLowerCase() + error.message.slice(1).replace(/\.$/, "");
  }
  throw error;
}

const CANT_ASK: readonly ExperimentError["code"][] = [
  "TEMPORARILY_UNAVAILABLE",
  "UNAUTHENTICATED",
  "PERMISSION_DENIED",
];

function isAbsence(error: unknown): boolean {
  return error instanceof ExperimentError && error.code === "RESOURCE_DOES_NOT_EXIST";
}

/** An artifact as text; undefined where there is none that can be read. */
export async function readText(
  store: TrackingStore,
  runId: string,
  path: string,
): Promise<string | undefined> {
  const text = await readTextArtifact(store, runId, path);
  return "value" in text ? text.value : undefined;
}

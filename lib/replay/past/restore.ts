import { digestOf } from "../../base/digest.ts";
import { ExperimentError } from "../../base/error.ts";
import type { Objects } from "../../tracking/objects.ts";
import type { Run, TrackingStore } from "../../tracking/store.ts";
import type { Graph } from "../../training/kept/graph.ts";
import { EXECUTED, type Executed, EXECUTED_VERSION, type KeptModules } from "../../training/kept/keep.ts";

/**
 * What a run recorded that it executed.
 *
 * @throws {ExperimentError} `RESOURCE_DOES_NOT_EXIST` where it recorded none, `INVALID_STATE` for what can't be read.
 */
export async function readExecuted(store: TrackingStore, { info }: Run): Promise<Executed> {
  let executed: Executed;
  try {
    executed = JSON.parse(decode(await store.downloadArtifact(info.run_id, EXECUTED)));
  } catch (cause) {
    if (cause instanceof SyntaxError) throw changed(EXECUTED, cause);
    if (!(cause instanceof ExperimentError) || cause.code !== "RESOURCE_DOES_NOT_EXIST") throw cause;
    throw new ExperimentError(
      "RESOURCE_DOES_NOT_EXIST",
      `The run can't be run as recorded: it has no ${EXECUTED}, as it was recorded by an earlier Reprise, ` +
        "or its artifacts are gone.",
      { cause },
    );
  }
  if (executed.version === EXECUTED_VERSION) return executed;
  throw new ExperimentError(
    "INVALID_STATE",
    `The run can't be run as recorded: its ${EXECUTED} has version ${executed.version}, but this Reprise ` +
      `knows version ${EXECUTED_VERSION}.`,
  );
}

/**
 * The modules that a run executed, and the text of its lock file.
 *
 * @throws {ExperimentError} `RESOURCE_DOES_NOT_EXIST` where they aren't kept any more, `INVALID_STATE` where they were
 * changed.
 */
export async function restore(
  objects: Objects,
  executed: Executed,
): Promise<{ readonly graph: Graph; readonly lock: string | undefined }> {
  const kept = await Promise.all(
    executed.objects.map(async (digest): Promise<KeptModules> =>
      JSON.parse(await textOf(objects, digest, "its modules"))
    ),
  );
  const graph: Graph = {
    modules: Object.assign({}, ...kept.map(({ modules }) => modules)),
    imports: Object.assign({}, ...kept.map(({ imports }) => imports)),
    lacking: executed.lacking,
  };
  const lock = executed.lock === null ? undefined : await textOf(objects, executed.lock, "its lock file");
  return { graph, lock };
}

/**
 * The snapshot of the data that a run was trained on.
 *
 * @throws {ExperimentError} `RESOURCE_DOES_NOT_EXIST` where none was kept, or it is gone.
 */
export async function restoreSnapshot(objects: Objects, { snapshot }: Executed): Promise<Uint8Array> {
  const bytes = snapshot === null ? undefined : await objects.get(snapshot);
  if (bytes !== undefined) return bytes;
  throw snapshot === null
    ? new ExperimentError(
      "RESOURCE_DOES_NOT_EXIST",
      "The run can't be run as recorded: it kept no snapshot of its data.",
      { hint: "Raise data.snapshot.max_mb in the config, so that runs to come keep one." },
    )
    : gone("the snapshot of its data", snapshot);
}

async function textOf(objects: Objects, digest: string, what: string): Promise<string> {
  const bytes = await objects.get(digest);
  if (bytes === undefined) throw gone(what, digest);
  if (digestOf(bytes) !== digest) throw changed(`object ${digest.slice(0, 12)}`);
  return decode(bytes);
}

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

function gone(what: string, digest: string): ExperimentError {
  return new ExperimentError(
    "RESOURCE_DOES_NOT_EXIST",
    `The run can't be run as recorded: ${what} (object ${digest.slice(0, 12)}) isn't in the store any more.`,
  );
}

function changed(what: string, cause?: unknown): ExperimentError {
  return new ExperimentError(
    "INVALID_STATE",
    `The run can't be run as recorded: its ${what} was changed since it was recorded.`,
    { cause },
  );
}

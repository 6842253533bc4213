import { ExperimentError } from "../base/error.ts";
import { shorten, toLine } from "../document/show.ts";

/** The error for a run id that a store doesn't have. */
export function noRun(runId: string, uri: string): ExperimentError {
  return new ExperimentError(
    "RESOURCE_DOES_NOT_EXIST",
    `There is no run ${JSON.stringify(runId)} in ${uri}.`,
  );
}

/** The error for a run that was deleted and not yet removed. */
export function deletedRun(runId: string): ExperimentError {
  return new ExperimentError("INVALID_STATE", `The run ${runId} was deleted.`, {
    hint: `Restore it with: mlflow runs restore --run-id ${runId}`,
  });
}

/** The error for an experiment id that a store doesn't have. */
export function noExperiment(id: string, uri: string): ExperimentError {
  return new ExperimentError(
    "RESOURCE_DOES_NOT_EXIST",
    `There is no experiment ${JSON.stringify(id)} in ${uri}.`,
  );
}

/** The error for an experiment that was deleted and not yet removed. */
export function deletedExperiment(id: string): ExperimentError {
  return new ExperimentError(
    "INVALID_STATE",
    `The experiment ${id} was deleted, and MLflow keeps its name taken.`,
    {
      hint: `Restore it with: mlflow experiments restore --experiment-id ${id}`,
    },
  );
}

/** The error for a param that a run already has with another value; undefined where none is. */
export function changedParam(
  runId: string,
  asked: Readonly<Record<string, string>>,
  recorded: ReadonlyMap<string, string>,
): ExperimentError | undefined {
  for (const [key, value] of Object.entries(asked)) {
    const before = recorded.get(key);
    if (before !== undefined && before !== value) {
      return new ExperimentError(
        "INVALID_PARAMETER_VALUE",
        `The param "${key}" of the run ${runId} is ${JSON.stringify(before)} and can't be changed to ` +
          `${JSON.stringify(value)}: params are write-once.`,
        { hint: "Record a value that changes as a metric or a tag, or start a new run." },
      );
    }
  }
}

/** The error for an artifact that a run doesn't have. */
export function noArtifact(runId: string, path: string, hint?: string): ExperimentError {
  return new ExperimentError(
    "RESOURCE_DOES_NOT_EXIST",
    `The run ${runId} has no artifact ${JSON.stringify(path)}.`,
    { hint },
  );
}

/** The error for artifacts that are kept where this store can't write. */
export function artifactsElsewhere(runId: string, artifactUri: string, hint: string): ExperimentError {
  return new ExperimentError(
    "INVALID_STATE",
    `The artifacts of the run ${runId} can't be reached: they are kept in ${
      toLine(shorten(artifactUri, 1000))
    }.`,
    { hint },
  );
}

/** The error for an artifact whose path leads through a file, or is a folder. */
export function artifactInTheWay(path: string, cause?: unknown): ExperimentError {
  return new ExperimentError(
    "INVALID_PARAMETER_VALUE",
    `The artifact ${
      JSON.stringify(path)
    } can't be written: a name in its path is already a file or a folder.`,
    { cause },
  );
}

/** The error for a metric of a run with a point that is none. */
export function misshapenMetric(runId: string, key: string, reason: string): ExperimentError {
  return new ExperimentError(
    "INVALID_STATE",
    `The metric ${JSON.stringify(toLine(shorten(key)))} of the run ${runId} can't be read: ${reason}.`,
  );
}

/** The error for a name among artifacts that leads elsewhere, or can't be one. */
export function misshapenArtifact(runId: string, path: unknown): ExperimentError {
  const found = typeof path === "string" ? JSON.stringify(toLine(shorten(path))) : `${typeof path}`;
  return new ExperimentError(
    "INVALID_STATE",
    `The artifacts of the run ${runId} can't be listed: ${found} is no path in the folder that was asked for.`,
  );
}

/** The error for an artifact that is something else than a file: a device, a pipe or a socket. */
export function notAFile(path: string): ExperimentError {
  return new ExperimentError(
    "INVALID_STATE",
    `The artifact ${JSON.stringify(path)} can't be read: it is no file.`,
  );
}

/** The error for a path that a link leads out of the folder where artifacts are kept, or in a circle. */
export function leadsOut(path: string, root: string): ExperimentError {
  return new ExperimentError(
    "INVALID_STATE",
    `The artifact ${
      JSON.stringify(toLine(path))
    } can't be reached: a link leads out of ${root}, or in a circle.`,
    { hint: "Put the files themselves there." },
  );
}

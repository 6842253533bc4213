import { isLater, type Point } from "../point.ts";
import { changedParam } from "../refusals.ts";
import type { SqliteFile } from "../sqlite_file.ts";
import type { DatasetInput } from "../store.ts";

/** A new id as MLflow makes them: 32 hex digits. */
export function newId(): string {
  return crypto.randomUUID().replaceAll("-", "");
}

/** Writes params that are new; refuses one that is there with another value. */
export function writeParams(file: SqliteFile, runId: string, params: Readonly<Record<string, string>>): void {
  const rows = file.rows<{ key: string; value: string }>(
    "SELECT key, value FROM params WHERE run_uuid = ?",
    runId,
  );
  const recorded = new Map(rows.map(({ key, value }) => [key, value]));
  const changed = changedParam(runId, params, recorded);
  if (changed !== undefined) throw changed;
  for (const [key, value] of Object.entries(params)) {
    if (recorded.has(key)) continue;
    file.run("INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?)", key, value, runId);
  }
}

/** Writes metric points that are new, and keeps the latest of each metric. */
export function writeMetrics(file: SqliteFile, runId: string, points: readonly Point[]): void {
  const latest = new Map<string, Point>();
  for (const point of points) {
    const { key, value, timestamp, step, is_nan } = point;
    file.run(
      "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES (?, ?, ?, ?, ?, ?) " +
        "ON CONFLICT DO NOTHING",
      key,
      value,
      timestamp,
      runId,
      step,
      is_nan,
    );
    const before = latest.get(key);
    if (before === undefined || isLater(point, before)) latest.set(key, point);
  }
  for (const { key, value, timestamp, step, is_nan } of latest.values()) {
    file.run(
      "INSERT INTO latest_metrics (key, value, timestamp, step, is_nan, run_uuid) VALUES (?, ?, ?, ?, ?, ?) " +
        "ON CONFLICT (key, run_uuid) DO UPDATE SET value = excluded.value, timestamp = excluded.timestamp, " +
        "step = excluded.step, is_nan = excluded.is_nan WHERE (excluded.step, excluded.timestamp, excluded.value) " +
        "> (latest_metrics.step, latest_metrics.timestamp, latest_metrics.value)",
      key,
      value,
      timestamp,
      step,
      is_nan,
      runId,
    );
  }
}

/** Writes tags over those that are there; the run's name follows its tag. */
export function writeTags(file: SqliteFile, runId: string, tags: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(tags)) {
    if (key === "mlflow.runName") {
      file.run("UPDATE runs SET name = ? WHERE run_uuid = ?", value, runId);
    }
    file.run(
      "INSERT INTO tags (key, value, run_uuid) VALUES (?, ?, ?) " +
        "ON CONFLICT (key, run_uuid) DO UPDATE SET value = excluded.value",
      key,
      value,
      runId,
    );
  }
}

/** Records that a run used a dataset; a dataset that the experiment has, or the run used, stays as it was. */
export function writeInput(
  file: SqliteFile,
  { run_id, experiment_id }: { readonly run_id: string; readonly experiment_id: string },
  dataset: DatasetInput,
): void {
  file.run(
    "INSERT INTO datasets (dataset_uuid, experiment_id, name, digest, dataset_source_type, dataset_source, " +
      "dataset_schema, dataset_profile) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    newId(),
    experiment_id,
    dataset.name,
    dataset.digest,
    dataset.source_type,
    dataset.source,
    dataset.schema,
    dataset.profile,
  );
  const input = newId();
  const made = file.row(
    "INSERT INTO inputs (input_uuid, source_type, source_id, destination_type, destination_id) " +
      "SELECT ?, 'DATASET', dataset_uuid, 'RUN', ? FROM datasets WHERE experiment_id = ? AND name = ? AND digest = ? " +
      "ON CONFLICT DO NOTHING RETURNING input_uuid",
    input,
    run_id,
    experiment_id,
    dataset.name,
    dataset.digest,
  );
  if (made === undefined) return;
  file.run(
    "INSERT INTO input_tags (input_uuid, name, value) VALUES (?, 'mlflow.data.context', ?)",
    input,
    dataset.context,
  );
}

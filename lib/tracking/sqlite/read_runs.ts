import { type Point, toMetric } from "../point.ts";
import type { SqliteFile } from "../sqlite_file.ts";
import type { DatasetInput, Run, RunStatus } from "../store.ts";

interface InfoRow {
  readonly run_id: string;
  readonly run_name: string;
  readonly experiment_id: number;
  readonly user_id: string;
  readonly status: RunStatus;
  readonly start_time: number;
  readonly end_time: number | null;
  readonly artifact_uri: string;
}

type Owned<Row> = Row & { readonly run_id: string };

/** The runs for which a condition on the table of runs holds, newest start first, with all that was logged to them. */
export function readRuns(
  file: SqliteFile,
  condition: string,
  values: readonly (string | number)[],
  limit: number,
): readonly Run[] {
  const infos = file.rows<InfoRow>(
    "SELECT run_uuid AS run_id, coalesce(name, '') AS run_name, experiment_id, coalesce(user_id, '') AS user_id, " +
      "status, CAST(coalesce(start_time, 0) AS REAL) AS start_time, CAST(end_time AS REAL) AS end_time, artifact_uri " +
      `FROM runs WHERE ${condition} ORDER BY coalesce(runs.start_time, 0) DESC, run_uuid LIMIT ?`,
    ...values,
    limit,
  );
  // Everything of all the runs found, in one query each.
  const ids = JSON.stringify(infos.map((info) => info.run_id));
  const owned = <Row>(columns: string, table: string) =>
    Map.groupBy(
      file.rows<Owned<Row>>(
        `SELECT run_uuid AS run_id, ${columns} FROM ${table} WHERE run_uuid IN (SELECT value FROM json_each(?))`,
        ids,
      ),
      (row) => row.run_id,
    );
  const params = owned<{ key: string; value: string }>("key, value", "params");
  const tags = owned<{ key: string; value: string }>("key, coalesce(value, '') AS value", "tags");
  const metrics = owned<Point>(
    "key, value, is_nan, CAST(timestamp AS REAL) AS timestamp, CAST(step AS REAL) AS step",
    "latest_metrics",
  );
  const datasets = Map.groupBy(
    file.rows<Owned<DatasetInput>>(
      "SELECT inputs.destination_id AS run_id, datasets.name, digest, dataset_source_type AS source_type, " +
        "dataset_source AS source, coalesce(dataset_schema, '') AS schema, coalesce(dataset_profile, '') AS profile, " +
        "coalesce(input_tags.value, '') AS context " +
        "FROM inputs JOIN datasets ON dataset_uuid = inputs.source_id LEFT JOIN input_tags " +
        "ON input_tags.input_uuid = inputs.input_uuid AND input_tags.name = 'mlflow.data.context' " +
        "WHERE inputs.source_type = 'DATASET' AND inputs.destination_type = 'RUN' " +
        "AND inputs.destination_id IN (SELECT value FROM json_each(?)) ORDER BY datasets.name, digest",
      ids,
    ),
    (row) => row.run_id,
  );
  return infos.map((info) => ({
    info: { ...info, experiment_id: String(info.experiment_id), end_time: info.end_time ?? undefined },
    params: textsOf(params.get(info.run_id)),
    metrics: Object.fromEntries(
      (metrics.get(info.run_id) ?? []).map((point) => [point.key, toMetric(point)]),
    ),
    tags: textsOf(tags.get(info.run_id)),
    datasets: (datasets.get(info.run_id) ?? []).map(({ run_id: _, ...dataset }) => dataset),
  }));
}

function textsOf(
  rows: readonly { readonly key: string; readonly value: string }[] = [],
): Record<string, string> {
  return Object.fromEntries(rows.map(({ key, value }) => [key, value]));
}

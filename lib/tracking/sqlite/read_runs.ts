import { LIMITS } from "../limits.ts";
import { runIn } from "../reading/run.ts";
import type { SqliteFile } from "../sqlite_file.ts";
import type { Run } from "../store.ts";
import type { EmbeddedStore } from "./embedded_store.ts";
import { placeOf } from "./place.ts";

type Row = Readonly<Record<string, unknown>>;

/** An integer as a number, as some are beyond those that are read as such; anything else as it is. */
const whole = (column: string) =>
  `CASE typeof(${column}) WHEN 'integer' THEN CAST(${column} AS REAL) ELSE ${column} END`;
/** A text no longer than it takes to see that it is too long. */
const short = (column: string, most: number) => `substr(${column}, 1, ${most + 1})`;

/** When a run was started, as the order of runs takes it: a time that is none is the earliest. */
export const START =
  "(CASE WHEN typeof(start_time) = 'integer' AND start_time BETWEEN 0 AND 8640000000000000 THEN start_time ELSE 0 END)";

const POINT = `${short("key", LIMITS.nameLength)} AS key, ` +
  `CASE WHEN is_nan = 0 THEN ${whole("value")} WHEN is_nan = 1 THEN 'NaN' ELSE '' END AS value, ` +
  `${whole("timestamp")} AS timestamp, ${whole("step")} AS step`;

/** The runs for which a condition on the table of runs holds, newest start first, with all that was logged to them. */
export function readRuns(
  store: EmbeddedStore,
  condition: string,
  values: readonly (string | number)[],
  limit: number,
): readonly Run[] {
  const { file } = store;
  const { nameLength, valueLength, placeLength, textBytes } = LIMITS;
  const infos = file.rows<Row>(
    `SELECT ${short("run_uuid", 256)} AS run_id, ${short("name", nameLength)} AS run_name, ` +
      `CAST(experiment_id AS TEXT) AS experiment_id, ${short("user_id", nameLength)} AS user_id, ` +
      `${short("status", 40)} AS status, ${whole("start_time")} AS start_time, ${
        whole("end_time")
      } AS end_time, ` +
      `${short("artifact_uri", placeLength)} AS artifact_uri ` +
      `FROM runs WHERE ${condition} ORDER BY ${START} DESC, run_uuid LIMIT ?`,
    ...values,
    limit,
  );
  // Everything of all the runs found, in one query each.
  const ids = JSON.stringify(infos.map((info) => info.run_id));
  const owned = (query: string) => {
    const rowsOf = (ids: string, most: number) =>
      file.rows<Row>(`${query} IN (SELECT value FROM json_each(?)) LIMIT ?`, ids, most);
    const rows = rowsOf(ids, LIMITS.rows + 1);
    if (rows.length <= LIMITS.rows) return Map.groupBy(rows, ({ run_id }) => run_id);
    // One run that has too much must not hide the others.
    return new Map(
      infos.map(({ run_id }) => [run_id, rowsOf(JSON.stringify([run_id]), LIMITS.ofOneRun + 1)] as const),
    );
  };
  const pairs = (table: string) =>
    owned(
      `SELECT run_uuid AS run_id, ${short("key", nameLength)} AS key, ${
        short("value", valueLength)
      } AS value ` +
        `FROM ${table} WHERE run_uuid`,
    );
  const params = pairs("params");
  const tags = pairs("tags");
  const metrics = owned(
    `SELECT run_uuid AS run_id, ${POINT} FROM latest_metrics WHERE run_uuid`,
  );
  const datasets = owned(
    `SELECT inputs.destination_id AS run_id, ${short("datasets.name", nameLength)} AS name, ` +
      `${short("digest", nameLength)} AS digest, ${
        short("dataset_source_type", nameLength)
      } AS source_type, ` +
      `${short("dataset_source", valueLength)} AS source, ${short("dataset_schema", textBytes)} AS schema, ` +
      `${short("dataset_profile", textBytes)} AS profile, ${
        short("input_tags.value", nameLength)
      } AS context ` +
      "FROM inputs JOIN datasets ON dataset_uuid = inputs.source_id LEFT JOIN input_tags " +
      "ON input_tags.input_uuid = inputs.input_uuid AND input_tags.name = 'mlflow.data.context' " +
      "WHERE inputs.source_type = 'DATASET' AND inputs.destination_type = 'RUN' AND inputs.destination_id",
  );
  return infos.map((info) => {
    const run = runIn({
      info: filled(info),
      data: {
        params: params.get(info.run_id),
        tags: tags.get(info.run_id)?.map(filled),
        metrics: metrics.get(info.run_id),
      },
      inputs: { dataset_inputs: datasets.get(info.run_id)?.map(toInput) },
    });
    const place = placeOf(store, run.info.artifact_uri);
    return place?.isMoved ? { ...run, info: { ...run.info, artifacts_at: place.folder } } : run;
  });
}

/** The points of a metric of a run, by step, then by time. */
export function readPoints(file: SqliteFile, runId: string, key: string): readonly unknown[] {
  return file.rows(
    `SELECT ${POINT} FROM metrics WHERE run_uuid = ? AND metrics.key = ? ` +
      "ORDER BY metrics.step, metrics.timestamp, metrics.value, is_nan",
    runId,
    key,
  );
}

/** A row without what is NULL, as MLflow tells it. */
function filled(row: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));
}

function toInput(row: Row): object {
  const { context, ...dataset } = filled(row);
  return {
    dataset,
    ...(context === undefined ? {} : { tags: [{ key: "mlflow.data.context", value: context }] }),
  };
}

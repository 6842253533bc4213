import { canonicalJson, digestOf, digestOfJson } from "../base/digest.ts";
import { VERSION } from "../base/environment.ts";
import type { GitState } from "../base/git/state.ts";
import { clauseSourceOf } from "../contract/clause_source.ts";
import {
  type ContractRecord,
  hasSnapshot,
  headlineDigest,
  type MadeContract,
  modulesOf,
  snapshotDigest,
} from "../contract/contract.ts";
import { columnsOf } from "../data/column.ts";
import type { TableSource } from "../data/dataset.ts";
import { placeOf } from "../data/place.ts";
import { stringify } from "../deps/yaml.ts";
import type { ExperimentSpec } from "../experiment/config.ts";
import type { LoadedExperiment } from "../experiment/experiment.ts";
import type { Prepared } from "../experiment/prepare.ts";
import type { Evaluation } from "../models/evaluation.ts";
import type { Curve } from "../plot/learning.ts";
import type { SourceReader } from "../source/source.ts";
import { openObjects } from "../tracking/objects.ts";
import { recorded } from "../tracking/recorded.ts";
import type { DatasetInput, TrackingStore } from "../tracking/store.ts";
import { askedParams, overridesIn } from "./asked.ts";

/** Records what a run is made of before its fit: the contract, the resolved config, the source of every reached module. */
export async function logSources(
  store: TrackingStore,
  runId: string,
  { spec, origins }: LoadedExperiment,
  { record, sources }: MadeContract,
  reader: SourceReader,
): Promise<void> {
  const clauses = Object.fromEntries(
    Object.entries(sources).map(([clause, source]) => [clause, clauseSourceOf(source)]),
  );
  const artifacts: Record<string, string> = {
    [recorded.contract]: toJson(record),
    [recorded.config]: configText(spec),
    [recorded.origins]: toJson(origins),
    [recorded.canonical]: toJson({ scheme: record.scheme, clauses }),
  };
  for (const module of modulesOf(sources)) {
    artifacts[`${recorded.modules}/${artifactPathOf(placeOf(module))}`] = await reader.text(module);
  }
  await Promise.all(Object.entries(artifacts).map(([path, text]) => store.logArtifact(runId, path, text)));
}

/** The resolved config as it is recorded: without where, which is no part of what a run was and may hold credentials. */
function configText({ tracking: _tracking, ...config }: ExperimentSpec): string {
  return stringify(config);
}

/** In place of a contract's digest: a run's state can be changed in MLflow at any time, and this can't. */
const NOT_ITS_OWN = "the run isn't one of its contract";

/**
 * Records the contract with what the fit read, and the param that vouches for it, which a run that doesn't come to the
 * end of its fit hasn't got.
 *
 * @param isOwn Whether the run is one of its contract; no param vouches for another one, nor ever can.
 * @returns The param: MLflow's params can't be changed once they are recorded, so it vouches for `contract.json`.
 */
export async function logContract(
  store: TrackingStore,
  runId: string,
  record: ContractRecord,
  isOwn: boolean,
): Promise<Readonly<Record<string, string>>> {
  const params = { [recorded.params.contract]: isOwn ? digestOfJson(record) : NOT_ITS_OWN };
  await store.logArtifact(runId, recorded.contract, toJson(record));
  await store.logBatch(runId, { params });
  return params;
}

/** Sees to it that no param can ever vouch for a contract of a run that doesn't come to its end. */
export async function disown(store: TrackingStore, runId: string): Promise<void> {
  await store.logBatch(runId, { params: { [recorded.params.contract]: NOT_ITS_OWN } });
}

/** Records what the model is made from: the columns, the features and what is said of them, as data and as a picture. */
export async function logLineage(
  store: TrackingStore,
  runId: string,
  { prepared, made }: { readonly prepared: Prepared; readonly made: MadeContract },
): Promise<void> {
  const [{ lineageOf }, { lineageSvg }] = await Promise.all([
    import("./lineage.ts"),
    import("../plot/lineage.ts"),
  ]);
  const { data, model } = prepared.spec;
  const lineage = lineageOf(prepared, {
    data: data.name,
    model: { name: model.name, task: prepared.model.task },
    sources: made.sources,
  });
  await Promise.all([
    store.logArtifact(runId, recorded.lineage, toJson(lineage)),
    store.logArtifact(runId, recorded.lineagePicture, lineageSvg(lineage)),
  ]);
}

/**
 * Keeps what runs share: the rows as the run saw them, where they are within the config's limit, and the modules that it
 * executed with their lock file.
 *
 * @returns The param that vouches for what was executed.
 */
export async function keepShared(
  store: TrackingStore,
  runId: string,
  { experiment, prepared, made, reader, lock }: {
    readonly experiment: LoadedExperiment;
    readonly prepared: Prepared;
    readonly made: MadeContract;
    readonly reader: SourceReader;
    readonly lock: string | undefined;
  },
): Promise<Record<string, string>> {
  const { keepModules } = await import("./kept/keep.ts");
  const objects = openObjects(store, runId);
  const snapshot = hasSnapshot(prepared) ? snapshotDigest(made.record) : undefined;
  const [executed] = await Promise.all([
    keepModules(objects, experiment, { reader, lock, snapshot }),
    snapshot && objects.put(snapshot, async () => {
      const { toSnapshot } = await import("../data/snapshot.ts");
      return await toSnapshot(prepared.table);
    }),
  ]);
  const text = toJson(executed);
  // Before the artifact: a param can't be changed once it is recorded, so it vouches for what is uploaded after it.
  const params = { [recorded.params.executed]: digestOf(text) };
  await store.logBatch(runId, { params });
  await store.logArtifact(runId, recorded.executed, text);
  return params;
}

/** Records what plots show of the fitted model, and the plots. */
export async function logEvaluation(
  store: TrackingStore,
  runId: string,
  { evaluation, curves }: { readonly evaluation: Evaluation; readonly curves: readonly Curve[] },
): Promise<void> {
  const { plotFiles } = await import("../plot/files.ts");
  const files = Object.entries(plotFiles(evaluation, curves));
  await Promise.all([
    store.logArtifact(runId, recorded.evaluation, JSON.stringify(evaluation)),
    ...files.map(([file, svg]) => store.logArtifact(runId, `${recorded.plots}/${file}`, svg)),
  ]);
}

const toJson = (value: unknown) => JSON.stringify(value, null, 2);

/** The path of a module's artifact: its file's path or URL with each part made fit for a file name. */
export function artifactPathOf(file: string): string {
  return file.replace(/^[a-z]+:\/\//, "").split("/").filter((part) => part !== "")
    .map((part) => part.replace(/[^\w.\- ]/g, "_").replace(/^\.+$/, "_")).join("/");
}

/** The tags that make a run first-class in MLflow, and findable by what it ran. */
export function tagsOf(
  { name, file, set }: LoadedExperiment,
  git: GitState | undefined,
  replayOf: string | undefined,
): Record<string, string> {
  const overrides = overridesIn(set);
  return {
    "mlflow.source.name": file,
    "mlflow.source.type": "LOCAL",
    ...(git
      ? { "mlflow.source.git.commit": git.commit, "reprise.git.dirty": String(git.dirty ?? "unknown") }
      : {}),
    ...(git?.branch ? { "mlflow.source.git.branch": git.branch } : {}),
    ...(git?.remote ? { "mlflow.source.git.repoURL": git.remote } : {}),
    "reprise.version": VERSION,
    [recorded.tags.config]: name,
    ...(overrides.length > 0 ? { [recorded.tags.set]: JSON.stringify(overrides) } : {}),
    ...(replayOf === undefined ? {} : { [recorded.tags.replayOf]: replayOf }),
  };
}

/**
 * The resolved config by dotted paths, as in the YAML, what the run was asked by, and the headline digests of the
 * contract. MLflow's params can't be changed once they are recorded.
 */
export function paramsOf(experiment: LoadedExperiment, { record }: MadeContract): Record<string, string> {
  return {
    ...choicesOf(experiment.spec),
    ...askedParams(experiment, digestOf(configText(experiment.spec))),
    "contract.version": String(record.version),
    "contract.data": headlineDigest(record, "data."),
    "contract.features": headlineDigest(record, "features."),
    "contract.model": headlineDigest(record, "model."),
    "contract.split": record.clauses.split!,
  };
}

/** A contract that vouches for what the run is asked by. */
export function withAsked(made: MadeContract, experiment: LoadedExperiment): MadeContract {
  const asked = askedParams(experiment, digestOf(configText(experiment.spec)))[recorded.params.asked.digest]!;
  return { ...made, record: { ...made.record, asked } };
}

/** What a resolved config chooses, by dotted paths, as params hold it. */
export function choicesOf(
  config: Readonly<Record<string, unknown>> | ExperimentSpec,
): Record<string, string> {
  const { experiment: _experiment, run: _run, tracking: _tracking, ...choices } = config;
  return flatten(choices, "");
}

function flatten(value: object, prefix: string): Record<string, string> {
  return Object.assign(
    {},
    ...Object.entries(value).map(([key, member]) => {
      const path = prefix + key;
      if (typeof member === "object" && member !== null && !Array.isArray(member)) {
        return flatten(member, `${path}.`);
      }
      return { [path]: typeof member === "string" ? member : canonicalJson(member) };
    }),
  );
}

const COLSPEC_TYPES = {
  number: "double",
  integer: "long",
  boolean: "boolean",
  "date-time": "datetime",
  category: "string",
  text: "string",
};

/** The record that the run used its dataset. */
export function datasetInputOf({ spec, dataset, table, fingerprint }: Prepared): DatasetInput {
  const columns = columnsOf(dataset.row).map(({ name, kind, nullable = false }) => ({
    type: COLSPEC_TYPES[kind],
    name,
    required: !nullable,
  }));
  return {
    name: spec.data.name,
    // MLflow's column for digests holds 36 characters.
    digest: digestOfJson({ schema: fingerprint.schema, rows: fingerprint.rows }).slice(0, 32),
    ...inputSourceOf(dataset.source),
    schema: JSON.stringify({ mlflow_colspec: columns }),
    profile: JSON.stringify({ num_rows: table.rows, num_elements: table.rows * columns.length }),
    context: "training",
  };
}

/** MLflow keeps no more than 65,535 characters of a source. */
const LONGEST_QUERY = 10_000;

/** Where the rows were read from, as MLflow's pages show it: a database is `external` to it. */
function inputSourceOf(source: TableSource): Pick<DatasetInput, "source_type" | "source"> {
  const { url } = source;
  const local = url.startsWith("file:");
  const asked = source.kind !== "sql"
    ? {}
    : source.query.length <= LONGEST_QUERY
    ? { query: source.query }
    : { query_digest: digestOf(source.query) };
  return {
    source_type: local ? "local" : source.kind === "sql" ? "external" : "http",
    source: JSON.stringify({ ...(local ? { uri: placeOf(url) } : { url }), ...asked }),
  };
}

import { digestOf } from "../../base/digest.ts";
import { ExperimentError, reasonOf } from "../../base/error.ts";
import { type ClauseSource, clauseSourceOf } from "../../contract/clause_source.ts";
import {
  type ContractRecord,
  datasetIn,
  type MadeContract,
  snapshotDigest,
  valueDigests,
} from "../../contract/contract.ts";
import { placeOf } from "../../data/place.ts";
import { digestRows, type Table } from "../../data/table.ts";
import { parse } from "../../deps/yaml.ts";
import { z } from "../../deps/zod.ts";
import type { LoadedExperiment } from "../../experiment/experiment.ts";
import { type Choice, computeValues } from "../../experiment/prepare.ts";
import type { SourceReader } from "../../source/source.ts";
import { openObjects } from "../../tracking/objects.ts";
import { parseJson, readJsonArtifact, readText } from "../../tracking/read.ts";
import { recorded } from "../../tracking/recorded.ts";
import type { TrackingStore } from "../../tracking/store.ts";
import { artifactPathOf } from "../../training/record.ts";
import type { CodeSide } from "./code.ts";
import type { ConfigSide } from "./config.ts";

/** One of two sides that are compared: its contract, and what stands behind the contract, looked up when asked for. */
export interface Side {
  readonly record: ContractRecord;
  /** Its source; undefined where it isn't kept. */
  code(): Promise<CodeSide | undefined>;
  /** Its resolved config; undefined where it isn't kept. */
  config(): Promise<ConfigSide | undefined>;
  /** The rows of its dataset; or in words why they can't be had. */
  table(): Promise<Table | string>;
  /** The digests of the feature values that its code computes from other rows, by clause; absent where it can't be run. */
  valuesOn?(table: Table): Readonly<Record<string, string>> | undefined;
}

const canonicalSchema = z.object({
  clauses: z.record(
    z.string(),
    z.object({
      canonical: z.string(),
      declarations: z.array(
        z.object({
          file: z.string(),
          name: z.string(),
          line: z.int().min(0),
          end: z.int().min(0),
          text: z.string(),
        }),
      ),
    }),
  ),
});
const originsSchema = z.record(z.string(), z.string());

/** The side of a recorded run: all of it is read from the store. */
export function recordedSide(store: TrackingStore, runId: string, record: ContractRecord): Side {
  return {
    record,
    async code() {
      const reading = await readJsonArtifact(store, runId, recorded.canonical, canonicalSchema);
      if (!("value" in reading)) return undefined;
      // What isn't what the contract has a digest of is told by nobody.
      const clauses = Object.fromEntries(
        Object.entries(reading.value.clauses).filter(([clause, { canonical }]) =>
          digestOf(`${record.scheme}\n${canonical}`) === record.clauses[clause]
        ),
      );
      return {
        clauses,
        text: (file) => readText(store, runId, `${recorded.modules}/${artifactPathOf(file)}`),
      };
    },
    async config() {
      const [config, origins] = await Promise.all([
        readText(store, runId, recorded.config),
        readJsonArtifact(store, runId, recorded.origins, originsSchema),
      ]);
      const resolved = config === undefined ? undefined : configIn(config);
      return resolved && { config: resolved, origins: "value" in origins ? origins.value : {} };
    },
    async table() {
      const dataset = datasetIn(record);
      const digest = snapshotDigest(record);
      if (digest === undefined) return `the run's contract says nothing of the rows of ${dataset}`;
      let bytes: Uint8Array | undefined;
      try {
        bytes = await openObjects(store, runId).get(digest);
      } catch (error) {
        return reasonOf(error).replace(/\.$/, "");
      }
      if (bytes !== undefined) return await tableIn(bytes, record);
      const large = Object.values(record.evidence).some(({ row_groups }) => row_groups !== undefined);
      return large
        ? `run ${runId} kept no snapshot of ${dataset}, which was larger than data.snapshot.max_mb allows`
        : `the snapshot of ${dataset} that run ${runId} kept is gone from ${store.uri}`;
    },
  };
}

/** The config in a text that a store gave; undefined where it is none. */
function configIn(text: string): object | undefined {
  let json: string;
  try {
    json = JSON.stringify(parse(text)) ?? "";
  } catch {
    return undefined;
  }
  const reading = parseJson(json);
  const config = "value" in reading ? reading.value : undefined;
  return typeof config === "object" && config !== null ? config : undefined;
}

/** Today's side: what was loaded and prepared. */
export function presentSide(
  { spec, origins }: LoadedExperiment,
  made: MadeContract,
  { choice, table, reader }: {
    readonly choice: Choice;
    readonly table: Table | undefined;
    readonly reader: SourceReader;
  },
): Side {
  return {
    record: made.record,
    code: () => Promise.resolve(codeOf(made.sources, reader)),
    config: () => Promise.resolve({ config: spec, origins }),
    table: () => Promise.resolve(table ?? "today's rows can't be read"),
    valuesOn: (rows) => digestsOn(choice, rows),
  };
}

/** The rows in a snapshot; or in words why they aren't those that a contract is of. */
async function tableIn(bytes: Uint8Array, { clauses }: ContractRecord): Promise<Table | string> {
  const { fromSnapshot } = await import("../../data/snapshot.ts");
  try {
    const table = await fromSnapshot(bytes);
    if (Object.values(clauses).includes(digestRows(table).rows)) return table;
  } catch (error) {
    reasonOf(error);
  }
  return "the snapshot was changed since it was kept";
}

/** The digests of the features of other rows; undefined where those rows lack what the code reads. */
function digestsOn(choice: Choice, table: Table): Readonly<Record<string, string>> | undefined {
  try {
    return valueDigests(computeValues(choice, table));
  } catch (error) {
    if (error instanceof ExperimentError) return undefined;
    throw error;
  }
}

function codeOf(sources: MadeContract["sources"], reader: SourceReader): CodeSide {
  const modules = new Map<string, string>();
  const clauses: Record<string, ClauseSource> = {};
  for (const [clause, source] of Object.entries(sources)) {
    clauses[clause] = clauseSourceOf(source);
    for (const { module } of source.declarations) modules.set(placeOf(module), module);
  }
  return {
    clauses,
    async text(file) {
      const module = modules.get(file);
      return module === undefined ? undefined : await reader.text(module);
    },
  };
}

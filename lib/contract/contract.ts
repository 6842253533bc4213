import { createHash } from "node:crypto";
import { canonicalJson, digestOf, digestOfJson } from "../base/digest.ts";
import { denoVersion, platform, VERSION } from "../base/environment.ts";
import type { GitState } from "../base/git/state.ts";
import { isObserved, OBSERVED } from "../base/observe/observe.ts";
import { columnsOf } from "../data/column.ts";
import type { Dataset } from "../data/dataset.ts";
import { rowGroupsOf, sizeOf } from "../data/table.ts";
import type { LoadedExperiment } from "../experiment/experiment.ts";
import type { Choice, Derived, Prepared } from "../experiment/prepare.ts";
import type { Split } from "../experiment/split.ts";
import { SCHEME, type SourceDigest, type SourceLocation, type SourceReader } from "../source/source.ts";
import { inputClauses, inputsOfLoading } from "./inputs.ts";
import {
  compareClauses,
  type Contract,
  type ContractRecord,
  type Evidence,
  inOrder,
  isOfValues,
} from "./record.ts";

export { compareClauses };
export type { Contract, ContractRecord, Evidence };

/** The version of the contract's form: clause names, and what each digests. */
export const CONTRACT_VERSION = 1;

/** The URL of the module whose exports the clauses `metrics.*` are digests of. */
export const METRICS_MODULE: string = new URL("../models/metrics.ts", import.meta.url).href;

/** A contract record and the source behind it. */
export interface MadeContract {
  readonly record: ContractRecord;
  /** The source digest of each code clause. */
  readonly sources: Readonly<Record<string, SourceDigest>>;
}

/** Whether a clause binds unless a replay config says otherwise; advisory ones are shown and never block. */
export function isBindingByDefault(clause: string): boolean {
  return !clause.startsWith("environment.") && !isOfValues(clause);
}

/**
 * The contract of an experiment, and the only maker of contracts.
 *
 * @param prepared What was prepared from the data; without it, the clauses that need the data are left out.
 */
export async function contractOf(experiment: LoadedExperiment, choice: Choice, options: {
  readonly prepared: Prepared | undefined;
  readonly reader: SourceReader;
  /** What git tells; it is waited for last. */
  readonly git: GitState | undefined | Promise<GitState | undefined>;
  /** The text of the lock file, where there is one. */
  readonly lock: string | undefined;
}): Promise<MadeContract> {
  const { prepared, reader } = options;
  const { spec } = choice;
  const clauses: Record<string, string> = {};
  const evidence: Record<string, Evidence> = {};
  const say = (clause: string, value: string) => {
    clauses[clause] = digestOf(value);
    evidence[clause] = { value };
  };

  const sources = Object.fromEntries(
    await Promise.all(
      codeClauses(experiment, choice).map(async ([clause, location]) =>
        [clause, await reader.digest(location)] as const
      ),
    ),
  );
  for (const [clause, source] of Object.entries(sources)) {
    clauses[clause] = source.digest;
  }

  if (prepared) {
    const data = `data.${spec.data.name}`;
    const { dataset, fingerprint, table } = prepared;
    clauses[`${data}.schema`] = fingerprint.schema;
    evidence[`${data}.schema`] = { value: schemaWords(dataset), target: dataset.target };
    clauses[`${data}.rows`] = fingerprint.rows;
    evidence[`${data}.rows`] = { value: `${table.rows} rows` };
    for (const [column, digest] of Object.entries(fingerprint.columns)) {
      const clause = `${data}.columns.${column}`;
      clauses[clause] = digest;
      if (!hasSnapshot(prepared)) evidence[clause] = { row_groups: rowGroupsOf(table.columns[column]!) };
    }
    Object.assign(clauses, valueDigests(prepared.values));
    const inputs = inputClauses([...await inputsOfLoading(modulesOf(sources), reader), ...prepared.inputs]);
    Object.assign(clauses, inputs.clauses);
    Object.assign(evidence, inputs.evidence);
    clauses.split = splitDigest(prepared.splits);
    evidence.split = {
      value: splitWords(prepared.splits),
    };
  }

  say("params", canonicalJson(spec.model.params));
  say("seed", canonicalJson(spec.seed));

  const names = new Set(Object.values(sources).flatMap(({ packages }) => packages));
  for (const name of [...names].sort()) {
    const { version, integrity, dependencies } = await reader.package(name);
    clauses[`packages.${name}`] = digestOfJson({ name, version, integrity, dependencies });
    evidence[`packages.${name}`] = { value: version };
  }

  say("environment.reprise", VERSION);
  say("environment.deno", denoVersion());
  say("environment.backend", choice.model.backend ?? "typescript");
  say("environment.platform", platform());
  if (options.lock !== undefined) clauses["environment.lockfile"] = digestOf(options.lock);
  const git = await options.git;
  if (git) say("environment.commit", commitWords(git));

  const observed = prepared && isObserved() ? { observed: OBSERVED } : {};
  const record = {
    version: CONTRACT_VERSION,
    scheme: SCHEME,
    ...observed,
    clauses: inOrder(clauses),
    evidence,
  };
  return { record, sources };
}

function commitWords({ commit, dirty }: GitState): string {
  return dirty === false ? commit : `${commit} (${dirty ? "dirty" : "dirty unknown"})`;
}

/** The digest of each feature's values, by clause. */
export function valueDigests(values: Derived["values"]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([view, features]) =>
      Object.entries(features).map(([feature, column]) => [
        `features.${view}.${feature}.values`,
        column instanceof Float64Array
          ? createHash("sha256").update(column).digest("hex")
          : digestOfJson(column),
      ])
    ),
  );
}

/** The name of the dataset that a contract is about. */
export function datasetIn({ clauses }: Contract): string {
  const names = Object.keys(clauses).map((clause) => /^data\.([^.]+)\.source$/.exec(clause)?.[1]);
  return names.find((name) => name !== undefined) ?? "";
}

/** The digest under which the snapshot of a contract's rows is kept; undefined where it says nothing of rows. */
export function snapshotDigest(contract: Contract): string | undefined {
  const data = `data.${datasetIn(contract)}`;
  const [schema, rows] = [contract.clauses[`${data}.schema`], contract.clauses[`${data}.rows`]];
  return schema && rows && digestOfJson({ schema, rows });
}

/** Whether a table is small enough for the limit that its config sets for snapshots. */
export function hasSnapshot({ spec, table }: Pick<Prepared, "spec" | "table">): boolean {
  return sizeOf(table) <= spec.data.snapshot.max_mb * 2 ** 20;
}

/** The version and the clauses of a record alone. */
export function contractIn({ version, clauses }: ContractRecord): Contract {
  return { version, clauses };
}

/** The URLs of the modules behind source digests. */
export function modulesOf(sources: MadeContract["sources"]): readonly string[] {
  return [...new Set(Object.values(sources).flatMap(({ modules }) => modules))];
}

/** One digest over the clauses whose names begin with `prefix`. */
export function headlineDigest(contract: Contract, prefix: string): string {
  return digestOfJson(
    Object.fromEntries(Object.entries(contract.clauses).filter(([name]) => name.startsWith(prefix))),
  );
}

function codeClauses({ registryAt }: LoadedExperiment, { spec, views }: Choice): [string, SourceLocation][] {
  const inRegistry = (...path: string[]) => ({ ...registryAt, path: [...registryAt.path, ...path] });
  return [
    [`data.${spec.data.name}.source`, inRegistry("datasets", spec.data.name)],
    ...views.flatMap(({ name, view }) =>
      Object.keys(view.features).map((feature): [string, SourceLocation] => [
        `features.${name}.${feature}`,
        inRegistry("features", name, feature),
      ])
    ),
    [`model.${spec.model.name}`, inRegistry("models", spec.model.name)],
    ...spec.metrics.map((name): [string, SourceLocation] => [
      `metrics.${name}`,
      { module: METRICS_MODULE, export: name, path: [] },
    ]),
  ];
}

function schemaWords({ row }: Dataset): string {
  return columnsOf(row).map(({ name, kind, levels, nullable }) =>
    `${name} ${kind}${levels ? ` (${levels.join(", ")})` : ""}${nullable ? " or null" : ""}`
  ).join("; ");
}

function splitWords([first, ...others]: readonly Split[]): string {
  const words = `${first!.train.length} train, ${first!.test.length} test rows`;
  return others.length === 0 ? words : `${others.length + 1} folds, the first of ${words}`;
}

function splitDigest(splits: readonly Split[]): string {
  const rows = splits.map(({ train, test }) => ({ train: [...train], test: [...test] }));
  return digestOfJson(rows.length === 1 ? rows[0] : rows);
}

import { canonicalJson, digestOf, digestOfJson } from "../../base/digest.ts";
import { ExperimentError, messageOf } from "../../base/error.ts";
import { compareClauses, type ContractRecord } from "../../contract/contract.ts";
import { openKeptSource, type SourceLocation } from "../../source/source.ts";
import type { Run } from "../../tracking/store.ts";
import type { Graph } from "../../training/kept/graph.ts";
import type { Executed } from "../../training/kept/keep.ts";
import { choicesOf } from "../../training/record.ts";
import { inProjectWords } from "./words.ts";

/** What a run kept, to be checked against what its contract and its params say of it. */
export interface Kept {
  readonly executed: Executed;
  readonly graph: Graph;
  readonly lock: string | undefined;
}

/** What was found out about what a run kept, without running it. */
export interface Vouched {
  /** The clauses of the contract that what was kept isn't of, in their order. */
  readonly differing: readonly string[];
  /** The clause of each package that the lock file pins, as the kept modules would be run with it, and the version. */
  readonly packages: Readonly<Record<string, { readonly digest: string; readonly value: string }>>;
}

/**
 * Compares what a run kept with its contract: today's code digests the kept modules by the scheme that the contract
 * names, without running them, and compares the config and the lock file.
 *
 * @throws {ExperimentError} `INVALID_STATE` where a kept module can't be digested.
 */
export async function vouch(
  { executed, graph, lock }: Kept,
  { params }: Pick<Run, "params">,
  contract: ContractRecord,
): Promise<Vouched> {
  const { spec, framework } = executed;
  const { clauses } = contract;
  const found: Record<string, string> = {
    params: digestOf(canonicalJson(spec.model.params)),
    seed: digestOf(canonicalJson(spec.seed)),
    ...(lock === undefined ? {} : { "environment.lockfile": digestOf(lock) }),
  };
  const packages: Record<string, Vouched["packages"][string]> = {};
  try {
    const reader = openKeptSource(graph, { framework, lock });
    const names = new Set<string>();
    for (const [clause, location] of Object.entries(codeIn(executed, contract))) {
      const source = await reader.digest(location);
      found[clause] = source.digest;
      source.packages.forEach((name) => names.add(name));
    }
    for (const name of names) {
      const locked = await reader.package(name).catch(() => undefined);
      if (locked?.integrity === undefined) continue;
      const { version, integrity, dependencies } = locked;
      packages[`packages.${name}`] = {
        digest: digestOfJson({ name, version, integrity, dependencies }),
        value: version,
      };
    }
  } catch (cause) {
    throw new ExperimentError(
      "INVALID_STATE",
      `The run can't be run as recorded: what it kept can't be checked: ${inProjectWords(messageOf(cause))}`,
      { cause },
    );
  }
  const differing = [...new Set([...Object.keys(clauses), ...Object.keys(found)])].filter((clause) =>
    CHECKED.test(clause) && !isOfValues(clause, clauses) && clauses[clause] !== found[clause]
  );
  if (!saysTheSame(spec, params)) differing.push("split");
  return { differing: differing.sort(compareClauses), packages };
}

/** The clauses that can be told without running anything. */
const CHECKED =
  /^(data\.[^.]+\.source|features\..*|model\..*|metrics\..*|params|seed|environment\.lockfile)$/;

/** Where the code of each clause of a contract is among the kept modules. */
function codeIn(
  { registry, spec, metrics }: Executed,
  { clauses }: ContractRecord,
): Readonly<Record<string, SourceLocation>> {
  const at = (...path: string[]): SourceLocation => ({ ...registry, path: [...registry.path, ...path] });
  const features = Object.keys(clauses).flatMap((clause): [string, SourceLocation][] => {
    const [, view, feature] = /^features\.([^.]+)\.(.+)$/.exec(clause) ?? [];
    if (view === undefined || feature === undefined || isOfValues(clause, clauses)) return [];
    return [[clause, at("features", view, feature)]];
  });
  return {
    [`data.${spec.data.name}.source`]: at("datasets", spec.data.name),
    ...Object.fromEntries(features),
    [`model.${spec.model.name}`]: at("models", spec.model.name),
    ...Object.fromEntries(
      spec.metrics.map((name) => [`metrics.${name}`, { module: metrics, export: name, path: [] }]),
    ),
  };
}

/** Whether a clause is of the values of a feature, and not of one that is called `values`. */
function isOfValues(clause: string, clauses: ContractRecord["clauses"]): boolean {
  return clause.startsWith("features.") && clause.endsWith(".values") &&
    Object.hasOwn(clauses, clause.slice(0, -".values".length));
}

/**
 * Whether a config is the one that the run's params say, which can't be changed once they are recorded. Others may have
 * been added; of the split, nothing may have been left out.
 */
function saysTheSame(spec: Executed["spec"], params: Run["params"]): boolean {
  const said = choicesOf(spec);
  const ofSplit = Object.keys(params).filter((key) => key.startsWith("split."));
  return [...ofSplit, ...Object.keys(said)].every((key) => said[key] === params[key]);
}

import { digestOfJson } from "../base/digest.ts";
import { jsonIn } from "../base/json.ts";
import type { ContractRecord } from "../contract/contract.ts";
import { z } from "../deps/zod.ts";
import type { LoadedExperiment } from "../experiment/experiment.ts";
import { recorded } from "../tracking/recorded.ts";
import type { Run } from "../tracking/store.ts";

/** What a run was asked by. */
export interface Asked {
  /** The name of its experiment. */
  readonly experiment: string;
  /** The name that it was given. */
  readonly run: string;
  /** The config: a name in `configs/`, a path or a URL. */
  readonly config: string;
  /** The overrides, each as `path=value`. */
  readonly set: readonly string[];
  /** The SHA-256 of the resolved config as it was recorded. */
  readonly resolved: string;
  /** The SHA-256 of all that. */
  readonly digest: string;
}

const names = recorded.params.asked;
const setSchema = z.array(z.string());

/** The params that say what a run is asked by. @param config The SHA-256 of the resolved config as it is recorded. */
export function askedParams({ spec, name, set }: LoadedExperiment, config: string): Record<string, string> {
  const params = {
    [names.experiment]: spec.experiment,
    [names.run]: spec.run,
    [names.config]: name,
    [names.set]: JSON.stringify(overridesIn(set)),
    [recorded.params.config]: config,
  };
  return { ...params, [names.digest]: digestOfJson(params) };
}

/**
 * What a run was asked by: params, of which the contract vouches, as params can be added to a run that has none.
 *
 * @returns Undefined for a run of a release that recorded none; or, in words, that the params aren't the recorded ones.
 */
export function readAsked(
  { params }: Pick<Run, "params">,
  { asked: digest }: Pick<ContractRecord, "asked">,
): Asked | string | undefined {
  if (digest === undefined) return undefined;
  const keys = [names.experiment, names.run, names.config, names.set, recorded.params.config];
  const [experiment, run, config, set, resolved] = keys.map((key) => params[key]);
  const overrides = setSchema.safeParse(jsonIn(set ?? "")).data;
  if (
    experiment !== undefined && run !== undefined && config !== undefined && resolved !== undefined &&
    overrides
  ) {
    const found = digestOfJson(Object.fromEntries(keys.map((key) => [key, params[key]])));
    if (found === digest) return { experiment, run, config, set: overrides, digest, resolved };
  }
  return `The run's params ${names.config}, ${names.set} and their like aren't those that it was recorded with: ` +
    "their digest isn't the one in its contract.";
}

/** The overrides that are a part of what a run is: where it is recorded isn't. */
export function overridesIn(set: readonly string[]): readonly string[] {
  return set.filter((override) => !override.startsWith("tracking"));
}

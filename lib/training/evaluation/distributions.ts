import type { FeatureColumn } from "../../features/design.ts";
import type { Distribution } from "../../models/evaluation.ts";
import { countInto, edgesOf } from "./histogram.ts";

const MOST_LEVELS = 10;

/** The group of each row. */
export interface Groups {
  /** The number of the row's group, from 0; a negative one where it is in none. */
  readonly of: Int32Array;
  /** How many groups there are. */
  readonly length: number;
  /** Of how many rows one is looked at. */
  readonly step: number;
}

/** How the values of a feature, before any transform, are distributed in each group of rows. */
export function distributionOf({ name, values }: FeatureColumn, groups: Groups): Distribution {
  return {
    feature: name,
    ...(values instanceof Float64Array ? ofNumbers(values, groups) : ofTexts(values, groups)),
  };
}

function ofNumbers(values: Float64Array, groups: Groups): Omit<Distribution, "feature"> {
  const edges = edgesOf(values, groups.step);
  const counts = Array.from({ length: groups.length }, () => edges.slice(1).map(() => 0));
  let missing = 0;
  for (let row = 0; row < values.length; row += groups.step) {
    const group = groups.of[row]!;
    if (!Number.isFinite(values[row])) missing++;
    else if (group >= 0) countInto(counts[group]!, edges, values[row]!);
  }
  return { missing, bins: { edges }, counts };
}

function ofTexts(
  values: readonly (string | null)[],
  groups: Groups,
): Omit<Distribution, "feature"> {
  const byLevel = new Map<string, { all: number; readonly counts: number[] }>();
  let missing = 0;
  for (let row = 0; row < values.length; row += groups.step) {
    const level = values[row]!;
    const group = groups.of[row]!;
    if (level === null) {
      missing++;
      continue;
    }
    let found = byLevel.get(level);
    if (found === undefined) byLevel.set(level, found = { all: 0, counts: new Array(groups.length).fill(0) });
    found.all++;
    if (group >= 0) found.counts[group]!++;
  }
  const levels = [...byLevel].sort(([a, one], [b, other]) => other.all - one.all || (a < b ? -1 : 1));
  const shown = levels.slice(0, MOST_LEVELS);
  return {
    missing,
    bins: { levels: shown.map(([level]) => level), left_out: levels.length - shown.length },
    counts: Array.from(
      { length: groups.length },
      (_, group) => shown.map(([, { counts }]) => counts[group]!),
    ),
  };
}

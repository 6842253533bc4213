import { ExperimentError } from "./error.ts";
import type { Random } from "./random.ts";

/** One seeded division of the rows into a train and a test part. */
export interface HoldoutSpec {
  /** Says that it is a holdout. */
  readonly kind: "holdout";
  /** The fraction of rows to test on, above 0 and below 1. */
  readonly test: number;
  /** Whether each class keeps its share in both parts, to within one row. */
  readonly stratify: boolean;
}

/** How rows are assigned to train and test. */
export type SplitSpec = HoldoutSpec;

/** The indices of the train and of the test rows, each ascending. */
export interface Split {
  readonly train: Uint32Array;
  readonly test: Uint32Array;
}

/**
 * Assigns each row to train or test.
 *
 * @param labels The class of each row.
 * @throws {ExperimentError} `INVALID_PARAMETER_VALUE` where a part would be empty, or stratified without a class.
 */
export function splitRows(spec: SplitSpec, labels: Uint32Array, random: Random): Split {
  const groups = spec.stratify ? rowsOfClasses(labels) : [Array.from(labels.keys())];
  const sizes = shares(groups.map((rows) => rows.length), Math.round(spec.test * labels.length));
  const test: number[] = [];
  const train: number[] = [];
  groups.forEach((rows, group) => {
    const size = sizes[group]!;
    if (size === 0 || size === rows.length) throw emptyPart(spec, labels.length, rows.length, size);
    random.shuffle(rows);
    test.push(...rows.slice(0, size));
    train.push(...rows.slice(size));
  });
  return { train: Uint32Array.from(train).sort(), test: Uint32Array.from(test).sort() };
}

function rowsOfClasses(labels: Uint32Array): number[][] {
  const groups = new Map<number, number[]>();
  labels.forEach((label, row) => {
    const rows = groups.get(label);
    if (rows) rows.push(row);
    else groups.set(label, [row]);
  });
  return [...groups].sort(([a], [b]) => a - b).map(([, rows]) => rows);
}

/** Divides `total` among groups in proportion to their sizes, by the largest remainder (Hamilton's method). */
function shares(sizes: readonly number[], total: number): number[] {
  const all = sizes.reduce((sum, size) => sum + size, 0);
  const exact = sizes.map((size) => (size * total) / all);
  const floors = exact.map(Math.floor);
  const left = total - floors.reduce((sum, share) => sum + share, 0);
  const byRemainder = exact.map((share, group) => ({ group, remainder: share - Math.floor(share) }))
    .sort((a, b) => b.remainder - a.remainder || a.group - b.group);
  for (const { group } of byRemainder.slice(0, left)) floors[group]!++;
  return floors;
}

function emptyPart(spec: SplitSpec, all: number, rows: number, test: number): ExperimentError {
  const where = spec.stratify ? `a class of ${rows} rows` : `${all} rows`;
  const part = test === 0 ? "none to test on" : "none to train on";
  return new ExperimentError(
    "INVALID_PARAMETER_VALUE",
    `The rows can't be split: split.test ${spec.test} of ${where} leaves ${part}.`,
    { hint: spec.stratify ? "Change split.test, or set split.stratify: false." : "Change split.test." },
  );
}

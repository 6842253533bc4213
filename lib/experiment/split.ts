import { ExperimentError } from "../base/error.ts";
import type { Random } from "../base/random.ts";

/** Seeded divisions of the rows into a train and a test part. */
export interface HoldoutSpec {
  /** Says that it is a holdout. */
  readonly kind: "holdout";
  /** The fraction of rows to test on, above 0 and below 1. */
  readonly test: number;
  /** Whether each class keeps its share in both parts, to within one row. */
  readonly stratify: boolean;
  /** How many divisions are drawn, at least 1. */
  readonly repeats: number;
}

/** Seeded divisions of the rows into folds, each of which is tested on once. */
export interface KFoldSpec {
  /** Says that it is a k-fold. */
  readonly kind: "k_fold";
  /** How many folds there are, at least 2. Their sizes differ by one row at most. */
  readonly folds: number;
  /** Whether each class is shared out evenly over the folds, to within one row. */
  readonly stratify: boolean;
  /** How many divisions are drawn, at least 1. */
  readonly repeats: number;
}

/** Seeded divisions of the rows into folds that keep the rows of a group, such as a patient, together. */
export interface GroupedSpec {
  /** Says that it is a grouped k-fold. */
  readonly kind: "grouped";
  /** How many folds there are, at least 2. The largest groups are dealt out first, each to the smallest fold. */
  readonly folds: number;
  /** The column whose equal values make a group. */
  readonly by: string;
  /** How many divisions are drawn, at least 1. They can only differ where groups are of the same size. */
  readonly repeats: number;
}

/** Divisions by time: each fold tests on a block of rows that are later than all it trains on. */
export interface TimeOrderedSpec {
  /** Says that it is ordered by time. */
  readonly kind: "time_ordered";
  /** How many blocks are tested on, at least 1: of the rows in order, the last `folds` of `folds + 1` equal parts. */
  readonly folds: number;
  /** The column that holds the time, a number. Rows of equal time are never on both sides. */
  readonly by: string;
  /** How many rows just before the test block are left out of the train rows; more where times are equal. */
  readonly gap: number;
}

/** How rows are assigned to train and test. */
export type SplitSpec = HoldoutSpec | KFoldSpec | GroupedSpec | TimeOrderedSpec;

/** The indices of the train and of the test rows, each ascending. */
export interface Split {
  /** The rows to train on. */
  readonly train: Uint32Array;
  /** The rows to test on. */
  readonly test: Uint32Array;
}

/** What rows are split by. */
export interface SplitInput {
  /** How many rows there are. */
  readonly rows: number;
  /** The class of each row; a regression has none. */
  readonly labels: Uint32Array | undefined;
  /** Each row's value of the column that `by` names, NaN where it is missing; none where there is no such column. */
  readonly by: ArrayLike<number | string | boolean> | undefined;
}

/**
 * Assigns rows to the train and test part of each fold of each repeat, in this order. The first repeat draws from
 * `random` itself, so that asking for more repeats leaves the earlier ones as they are.
 *
 * @throws {ExperimentError} `INVALID_PARAMETER_VALUE` where a part would be empty or without a class that is
 * stratified by, where there are no classes to stratify by, or where the column `by` isn't there or has a value missing.
 */
export function splitFolds(spec: SplitSpec, input: SplitInput, random: Random): readonly Split[] {
  checkSize(spec, input.rows);
  if (spec.kind === "time_ordered") return splitByTime(spec, input);
  const streams = Array.from(
    { length: spec.repeats },
    (_, repeat) => repeat === 0 ? random : random.stream(`repeat/${repeat}`),
  );
  switch (spec.kind) {
    case "holdout":
      return streams.map((stream) => splitOf(assignHoldout(spec, input, stream), 0));
    case "k_fold":
      return streams.flatMap((stream) => splitsOf(dealRows(spec, input, stream), spec.folds));
    case "grouped":
      return streams.flatMap((stream) => splitsOf(dealGroups(spec, input, stream), spec.folds));
  }
}

/** How many folds are assigned in all, and how many rows of them: more is beyond memory, and a record may ask for it. */
const MOST_FOLDS = 100_000;
const MOST_ASSIGNED = 500_000_000;

function checkSize(spec: SplitSpec, rows: number): void {
  const repeats = "repeats" in spec ? spec.repeats : 1;
  const folds = repeats * ("folds" in spec ? spec.folds : 1);
  // More folds than rows are told by what they lack.
  if (repeats <= 1 || folds <= MOST_FOLDS && folds * rows <= MOST_ASSIGNED) return;
  const most = Math.max(1, Math.floor(Math.min(MOST_FOLDS, MOST_ASSIGNED / rows) * repeats / folds));
  throw unsplittable(
    `split.repeats is ${repeats}, but of ${rows} rows at most ${most} can be assigned`,
    "Lower split.repeats.",
  );
}

function splitsOf(folds: Uint32Array, count: number): Split[] {
  return Array.from({ length: count }, (_, fold) => splitOf(folds, fold));
}

/** Tests on the rows that are assigned to a fold, and trains on all others. */
function splitOf(folds: Uint32Array, fold: number): Split {
  let tested = 0;
  for (const other of folds) if (other === fold) tested++;
  const train = new Uint32Array(folds.length - tested);
  const test = new Uint32Array(tested);
  let trainAt = 0;
  let testAt = 0;
  folds.forEach((other, row) => {
    if (other === fold) test[testAt++] = row;
    else train[trainAt++] = row;
  });
  return { train, test };
}

/** Assigns the test rows to fold 0, and the train rows to fold 1. */
function assignHoldout(spec: HoldoutSpec, input: SplitInput, random: Random): Uint32Array {
  const strata = strataOf(spec, input);
  const sizes = shares(strata.map((rows) => rows.length), Math.round(spec.test * input.rows));
  const folds = new Uint32Array(input.rows).fill(1);
  strata.forEach((rows, stratum) => {
    const size = sizes[stratum]!;
    if (size === 0 || size === rows.length) throw emptyPart(spec, input.rows, rows.length, size);
    for (const row of random.shuffle(rows).slice(0, size)) folds[row] = 0;
  });
  return folds;
}

/** Deals the rows out to the folds in turn, going on from class to class, so that the folds' sizes stay even too. */
function dealRows(spec: KFoldSpec, input: SplitInput, random: Random): Uint32Array {
  const folds = new Uint32Array(input.rows);
  let dealt = 0;
  for (const rows of strataOf(spec, input)) {
    if (rows.length < spec.folds) {
      throw unsplittable(
        `split.folds is ${spec.folds}, but ${
          spec.stratify ? "a class has" : "there are"
        } only ${rows.length} rows`,
        spec.stratify ? "Lower split.folds, or set split.stratify: false." : "Lower split.folds.",
      );
    }
    for (const row of random.shuffle(rows)) folds[row] = dealt++ % spec.folds;
  }
  return folds;
}

/** Deals the groups out, the largest first and those of a size in a random order, each to the smallest fold so far. */
function dealGroups(spec: GroupedSpec, input: SplitInput, random: Random): Uint32Array {
  const groups = [...rowsByValue(valuesBy(spec, input)).values()];
  if (groups.length < spec.folds) {
    throw unsplittable(
      `split.folds is ${spec.folds}, but "${spec.by}" has only ${groups.length} groups`,
      "Lower split.folds.",
    );
  }
  const folds = new Uint32Array(input.rows);
  const sizes = new Uint32Array(spec.folds);
  for (const rows of random.shuffle(groups).sort((a, b) => b.length - a.length)) {
    const smallest = sizes.reduce((least, size, fold) => size < sizes[least]! ? fold : least, 0);
    sizes[smallest]! += rows.length;
    for (const row of rows) folds[row] = smallest;
  }
  return folds;
}

function splitByTime(spec: TimeOrderedSpec, input: SplitInput): Split[] {
  const { folds, gap } = spec;
  const { rows } = input;
  const times = Float64Array.from(valuesBy(spec, input), (time, row) => checkTime(spec, time, row));
  const order = new Uint32Array(rows).map((_, row) => row).sort((a, b) => times[a]! - times[b]!);
  const timeAt = (place: number) => times[order[place]!];
  const firstOfTime = (place: number) => {
    while (place > 0 && timeAt(place) === timeAt(place - 1)) place--;
    return place;
  };
  const nearestStart = (place: number) => {
    const before = firstOfTime(place);
    let after = place;
    while (after < rows && after > before && timeAt(after) === timeAt(after - 1)) after++;
    return place - before <= after - place ? before : after;
  };
  const size = Math.floor(rows / (folds + 1));
  const starts = Array.from({ length: folds }, (_, fold) => nearestStart(rows - (folds - fold) * size));
  return starts.map((start, fold) => {
    const trained = firstOfTime(start - gap);
    const train = order.slice(0, Math.max(0, trained)).sort();
    const test = order.slice(start, starts[fold + 1]).sort();
    if (train.length > 0 && test.length > 0) return { train, test };
    throw unsplittable(
      `split.folds ${folds} with split.gap ${gap} of ${rows} rows of ${
        new Set(times).size
      } times leaves none to ` +
        `${test.length === 0 ? "test" : "train"} on in fold ${fold + 1}`,
      gap > 0 ? "Lower split.folds or split.gap." : "Lower split.folds.",
    );
  });
}

function checkTime({ by }: TimeOrderedSpec, time: unknown, row: number): number {
  if (typeof time === "number" && Number.isFinite(time)) return time;
  const found = typeof time === "string" ? JSON.stringify(time) : String(time);
  throw unsplittable(
    `split.by "${by}" of row ${row + 1} is ${found}, but a time is a finite number`,
    "Name a column of numbers or date-times without missing values.",
  );
}

/** The values of the column `by`, of which none may be missing. */
function valuesBy(
  { by }: GroupedSpec | TimeOrderedSpec,
  input: SplitInput,
): ArrayLike<number | string | boolean> {
  if (!input.by) {
    throw unsplittable(`there is no column "${by}", which split.by names`, "Name a column of the dataset.");
  }
  for (let row = 0; row < input.rows; row++) {
    if (!Number.isNaN(input.by[row])) continue;
    throw unsplittable(
      `split.by "${by}" of row ${row + 1} is missing, but each row needs a value to be split by`,
      "Name a column without missing values.",
    );
  }
  return input.by;
}

/** The rows of each class, in the order of the classes; where it isn't stratified, all rows together. */
function strataOf(spec: HoldoutSpec | KFoldSpec, { rows, labels }: SplitInput): number[][] {
  if (!spec.stratify) return [Array.from({ length: rows }, (_, row) => row)];
  if (labels) return [...rowsByValue(labels)].sort(([a], [b]) => a - b).map(([, rows]) => rows);
  throw unsplittable(
    "split.stratify is true, but a regression has no classes to stratify by",
    "Set split.stratify: false for a regression.",
  );
}

function rowsByValue<Value>(values: ArrayLike<Value>): Map<Value, number[]> {
  const groups = new Map<Value, number[]>();
  for (let row = 0; row < values.length; row++) {
    const rows = groups.get(values[row]!);
    if (rows) rows.push(row);
    else groups.set(values[row]!, [row]);
  }
  return groups;
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

function emptyPart(spec: HoldoutSpec, all: number, rows: number, test: number): ExperimentError {
  const where = spec.stratify ? `a class of ${rows} rows` : `${all} rows`;
  const part = test === 0 ? "none to test on" : "none to train on";
  return unsplittable(
    `split.test ${spec.test} of ${where} leaves ${part}`,
    spec.stratify ? "Change split.test, or set split.stratify: false." : "Change split.test.",
  );
}

function unsplittable(reason: string, hint: string): ExperimentError {
  return new ExperimentError("INVALID_PARAMETER_VALUE", `The rows can't be split: ${reason}.`, { hint });
}

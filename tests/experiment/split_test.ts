import assert from "node:assert/strict";
import fc from "fast-check";
import { ExperimentError } from "../../lib/base/error.ts";
import { randomOf } from "../../lib/base/random.ts";
import { type Split, splitFolds, type SplitInput, type SplitSpec } from "../../lib/experiment/split.ts";

const classes = fc.array(fc.integer({ min: 2, max: 40 }), { minLength: 2, maxLength: 5 }).chain((sizes) =>
  shuffled(sizes.flatMap((size, label) => Array<number>(size).fill(label)))
);
const groups = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 6, maxLength: 20 }).chain((sizes) =>
  shuffled(sizes.flatMap((size, group) => Array<string>(size).fill(`g${group}`)))
);
const times = fc.array(fc.integer({ min: -20, max: 200 }), { minLength: 15, maxLength: 80 });
const fraction = fc.double({ min: 0.01, max: 0.99, noNaN: true });
const folds = fc.integer({ min: 2, max: 6 });
const repeats = fc.integer({ min: 1, max: 3 });

Deno.test("a holdout puts every row on one side, in order, as many to test on as asked", () => {
  fc.assert(
    fc.property(
      classes,
      fraction,
      fc.boolean(),
      repeats,
      fc.nat(),
      (labels, test, stratify, repeats, seed) => {
        const input = labelled(labels);
        const splits = splitOrUndefined({ kind: "holdout", test, stratify, repeats }, input, seed);
        if (!splits) return;
        assert.equal(splits.length, repeats);
        for (const split of splits) {
          checkSides(split, input.rows);
          assert.equal(split.test.length, Math.round(test * input.rows));
        }
      },
    ),
  );
});

Deno.test("a stratified holdout keeps each class's share to within one row", () => {
  fc.assert(fc.property(classes, fraction, repeats, fc.nat(), (labels, test, repeats, seed) => {
    const spec: SplitSpec = { kind: "holdout", test, stratify: true, repeats };
    for (const split of splitOrUndefined(spec, labelled(labels), seed) ?? []) {
      const share = split.test.length / labels.length;
      for (const label of new Set(labels)) {
        const all = labels.filter((other) => other === label).length;
        const tested = countOf(split.test, labels, label);
        assert.ok(Math.abs(tested - all * share) < 1, `class ${label}: ${tested} of ${all} at ${share}`);
      }
    }
  }));
});

Deno.test("a k-fold tests on every row once per repeat, in folds whose sizes differ by one row at most", () => {
  fc.assert(
    fc.property(classes, folds, fc.boolean(), repeats, fc.nat(), (labels, folds, stratify, repeats, seed) => {
      const input = labelled(labels);
      const splits = splitOrUndefined({ kind: "k_fold", folds, stratify, repeats }, input, seed);
      if (!splits) return;
      checkFolds(splits, { folds, repeats, rows: input.rows });
      const sizes = splits.map(({ test }) => test.length);
      assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1, `fold sizes ${sizes}`);
    }),
  );
});

Deno.test("a stratified k-fold shares each class out over the folds to within one row", () => {
  fc.assert(fc.property(classes, folds, repeats, fc.nat(), (labels, folds, repeats, seed) => {
    const spec: SplitSpec = { kind: "k_fold", folds, stratify: true, repeats };
    const splits = splitOrUndefined(spec, labelled(labels), seed);
    if (!splits) return;
    for (const label of new Set(labels)) {
      const counts: number[] = splits.map(({ test }) => countOf(test, labels, label));
      assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, `class ${label}: ${counts}`);
      assert.ok(Math.min(...counts) > 0, `class ${label}: ${counts}`);
    }
  }));
});

Deno.test("a grouped k-fold tests on every row once per repeat, with no group on both sides", () => {
  fc.assert(fc.property(groups, folds, repeats, fc.nat(), (by, folds, repeats, seed) => {
    const splits = splitFolds({ kind: "grouped", folds, by: "patient", repeats }, over(by), randomOf(seed));
    checkFolds(splits, { folds, repeats, rows: by.length });
    for (const { train, test } of splits) {
      const trained = new Set([...train].map((row) => by[row]));
      assert.deepEqual([...test].filter((row) => trained.has(by[row])), []);
    }
  }));
});

Deno.test("a grouped k-fold has folds whose sizes differ by the largest group at most", () => {
  fc.assert(fc.property(groups, folds, fc.nat(), (by, folds, seed) => {
    const spec: SplitSpec = { kind: "grouped", folds, by: "patient", repeats: 1 };
    const sizes = splitFolds(spec, over(by), randomOf(seed)).map(({ test }) => test.length);
    const largest = Math.max(...by.map((group) => by.filter((other) => other === group).length));
    assert.ok(Math.max(...sizes) - Math.min(...sizes) <= largest, `fold sizes ${sizes}, largest ${largest}`);
  }));
});

Deno.test("groups are told apart by numbers and by booleans too", () => {
  const spec: SplitSpec = { kind: "grouped", folds: 2, by: "x", repeats: 1 };
  for (const by of [[1.5, 1.5, -0, 0], [true, true, false, false], Float64Array.of(7, 7, 9, 9)]) {
    const tests: string[] = splitFolds(spec, over(by), randomOf(1)).map(({ test }) => test.join(" "));
    assert.deepEqual(tests.sort(), ["0 1", "2 3"]);
  }
});

Deno.test("a split by time trains on a growing past alone, and leaves the gap out", () => {
  let checked = 0;
  fc.assert(fc.property(times, fc.integer({ min: 1, max: 6 }), fc.nat(4), (by, folds, gap) => {
    const splits = splitOrUndefined({ kind: "time_ordered", folds, by: "at", gap }, over(by), 1);
    if (!splits) return;
    checked++;
    assert.equal(splits.length, folds);
    let past: readonly number[] = [];
    for (const { train, test } of splits) {
      assert.ok(train.length > 0 && test.length > 0);
      for (const part of [train, test]) assert.deepEqual(part, part.slice().sort());
      const tested = timesOf(by, test);
      const before = by.filter((time) => time < tested[0]!).sort((a, b) => a - b);
      const cut = before.length - gap;
      const kept = gap === 0 ? before : before.filter((time) => time < before[cut]!);
      assert.deepEqual(timesOf(by, train), kept);
      assert.deepEqual(past.filter((row) => !train.includes(row)), []);
      past = [...train];
    }
  }));
  assert.ok(checked > 50, `${checked} splits`);
});

Deno.test("a split by time tests on each row of the last blocks once, equal times in one block", () => {
  fc.assert(fc.property(times, fc.integer({ min: 1, max: 6 }), (by, folds) => {
    const splits = splitOrUndefined({ kind: "time_ordered", folds, by: "at", gap: 0 }, over(by), 1);
    if (!splits) return;
    const tested = splits.flatMap(({ test }) => [...test]);
    const first = timesOf(by, splits[0]!.test)[0]!;
    const due = [...by.keys()].filter((row) => by[row]! >= first);
    assert.deepEqual(tested.sort((a, b) => a - b), due);
    for (const [fold, { test }] of splits.slice(1).entries()) {
      assert.ok(timesOf(by, splits[fold]!.test).at(-1)! < timesOf(by, test)[0]!);
    }
  }));
});

Deno.test("a split by time of rows of different times has test blocks of equal size", () => {
  const distinct = fc.uniqueArray(fc.integer(), { minLength: 7, maxLength: 80 });
  fc.assert(fc.property(distinct, fc.integer({ min: 1, max: 6 }), (by, folds) => {
    const splits = splitFolds({ kind: "time_ordered", folds, by: "at", gap: 0 }, over(by), randomOf(1));
    const size = Math.floor(by.length / (folds + 1));
    assert.deepEqual(splits.map(({ test }) => test.length), Array(folds).fill(size));
    assert.equal(splits.at(-1)!.train.length, by.length - size);
  }));
});

const labels12 = labelled(Array.from({ length: 12 }, (_, row) => (11 - row) % 3));
const groups12 = over([..."aabbcccdefgh"]);
const seeded: readonly (readonly [SplitSpec, SplitInput])[] = [
  [{ kind: "holdout", test: 0.25, stratify: true, repeats: 2 }, labels12],
  [{ kind: "holdout", test: 0.25, stratify: false, repeats: 2 }, labels12],
  [{ kind: "k_fold", folds: 3, stratify: false, repeats: 2 }, labels12],
  [{ kind: "k_fold", folds: 3, stratify: true, repeats: 2 }, labels12],
  [{ kind: "grouped", folds: 3, by: "patient", repeats: 2 }, groups12],
];

Deno.test("a split is the same for the same seed, and another for another seed or repeat", () => {
  for (const [spec, input] of seeded) {
    const split = (seed: number) => splitFolds(spec, input, randomOf(seed));
    assert.deepEqual(split(42), split(42));
    assert.notDeepEqual(split(42), split(43));
    const half = split(42).length / 2;
    assert.notDeepEqual(split(42).slice(0, half), split(42).slice(half));
  }
});

Deno.test("more repeats leave the earlier ones as they are", () => {
  for (const [spec, input] of seeded) {
    const splits = splitFolds(spec, input, randomOf(42));
    const more = splitFolds({ ...spec, repeats: 5 } as SplitSpec, input, randomOf(42));
    assert.deepEqual(more.slice(0, splits.length), splits);
  }
});

Deno.test("rows are assigned as they always were", () => {
  const tests = seeded.map(([spec, input]) =>
    splitFolds(spec, input, randomOf(42).stream("split")).map(({ test }) => test.join(" "))
  );
  assert.deepEqual(tests, [
    ["1 5 9", "4 9 11"],
    ["6 8 10", "1 3 5"],
    ["4 6 7 11", "1 3 9 10", "0 2 5 8", "2 4 5 9", "0 1 10 11", "3 6 7 8"],
    ["2 4 5 6", "1 3 7 8", "0 9 10 11", "6 7 8 11", "0 4 5 10", "1 2 3 9"],
    ["4 5 6 9", "0 1 8 10", "2 3 7 11", "4 5 6 8", "2 3 10 11", "0 1 7 9"],
  ]);
});

Deno.test("rows are assigned by time as scikit-learn's TimeSeriesSplit does, where no times are equal", () => {
  const byTime = (by: ArrayLike<number>, folds: number, gap: number) =>
    splitFolds({ kind: "time_ordered", folds, by: "at", gap }, over(by), randomOf(1))
      .map(({ train, test }) => `${train.join(" ")} | ${test.join(" ")}`);
  assert.deepEqual(byTime([0, 1, 2, 3, 4, 5], 3, 0), ["0 1 2 | 3", "0 1 2 3 | 4", "0 1 2 3 4 | 5"]);
  assert.deepEqual(byTime([9, 8, 7, 6, 5, 4, 3, 2, 1, 0], 2, 2), ["8 9 | 3 4 5", "5 6 7 8 9 | 0 1 2"]);
  assert.deepEqual(byTime(Uint8Array.from({ length: 12 }, (_, row) => row), 4, 1), [
    "0 1 2 | 4 5",
    "0 1 2 3 4 | 6 7",
    "0 1 2 3 4 5 6 | 8 9",
    "0 1 2 3 4 5 6 7 8 | 10 11",
  ]);
});

Deno.test("equal times move a block's start to the nearest other time, and widen the gap", () => {
  const byTime = (by: readonly number[], folds: number, gap: number) =>
    splitFolds({ kind: "time_ordered", folds, by: "at", gap }, over(by), randomOf(1))
      .map(({ train, test }) => `${timesOf(by, train).join(" ")} | ${timesOf(by, test).join(" ")}`);
  const by = [5, 1, 1, 2, 2, 2, 3, 3, 4];
  assert.deepEqual(byTime(by, 2, 0), ["1 1 | 2 2 2", "1 1 2 2 2 | 3 3 4 5"]);
  assert.deepEqual(byTime(by, 1, 1), ["1 1 | 3 3 4 5"]);
  assert.deepEqual(byTime([1, 1, 1, 1, 2, 3], 1, 0), ["1 1 1 1 | 2 3"]);
});

Deno.test("a million rows are split by each kind", () => {
  const rows = 1_000_000;
  const input = {
    rows,
    labels: new Uint32Array(rows).map((_, row) => row % 3),
    by: new Float64Array(rows).map((_, row) => (row * 7919) % 200_003),
  };
  const specs: readonly SplitSpec[] = [
    { kind: "holdout", test: 0.2, stratify: true, repeats: 1 },
    { kind: "holdout", test: 0.2, stratify: false, repeats: 1 },
    { kind: "k_fold", folds: 5, stratify: true, repeats: 1 },
    { kind: "grouped", folds: 5, by: "x", repeats: 1 },
  ];
  for (const spec of specs) {
    for (const { train, test } of splitFolds(spec, input, randomOf(1))) {
      assert.equal(train.length + test.length, rows);
      assert.ok(Math.abs(test.length - rows / 5) < 10, `${spec.kind}: ${test.length}`);
    }
  }
  const [split] = splitFolds({ kind: "time_ordered", folds: 1, by: "x", gap: 0 }, input, randomOf(1));
  assert.equal(split!.train.length + split!.test.length, rows);
});

Deno.test("rows that can't be split are an error that says what was found and what is asked", () => {
  const rare = labelled([0, 0, 0, 0, 0, 0, 0, 0, 1]);
  const byTime = { kind: "time_ordered", folds: 3, by: "at", gap: 0 } as const;
  const grouped = { kind: "grouped", folds: 3, by: "patient", repeats: 1 } as const;
  const cases: readonly (readonly [SplitSpec, SplitInput, string, string])[] = [
    [
      { kind: "holdout", test: 0.2, stratify: true, repeats: 1 },
      rare,
      "split.test 0.2 of a class of 1 rows leaves none to test on",
      "Change split.test, or set split.stratify: false.",
    ],
    [
      { kind: "holdout", test: 0.9, stratify: false, repeats: 1 },
      over([0, 1]),
      "split.test 0.9 of 2 rows leaves none to train on",
      "Change split.test.",
    ],
    [
      { kind: "holdout", test: 0.5, stratify: true, repeats: 1 },
      over([0, 1]),
      "split.stratify is true, but a regression has no classes to stratify by",
      "Set split.stratify: false for a regression.",
    ],
    [
      { kind: "k_fold", folds: 2, stratify: true, repeats: 1 },
      over([0, 1]),
      "split.stratify is true, but a regression has no classes to stratify by",
      "Set split.stratify: false for a regression.",
    ],
    [
      { kind: "holdout", test: 0.5, stratify: false, repeats: 1e8 },
      over([0, 1]),
      "split.repeats is 100000000, but of 2 rows at most 100000 can be assigned",
      "Lower split.repeats.",
    ],
    [
      { kind: "k_fold", folds: 10, stratify: false, repeats: 1e6 },
      over(Array<number>(200_000).fill(0)),
      "split.repeats is 1000000, but of 200000 rows at most 250 can be assigned",
      "Lower split.repeats.",
    ],
    [
      { kind: "k_fold", folds: 10, stratify: false, repeats: 1 },
      rare,
      "split.folds is 10, but there are only 9 rows",
      "Lower split.folds.",
    ],
    [
      { kind: "k_fold", folds: 2, stratify: true, repeats: 1 },
      rare,
      "split.folds is 2, but a class has only 1 rows",
      "Lower split.folds, or set split.stratify: false.",
    ],
    [
      grouped,
      over(["a", "b", "a"]),
      'split.folds is 3, but "patient" has only 2 groups',
      "Lower split.folds.",
    ],
    [
      grouped,
      labelled([0, 1, 0]),
      'there is no column "patient", which split.by names',
      "Name a column of the dataset.",
    ],
    [
      grouped,
      over(["a", NaN, "b"]),
      'split.by "patient" of row 2 is missing, but each row needs a value to be split by',
      "Name a column without missing values.",
    ],
    [
      byTime,
      labelled([0, 1, 0]),
      'there is no column "at", which split.by names',
      "Name a column of the dataset.",
    ],
    [
      byTime,
      over([1, 2, NaN]),
      'split.by "at" of row 3 is missing, but each row needs a value to be split by',
      "Name a column without missing values.",
    ],
    [
      byTime,
      over(["2026-01-01"]),
      'split.by "at" of row 1 is "2026-01-01", but a time is a finite number',
      "Name a column of numbers or date-times without missing values.",
    ],
    [
      byTime,
      over([1, Infinity]),
      'split.by "at" of row 2 is Infinity, but a time is a finite number',
      "Name a column of numbers or date-times without missing values.",
    ],
    [
      byTime,
      over([1, 2, 3]),
      "split.folds 3 with split.gap 0 of 3 rows of 3 times leaves none to test on in fold 1",
      "Lower split.folds.",
    ],
    [
      { ...byTime, gap: 3 },
      over([1, 2, 3, 4, 5, 6, 7, 8]),
      "split.folds 3 with split.gap 3 of 8 rows of 8 times leaves none to train on in fold 1",
      "Lower split.folds or split.gap.",
    ],
    [
      byTime,
      over([1, 2, 3, 3, 3, 3, 3, 3]),
      "split.folds 3 with split.gap 0 of 8 rows of 3 times leaves none to test on in fold 1",
      "Lower split.folds.",
    ],
  ];
  for (const [spec, input, reason, hint] of cases) {
    assert.throws(
      () => splitFolds(spec, input, randomOf(1)),
      new ExperimentError("INVALID_PARAMETER_VALUE", `The rows can't be split: ${reason}.`, { hint }),
    );
  }
});

function shuffled<Item>(items: Item[]): fc.Arbitrary<Item[]> {
  return fc.shuffledSubarray(items, { minLength: items.length });
}

function labelled(labels: readonly number[]): SplitInput {
  return { rows: labels.length, labels: Uint32Array.from(labels), by: undefined };
}

function over(by: ArrayLike<number | string | boolean>): SplitInput {
  return { rows: by.length, labels: undefined, by };
}

function splitOrUndefined(spec: SplitSpec, input: SplitInput, seed: number): readonly Split[] | undefined {
  try {
    return splitFolds(spec, input, randomOf(seed));
  } catch (error) {
    assert.ok(error instanceof ExperimentError);
    assert.match(error.message, /^The rows can't be split: /);
    return undefined;
  }
}

/** Checks that train and test are disjoint, ascending, and together all rows. */
function checkSides({ train, test }: Split, rows: number): void {
  for (const part of [train, test]) assert.deepEqual(part, part.slice().sort());
  const all = [...train, ...test].sort((a, b) => a - b);
  assert.deepEqual(all, [...Array(rows).keys()]);
}

/** Checks each split, and that the folds of each repeat test on every row once. */
function checkFolds(
  splits: readonly Split[],
  { folds, repeats, rows }: { readonly folds: number; readonly repeats: number; readonly rows: number },
): void {
  assert.equal(splits.length, folds * repeats);
  for (const split of splits) checkSides(split, rows);
  for (let repeat = 0; repeat < repeats; repeat++) {
    const tested = splits.slice(repeat * folds, (repeat + 1) * folds).flatMap(({ test }) => [...test]);
    assert.deepEqual(tested.sort((a, b) => a - b), [...Array(rows).keys()]);
  }
}

function countOf(rows: Uint32Array, labels: readonly number[], label: number): number {
  return rows.reduce((count, row) => count + Number(labels[row] === label), 0);
}

function timesOf(by: readonly number[], rows: Uint32Array): number[] {
  return [...rows].map((row) => by[row]!).sort((a, b) => a - b);
}

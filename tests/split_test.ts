import assert from "node:assert/strict";
import fc from "fast-check";
import { ExperimentError } from "../lib/error.ts";
import { randomOf } from "../lib/random.ts";
import { splitRows } from "../lib/split.ts";

const labelled = fc.array(fc.integer({ min: 2, max: 40 }), { minLength: 2, maxLength: 5 }).chain((sizes) =>
  fc.shuffledSubarray(sizes.flatMap((size, label) => Array<number>(size).fill(label)), {
    minLength: sizes.reduce((sum, size) => sum + size, 0),
  })
);
const fraction = fc.double({ min: 0.01, max: 0.99, noNaN: true });
const holdout = (test: number, stratify: boolean) => ({ kind: "holdout", test, stratify }) as const;

Deno.test("a holdout puts every row on one side, in order", () => {
  fc.assert(fc.property(labelled, fraction, fc.boolean(), fc.nat(), (labels, test, stratify, seed) => {
    const split = splitOrUndefined(labels, test, stratify, seed);
    if (!split) return;
    const all = [...split.train, ...split.test].sort((a, b) => a - b);
    assert.deepEqual(all, [...labels.keys()]);
    assert.deepEqual(split.test, split.test.slice().sort());
    assert.equal(split.test.length, Math.round(test * labels.length));
  }));
});

Deno.test("a stratified holdout keeps each class's share to within one row", () => {
  fc.assert(fc.property(labelled, fraction, fc.nat(), (labels, test, seed) => {
    const split = splitOrUndefined(labels, test, true, seed);
    if (!split) return;
    const share = split.test.length / labels.length;
    for (const label of new Set(labels)) {
      const all = labels.filter((other) => other === label).length;
      const tested: number = [...split.test].filter((row) => labels[row] === label).length;
      assert.ok(Math.abs(tested - all * share) < 1, `class ${label}: ${tested} of ${all} at ${share}`);
    }
  }));
});

Deno.test("a holdout depends on the seed and on nothing else", () => {
  const labels = Uint32Array.from({ length: 150 }, (_, row) => row % 3);
  const split = (seed: number) => splitRows(holdout(0.2, true), labels, randomOf(seed));
  assert.deepEqual(split(42), split(42));
  assert.notDeepEqual(split(42), split(43));
});

Deno.test("a holdout that leaves a part empty is an error that says what to change", () => {
  assert.throws(
    () => splitRows(holdout(0.2, true), Uint32Array.from([0, 0, 0, 0, 0, 0, 0, 0, 1]), randomOf(1)),
    new ExperimentError(
      "INVALID_PARAMETER_VALUE",
      "The rows can't be split: split.test 0.2 of a class of 1 rows leaves none to test on.",
      { hint: "Change split.test, or set split.stratify: false." },
    ),
  );
  assert.throws(
    () => splitRows(holdout(0.9, false), Uint32Array.from([0, 1]), randomOf(1)),
    new ExperimentError(
      "INVALID_PARAMETER_VALUE",
      "The rows can't be split: split.test 0.9 of 2 rows leaves none to train on.",
      {
        hint: "Change split.test.",
      },
    ),
  );
});

function splitOrUndefined(labels: readonly number[], test: number, stratify: boolean, seed: number) {
  try {
    return splitRows(holdout(test, stratify), Uint32Array.from(labels), randomOf(seed));
  } catch (error) {
    assert.ok(error instanceof ExperimentError);
    assert.match(error.message, /^The rows can't be split: /);
    return undefined;
  }
}

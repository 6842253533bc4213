import assert from "node:assert/strict";
import fc from "fast-check";
import { randomOf } from "../../lib/base/random.ts";

const seeds = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

Deno.test("a stream gives the same numbers for the same seed and name, in every release", () => {
  const random = randomOf(42).stream("split");
  assert.deepEqual([random.uniform(), random.uniform(), random.integer(1000), random.normal()], [
    0.1960184846514056,
    0.16425935871576947,
    295,
    -1.087991423932964,
  ]);
});

Deno.test("a stream doesn't depend on what was drawn before it was opened", () => {
  fc.assert(fc.property(seeds, fc.nat(20), (seed, draws) => {
    const used = randomOf(seed);
    for (let draw = 0; draw < draws; draw++) used.uniform();
    assert.equal(used.stream("weights").uniform(), randomOf(seed).stream("weights").uniform());
  }));
});

Deno.test("streams of other names or seeds differ", () => {
  fc.assert(fc.property(seeds, seeds, fc.string(), fc.string(), (a, b, one, other) => {
    fc.pre(a !== b && one !== other);
    assert.notEqual(randomOf(a).stream(one).uniform(), randomOf(b).stream(one).uniform());
    assert.notEqual(randomOf(a).stream(one).uniform(), randomOf(a).stream(other).uniform());
  }));
});

Deno.test("uniform numbers are spread evenly over [0, 1)", () => {
  const random = randomOf(7);
  const counts = new Uint32Array(10);
  for (let draw = 0; draw < 100_000; draw++) counts[Math.floor(random.uniform() * 10)]!++;
  // The chi-squared statistic of 9 degrees of freedom is above 27.9 once in a thousand.
  const statistic = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
  assert.ok(statistic < 27.9, `chi-squared ${statistic}`);
});

Deno.test("normal numbers have mean 0 and standard deviation 1", () => {
  const random = randomOf(7);
  const values = Array.from({ length: 100_000 }, random.normal);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  assert.ok(Math.abs(mean) < 0.015 && Math.abs(variance - 1) < 0.02, `mean ${mean}, variance ${variance}`);
});

Deno.test("a shuffle keeps the items, and every order is as likely", () => {
  fc.assert(fc.property(seeds, fc.array(fc.integer()), (seed, items) => {
    assert.deepEqual(randomOf(seed).shuffle([...items]).sort(), [...items].sort());
  }));
  const random = randomOf(3);
  const counts = new Map<string, number>();
  for (let draw = 0; draw < 60_000; draw++) {
    const order = random.shuffle(["a", "b", "c"]).join("");
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  assert.equal(counts.size, 6);
  for (const [order, count] of counts) assert.ok(Math.abs(count - 10_000) < 400, `${order}: ${count}`);
});

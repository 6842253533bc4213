import assert from "node:assert/strict";
import fc from "fast-check";
import { canonicalJson, digestOf, digestOfJson } from "../../lib/base/digest.ts";
import { ExperimentError } from "../../lib/base/error.ts";

Deno.test("a digest is the SHA-256 that sha256sum prints", () => {
  assert.equal(digestOf("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  assert.equal(digestOf(new Uint8Array([97, 98, 99])), digestOf("abc"));
});

Deno.test("canonical JSON sorts keys, drops undefined and keeps the order of arrays", () => {
  assert.equal(
    canonicalJson({ b: [2, 1], a: { d: null, c: "é\n" }, e: undefined }),
    '{"a":{"c":"é\\n","d":null},"b":[2,1]}',
  );
});

Deno.test("canonical JSON reads back the same, whatever the order of keys", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    assert.deepEqual(JSON.parse(canonicalJson(value)), JSON.parse(JSON.stringify(value)));
    assert.equal(digestOfJson(value), digestOfJson(reversed(value)));
  }));
});

Deno.test("canonical JSON of different values differs", () => {
  fc.assert(fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
    const same =
      JSON.stringify(JSON.parse(canonicalJson(a))) === JSON.stringify(JSON.parse(canonicalJson(b)));
    assert.equal(digestOfJson(a) === digestOfJson(b), same);
  }));
});

Deno.test("canonical JSON refuses what JSON can't hold", () => {
  for (
    const [value, found] of [[NaN, "NaN (number)"], [Infinity, "Infinity (number)"], [
      1n,
      "1 (bigint)",
    ]] as const
  ) {
    assert.throws(
      () => canonicalJson({ value }),
      new ExperimentError(
        "INVALID_PARAMETER_VALUE",
        `A value can't be digested: found ${found}, but canonical JSON holds only finite numbers, ` +
          "texts, booleans, null, arrays and plain objects.",
      ),
    );
  }
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).reverse().map(([key, member]) => [key, reversed(member)]));
}

import assert from "node:assert/strict";
import { pruneLock } from "../../lib/source/package.ts";

const LOCK = {
  version: "5",
  specifiers: { "npm:a@^1": "1.2.0_b@2.0.0", "npm:b@2": "2.0.0", "npm:other@1": "1.0.0" },
  npm: {
    "a@1.2.0_b@2.0.0": { integrity: "sha512-a", dependencies: ["b", "@s/c@3.0.0"] },
    "b@2.0.0": { integrity: "sha512-b" },
    "@s/c@3.0.0": { integrity: "sha512-c", optionalDependencies: ["d@npm:e@1.0.0"] },
    "e@1.0.0": { integrity: "sha512-e" },
    "other@1.0.0": { integrity: "sha512-o" },
  },
};

const pruned = (lock: object, ...asked: readonly string[]) =>
  pruneLock(JSON.stringify(lock), { asked, mapped: new Set(["npm:b@2.0.0"]) });

Deno.test("a lock file is pruned to what is asked for, and to all that it depends on", () => {
  const { text, specifiers, packages } = pruned(LOCK, "npm:a@^1/sub", "npm:b@2.0.0")!;
  assert.deepEqual([specifiers, packages], [["npm:a@^1", "npm:b@2.0.0"], [
    "@s/c@3.0.0",
    "a@1.2.0",
    "b@2.0.0",
    "e@1.0.0",
  ]]);
  const { other: _other, ...rest } = Object.fromEntries(
    Object.entries(LOCK.npm).map(([key, entry]) => [key.startsWith("other") ? "other" : key, entry]),
  );
  assert.deepEqual(JSON.parse(text), {
    version: "5",
    specifiers: { "npm:a@^1": "1.2.0_b@2.0.0", "npm:b@2.0.0": "2.0.0" },
    npm: rest,
    workspace: { dependencies: ["npm:b@2.0.0"] },
  });
});

Deno.test("a lock file that pins not all, or is of another form, is left to itself", () => {
  assert.equal(pruned(LOCK, "npm:a@^1", "npm:gone@1.0.0"), undefined);
  assert.equal(pruned(LOCK, "jsr:@s/c@1"), undefined);
  assert.equal(pruned({ ...LOCK, version: "6" }, "npm:a@^1"), undefined);
  assert.equal(pruneLock("{", { asked: [], mapped: new Set() }), undefined);
  for (const key of ["a@..", "a@1.0.0/../../../..", "../a@1.0.0", "--allow-all@1.0.0"]) {
    assert.equal(pruned({ ...LOCK, npm: { ...LOCK.npm, [key]: {} } }, "npm:a@^1"), undefined, key);
  }
  for (const specifier of ["--allow-all", "npm:--allow-all@1"]) {
    assert.equal(pruned({ ...LOCK, specifiers: { [specifier]: "1" } }, "npm:a@1"), undefined, specifier);
  }
});

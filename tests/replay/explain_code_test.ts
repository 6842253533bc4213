import assert from "node:assert/strict";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import type { ClauseSource } from "../../lib/contract/clause_source.ts";
import { codeChanges, type CodeSide } from "../../lib/replay/explain/code.ts";
import type { CodeChange } from "../../lib/replay/explain/explanation.ts";
import { openSource } from "../../lib/source/source.ts";

type Files = Readonly<Record<string, string>>;

const folders: string[] = [];

Deno.test.afterAll(async () => {
  for (const folder of folders) await Deno.remove(folder, { recursive: true });
});

/** The code behind the features of `views.ts`, each a clause by its name; `kept` tells which files' texts are at hand. */
async function sideOf(files: Files, kept: (file: string) => boolean = () => true): Promise<CodeSide> {
  const folder = await Deno.makeTempDir();
  folders.push(folder);
  for (const [path, text] of Object.entries(files)) {
    await Deno.mkdir(new URL(".", `file://${folder}/${path}`), { recursive: true });
    await Deno.writeTextFile(`${folder}/${path}`, text);
  }
  const module = `file://${folder}/views.ts`;
  const { shapes } = await import(module);
  const reader = openSource({ text: "current" });
  const clauses: Record<string, ClauseSource> = {};
  for (const feature of Object.keys(shapes)) {
    const { canonical, declarations } = await reader.digest({ module, export: "shapes", path: [feature] });
    clauses[feature] = {
      canonical,
      declarations: declarations.map(({ module, ...rest }) => ({
        file: module === "" ? "" : relative(folder, fileURLToPath(module)),
        ...rest,
      })),
    };
  }
  return { clauses, text: (file) => Promise.resolve(kept(file) ? files[file] : undefined) };
}

async function changesBetween(past: Files, current: Files): Promise<readonly CodeChange[]> {
  const [before, after] = [await sideOf(past), await sideOf(current)];
  return await codeChanges(before, after, Object.keys(before.clauses));
}

function edited(files: Files, path: string, ...edits: readonly (readonly [string, string])[]): Files {
  let text = files[path] ?? "";
  for (const [from, to] of edits) {
    assert.ok(text.includes(from), `${path} has no ${from}`);
    text = text.replaceAll(from, () => to);
  }
  return { ...files, [path]: text };
}

const named = (changes: readonly CodeChange[]) =>
  changes.map(({ kind, declaration, clauses }) => `${kind} ${declaration} in ${clauses.join(", ")}`);

const PROJECT: Files = {
  "views.ts": `import { scale, unused } from "./lib/scale.ts";
import limits from "./limits.json" with { type: "json" };

/** How much is added. */
const EXTRA = 1;

export const shapes = {
  width: (row) => scale(row.width),
  length: (row) => scale(row.length) + 1,
  area: (row) => {
    const area = row.width * row.length;
    return scale(area) + EXTRA;
  },
  capped: (row) => Math.min(row.width, limits.high),
  coded: (row) => row.code === "#2" ? clip(row.width) : clip(scale(row.length)),
};

function clip(x, most = 10) {
  return x > most ? most : x;
}
`,
  "lib/scale.ts": `import { FACTOR } from "./factor.ts";
// One line before.
export function scale(x: number): number {
  // Scaled by a factor.
  return x * FACTOR;
}
export const unused = () => FACTOR;
`,
  "lib/factor.ts": `

export const FACTOR = 2;
globalThis.factors ??= 0;
`,
  "limits.json": `{
  "low": 1,
  "high": 2
}
`,
};

Deno.test("a code change names a constant two modules away, once for all clauses that reach it", async () => {
  const changes = await changesBetween(
    PROJECT,
    edited(PROJECT, "lib/factor.ts", ["\n\nexport", "\n\n\nexport"], ["= 2", "= 3"]),
  );
  assert.deepEqual(changes, [{
    kind: "changed",
    declaration: "lib/factor.ts#FACTOR",
    file: "lib/factor.ts",
    line: 4,
    diff: `--- lib/factor.ts
+++ lib/factor.ts
@@ -3,1 +4,1 @@
-export const FACTOR = 2;
+export const FACTOR = 3;
`,
    clauses: ["width", "length", "area", "coded"],
  }]);
});

Deno.test("a code change is the only one named when a helper was renamed and moved besides", async () => {
  const { "lib/scale.ts": scale, ...rest } = PROJECT;
  const moved = edited({ ...rest, "other/sized.ts": scale ?? "" }, "other/sized.ts", ["scale(", "sized("], [
    "./factor",
    "../lib/factor",
  ]);
  const current = edited(moved, "views.ts", ["scale", "sized"], ["./lib/sized", "./other/sized"], [
    "= 1;",
    "= 5;",
  ]);
  assert.deepEqual(named(await changesBetween(PROJECT, current)), ["changed views.ts#EXTRA in area"]);
});

Deno.test("a code change has true line numbers and leaves out what is around its declaration", async () => {
  const current = edited(
    PROJECT,
    "views.ts",
    ["/** How much is added. */", "/** Another comment,\n of two lines. */"],
    ["return scale(area) + EXTRA", "return scale(area) - EXTRA"],
    ["  capped", "  // Not more than the limit.\n  capped"],
  );
  const changes = await changesBetween(PROJECT, current);
  assert.deepEqual(changes.map(({ line, diff }) => [line, diff]), [[
    11,
    `--- views.ts
+++ views.ts
@@ -10,4 +11,4 @@
   area: (row) => {
     const area = row.width * row.length;
-    return scale(area) + EXTRA;
+    return scale(area) - EXTRA;
   },
`,
  ]]);
});

Deno.test("a code change names a new helper, and one that is gone, after the function that calls it", async () => {
  const current = edited(
    edited(PROJECT, "lib/scale.ts", ["x * FACTOR", "floor(x) * FACTOR"], [
      "export const unused",
      "const floor = (x: number) =>\n  Math.floor(x);\nexport const unused",
    ]),
    "views.ts",
    ["clip(row.width) :", "row.width :"],
    ["clip(scale(row.length))", "scale(row.length)"],
  );
  const changes = await changesBetween(PROJECT, current);
  const all = "width, length, area, coded";
  assert.deepEqual(named(changes), [
    `changed lib/scale.ts#scale in ${all}`,
    `added lib/scale.ts#floor in ${all}`,
    "changed views.ts#shapes.coded in coded",
    "removed views.ts#clip in coded",
  ]);
  assert.deepEqual(changes.filter(({ kind }) => kind !== "changed").map(({ line, diff }) => [line, diff]), [
    [
      7,
      `--- /dev/null
+++ lib/scale.ts
@@ -0,0 +7,2 @@
+const floor = (x: number) =>
+  Math.floor(x);
`,
    ],
    [
      18,
      `--- views.ts
+++ /dev/null
@@ -18,3 +0,0 @@
-function clip(x, most = 10) {
-  return x > most ? most : x;
-}
`,
    ],
  ]);
});

Deno.test("a code change is seen in a literal that looks like a reference", async () => {
  const current = edited(PROJECT, "views.ts", [`"#2"`, `"#3"`]);
  const [change, ...others] = await changesBetween(PROJECT, current);
  assert.deepEqual(others, []);
  assert.equal(change?.declaration, "views.ts#shapes.coded");
  assert.match(change.diff, /^\+ {2}coded: .*"#3"/m);
});

Deno.test("a code change isn't named where only the numbers behind a literal's look-alike moved", async () => {
  const current = edited(PROJECT, "views.ts", [`? clip(row.width) :`, `? row.width :`], [
    "x > most ? most : x",
    "x > most ? most : FLOOR[2]",
  ], ["function clip", 'const FLOOR = [`\n[2]\n[3] after #1\n`, "@0 #1 #2.1", 1];\nfunction clip']);
  const before = edited(current, "views.ts", ["? row.width :", "? EXTRA + row.width :"]);
  assert.deepEqual(named(await changesBetween(before, current)), [
    "changed views.ts#shapes.coded in coded",
    "removed views.ts#EXTRA in coded",
  ]);
  const after = edited(before, "views.ts", ["@0 #1 #2.1", "@0 #1 #2.2"]);
  assert.deepEqual(named(await changesBetween(before, after)), ["changed views.ts#FLOOR in coded"]);
});

Deno.test("a code change names a default argument's declaration", async () => {
  const changes = await changesBetween(PROJECT, edited(PROJECT, "views.ts", ["most = 10", "most = 11"]));
  assert.deepEqual(named(changes), ["changed views.ts#clip in coded"]);
  assert.equal(
    changes[0]?.diff,
    `--- views.ts
+++ views.ts
@@ -18,3 +18,3 @@
-function clip(x, most = 10) {
+function clip(x, most = 11) {
   return x > most ? most : x;
 }
`,
  );
});

Deno.test("a code change names side effects that changed, that are new, and a package that is run", async () => {
  const all = "width, length, area, coded";
  const one = await changesBetween(PROJECT, edited(PROJECT, "lib/factor.ts", ["??= 0", "??= 1"]));
  assert.deepEqual(named(one), [`changed lib/factor.ts#side effects in ${all}`]);
  assert.equal(
    one[0]?.diff,
    "--- lib/factor.ts\n+++ lib/factor.ts\n@@ -4,1 +4,1 @@\n-globalThis.factors ??= 0;\n+globalThis.factors ??= 1;\n",
  );

  const patched = edited({ ...PROJECT, "lib/patch.ts": "globalThis.patched = 1;\n" }, "lib/scale.ts", [
    "// One",
    `import "./patch.ts";\n// One`,
  ]);
  assert.deepEqual(named(await changesBetween(PROJECT, patched)), [
    `added lib/patch.ts#side effects in ${all}`,
  ]);
  assert.deepEqual(named(await changesBetween(patched, PROJECT)), [
    `removed lib/patch.ts#side effects in ${all}`,
  ]);

  const running = edited(PROJECT, "lib/scale.ts", ["// One", `import "node:process";\n// One`]);
  const [run, ...others] = await changesBetween(PROJECT, running);
  assert.deepEqual(others, []);
  assert.equal(run?.declaration, "lib/scale.ts#side effects");
  assert.equal(run.diff, "--- /dev/null\n+++ lib/scale.ts\n@@ -0,0 +1,1 @@\n+after node:process\n");
});

Deno.test("a code change of side effects leaves out the declarations between them", async () => {
  const past = edited(PROJECT, "lib/factor.ts", ["export", "globalThis.first = 1;\nexport"]);
  const current = edited(past, "lib/factor.ts", ["first = 1", "first = 2"], ["FACTOR = 2", "FACTOR = 4 / 2"]);
  const changes = await changesBetween(past, current);
  assert.deepEqual(changes.map(({ declaration, diff }) => [declaration, diff]), [
    [
      "lib/factor.ts#FACTOR",
      "--- lib/factor.ts\n+++ lib/factor.ts\n@@ -4,1 +4,1 @@\n-export const FACTOR = 2;\n+export const FACTOR = 4 / 2;\n",
    ],
    [
      "lib/factor.ts#side effects",
      `--- lib/factor.ts
+++ lib/factor.ts
@@ -1,2 +1,2 @@
-globalThis.first = 1;
+globalThis.first = 2;
 globalThis.factors ??= 0;
`,
    ],
  ]);
});

Deno.test("a code change shows the lines of a JSON module, or its values when it was written in another way", async () => {
  const expected = `--- limits.json
+++ limits.json
@@ -1,4 +1,4 @@
 {
   "low": 1,
-  "high": 2
+  "high": 3
 }
`;
  const one = await changesBetween(PROJECT, edited(PROJECT, "limits.json", [`"high": 2`, `"high": 3`]));
  assert.deepEqual(named(one), ["changed limits.json#json in capped"]);
  assert.equal(one[0]?.line, 0);
  assert.equal(one[0]?.diff, expected);
  const wide = { ...PROJECT, "limits.json": JSON.stringify({ all: Array(300).fill(7), high: 2 }) };
  const [other] = await changesBetween(wide, edited(wide, "limits.json", [`"high":2`, `"high":3`]));
  assert.equal(
    other?.diff,
    `--- limits.json\n+++ limits.json\n@@ -301,5 +301,5 @@\n     7,\n     7\n   ],\n-  "high": 2\n+  "high": 3\n }\n`,
  );
});

Deno.test("a code change of more than 400 lines is cut", async () => {
  const text = (from: number) => Array.from({ length: 3000 }, (_, index) => `${from + index}\n`).join("");
  const words = (from: number): Files => ({
    "views.ts":
      `import words from "./words.txt" with { type: "text" };\nexport const shapes = { f: () => words };`,
    "words.txt": text(from),
  });
  const changes = await changesBetween(words(0), words(10_000));
  const lines = changes[0]?.diff.split("\n") ?? [];
  assert.equal(lines.length, 402);
  assert.deepEqual(lines.slice(0, 4), ["--- words.txt", "+++ words.txt", "@@ -1,3000 +1,3000 @@", "-0"]);
  assert.deepEqual(lines.slice(399), ["-396", "… 5603 more lines", ""]);
});

Deno.test("a code change has the lines of its source in a module whose enums are lowered", async () => {
  const files: Files = {
    "views.ts": `import { Level, Tally } from "./tally.ts";
export const shapes = { tally: () => new Tally(2).total(Level.High) };
`,
    "tally.ts": `interface Unused {
  a: number;
}

export enum Level {
  Low = 1,
  High,
}

export class Tally {
  constructor(private readonly by: number) {}

  total(x: number): number {
    return x * this.by;
  }
}
`,
  };
  const changes = await changesBetween(
    files,
    edited(files, "tally.ts", ["Low = 1", "Low = 3"], ["x * this.by", "x + this.by"]),
  );
  assert.deepEqual(changes.map(({ declaration, line, diff }) => [declaration, line, diff]), [
    [
      "tally.ts#Tally",
      10,
      `--- tally.ts
+++ tally.ts
@@ -11,6 +11,6 @@
   constructor(private readonly by: number) {}
 
   total(x: number): number {
-    return x * this.by;
+    return x + this.by;
   }
 }
`,
    ],
    [
      "tally.ts#Level",
      5,
      `--- tally.ts
+++ tally.ts
@@ -5,4 +5,4 @@
 export enum Level {
-  Low = 1,
+  Low = 3,
   High,
 }
`,
    ],
  ]);
});

Deno.test("a code change shows what a word stands for when only that is another", async () => {
  const past: Files = {
    "views.ts": `import { half } from "./math.ts";
export const shapes = { f: (row) => half(row), g: () => [both(1)], h: () => import("./math.ts") };
import { half as both } from "./math.ts";
`,
    "math.ts": "export const half = (x) => x / 2;\nexport const third = (x) => x / 3;\n",
  };
  const swapped = edited(past, "views.ts", ["{ half }", "{ third as half }"]);
  const [change, ...others] = await changesBetween({ ...past }, swapped);
  assert.deepEqual(named([change!, ...others]), ["changed math.ts#third in f"]);
  assert.equal(
    change?.diff,
    "--- math.ts\n+++ math.ts\n@@ -1,1 +2,1 @@\n-export const half = (x) => x / 2;\n+export const third = (x) => x / 3;\n",
  );
  const both = edited(past, "views.ts", ["half(row)", "half(row) + both(row)"]);
  const bothSwapped = edited(both, "views.ts", ["{ half }", "{ third as half }"]);
  const [reversed] = await changesBetween(
    bothSwapped,
    edited(bothSwapped, "views.ts", [
      "{ third as half }",
      "{ half }",
    ], ["{ half as both }", "{ third as both }"]),
  );
  assert.equal(reversed?.declaration, "views.ts#shapes.f");
  assert.equal(
    reversed?.diff,
    "--- views.ts\n+++ views.ts\n@@ -1,1 +1,1 @@\n-(row) => math.ts#third(row) + math.ts#half(row)\n+(row) => math.ts#half(row) + math.ts#third(row)\n",
  );
  const packaged = edited(past, "views.ts", ["./math.ts", "node:path"], ["{ half", "{ basename"]);
  assert.deepEqual(
    named(await changesBetween(packaged, edited(packaged, "views.ts", ["{ basename as", "{ dirname as"]))),
    ["changed views.ts#shapes.g in g"],
  );
});

Deno.test("a code change goes through an import() to the declaration that changed", async () => {
  const past: Files = {
    "views.ts": `export const shapes = {
  f: async () => (await import("./math.ts")).half(1),
  g: async () => (await import("npm:yaml@2.9.1")).parse("1"),
};
`,
    "math.ts": "export const half = (x) => x / 2;\n",
  };
  assert.deepEqual(named(await changesBetween(past, edited(past, "math.ts", ["x / 2", "x / 4"]))), [
    "changed math.ts#half in f",
  ]);
  const [change, ...others] = await changesBetween(
    past,
    edited(past, "views.ts", ["npm:yaml@2.9.1", "npm:leven@4.1.0"]),
  );
  assert.deepEqual(others, []);
  assert.equal(change?.declaration, "views.ts#shapes.g");
  assert.match(change.diff, /^\+.*"parse": npm:leven#parse/m);
});

Deno.test("a code change names one declaration when another name was added to its pattern", async () => {
  const past: Files = {
    "views.ts": `const all = { a: 1, b: 2 };\nconst { a } = all;\nexport const shapes = { f: () => a };\n`,
  };
  const changes = await changesBetween(past, edited(past, "views.ts", ["{ a } =", "{ b, a } ="]));
  assert.deepEqual(named(changes), ["changed views.ts#b, a in f"]);
});

Deno.test("a code change falls back on canonical text when no source is kept, and on names when that can't be read", async () => {
  const current = edited(PROJECT, "views.ts", ["x > most", "x >= most"]);
  const [before, after] = [await sideOf(PROJECT, () => false), await sideOf(current, () => false)];
  const expected = `--- views.ts
+++ views.ts
@@ -1,3 +1,3 @@
 function clip(x, most = 10) {
-  return x > most ? most : x;
+  return x >= most ? most : x;
 }
`;
  const changes = await codeChanges(before, after, ["coded"]);
  assert.deepEqual(changes.map(({ declaration, line, diff }) => [declaration, line, diff]), [
    ["views.ts#clip", 18, expected],
  ]);
  const clauses = { coded: { ...before.clauses.coded!, canonical: "[1]\nunreadable" } };
  assert.deepEqual(await codeChanges({ ...before, clauses }, after, ["coded"]), changes);
  const nothing = {
    coded: { canonical: "[1]\nunreadable", declarations: after.clauses.coded!.declarations },
  };
  assert.deepEqual(named(await codeChanges({ ...before, clauses: nothing }, after, ["coded"])), [
    "changed views.ts#shapes.coded in coded",
  ]);
});

Deno.test("a code change shows no line ends, and nothing for a clause that is the same", async () => {
  const current = edited(PROJECT, "views.ts", ["most = 10", "most = 11"]);
  const windows = Object.fromEntries(
    Object.entries(current).map(([path, text]) => [path, text.trimEnd().replaceAll("\n", "\r\n")]),
  );
  const changes = await changesBetween(PROJECT, windows);
  assert.deepEqual(changes, await changesBetween(PROJECT, current));
  assert.deepEqual(await changesBetween(PROJECT, { ...windows, "views.ts": PROJECT["views.ts"]! }), []);
});

/** Modules of constants and functions; each refers to some before it, maybe of another module. */
interface Item {
  readonly module: number;
  readonly name: string;
  readonly kind: "constant" | "function" | "pair";
  readonly value: number;
  readonly uses: readonly number[];
  /** A comment, which is none of the meaning. */
  readonly note: number;
}

function filesOf(items: readonly Item[]): Files {
  const modules = new Map<number, string[]>();
  const imports = new Map<number, Set<string>>();
  const importOf = (from: number, to: Item) => {
    if (to.module !== from) {
      const line = `import { ${to.name} } from "./m${to.module}.ts";`;
      imports.set(from, (imports.get(from) ?? new Set()).add(line));
    }
    return to.name;
  };
  for (const item of items) {
    const used = item.uses.map((index) => items[index]).filter((each) => each !== undefined)
      .map((each) => importOf(item.module, each));
    const sum = [item.value, `"#${item.value} @1"`, ...used.map((name) => `+${name}`)].join(" + ");
    const lines = {
      constant: `export const ${item.name} = () => ${sum};`,
      function:
        `export function ${item.name}(x = ${item.value}) {\n  const local = ${sum};\n  return local + x;\n}`,
      pair: `export const { a: ${item.name} } = { a: ${item.value},\n  b: () => [${used}] };`,
    };
    modules.set(item.module, [...modules.get(item.module) ?? [], `// ${item.note}`, lines[item.kind]]);
  }
  const last = items.at(-1)!;
  importOf(-1, last);
  const views = [...imports.get(-1)!, `export const shapes = { f: (row) => row.x + ${last.name} };`];
  return {
    "views.ts": views.join("\n"),
    ...Object.fromEntries(
      modules.entries().map((
        [module, lines],
      ) => [`m${module}.ts`, [...imports.get(module) ?? [], ...lines].join("\n")]),
    ),
  };
}

const item: fc.Arbitrary<Omit<Item, "name" | "uses">> = fc.record({
  module: fc.nat(2),
  kind: fc.constantFrom("constant", "function", "pair"),
  value: fc.nat(3),
  note: fc.nat(3),
});

const uses = fc.uniqueArray(fc.nat(6), { maxLength: 3 });
const program = fc.array(fc.tuple(item, uses), { minLength: 2, maxLength: 7 }).map((all) =>
  all.map(([each, used], index): Item => ({
    ...each,
    name: `v${index}`,
    uses: [...new Set([...used.map((one) => one % Math.max(index, 1)), index - 1])].filter((one) =>
      one >= 0 && one < index
    ),
  }))
);

Deno.test("a code change is named whenever digests differ, and each one that is named really differs", async () => {
  const edit = fc.record({ at: fc.nat(6), by: fc.oneof(item, fc.constantFrom("rename", "swap", "drop")) });
  const apply = (
    items: readonly Item[],
    { at, by }: typeof edit extends fc.Arbitrary<infer Edit> ? Edit : never,
  ) => {
    const index = at % items.length;
    if (by === "swap") {
      const [one, other] = [items[index]!.name, items.at(-1)!.name];
      return items.map((each) => ({
        ...each,
        name: each.name === one ? other : each.name === other ? one : each.name,
      }));
    }
    if (by === "drop") {
      return items.map((each, i) => i === index ? { ...each, uses: each.uses.slice(1) } : each);
    }
    return items.map((each, i) =>
      i !== index ? each : by === "rename" ? { ...each, name: `${each.name}_new` } : { ...each, ...by }
    );
  };
  let differing = 0;
  await fc.assert(
    fc.asyncProperty(program, fc.array(edit, { minLength: 1, maxLength: 3 }), async (items, edits) => {
      const [past, current] = [filesOf(items), filesOf(edits.reduce<readonly Item[]>(apply, items))];
      const [before, after] = [await sideOf(past), await sideOf(current)];
      const changes = await codeChanges(before, after, ["f"]);
      const differ = before.clauses.f!.canonical !== after.clauses.f!.canonical;
      if (differ) differing++;
      assert.equal(changes.length > 0, differ);
      for (const { kind, diff, declaration } of changes) {
        const lines = diff.split("\n").slice(2);
        assert.equal(lines.some((line) => line.startsWith("+")), kind !== "removed", declaration + diff);
        assert.equal(lines.some((line) => line.startsWith("-")), kind !== "added", declaration + diff);
      }
    }),
    { numRuns: 100 },
  );
  assert.ok(differing > 30, `${differing} of 100 differed`);
});

Deno.test("a code change is named exactly where a value changed, whatever was renamed, moved or commented besides", async () => {
  const edits = fc.array(
    fc.record({
      changed: fc.boolean(),
      renamed: fc.boolean(),
      module: fc.option(fc.nat(3)),
      note: fc.nat(3),
    }),
    { minLength: 7, maxLength: 7 },
  );
  await fc.assert(
    fc.asyncProperty(program, edits, async (items, all) => {
      const after = items.map((item, index) => {
        const { changed, renamed, module, note } = all[index]!;
        return {
          ...item,
          module: module ?? item.module,
          value: changed ? item.value + 10 + index : item.value,
          // In a caller that changed too, nothing tells what has changed by name and value from what is new.
          name: renamed && !changed ? `${item.name}_new` : item.name,
          note,
        };
      });
      const [past, current] = [await sideOf(filesOf(items)), await sideOf(filesOf(after))];
      const changes = await codeChanges(past, current, ["f"]);
      const expected = after.filter((_, index) => all[index]!.changed);
      assert.deepEqual(
        named(changes).sort(),
        expected.map(({ module, name }) => `changed m${module}.ts#${name} in f`).sort(),
      );
    }),
    { numRuns: 50 },
  );
});

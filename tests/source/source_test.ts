import assert from "node:assert/strict";
import fc from "fast-check";
import { digestOf as sha256 } from "../../lib/base/digest.ts";
import { ExperimentError } from "../../lib/base/error.ts";
import { openSource, SCHEME, type SourceDigest } from "../../lib/source/source.ts";

type Files = Readonly<Record<string, string>>;

const FRAMEWORK: Files = {
  "fw/mod.ts":
    `export { defineDataset, defineExperiment, defineFeatures, defineRegistry } from "./lib/define.ts";
export { halve } from "./lib/halve.ts";
export { main } from "./lib/main.ts";`,
  "fw/lib/define.ts": `export const defineDataset = (definition) => definition;
export const defineFeatures = (of, features) => features;
export const defineRegistry = (registry) => registry;
export const defineExperiment = (registry, spec) => ({ registry, spec });`,
  "fw/lib/halve.ts": `export const halve = (x: number): number => x / 2;`,
  "fw/lib/main.ts": `export async function main(experiment: unknown): Promise<void> {}`,
};

/** One feature that reaches something of every kind. */
const PROJECT: Files = {
  ...FRAMEWORK,
  "views/mod.ts": `export { shapes } from "./shapes.ts";`,
  "views/shapes.ts": `import { defineFeatures, halve } from "../fw/mod.ts";
import { mean as average, Tally } from "../math/mod.ts";
import * as stats from "../math/stats.ts";
import limits from "./limits.json" with { type: "json" };
import words from "./words.txt" with { type: "text" };
import { parse } from "npm:csv-parse@7.0.3/sync";

const EPS = 1e-8;
const UNUSED = 1;
const names = { "first": "a b" };
function clip(x: number, most = 10): number {
  if (x > most) return most;
  return x;
}

export const shapes = defineFeatures({}, {
  width: (row) => row.width,
  area: (row) => {
    const scaled = clip(row.length * row.width) + EPS;
    const label = \`\${names.first}  \${words}\`.replace(/a/i, "x");
    return halve(scaled) + average([scaled, limits.low]) + stats.spread([1, 255]) + new Tally(2).total(parse(label));
  },
});
`,
  "views/limits.json": `{ "low": 1, "high": 2 }`,
  "views/words.txt": `one two`,
  "math/mod.ts": `import "./patch.ts";
export { mean } from "./stats.ts";
export { Level, Tally } from "./tally.ts";`,
  "math/patch.ts": `(globalThis as { patched?: number }).patched = 1;`,
  "math/stats.ts": `import { sum } from "./sum.ts";
export const mean = (xs: readonly number[]): number => sum(xs) / xs.length;
export const median = (xs: readonly number[]): number => xs[xs.length >> 1] ?? 0;
export function spread(xs: readonly number[]): number {
  return Math.max(...xs) - Math.min(...xs);
}`,
  "math/sum.ts": `export const sum = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0);
registry.push("sum");`,
  "math/tally.ts": `export enum Level { Low = 1, High }
export class Tally {
  static start = Level.Low;
  #step = 1;
  constructor(private readonly by: number) {}
  get name() { return "tally"; }
  total(xs: unknown[]): number { return Tally.start + this.#step * this.by * xs.length; }
}`,
};

const AREA = ["area"];

const folders: string[] = [];

Deno.test.afterAll(async () => {
  for (const folder of folders) await Deno.remove(folder, { recursive: true });
});

async function write(files: Files): Promise<string> {
  const folder = `${await Deno.makeTempDir()}/`;
  folders.push(folder);
  for (const [path, text] of Object.entries(files)) {
    await Deno.mkdir(new URL(".", `file://${folder}${path}`), { recursive: true });
    await Deno.writeTextFile(folder + path, text);
  }
  return `file://${folder}`;
}

interface Where {
  readonly module?: string;
  readonly export?: string;
  readonly path?: readonly string[];
  readonly text?: "executed" | "current";
}

async function digestIn(root: string, where: Where = {}): Promise<SourceDigest> {
  const { module = "views/mod.ts", export: name = "shapes", path = AREA, text = "current" } = where;
  const reader = openSource({ text, framework: `${root}fw/` });
  return await reader.digest({ module: root + module, export: name, path });
}

async function digestOf(files: Files, where: Where = {}): Promise<SourceDigest> {
  return await digestIn(await write(files), where);
}

/** The digest of one feature `f`, in a script that begins with `before`. */
function digestOfFeature(feature: string, before = "", files: Files = {}): Promise<SourceDigest> {
  const script =
    `import { defineFeatures } from "./fw/mod.ts";\n${before}\nexport const shapes = defineFeatures({}, { f: ${feature} });`;
  return digestOf({ ...FRAMEWORK, "script.ts": script, ...files }, { module: "script.ts", path: ["f"] });
}

function edit(path: string, from: string, to: string): (files: Files) => Files {
  return (files) => {
    const text = files[path] ?? "";
    assert.ok(text.includes(from), `${path} has no ${from}`);
    return { ...files, [path]: text.replaceAll(from, () => to) };
  };
}

function all(...edits: readonly ((files: Files) => Files)[]): (files: Files) => Files {
  return (files) => edits.reduce((edited, each) => each(edited), files);
}

async function rejection(promise: Promise<unknown>): Promise<ExperimentError> {
  const error = await promise.then(() => undefined, (reason) => reason);
  assert.ok(error instanceof ExperimentError, String(error));
  return error;
}

const VIEW = "views/shapes.ts";
const STATS = "math/stats.ts";
const TALLY = "math/tally.ts";

const KEEPS: Readonly<Record<string, (files: Files) => Files>> = {
  "layout": (files) => ({
    ...files,
    [VIEW]: (files[VIEW] ?? "").replaceAll("\n  ", "\n\t\t").replaceAll(", ", ",\n").replace(
      "(row) => {",
      "row=>{",
    ),
  }),
  "comments": all(
    edit(VIEW, "const EPS = ", "/** Small. */\nconst EPS = /* tiny */ "),
    edit(STATS, "return Math", "// widest\n  return Math"),
  ),
  "types": all(
    edit(VIEW, "const EPS = 1e-8", "const EPS: number = 1e-8 as const satisfies number"),
    edit(STATS, "(xs: readonly number[]): number", "(xs: Array<number>)"),
  ),
  "a type of the same name": edit(
    VIEW,
    "const UNUSED",
    "interface Clip { x: 1 }\ntype EPSILON = 2;\nconst UNUSED",
  ),
  "unused code": edit(
    VIEW,
    "const UNUSED = 1;",
    "const UNUSED = 2;\nexport function other() { return UNUSED; }",
  ),
  "a sibling feature": edit(
    VIEW,
    "width: (row) => row.width,",
    "width: (row) => row.width * 2, depth: () => 1,",
  ),
  "the order of imports": (files) => {
    const lines = (files[VIEW] ?? "").split("\n");
    return { ...files, [VIEW]: [...lines.slice(0, 6).toReversed(), ...lines.slice(6)].join("\n") };
  },
  "the order of declarations": all(
    edit(VIEW, "const EPS = 1e-8;\n", ""),
    edit(VIEW, "export const shapes", "const EPS = 1e-8;\nexport const shapes"),
  ),
  "a moved file": (files) => {
    const { [STATS]: stats = "", ...rest } = files;
    return all(
      edit(VIEW, "../math/stats.ts", "../far/away.ts"),
      edit("math/mod.ts", "./stats.ts", "../far/away.ts"),
      edit("far/away.ts", "./sum.ts", "../math/sum.ts"),
    )({ ...rest, "far/away.ts": stats });
  },
  "the spelling of literals": all(
    edit(VIEW, `"x"`, `'\\x78'`),
    edit(VIEW, "255", "0xff"),
    edit(VIEW, "1e-8", "0.000_000_01"),
  ),
  "braces": edit(VIEW, "if (x > most) return most;", "if (x > most) { return most; };"),
  "quoted keys": all(
    edit(VIEW, `{ "first": "a b" }`, `{ first: "a b" }`),
    edit(VIEW, "names.first", `names["first"]`),
  ),
  "a renamed local variable": edit(VIEW, "scaled", "area"),
  "a renamed import": edit(VIEW, "average", "mean_of"),
  "a renamed helper": all(
    edit(VIEW, "stats.spread", "stats.range"),
    edit(STATS, "function spread", "function range"),
  ),
  "a namespace import written by name": all(
    edit(VIEW, "* as stats from", "{ spread } from"),
    edit(VIEW, "stats.spread", "spread"),
  ),
  "an unused function of a reached module": edit(STATS, "xs.length >> 1", "xs.length >> 2"),
  "another order of keys in JSON": edit("views/limits.json", `"low": 1, "high": 2`, `"high":2,"low":1.0`),
  "an arrow that only returns": edit("math/sum.ts", "(a, b) => a + b", "(a, b) => { return a + b; }"),
};

const CHANGES: Readonly<Record<string, (files: Files) => Files>> = {
  "a constant": edit(VIEW, "1e-8", "1e-6"),
  "a deep helper": edit("math/sum.ts", "a + b", "a - b"),
  "an enum member": edit(TALLY, "Low = 1", "Low = 3"),
  "a package's export": all(edit(VIEW, "{ parse }", "{ CsvError as parse }")),
  "another package": edit(VIEW, "npm:csv-parse@7.0.3/sync", "npm:yaml@2.9.1"),
  "a default argument": edit(VIEW, "most = 10", "most = 11"),
  "a regular expression's flag": edit(VIEW, "/a/i", "/a/g"),
  "white space in a template": edit(VIEW, "}  ${", "} ${"),
  "a private field": edit(TALLY, "#step = 1", "#step = 2"),
  "a static field": edit(TALLY, "start = Level.Low", "start = Level.High"),
  "a parameter property": edit(TALLY, "private readonly by: number", "by: number"),
  "a swapped re-export": edit("math/mod.ts", "{ mean }", "{ median as mean }"),
  "JSON data": edit("views/limits.json", `"low": 1`, `"low": 3`),
  "text data": edit("views/words.txt", "two", "three"),
  "what is taken from a namespace": edit(VIEW, "stats.spread", "stats.median"),
  "a namespace that escapes": edit(VIEW, "stats.spread(", "stats[row.which]("),
  "a side effect": edit("math/sum.ts", `push("sum")`, `push("sums")`),
  "a side effect of an imported module": edit("math/patch.ts", "= 1", "= 2"),
  "a new import for its side effects": all(
    (files) => ({ ...files, "math/more.ts": "globalThis.more = 1;" }),
    edit(STATS, `import { sum }`, `import "./more.ts";\nimport { sum }`),
  ),
  "a helper of the framework": edit("fw/lib/halve.ts", "x / 2", "x / 3"),
  "an operator": edit(VIEW, "row.length * row.width", "row.length / row.width"),
  "an operand's place": edit(STATS, "sum(xs) / xs.length", "xs.length / sum(xs)"),
};

for (const [name, change] of Object.entries(KEEPS)) {
  Deno.test(`a source digest stays when only ${name} changes`, async () => {
    const [before, after] = [await digestOf(PROJECT), await digestOf(change(PROJECT))];
    assert.equal(after.canonical, before.canonical);
    assert.equal(after.digest, before.digest);
  });
}

for (const [name, change] of Object.entries(CHANGES)) {
  Deno.test(`a source digest changes with ${name}`, async () => {
    assert.notEqual((await digestOf(change(PROJECT))).digest, (await digestOf(PROJECT)).digest);
  });
}

Deno.test("a source digest lists what it reached, the located expression first", async () => {
  const root = await write(PROJECT);
  const source = await digestIn(root);
  assert.equal(source.digest, sha256(`${SCHEME}\n${source.canonical}`));
  assert.deepEqual(
    source.declarations.map(({ module, name, line, end }) =>
      `${module.replace(root, "")}:${line}-${end} ${name}`
    ),
    [
      "views/shapes.ts:18-22 shapes.area",
      "views/shapes.ts:11-14 clip",
      "views/shapes.ts:8-8 EPS",
      "views/shapes.ts:10-10 names",
      "views/words.txt:0-0 text",
      "fw/lib/halve.ts:1-1 halve",
      "math/stats.ts:2-2 mean",
      "math/sum.ts:1-1 sum",
      "math/sum.ts:2-2 side effects",
      "views/limits.json:0-0 json",
      "math/stats.ts:4-6 spread",
      "math/tally.ts:2-8 Tally",
      "math/tally.ts:1-1 Level",
      ":0-0 npm:csv-parse/sync#parse",
      "math/mod.ts:0-0 side effects",
      "math/patch.ts:1-1 side effects",
    ],
  );
  assert.equal(
    source.declarations[1]?.text,
    "function clip(x, most = 10) {\n  if (x > most) {\n    return most;\n  }\n\n  return x;\n}",
  );
  assert.deepEqual(source.modules.map((url) => url.replace(root, "")), [
    "fw/lib/halve.ts",
    "fw/mod.ts",
    "math/mod.ts",
    "math/patch.ts",
    "math/stats.ts",
    "math/sum.ts",
    "math/tally.ts",
    "views/limits.json",
    "views/mod.ts",
    "views/shapes.ts",
    "views/words.txt",
  ]);
  assert.deepEqual(source.packages, ["csv-parse"]);
});

Deno.test("a declaration has the lines of its own when several are in one statement, or lowering moved them", async () => {
  const before = `const a = 1,
  b = [
    2,
  ], c = 3; enum E {
  A = a,
}
globalThis.first = 1;
class P {
  constructor(private readonly x = c) {}
}

globalThis.second = 2;`;
  const { declarations } = await digestOfFeature("() => [a, b, E, new P()]", before);
  assert.deepEqual(declarations.map(({ name, line, end }) => `${name} ${line}-${end}`), [
    "shapes.f 14-14",
    "a 2-2",
    "side effects 8-0",
    "b 3-5",
    "E 5-7",
    "P 9-11",
    "c 5-5",
  ]);
});

Deno.test("canonical text numbers what it names when it refers to other declarations", async () => {
  const { canonical } = await digestOfFeature(
    "(row) => scale(row.x) + row.y",
    "const K = 2; const scale = (x, by = K) => x * by; globalThis.z = 1;",
  );
  assert.equal(
    canonical,
    `[1] after #4
(@0) => #2(@0.x) + @0.y
[2] after #4
const #2 = (@1, @2 = #3) => @1 * @2;
[3] after #4
const #3 = 2;
[4]
globalThis.z = 1;
`,
  );
});

Deno.test("a variable is told from another of its name when scopes shadow it", async () => {
  const before = (x: number) => `const x = ${x}; const y = 1; function z() { return x; }`;
  const inner = [
    "(x) => x",
    "() => { const x = 3; return x; }",
    "() => { if (y) { var x = 3; } return x; }",
    "() => { return x(); function x() {} }",
    "() => { for (const x of [1]) y(x); }",
    "() => { for (let x = 0; x < 1; x++) y(x); }",
    "() => { try { y(); } catch (x) { y(x); } }",
    "() => { switch (y) { case 1: { let x = 1; return x; } } }",
    "() => { switch (y) { case 1: let x = 1; return x; } }",
    "({ a: x, ...rest }) => x + rest",
    "([x = 1]) => x",
    "(function x() { return x; })",
    "(class x { static { x.a = 1; } })",
    "(row) => row.x + row?.x.y + { x: 1 }.x",
    "() => { x: for (;;) break x; }",
    "(class { x = 1; get y() { return this.x; } static x() {} })",
    "() => { class x {} return x; }",
    "() => { const { a: { b: x } } = y; return x; }",
  ];
  const outer = [
    "(row) => x",
    "() => { { const x = 3; } return x; }",
    "(a = x) => { var x = 1; return a; }",
    "() => { for (const x of [1]) {} return x; }",
    "() => { try { y(); } catch (x) { y(x); } return x; }",
    "(function () { return x; })",
    "({ [x]: a }) => a",
    "() => ({ x })",
    "() => ({ ...x, x: 1 })",
    "() => `${x}`",
    "() => { x++; }",
    "() => ({ x } = y)",
    "(row) => row[x]",
    "(class { [x] = 1; })",
    "(class { a = x; })",
    "(class extends x {})",
    "() => { (function x() {})(); return x; }",
    "() => { switch (x) { case 1: let x = 1; } }",
    "() => { x: for (;;) { if (x) break x; } }",
    "() => z()",
    "() => typeof x",
    "() => x`a`",
    "async () => { for await (const a of x) y(a); }",
  ];
  for (const feature of inner) {
    const [one, two] = [await digestOfFeature(feature, before(1)), await digestOfFeature(feature, before(2))];
    assert.equal(one.digest, two.digest, feature);
  }
  for (const feature of outer) {
    const [one, two] = [await digestOfFeature(feature, before(1)), await digestOfFeature(feature, before(2))];
    assert.notEqual(one.digest, two.digest, feature);
  }
});

Deno.test("a source digest tells names of one destructuring apart when they are swapped", async () => {
  const before = "const { a, b } = { a: 1, b: 2 };";
  const digests = [
    await digestOfFeature("() => a - b", before),
    await digestOfFeature("() => b - a", before),
  ];
  assert.notEqual(digests[0]?.digest, digests[1]?.digest);
});

Deno.test("a local variable is told from another when one of them is a parameter", async () => {
  const features = [
    "(x) => { var x; return x; }",
    "(x) => { var y; return y; }",
    "(x, y) => x - y",
    "(x, y) => y - x",
    "(x) => (x) => x",
    "(x) => (y) => x",
  ];
  const digests = await Promise.all(features.map(async (feature) => (await digestOfFeature(feature)).digest));
  assert.equal(new Set(digests).size, features.length);
});

Deno.test("a source digest counts side effects of what is imported only to be run", async () => {
  const before = `type Größe = "é€😀"; interface Ü { a: "ß" }\n`;
  const patch = (value: number): Files => ({
    "patch.ts": `export type T = 1; globalThis.patched = ${value};`,
  });
  const digest = async (line: string, value: number) =>
    (await digestOfFeature("(row) => row.x", before + line, patch(value))).digest;
  for (const line of [`import "./patch.ts";`, `import {} from "./patch.ts";`]) {
    assert.notEqual(await digest(line, 1), await digest(line, 2), line);
  }
  for (const line of [`import { type T } from "./patch.ts";`, `import type { T } from "./patch.ts";`]) {
    assert.equal(await digest(line, 1), await digest(line, 2), line);
  }
});

Deno.test("a source digest finds an export when modules re-export one another in a circle", async () => {
  const files: Files = {
    "a.ts": `export * from "./b.ts"; export const a = () => b(); import { b } from "./b.ts";`,
    "b.ts": `export * from "./a.ts"; import { a } from "./a.ts"; export function b() { return a; }`,
    "default.ts": `export default function () { return 1; }`,
  };
  const before =
    `import * as all from "./a.ts"; import { b as other } from "./a.ts"; import one from "./default.ts";`;
  const { canonical } = await digestOfFeature("() => [all.a, all.b, other, one, all]", before, files);
  assert.equal(
    canonical,
    `[1]
() => [#2, #3, #3, #4, #5]
[2]
const #2 = () => #3();
[3]
function #3() {
  return #2;
}
[4]
function () {
  return 1;
}
[5]
{ "a": #2, "b": #3 }
`,
  );
});

Deno.test("a source digest follows a dynamic import when its path is a literal", async () => {
  const more = (used: number, unused: number): Files => ({
    "more.ts": `export const used = ${used};\nexport const unused = ${unused};`,
  });
  const taking = [
    `async () => { const { used } = await import("./more.ts"); return used; }`,
    `async () => (await import("./more.ts")).used`,
    "async () => (await import(`./more.ts`))['used']",
  ];
  const widening = [
    `async () => { const more = await import("./more.ts"); return more.used; }`,
    `async () => { const { used, ...rest } = await import("./more.ts"); return rest; }`,
    `async () => (await import("./more.ts"))[name]`,
    `() => import("./more.ts").then((more) => more.used)`,
  ];
  for (const feature of [...taking, ...widening]) {
    const [base, used, unused] = await Promise.all(
      [more(1, 1), more(2, 1), more(1, 2)].map((files) => digestOfFeature(feature, "", files)),
    );
    assert.notEqual(base?.digest, used?.digest, feature);
    assert.equal(base?.digest === unused?.digest, taking.includes(feature), feature);
  }
});

Deno.test("a source digest is refused with file and line when code can't be followed", async () => {
  const root = await write({
    ...FRAMEWORK,
    "views/mod.ts": `import { helper } from "./helper.ts";
import { Decorated } from "./decorated.ts";
export const shapes = {
  path: () =>
    import(\`./\${helper}.ts\`),
  text: () => eval("1"),
  decorated: () => Decorated,
  markup: async () => (await import("./markup.tsx")).Markup,
  bare: async () => (await import("no-such-package")).a,
  absent: async () => (await import("./absent.ts")).a,
};`,
    "views/helper.ts": `export const helper = "a";`,
    "views/decorated.ts": `\n@sealed\nexport class Decorated {}`,
    "views/markup.tsx": `export const Markup = () => <b>x</b>;`,
  });
  const hint = "Name the module in the code: import it, or write import() with its path as a literal.";
  const unread = "Decorators and JSX can't be read; keep them out of the modules that an experiment reaches.";
  const expected: readonly (readonly [string, string, string | undefined])[] = [
    [
      "path",
      `${root}views/mod.ts:5 can't be fingerprinted: an import() of what is no literal text can't be followed.`,
      hint,
    ],
    ["text", `${root}views/mod.ts:6 can't be fingerprinted: a call of eval() can't be followed.`, hint],
    [
      "decorated",
      `${root}views/decorated.ts:2 can't be fingerprinted: Unexpected character '@'.`,
      unread,
    ],
    ["markup", `${root}views/markup.tsx:1 can't be fingerprinted: Unterminated regexp literal.`, unread],
    [
      "bare",
      `The import "no-such-package" of ${root}views/mod.ts can't be resolved: no import map knows it.`,
      "Import it by npm:, jsr: or a path, or name the import map with deno run -c deno.json.",
    ],
  ];
  for (const [name, message, hint] of expected) {
    const error = await rejection(digestIn(root, { path: [name] }));
    assert.equal(error.message, message);
    assert.equal(error.hint, hint);
    assert.equal(error.code, "INVALID_PARAMETER_VALUE");
  }
  const absent = await rejection(digestIn(root, { path: ["absent"] }));
  assert.equal(absent.code, "RESOURCE_DOES_NOT_EXIST");
  assert.ok(
    absent.message.startsWith(`The source of ${root}views/absent.ts can't be read: `),
    absent.message,
  );
});

const LOCATING: Files = {
  ...FRAMEWORK,
  "registries/mod.ts": `import { defineRegistry } from "../fw/mod.ts";
import * as fw from "../fw/mod.ts";
import * as features from "./features/mod.ts";
import direct from "./features/mod.ts";
const common = { spread: (row) => row.x };
const base = { width: (row) => row.x * 3, area: (row) => row.x * 4 };
export const registry = defineRegistry({ ...extra(), features, "quoted key": direct, member: features.shapes });
export const plain = { features, common };
export const spread = { ...base, area: (row) => row.x, late: fw.defineFeatures({}, common) };
export const overridden = { area: (row) => row.x * 9, ...base };
export const computed = { area: (row) => row.x, [key]: 1 };
export const made = make(base);
export const chosen = flag ? base : common;
export const accessor = { get area() { return base.area; } };
export const { taken } = { taken: base };
export function declared() { return base; }
export default base;
export { features as renamed };`,
  "registries/features/mod.ts": `export { view as shapes } from "./shapes.ts";
export * from "./stars.ts";
export * as nested from "./stars.ts";
export { default } from "./shapes.ts";`,
  "registries/features/shapes.ts": `import { defineFeatures as views } from "../../fw/mod.ts";
export const view = views({}, { area: (row) => row.x, method(row) { return row.x; } });
export default view;`,
  "registries/features/stars.ts": `export const star = { area: (row) => row.x };`,
};

Deno.test("a location is followed through every form that the code says plainly", async () => {
  const root = await write(LOCATING);
  const find = (name: string, path: string) =>
    digestIn(root, { module: "registries/mod.ts", export: name, path: path === "" ? [] : path.split(".") });
  const area = "[1]\n(@0) => @0.x\n";
  const expected: readonly (readonly [string, string, string, string])[] = [
    ["registry", "features.shapes.area", area, "view.area"],
    ["registry", "features.star.area", area, "star.area"],
    ["registry", "features.nested.star.area", area, "star.area"],
    ["registry", "quoted key.area", area, "view.area"],
    ["registry", "member.area", area, "view.area"],
    ["renamed", "shapes.method", "[1]\nfunction (@0) {\n  return @0.x;\n}\n", "view.method"],
    ["plain", "common.spread", area, "common.spread"],
    ["spread", "area", area, "spread.area"],
    ["spread", "width", "[1]\n(@0) => @0.x * 3\n", "base.width"],
    ["spread", "late.spread", area, "common.spread"],
    ["overridden", "area", "[1]\n(@0) => @0.x * 4\n", "base.area"],
    ["default", "width", "[1]\n(@0) => @0.x * 3\n", "base.width"],
    ["registry", "other.area", "[1]\n#2({ ...extra(), features: #3,", "registry"],
    // What isn't plain is taken whole.
    ["computed", "area", "[1]\n{ area: (@0) => @0.x, [key]: 1 }\n", "computed"],
    ["made", "area", "[1]\nmake(#2)\n", "made"],
    ["chosen", "area", "[1]\nflag ? #2 : #3\n", "chosen"],
    ["accessor", "area", "[1]\n{\n  get area() {\n    return #2.area;\n  }\n}\n", "accessor"],
    ["taken", "area", "[1]\nconst { taken: #1 } = { taken: #2 };\n", "taken"],
    ["declared", "area", "[1]\nfunction #1() {\n  return #2;\n}\n", "declared"],
    ["plain", "features", '[1]\n{ "default": #2, "nested": #5, "shapes": #3, "star": #6 }\n', "*"],
  ];
  for (const [name, path, canonical, found] of expected) {
    const source = await find(name, path);
    assert.equal(source.canonical.slice(0, canonical.length), canonical, `${name} ${path}`);
    assert.equal(source.declarations[0]?.name, found, `${name} ${path}`);
  }
});

Deno.test("a location is refused when the code says that nothing is there", async () => {
  const root = await write(LOCATING);
  const refused = async (name: string, path: readonly string[]) => {
    const error = await rejection(digestIn(root, { module: "registries/mod.ts", export: name, path }));
    return `${error.code} ${error.message.replace(root, "")}`;
  };
  assert.equal(
    await refused("absent", ["a"]),
    `RESOURCE_DOES_NOT_EXIST registries/mod.ts has no export "absent".`,
  );
  assert.equal(
    await refused("plain", ["features", "shapes", "aera"]),
    `RESOURCE_DOES_NOT_EXIST registries/mod.ts has no "plain.features.shapes.aera": there is no "aera" in "plain.features.shapes".`,
  );
  assert.equal(
    await refused("plain", ["features", "shape"]),
    `RESOURCE_DOES_NOT_EXIST registries/mod.ts has no "plain.features.shape": there is no "shape" in "plain.features".`,
  );
});

const SCRIPT = `import { defineDataset, defineExperiment, defineFeatures, main } from "./fw/mod.ts";
export const flowers = defineDataset({ description: "Flowers", target: "kind", rows: [{ x: 1 }] });
export const shapes = defineFeatures(flowers, { area: (row) => row.x });
export const experiment = defineExperiment({ datasets: { flowers }, features: { shapes } }, { seed: 1 });
`;

Deno.test("a script is located through defineExperiment and its own run is no side effect", async () => {
  const digest = (script: string, path: readonly string[]) =>
    digestOf({ ...FRAMEWORK, "iris.ts": script }, { module: "iris.ts", export: "experiment", path });
  const area = ["registry", "features", "shapes", "area"];
  const bare = await digest(SCRIPT, area);
  assert.equal(bare.canonical, "[1]\n(@0) => @0.x\n");
  assert.equal(bare.declarations[0]?.name, "shapes.area");
  for (
    const run of [
      "if (import.meta.main) await main(experiment);",
      "await main(experiment);",
      "main(experiment);",
    ]
  ) {
    assert.equal((await digest(SCRIPT + run, area)).digest, bare.digest, run);
  }
  for (const run of ["await train(experiment);", "if (import.meta.main) main(experiment); else other();"]) {
    assert.notEqual((await digest(SCRIPT + run, area)).digest, bare.digest, run);
  }
  const flowers = await digest(SCRIPT, ["registry", "datasets", "flowers"]);
  assert.equal(
    flowers.canonical,
    `[1]\n#2({ target: "kind", rows: [{ x: 1 }] })\n[2]\nreprise#defineDataset\n`,
  );
  assert.equal((await digest(SCRIPT, ["seed"])).declarations[0]?.text, "1");
});

Deno.test("a description is no part of a digest when it documents a definition", async () => {
  const digest = (description: string) =>
    digestOf({ ...FRAMEWORK, "iris.ts": SCRIPT.replace(`"Flowers"`, () => description) }, {
      module: "iris.ts",
      export: "flowers",
      path: [],
    });
  const flowers = await digest(`"Flowers"`);
  assert.equal((await digest("`Other`")).digest, flowers.digest);
  assert.notEqual((await digest(`{ code: 1 }`)).digest, flowers.digest);
});

Deno.test("what is said about a feature view is no part of a digest", async () => {
  const digest = (about: string, path: readonly string[]) =>
    digestOf({ ...FRAMEWORK, "iris.ts": SCRIPT.replace("row.x })", () => `row.x }${about})`) }, {
      module: "iris.ts",
      export: "shapes",
      path,
    });
  for (const path of [["area"], []]) {
    const bare = await digest("", path);
    for (const about of [`{ owner: "Ada" }`, '{ features: { area: { unit: `cm²`, "owner": "Ada" } } }']) {
      assert.equal((await digest(`, ${about}`, path)).digest, bare.digest, `${path} ${about}`);
    }
  }
  const bare = await digest("", []);
  assert.notEqual((await digest(", { owner: globalThis.name }", [])).digest, bare.digest);
});

Deno.test("a property that statements put there widens a location and doesn't fail it", async () => {
  const script = `export const shapes = {};\nshapes.area = (row) => row.x;`;
  const { canonical } = await digestOf({ "views/mod.ts": script });
  assert.equal(canonical, "[1] after #2\n{}\n[2]\n#3.area = (@1) => @1.x;\n[3] after #2\nconst #3 = {};\n");
});

Deno.test("a source digest takes the text that Deno executed, or the current one when asked", async () => {
  const root = await write(PROJECT);
  await import(`${root}views/limits.json`, { with: { type: "json" } });
  const before = await digestIn(root, { text: "executed" });
  assert.equal(before.digest, (await digestIn(root, { text: "current" })).digest);
  await Deno.writeTextFile(
    new URL(STATS, root),
    (PROJECT[STATS] ?? "").replace("xs.length;", "xs.length + 1;"),
  );
  assert.equal((await digestIn(root, { text: "executed" })).digest, before.digest);
  assert.notEqual((await digestIn(root, { text: "current" })).digest, before.digest);
  const reader = openSource({ text: "executed" });
  assert.equal(await reader.text(root + STATS), PROJECT[STATS]);
});

Deno.test("a source digest is the same when the sources come over http", async () => {
  const root = await write(PROJECT);
  const local = await digestIn(root);
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const text = await Deno.readTextFile(new URL(`.${new URL(request.url).pathname}`, root));
    return new Response(text, { headers: { "content-type": "application/typescript" } });
  });
  try {
    const remote = await digestIn(`http://127.0.0.1:${server.addr.port}/`, { text: "executed" });
    assert.equal(remote.canonical, local.canonical);
    assert.equal(remote.digest, local.digest);
  } finally {
    await server.shutdown();
  }
});

Deno.test("a source digest keeps when random comments, white space and unrelated code are put in", async () => {
  const tokens =
    "export const shapes = { area : ( row , k = 2 ) => { if ( row . x > k ) return` a b` ; return K * row . x ; } , } ;"
      .split(" ").flatMap((token) => token === "return`" ? ["return", "`"] : [token]);
  const source = tokens.join("\0").replace("`\0a\0b`", "`a  b`").split("\0");
  const filler = fc.constantFrom(" ", "  ", "\t", "/* x */", " /* const K = 9; */ ");
  const unrelated = fc.constantFrom(
    "const a = 1;",
    "function b() { return K; }",
    "class C {}",
    "type D = 1;",
    "// e",
  );
  const whole = (gaps: readonly string[], lines: readonly string[]) => {
    const text = source.map((token, index) => token + (gaps[index] ?? " ")).join("");
    return [...lines.slice(0, 2), "const K = 3;", text, ...lines.slice(2)].join("\n");
  };
  const expected = await digestOf({ "views/mod.ts": whole([], []) });
  await fc.assert(
    fc.asyncProperty(
      fc.array(filler, { minLength: source.length, maxLength: source.length }),
      fc.uniqueArray(unrelated),
      async (gaps, lines) => {
        const { canonical } = await digestOf({ "views/mod.ts": whole(gaps, lines) });
        assert.equal(canonical, expected.canonical);
      },
    ),
    { numRuns: 50 },
  );
});

Deno.test("a source digest changes with any value of a literal", async () => {
  const literal = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }),
    fc.string({ unit: "binary" }),
    fc.boolean(),
    fc.constant(null),
  );
  const digest = async (value: unknown) => {
    const text = typeof value === "string" ? JSON.stringify(value) : String(value);
    return (await digestOf({ "views/mod.ts": `const K = ${text}; export const shapes = { area: () => K };` }))
      .digest;
  };
  await fc.assert(
    fc.asyncProperty(literal, literal, async (a, b) => {
      assert.equal(await digest(a) === await digest(b), Object.is(a, b));
    }),
    { numRuns: 100 },
  );
});

const LOCK = JSON.stringify({
  version: "5",
  specifiers: { "npm:zod@^4": "4.6.7", "npm:left@1": "1.2.3_right@2.0.0", "jsr:@std/yaml@1": "1.0.5" },
  jsr: { "@std/yaml@1.0.5": { integrity: "aaaa" } },
  npm: {
    "left@1.2.3_right@2.0.0": { integrity: "sha512-left", dependencies: ["right", "under_score@1.0.0"] },
    "right@2.0.0": { integrity: "sha512-right", optionalDependencies: ["other@npm:under_score@2.0.0"] },
    "under_score@1.0.0": { integrity: "sha512-one" },
    "under_score@2.0.0": { integrity: "sha512-two" },
  },
});

Deno.test("a package resolves to the lock's version, integrity and closure when it was never loaded", async () => {
  const reader = openSource({ lock: LOCK });
  assert.deepEqual(await reader.package("left"), {
    name: "left",
    version: "1.2.3",
    integrity: "sha512-left",
    dependencies: [
      "right@2.0.0 sha512-right",
      "under_score@1.0.0 sha512-one",
      "under_score@2.0.0 sha512-two",
    ],
  });
  assert.deepEqual(await reader.package("jsr:@std/yaml"), {
    name: "jsr:@std/yaml",
    version: "1.0.5",
    integrity: "aaaa",
    dependencies: [],
  });
});

Deno.test("a package resolves without a lock when its version is exact, and is refused when it is a range", async () => {
  const reader = openSource();
  const view = (specifier: string) =>
    write({ "views/mod.ts": `import { a } from "${specifier}"; export const shapes = { area: () => a };` });
  const read = async (specifier: string) =>
    await reader.digest({ module: `${await view(specifier)}views/mod.ts`, export: "shapes", path: AREA });
  assert.deepEqual((await read("npm:@scope/never-loaded@1.2.3/sub")).packages, ["@scope/never-loaded"]);
  assert.deepEqual(await reader.package("@scope/never-loaded"), {
    name: "@scope/never-loaded",
    version: "1.2.3",
    integrity: undefined,
    dependencies: [],
  });
  await read("npm:@scope/never-loaded@2.0.0");
  assert.equal((await reader.package("@scope/never-loaded")).version, "1.2.3, 2.0.0");
  await read("npm:ranged@^1");
  const error = await rejection(reader.package("ranged"));
  assert.equal(error.code, "INVALID_STATE");
  assert.equal(
    error.message,
    `Which version of ranged is used can't be told: it is imported as "npm:ranged@^1", and nothing pins that.`,
  );
});

Deno.test("a package resolves without running when only a literal dynamic import names it", async () => {
  const lock = await Deno.readTextFile(new URL("../../deno.lock", import.meta.url));
  const tfjs = await openSource({ lock }).package("@tensorflow/tfjs-backend-wasm");
  assert.equal(tfjs.version, "4.22.0");
  assert.match(tfjs.integrity ?? "", /^sha512-/);
  assert.ok(tfjs.dependencies.some((each) => each.startsWith("@tensorflow/tfjs-backend-cpu@4.22.0 sha512-")));
});

Deno.test("a package is named by what it resolves to when it is imported bare, through an import map", async () => {
  const [bare, direct] = await Promise.all(
    ["fast-check", "npm:fast-check@4.10.2"].map((specifier) =>
      digestOfFeature("() => assert", `import { assert } from "${specifier}";`)
    ),
  );
  assert.deepEqual(bare?.packages, ["fast-check"]);
  assert.equal(bare?.canonical, direct?.canonical);
});

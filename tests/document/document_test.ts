import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { ExperimentError } from "../../lib/base/error.ts";
import { nearest, suggestionOf } from "../../lib/base/nearest.ts";
import { parseDocument as parseYaml, stringify } from "../../lib/deps/yaml.ts";
import { z } from "../../lib/deps/zod.ts";
import {
  checkValue,
  type DocumentOptions,
  parseDocument,
  parseOverride,
} from "../../lib/document/document.ts";

const schema = z.strictObject({
  experiment: z.string().min(1),
  run: z.string(),
  data: z.strictObject({ name: z.enum(["iris_v1"]) }),
  features: z.strictObject({ view: z.enum(["iris_v1_features_v1", "iris_v1_features_v2"]) }),
  model: z.discriminatedUnion("name", [
    z.strictObject({
      name: z.literal("logistic_regression"),
      params: z.strictObject({
        epochs: z.number().int().positive().default(200),
        learning_rate: z.number().positive().default(0.1),
      }).prefault({}),
    }),
    z.strictObject({ name: z.literal("mlp"), params: z.strictObject({ hidden: z.array(z.int()).max(3) }) }),
  ]),
  split: z.discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("holdout"),
      test: z.number().gt(0).lt(1),
      stratify: z.boolean().default(true),
    }),
  ]),
  metrics: z.array(z.enum(["accuracy", "macro_f1", "log_loss"])).min(1),
  seed: z.number().int().nonnegative(),
});

const options = {
  file: "configs/exp_v1.yaml",
  schema,
  nouns: {
    "data.name": "dataset",
    "features.view": "feature view",
    "model.name": "model",
    metrics: "metric",
  },
};

const text = `# The first experiment.
experiment: iris
run: exp_v1
data: { name: iris_v1 }
features: { view: iris_v1_features_v1 }
model:
  name: logistic_regression
  params: { epochs: 100 }
split: { kind: holdout, test: 0.2 }
metrics: [accuracy, log_loss]
seed: 42
`;

const anything: DocumentOptions<z.ZodUnknown> = { file: "c.yaml", schema: z.unknown() };

/** What `parse` complains of, line by line. */
function complaints(parse: () => unknown): readonly string[] {
  try {
    parse();
  } catch (error) {
    assert.ok(error instanceof ExperimentError, String(error));
    assert.equal(error.code, "INVALID_PARAMETER_VALUE");
    return error.message.split("\n");
  }
  return [];
}

/** What a schema for the key `it` complains of in one YAML value. */
function complaintsOf(it: z.ZodType, value: string): readonly string[] {
  return complaints(() =>
    parseDocument(`it: ${value}\n`, { file: "c.yaml", schema: z.strictObject({ it }) })
  );
}

Deno.test("document gives the value with defaults and where each leaf came from", () => {
  const set = ["model.params.learning_rate=1e-2", "metrics.2=macro_f1"].map(parseOverride);
  assert.deepEqual(parseDocument(text, { ...options, set }), {
    value: {
      experiment: "iris",
      run: "exp_v1",
      data: { name: "iris_v1" },
      features: { view: "iris_v1_features_v1" },
      model: { name: "logistic_regression", params: { epochs: 100, learning_rate: 0.01 } },
      split: { kind: "holdout", test: 0.2, stratify: true },
      metrics: ["accuracy", "log_loss", "macro_f1"],
      seed: 42,
    },
    origins: {
      experiment: "configs/exp_v1.yaml:2:13",
      run: "configs/exp_v1.yaml:3:6",
      "data.name": "configs/exp_v1.yaml:4:15",
      "features.view": "configs/exp_v1.yaml:5:19",
      "model.name": "configs/exp_v1.yaml:7:9",
      "model.params.epochs": "configs/exp_v1.yaml:8:21",
      "model.params.learning_rate": "--set",
      "split.kind": "configs/exp_v1.yaml:9:16",
      "split.test": "configs/exp_v1.yaml:9:31",
      "split.stratify": "default",
      "metrics.0": "configs/exp_v1.yaml:10:11",
      "metrics.1": "configs/exp_v1.yaml:10:21",
      "metrics.2": "--set",
      seed: "configs/exp_v1.yaml:11:7",
    },
  });
});

Deno.test("document tells all problems at once, in the order of the text", () => {
  const wrong = `experiment: ""
run: 7
dta: { name: iris_v1 }
features: { vew: iris_v1_features_v1 }
model:
  name: logistc_regression
split: { kind: holdout, test: -1, stratify: yes }
metrics: [acuracy, roc]
seed: abc
`;
  assert.deepEqual(complaints(() => parseDocument(wrong, options)), [
    "configs/exp_v1.yaml:1:1  data: missing (expected a map)",
    'configs/exp_v1.yaml:1:13  experiment: expected a text of at least 1 character, found ""',
    "configs/exp_v1.yaml:2:6  run: expected a text, found 7",
    'configs/exp_v1.yaml:3:1  dta: unknown key. Did you mean "data"?',
    "configs/exp_v1.yaml:4:1  features.view: missing (expected one of iris_v1_features_v1, iris_v1_features_v2)",
    'configs/exp_v1.yaml:4:13  features.vew: unknown key. Did you mean "view"?',
    'configs/exp_v1.yaml:6:9  model.name: no model "logistc_regression". Did you mean "logistic_regression"?',
    "configs/exp_v1.yaml:7:31  split.test: expected a number above 0, found -1",
    'configs/exp_v1.yaml:7:45  split.stratify: expected true or false, found "yes"',
    'configs/exp_v1.yaml:8:11  metrics.0: no metric "acuracy". Did you mean "accuracy"?',
    'configs/exp_v1.yaml:8:20  metrics.1: no metric "roc". There are: accuracy, macro_f1, log_loss.',
    'configs/exp_v1.yaml:9:7  seed: expected a whole number, found "abc"',
  ]);
});

Deno.test("document names a missing or wrong choice of a discriminated object", () => {
  const told = (from: string, to: string) => complaints(() => parseDocument(text.replace(from, to), options));
  assert.deepEqual(told("  name: logistic_regression\n", ""), [
    "configs/exp_v1.yaml:6:1  model.name: missing (expected one of logistic_regression, mlp)",
  ]);
  assert.deepEqual(told("logistic_regression", "mpl"), [
    'configs/exp_v1.yaml:7:9  model.name: no model "mpl". Did you mean "mlp"?',
  ]);
  assert.deepEqual(told("logistic_regression", "mlp"), [
    "configs/exp_v1.yaml:8:3  model.params.hidden: missing (expected a list)",
    "configs/exp_v1.yaml:8:13  model.params.epochs: unknown key. There are: hidden.",
  ]);
  assert.deepEqual(told("holdout", "hold"), [
    'configs/exp_v1.yaml:9:16  split.kind: expected "holdout", found "hold"',
  ]);
  assert.deepEqual(told("{ kind: holdout, test: 0.2 }", "holdout"), [
    'configs/exp_v1.yaml:9:8  split: expected a map, found "holdout"',
  ]);
  assert.deepEqual(told("  params:", "  parms:"), [
    'configs/exp_v1.yaml:8:3  model.parms: unknown key. Did you mean "params"?',
  ]);
});

Deno.test("document words every kind of issue", () => {
  const cases: readonly (readonly [z.ZodType, string, string])[] = [
    [z.int(), "1.5", "expected a whole number, found 1.5"],
    [z.number().int().positive(), "0", "expected a whole number above 0, found 0"],
    [z.number().min(2), "1", "expected a number of at least 2, found 1"],
    [z.number().max(2), "3", "expected a number of at most 2, found 3"],
    [z.number().lt(2), "2", "expected a number below 2, found 2"],
    [z.number().multipleOf(5), "7", "expected a multiple of 5, found 7"],
    [z.string().max(2), "abc", 'expected a text of at most 2 characters, found "abc"'],
    [z.string().length(2), "abc", 'expected a text of exactly 2 characters, found "abc"'],
    [z.string().regex(/^[a-z]+$/), "A b", 'expected a text that matches /^[a-z]+$/, found "A b"'],
    [z.string().regex(/^[a-z]+$/, "only letters"), "A b", "only letters"],
    [z.string().startsWith("v"), "x", 'expected a text that starts with "v", found "x"'],
    [z.string().endsWith("v"), "x", 'expected a text that ends with "v", found "x"'],
    [z.string().includes("v"), "x", 'expected a text that contains "v", found "x"'],
    [z.email(), "x", 'expected a text of the form email, found "x"'],
    [z.array(z.string()).min(1), "[]", "expected a list of at least 1 item, found an empty list"],
    [z.array(z.string()).max(1), "[a, b]", "expected a list of at most 1 item, found a list of 2 items"],
    [z.array(z.string()), "{ a: 1 }", "expected a list, found a map"],
    [z.tuple([z.string()]), "{}", "expected a list, found an empty map"],
    [z.string(), "null", "expected a text, found null"],
    [z.string(), "", "expected a text, found null"],
    [z.null(), "a", 'expected null, found "a"'],
    [z.never(), "a", 'expected nothing here, found "a"'],
    [z.date(), "2020-01-01", 'expected a date-time such as 2024-05-01T12:30:00Z, found "2020-01-01"'],
    [z.enum(["relu", "tanh"]), "rellu", 'expected one of relu, tanh, found "rellu". Did you mean "relu"?'],
    [z.enum(["relu", "tanh"]), "3", "expected one of relu, tanh, found 3"],
    [z.literal(["a", 1, null]), "b", 'expected one of a, 1, null, found "b". Did you mean "a"?'],
    [
      z.record(z.string().regex(/^[a-z]+$/), z.int()),
      "{ A: 1 }",
      'c.yaml:1:7  it.A: not accepted: expected a text that matches /^[a-z]+$/, found "A"',
    ],
    [
      z.record(z.enum(["left", "right"]), z.int()),
      "{ left: 1, right: 2, rigth: 3 }",
      'c.yaml:1:26  it.rigth: unknown key. Did you mean "right"?',
    ],
    [
      z.union([z.literal("auto"), z.number().positive()]),
      "[]",
      'expected "auto" or a number, found an empty list',
    ],
    [
      z.union([z.string(), z.strictObject({ a: z.int() })]),
      "{ a: x }",
      'c.yaml:1:10  it.a: expected a whole number, found "x"',
    ],
    [z.xor([z.number(), z.int()]), "1", "not accepted: found 1"],
    [z.string().refine((value) => value !== "x"), "x", 'not accepted: found "x"'],
    [z.string().refine((value) => value !== "x", "not x"), "x", "not x"],
    [z.custom<string>(() => false, "line one\nline two"), "x", "line one\\u{a}line two"],
  ];
  for (const [it, value, message] of cases) {
    assert.deepEqual(complaintsOf(it, value), [
      message.startsWith("c.yaml") ? message : `c.yaml:1:5  it: ${message}`,
    ]);
  }
});

Deno.test("document shortens long lists of names, long values and long lists of problems", () => {
  const names = Array.from({ length: 40 }, (_, index) => `dataset_number_${index}`);
  assert.deepEqual(complaintsOf(z.enum(names), "x"), [
    `c.yaml:1:5  it: expected one of ${names.slice(0, 10).join(", ")}, … (40 in all), found "x"`,
  ]);
  assert.deepEqual(complaintsOf(z.int(), "y".repeat(500)), [
    `c.yaml:1:5  it: expected a whole number, found "${"y".repeat(59)}…"`,
  ]);
  const told = complaintsOf(z.array(z.int()), `[${"x,".repeat(30)}]`);
  assert.equal(told.length, 21);
  assert.equal(told[20], "… and 10 more");
});

Deno.test("document refuses text that isn't one map of keys and values", () => {
  const cases: readonly (readonly [string, ...string[]])[] = [
    ["", "c.yaml:1:1  expected a map of keys and values, found nothing"],
    ["# only words\n", "c.yaml:1:1  expected a map of keys and values, found nothing"],
    ["- 1\n- 2\n", "c.yaml:1:1  expected a map of keys and values, found a list of 2 items"],
    ["hello", 'c.yaml:1:1  expected a map of keys and values, found "hello"'],
    ["a: 1\n---\nb: 1\n", "c.yaml:2:1  expected one document, found the start of another"],
    ["a:\n\tb: 1\n", "c.yaml:2:1  indent with spaces, not tabs"],
    ["a: 'x\n", "c.yaml:2:1  missing closing 'quote"],
    [
      "a: { b: 1\n",
      "c.yaml:2:1  flow map in block collection must be sufficiently indented and end with a }",
    ],
    ["a: b: c\n", "c.yaml:1:4  nested mappings are not allowed in compact mappings"],
    ["a: @x\n", "c.yaml:1:4  plain value cannot start with reserved character @"],
    ["a: !secret x\n", "c.yaml:1:4  a tag (!name) isn't read here: remove it"],
    ["a: !!binary aGk=\n", "c.yaml:1:13  a: a tag (!name) isn't read here: remove it"],
    ["a: !!set { b }\n", "c.yaml:1:10  a: a tag (!name) isn't read here: remove it"],
    ["%YAML 1.1\n---\na: yes\n", "c.yaml:1:1  expected YAML 1.2, found 1.1"],
    ["a: 1\nb: \0\n", "c.yaml:2:4  the character U+0000 can't be in a YAML text"],
    ["a: \ud800\n", "c.yaml:1:4  the character U+D800 can't be in a YAML text"],
    ["a: \ufffd\n", "c.yaml:1:4  not UTF-8 text"],
    [`a: ${"x".repeat(2 ** 20)}`, "c.yaml:1:1  longer than 1 MiB"],
    [`a: ${"[".repeat(9e3)}${"]".repeat(9e3)}`, "c.yaml:1:1  nested too deeply (at most 100 levels)"],
  ];
  for (const [text, ...expected] of cases) {
    assert.deepEqual(complaints(() => parseDocument(text, anything)), expected);
  }
});

Deno.test("document refuses what YAML readers read unlike each other", () => {
  const wrong = `a: 010
b: [1_000, -0o17, 0b11, 007.5]
c: .nan
d: -.inf
e: 9007199254740993
f: 1e999
g: "\\ud800"
010: 1
1.5: 1
~: 1
[x]: 1
a: 2
__proto__: { polluted: true }
h: { __proto__: 1 }
`;
  assert.deepEqual(complaints(() => parseDocument(wrong, anything)), [
    'c.yaml:1:4  a: expected a plain number, found 010: write 10, or "010" for a text',
    'c.yaml:2:5  b.0: expected a plain number, found 1_000: write 1000, or "1_000" for a text',
    'c.yaml:2:12  b.1: expected a plain number, found -0o17: write -15, or "-0o17" for a text',
    'c.yaml:2:19  b.2: expected a plain number, found 0b11: write 3, or "0b11" for a text',
    'c.yaml:2:25  b.3: expected a plain number, found 007.5: write 7.5, or "007.5" for a text',
    "c.yaml:3:4  c: expected a finite number, found .nan",
    "c.yaml:4:4  d: expected a finite number, found -.inf",
    "c.yaml:5:4  e: expected a whole number of at most 9007199254740991, found 9007199254740993",
    "c.yaml:6:4  f: expected a finite number, found 1e999",
    'c.yaml:7:4  g: expected Unicode text, found "\\ud800"',
    "c.yaml:8:1  010: expected a text as a key: quote it",
    'c.yaml:9:1  "1.5": expected a text as a key: quote it',
    "c.yaml:10:1  ~: expected a text as a key: quote it",
    "c.yaml:11:1  ?: expected a text as a key",
    "c.yaml:12:1  a: the key is there twice",
    "c.yaml:13:1  __proto__: can't be a key",
    "c.yaml:14:6  h.__proto__: can't be a key",
  ]);
  assert.equal(({} as { polluted?: boolean }).polluted, undefined);
});

Deno.test("document reads plain scalars by the core schema of YAML 1.2", () => {
  const text = `\ufeffa: [yes, no, on, ~, null, true, 0x1F, 1e3, 0.5, .5, -0, +7]
b: [2020-01-01, 1:30, 0_, 08:15, 1_a, "010", '1_000', 0755x]
1: x
"1e3": y
`.replace("0_, ", "");
  assert.deepEqual(parseDocument(text, anything).value, {
    a: ["yes", "no", "on", null, null, true, 31, 1000, 0.5, 0.5, -0, 7],
    b: ["2020-01-01", "1:30", "08:15", "1_a", "010", "1_000", "0755x"],
    1: "x",
    "1e3": "y",
  });
});

Deno.test("document follows anchors and merge keys, and says where the value stands", () => {
  const text = `base: &base { epochs: 10, rate: &rate 0.1 }
more: &more { rate: 0.2, size: 3 }
one: { <<: *base, epochs: 20, other: *rate }
two: { rate: 1, <<: [*base, *more] }
all: &all [*base]
three: { <<: *all }
"<<": text
`;
  const { value, origins } = parseDocument(text, anything);
  assert.deepEqual(value, {
    base: { epochs: 10, rate: 0.1 },
    more: { rate: 0.2, size: 3 },
    one: { epochs: 20, rate: 0.1, other: 0.1 },
    two: { epochs: 10, rate: 1, size: 3 },
    all: [{ epochs: 10, rate: 0.1 }],
    three: { epochs: 10, rate: 0.1 },
    "<<": "text",
  });
  const { "one.epochs": own, "one.rate": merged, "one.other": aliased } = origins;
  assert.deepEqual([own, merged, aliased], ["c.yaml:3:27", "c.yaml:1:39", "c.yaml:1:39"]);
});

Deno.test("document refuses aliases that stand for nothing, for themselves or for too much", () => {
  const bomb = ["a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1]"];
  for (const [above, name] of ["ab", "bc", "cd", "de", "ef", "fg", "gh"]) {
    bomb.push(`${name}: &${name} [${Array(9).fill(`*${above}`).join(", ")}]`);
  }
  const told = (text: string) => complaints(() => parseDocument(text, anything));
  assert.deepEqual(told(bomb.join("\n")), ["c.yaml:5:8  e.0: aliases stand for more than 10000 values"]);
  assert.deepEqual(told("a: *b\nb: &b [1, *b]\nc: { <<: 3 }\n"), [
    "c.yaml:1:4  a: *b stands for nothing above it",
    "c.yaml:2:11  b.1: *b stands for a value that contains it",
    "c.yaml:3:10  c.<<: takes a map, or a list of maps",
  ]);
});

Deno.test("document limits depth at the value that lies too deep", () => {
  const nested = (levels: number) => `a: ${"[".repeat(levels)}${"]".repeat(levels)}\n`;
  assert.deepEqual(complaints(() => parseDocument(nested(100), anything)), []);
  assert.deepEqual(complaints(() => parseDocument(nested(101), anything)), [
    `c.yaml:1:104  a${".0".repeat(100)}: nested too deeply (at most 100 levels)`,
  ]);
});

Deno.test("document shows a wrong override in the place of the file's position", () => {
  const set = [
    "model.params.epochs=abc",
    "model.parms.x=1",
    "metrics.1=foo",
    "metrics.9=accuracy",
    "seed.x=1",
    "run='",
    "split.kind={a: 1}",
    "data=",
    "features.view=010",
    "extra.deep.key=1",
  ].map(parseOverride);
  assert.deepEqual(complaints(() => parseDocument(text, { ...options, set })), [
    '--set model.params.epochs=abc  model.params.epochs: expected a whole number, found "abc"',
    '--set model.parms.x=1  model.parms: unknown key. Did you mean "params"?',
    '--set metrics.1=foo  metrics.1: no metric "foo". There are: accuracy, macro_f1, log_loss.',
    "--set metrics.9=accuracy  metrics.9: expected the index of a list item, 0 to 2 (2 adds one)",
    '--set seed.x=1  seed: expected a map to set "x" in, found 42',
    "--set run='  run: missing closing 'quote",
    '--set split.kind={a: 1}  split.kind: expected "holdout", found a map',
    "--set data=  data: expected a map, found null",
    '--set features.view=010  features.view: expected a plain number, found 010: write 10, or "010" for a text',
    "--set extra.deep.key=1  extra: unknown key. There are: experiment, run, data, features, model, split, " +
    "metrics, seed.",
  ]);
  assert.deepEqual(complaints(() => parseDocument("- 1\n", { ...options, set: [parseOverride("run='")] })), [
    "configs/exp_v1.yaml:1:1  expected a map of keys and values, found a list of 1 item",
    "--set run='  run: missing closing 'quote",
  ]);
});

Deno.test("document sets overrides in order, making the maps on the way", () => {
  const set = ["a.b.c=1", "a.b.d=[x]", "a.b.d.1=y", "e={f: 1}", "e.g=2", "h.i=a=b", "a.b.c=3"].map(
    parseOverride,
  );
  const { value, origins } = parseDocument("h:\nk: 1\n", { ...anything, set });
  assert.deepEqual(value, { h: { i: "a=b" }, k: 1, a: { b: { c: 3, d: ["x", "y"] } }, e: { f: 1, g: 2 } });
  assert.equal(origins["k"], "c.yaml:2:4");
  assert.equal(origins["a.b.d.1"], "--set");
});

Deno.test("parseOverride refuses what isn't path=value", () => {
  assert.deepEqual(parseOverride("a.b-c.0=x = y"), { path: "a.b-c.0", value: "x = y" });
  for (const text of ["", "seed", "=1", "a..b=1", ".a=1", "a.=1", "a b=1", "a.__proto__.b=1", "a\n=1"]) {
    assert.deepEqual(complaints(() => parseOverride(text)), [
      `--set ${text.replace("\n", "\\u{a}")}  expected path=value, such as model.params.epochs=100`,
    ]);
  }
  const set = [{ path: "a..b", value: "1" }];
  assert.deepEqual(complaints(() => parseDocument("a: 1\n", { ...anything, set })), [
    '--set a..b=1  "a..b": expected a path such as model.params.epochs',
  ]);
});

Deno.test("checkValue checks a value from code, its places just the file", () => {
  const file = "configs/exp_v2.ts";
  const value = {
    experiment: "iris",
    run: "exp_v2",
    data: { name: "iris_v1" },
    features: { view: "iris_v1_features_v1" },
    model: { name: "logistic_regression", params: undefined },
    split: { kind: "holdout", test: 0.2 },
    metrics: ["accuracy"],
    seed: 42,
  };
  const set = [parseOverride("seed=1")];
  const { value: checked, origins } = checkValue(value, { ...options, file, set });
  assert.deepEqual(checked.model, {
    name: "logistic_regression",
    params: { epochs: 200, learning_rate: 0.1 },
  });
  assert.deepEqual(
    [checked.seed, origins["seed"], origins["run"], origins["metrics.0"], origins["model.params.epochs"]],
    [1, "--set", file, file, "default"],
  );
  assert.deepEqual(
    complaints(() =>
      checkValue({ ...value, seed: NaN, run: new Date(0), metrics: [, "auc"] }, { ...options, file })
    ),
    [
      "configs/exp_v2.ts  run: expected a text, found 1970-01-01T00:00:00.000Z",
      "configs/exp_v2.ts  metrics.0: missing (expected one of accuracy, macro_f1, log_loss)",
      'configs/exp_v2.ts  metrics.1: no metric "auc". There are: accuracy, macro_f1, log_loss.',
      "configs/exp_v2.ts  seed: expected a whole number, found NaN",
    ],
  );
  assert.deepEqual(complaints(() => checkValue("x", { ...options, file })), [
    'configs/exp_v2.ts  expected a map, found "x"',
  ]);
  const cyclic: Record<string, unknown> = {};
  cyclic["self"] = cyclic;
  assert.deepEqual(complaints(() => checkValue(cyclic, { ...anything, file })), [
    "configs/exp_v2.ts  self: contains itself",
  ]);
  const polluted = JSON.parse('{ "__proto__": { "polluted": true } }');
  assert.deepEqual(complaints(() => checkValue(polluted, { file, schema: z.strictObject({}) })), [
    "configs/exp_v2.ts  __proto__: unknown key. There are none.",
  ]);
});

Deno.test("document leaves the schema free to become a JSON Schema", () => {
  const { required } = z.toJSONSchema(schema, { io: "input" });
  assert.deepEqual(required, [
    "experiment",
    "run",
    "data",
    "features",
    "model",
    "split",
    "metrics",
    "seed",
  ]);
});

Deno.test("nearest finds the name that was meant, and none for another word", () => {
  const names = ["logistic_regression", "linear_regression", "mlp", "iris_v1"];
  const meant = ["logistc_regresion", "Linear-Regression", "mpl", "MLP", "iris", "forest", "x", ""].map((
    name,
  ) => nearest(name, names));
  assert.deepEqual(meant, [
    "logistic_regression",
    "linear_regression",
    "mlp",
    "mlp",
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  assert.equal(nearest("mlp", []), undefined);
  assert.equal(suggestionOf("mpl", names), 'Did you mean "mlp"?');
  assert.equal(suggestionOf("x", names), "There are: logistic_regression, linear_regression, mlp, iris_v1.");
  assert.equal(suggestionOf("x", []), "There are none.");
});

const scalar = fc.oneof(
  fc.string({ unit: "grapheme" }).filter((text) => !/\p{Cc}|\ufffd|^[-+]?[\d.].*[_b]/iu.test(text)),
  fc.constantFrom(
    "",
    " ",
    "no",
    "null",
    "~",
    "010",
    "1e3",
    "a: b",
    "# x",
    "- x",
    "a\nb\n",
    "\ta",
    "<<",
    "*a",
    "&a",
  ),
  fc.maxSafeInteger(),
  fc.double({ noDefaultInfinity: true, noNaN: true })
    .filter((value) => !Number.isInteger(value) || Number.isSafeInteger(value)),
  fc.boolean(),
  fc.constant(null),
);
const key = fc.string({ unit: "grapheme" })
  .filter((text) => text !== "__proto__" && !/\p{Cc}|\ufffd|^[-+]?[\d.]/u.test(text));
const { value: anyValue } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalar,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(key, tie("value"), { maxKeys: 4, noNullPrototype: true }),
  ),
}));

Deno.test("document reads back any value printed as YAML in any style", () => {
  const style = fc.record({
    collectionStyle: fc.constantFrom("any", "block", "flow"),
    defaultStringType: fc.constantFrom(
      "PLAIN",
      "QUOTE_DOUBLE",
      "QUOTE_SINGLE",
      "BLOCK_LITERAL",
      "BLOCK_FOLDED",
    ),
    defaultKeyType: fc.constantFrom("PLAIN", "QUOTE_DOUBLE", "QUOTE_SINGLE"),
    indent: fc.integer({ min: 1, max: 8 }),
    indentSeq: fc.boolean(),
    lineWidth: fc.constantFrom(0, 20, 80),
  });
  fc.assert(fc.property(anyValue, style, (value, style) => {
    const printed = stringify({ value }, style);
    // The printer has faults of its own, such as an empty list that isn't indented and a fold within a surrogate pair.
    const own = parseYaml(printed);
    const isFaithful = printed.isWellFormed() && own.errors.length === 0 &&
      isDeepStrictEqual(own.toJS(), { value });
    if (isFaithful) assert.deepEqual(parseDocument(printed, anything).value, { value });
    assert.deepEqual(
      parseDocument(JSON.stringify({ value }), anything).value,
      JSON.parse(JSON.stringify({ value })),
    );
  }));
});

Deno.test("document throws nothing but its own error, whatever the text and the overrides", () => {
  const piece = fc.constantFrom(
    ..."a b : , - ? [ ] { } & * ! | > ' \" % @ ` # \\ ~ . 0 1 _ = <<".split(" "),
    ..." \n\t\0\r\ufeff\ufffd".split(""),
    ": ",
    "\n  ",
    "- ",
    "&a ",
    "*a ",
    "!!int ",
    "---\n",
    "seed",
    "model",
  );
  const source = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join("")),
    fc.tuple(fc.nat(text.length), fc.nat(20), fc.string()).map(([at, count, insert]) =>
      text.slice(0, at) + insert + text.slice(at + count)
    ),
  );
  const told = (parse: () => unknown) => {
    for (const line of complaints(parse)) {
      assert.match(line, /^(configs\/exp_v1\.yaml:\d+:\d+|--set .*|… and \d+ more)( {2}[^\n]+)?$/s);
      assert.doesNotMatch(line, /Invalid input/);
    }
  };
  fc.assert(fc.property(source, (source) => told(() => parseDocument(source, options))), { numRuns: 1000 });
  const override = fc.oneof(
    fc.tuple(fc.constantFrom("seed", "model.params.epochs", "metrics.0", "a.b"), source).map((pair) =>
      pair.join("=")
    ),
    source,
  );
  fc.assert(
    fc.property(
      override,
      (override) => told(() => parseDocument(text, { ...options, set: [parseOverride(override)] })),
    ),
    { numRuns: 1000 },
  );
});

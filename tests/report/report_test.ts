import assert from "node:assert/strict";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import { alignColumns, cut, widthOf, wrap } from "../../lib/base/columns.ts";
import { showValue } from "../../lib/document/show.ts";
import { type ReplayReport, toJson } from "../../lib/replay/report.ts";
import { diffLines, markChanges } from "../../lib/report/diff_lines.ts";
import { toHtml } from "../../lib/report/html.tsx";
import { toJUnit } from "../../lib/report/junit.ts";
import { toMarkdown } from "../../lib/report/markdown.ts";
import { code, escaped, fenced } from "../../lib/report/markdown_text.ts";
import { reportSchema } from "../../lib/report/schema.ts";
import { toText } from "../../lib/report/text.ts";
import { attributionOf } from "../../lib/report/attribution_words.ts";
import { dataWords } from "../../lib/report/data_words.ts";
import { byBlame, configLine } from "../../lib/report/words.ts";
import { BLOCKED, CURVES, DIVERGED, SAFE, SCALE_DIFF, UNVERIFIABLE } from "./report_fixture.ts";

const EXPLAINED = `Code
  registries/features/_helpers.ts#scale, line 12: changed; reached by features.iris_v1_features_v1.petal_area, \
features.iris_v1_features_v1.petal_shape, features.iris_v1_features_v1.ratio, \
features.iris_v1_features_v1.sepal_area, features.iris_v1_features_v1.sepal_shape
    --- registries/features/_helpers.ts#scale
    +++ registries/features/_helpers.ts#scale
    @@ -12,4 +12,4 @@
     export function scale(value: number, unit = 1) {
    -  const factor = 10;
    +  const factor = 100;
       return value * factor / unit;
     }
  registries/models/logistic_regression.ts#steps, line 3: changed; reached by model.logistic_regression
    @@ -3,3 +3,4 @@
     const steps = (epochs: number) => {
    -  --epochs;
    +  epochs -= 1;
    +  if (epochs < 0) throw new Error("<b>none</b> left @everyone #1");
     };

Data
  iris_v1: 150 rows before, 151 now; 3 rows edited, 2 added, 1 removed, 4 only reordered; 7 cells edited, \
1 label flipped; column added: site; column removed: colour
    row 17  petal_length  1.4 → 14
    row 80  species       versicolor → virginica
    row 81  site          null → "<b>東京 @team #12</b> | \`x\`"
    and 4 more cells
    petal_length  count  nulls  mean    min  max
      past        150    0      3.758   1    6.9
      current     150    1      3.9213  1    14
    species    count  nulls  distinct
      past     150    0      3
      current  151    0      3
      levels virginica 50 → 52, versicolor 50 → 49
    irrigated  count  nulls  mean
      past     150    0      0.5
      current  151    0      0.25
    site       count  nulls  distinct
      current  151    0      40

Config
  model.params.epochs 200 → 100, configs/exp_v1.yaml:7:22
  model.params.note "a|b" → none, before: --set
  model.params.rate 0.1 → 0.5, configs/exp_v1.yaml:8:3 (before: default)

Packages
  leven  4.1.0 → 4.0.0

Evidence and decisions
  data.iris_v1.columns.site: allowed by the replay config: append_only, reordered
  features.iris_v1_features_v1.ratio: computes the same values on all 150 rows
  model.logistic_regression: waived, as claimed by ada on 2026-11-02 until 2027-01-31: only the message differs
  seed: the waiver of 2026-01-02, claimed by bob, expired on 2026-02-01: a trial

What can't be told
  Which values of the config changed can't be told: the config of one side isn't kept.

The recorded source, run again
  The recorded source on the recorded data gives the recorded result again, bit for bit.
  It was held by Deno's permissions and bwrap.
  What it ran with differs: environment.deno 2.9.5 → 2.9.6.

Which change carries what
  log_loss    alone                       in order
    past      0.2                         0.2
    data      0.3           +0.1 (50 %)   0.3       +0.1 (50 %)
    features  0.1           -0.1 (-50 %)  0.25      -0.05 (-25 %)
    params    can't be run                0.4       +0.15 (75 %)
    current   0.4                         0.4
  params alone can't be run: the past model has no param rate

Metrics
            past  current  change
  accuracy  0.9   0.9      same
  log_loss  0.2   0.4      +0.2

11 binding (1 waived) and 3 advisory (1 allowed) drifts.
❌ rerun blocked due to drift`;

const FIXTURES = { BLOCKED, SAFE, UNVERIFIABLE, DIVERGED };

/** A text with which a report could break out of its form. */
const nasty = fc.string({
  unit: fc.constantFrom(
    ..."ab1 \n\t|`<>&\"'@#*_~[]()!\\-+=:/.\u001b\u0000\u202e\ud800東😀",
    "@team",
    "#12",
    "https://x.y",
    "]]>",
    "-->",
    "</pre>",
    "<script>",
    "```",
  ),
  maxLength: 60,
});

/** The blocked run with a text in every place that has words of somebody else. */
function spoiled(text: string): ReplayReport {
  const drifts = BLOCKED.drifts.map((drift) => ({
    ...drift,
    ...(drift.values ? { values: { past: text, current: text } } : {}),
    ...(drift.declarations ? { declarations: [text] } : {}),
    ...(drift.waiver ? { waiver: { ...drift.waiver, because: text, by: text } } : {}),
    ...(drift.changes
      ? { changes: [{ path: text, past: text, current: [text], origin: { past: text, current: text } }] }
      : {}),
  }));
  return {
    ...BLOCKED,
    run_name: text,
    run_id: text,
    config: text,
    notes: [text],
    reasons: [text],
    untold: [text],
    drifts,
    code: BLOCKED.code.map((change) => ({
      ...change,
      declaration: text,
      diff: `@@ -1 +1 @@\n-${text.replaceAll("\n", "")}\n+x\n`,
    })),
    data: {
      ...BLOCKED.data!,
      dataset: text,
      cells: [{ row: 1, column: text, past: text, current: text }],
      profiles: {
        [text]: { past: { count: 1, nulls: 0, levels: { [text]: 1 } }, current: { count: 1, nulls: 0 } },
      },
    },
  };
}

Deno.test("the fixtures are reports by the schema", () => {
  for (const report of Object.values(FIXTURES)) {
    assert.equal(reportSchema.safeParse(JSON.parse(JSON.stringify(toJson(report)))).error, undefined);
  }
});

Deno.test("a report as text explains what differs below the table, and ends with the verdict", () => {
  const text = toText(BLOCKED);
  assert.equal(text.slice(text.indexOf("\nCode\n") + 1), EXPLAINED);
  const lines = text.split("\n");
  assert.deepEqual(lines.slice(0, 4), [
    "Replay of exp_v1 (run 01e0b8c87df04c38a47985949dc557be)",
    "Judged by configs/exp_v1.yaml",
    "The replay config makes environment.deno binding.",
    "",
  ]);
  assert.match(
    text,
    /^✗ {2}features\.iris_v1_features_v1\.petal_area {2,}a{12} {2}b{12} {2,}changed, binding\n {5}in registries\/features\/_helpers\.ts#scale$/m,
  );
  assert.match(text, /^~ {2}model\.logistic_regression .* changed, waived$/m);
  assert.match(text, /^~ {2}data\.iris_v1\.columns\.site .* changed, allowed$/m);
  assert.match(text, /^\? {2}metrics\.accuracy {2,}2{12} {2}- {2,}not compared$/m);
  assert.match(text, /^= {2}split {2,}1{12} {2}1{12}$/m);
});

Deno.test("a report as text of a run without drift has nothing below its table but the verdict", () => {
  const lines = toText(SAFE).split("\n");
  assert.deepEqual(lines.slice(-3), ["", "No drift.", "✅ safe to rerun"]);
  assert.ok(lines.slice(4, -3).every((line) => line.startsWith("=")));
  assert.equal(
    toText(UNVERIFIABLE),
    "Replay of exp_v1 (run 01e0b8c87df04c38a47985949dc557be)\nJudged by configs/exp_v1.yaml\n\n" +
      "Reason: The file registries/datasets/iris_v1.csv is gone.\n  It was read on 2026-11-01.\n" +
      "❓ unverifiable: evidence is missing",
  );
  assert.deepEqual(toText(DIVERGED).split("\n").slice(-4), [
    "No drift.",
    "Trained again as run 7af9e2c1d0b84e0f9a6b5c4d3e2f1a0b.",
    "First difference: the metric train_loss at step 7: 0.25 → 1.5",
    "❌ diverged",
  ]);
});

Deno.test("a report as text keeps to the width that it is given, but for the lines of diffs", () => {
  const diffs = new Set(BLOCKED.code.flatMap(({ diff }) => diff.split("\n").map((line) => `    ${line}`)));
  for (let width = 20; width <= 200; width += 3) {
    for (const report of Object.values(FIXTURES)) {
      for (const line of toText(report, { width }).split("\n")) {
        assert.ok(widthOf(line) <= width || diffs.has(line), `${width}: ${line}`);
      }
    }
  }
  assert.match(toText(BLOCKED, { width: 80 }), /^✗ {2}feature…petal_shape|^✗ {2}features\S*…\S*petal_shape/m);
  fc.assert(fc.property(nasty, fc.integer({ min: 20, max: 90 }), (text, width) => {
    const report = { ...spoiled(text), code: [] };
    for (const line of toText(report, { width }).split("\n")) assert.ok(widthOf(line) <= width, line);
  }));
});

Deno.test("a report as text is coloured only where asked, and says the same", () => {
  const coloured = toText(BLOCKED, { color: true });
  assert.equal(stripVTControlCharacters(coloured), toText(BLOCKED));
  assert.ok(!toText(BLOCKED).includes("\x1b"));
  assert.ok(coloured.includes("\x1b[31m    -  const factor = 10;\x1b[0m"));
  assert.ok(coloured.includes("\x1b[32m    +  const factor = 100;\x1b[0m"));
  assert.ok(coloured.includes("\x1b[31m✗\x1b[0m  seed"));
  assert.match(coloured, new RegExp("\x1b\\[2m= {2}split.*\x1b\\[0m"));
});

Deno.test("a report as text shows characters that would move the cursor or disguise a line", () => {
  fc.assert(fc.property(nasty, (text) => {
    assert.doesNotMatch(
      toText(spoiled(text)),
      /(?![\n\t])[\p{Cc}\p{Cf}]/u,
    );
  }));
  const diff = "@@ -1 +1 @@\n-\tif (ok) // \u202e x\n+\tif (ok)\u001b[2K\n";
  const text = toText({ ...BLOCKED, code: [{ ...BLOCKED.code[0]!, diff }] });
  assert.ok(text.includes("    -\tif (ok) // \\u{202e} x\n    +\tif (ok)\\u{1b}[2K\n"));
});

Deno.test("columns line up by what characters take on a terminal", () => {
  const widths = {
    "abc": 3,
    "東京": 4,
    "ｶﾅ": 2,
    "é": 1,
    "e\u0301": 1,
    "👩‍👩‍👧": 2,
    "✗": 1,
    "❌": 2,
    "→": 1,
    "": 0,
  };
  for (const [text, width] of Object.entries(widths)) assert.equal(widthOf(text), width, text);
  assert.deepEqual(alignColumns([["東京", "1"], ["abc", "22"]]), ["東京  1", "abc   22"]);
  assert.deepEqual(alignColumns([["a.long.name", "x"]], { width: 9 }), ["a…name  x"]);
  assert.deepEqual(alignColumns([]), []);
  assert.equal(cut("東京都", 4), "東…");
  assert.deepEqual(wrap("  one two three", 10), ["  one two", "three"]);
  assert.deepEqual(wrap("one abcdefghijkl", 8), ["one", "abcdefgh", "ijkl"]);
});

Deno.test("lines of a diff are told by its hunks", () => {
  const kinds = (diff: string) => diffLines(diff).map(({ kind }) => kind);
  assert.deepEqual(kinds(SCALE_DIFF), [
    "file",
    "file",
    "hunk",
    "same",
    "removed",
    "added",
    "same",
    "same",
  ]);
  assert.deepEqual(
    kinds("@@ -1,2 +1 @@\n--- x\n-+++ y\n+++ z\n\\ No newline\n--- b\n+++ b\n@@ -1 +1 @@\n-1\n+2"),
    [
      "hunk",
      "removed",
      "removed",
      "added",
      "note",
      "file",
      "file",
      "hunk",
      "removed",
      "added",
    ],
  );
  const marks = markChanges(diffLines(SCALE_DIFF)).flatMap(({ text, mark }) =>
    mark ? [text.slice(...mark)] : []
  );
  assert.deepEqual(marks, ["10", "100"]);
});

Deno.test("a report in words: values, places, rows, and shares of a metric's change", () => {
  assert.deepEqual(
    ["setosa", "true", "1", "", " a", 1, -0, null, true, undefined, [1], "a\u202eb"].map(showValue),
    ["setosa", '"true"', '"1"', '""', '" a"', "1", "-0", "null", "true", "none", "[1]", '"a\\u{202e}b"'],
  );
  const origin = { past: "--set", current: "configs/a.yaml:1:2" };
  assert.equal(
    configLine({ path: "seed", past: 1, current: 2, origin }),
    "seed 1 → 2, configs/a.yaml:1:2 (before: --set)",
  );
  assert.equal(configLine({ path: "seed", past: 1, current: 2, origin: {} }), "seed 1 → 2");
  const appended = {
    ...BLOCKED.data!,
    rows: { added: 1, removed: 0, edited: 0, reordered: 0 },
    append_only: true,
    columns: { added: [], removed: [] },
    cells_changed: 0,
    labels_changed: 0,
  };
  assert.deepEqual(dataWords(appended), ["150 rows before, 151 now", "1 row added after the last"]);
  assert.deepEqual(byBlame(BLOCKED.drifts).map(({ clause }) => clause).slice(-4), [
    "model.logistic_regression",
    "data.iris_v1.columns.site",
    "features.iris_v1_features_v1.petal_area.values",
    "environment.commit",
  ]);
  const [log_loss] = attributionOf(BLOCKED.attribution!);
  const shares = log_loss!.parts.map(({ in_order }) =>
    "share" in in_order && in_order.share !== undefined ? Math.round(in_order.share * 1e6) / 1e6 : in_order
  );
  assert.deepEqual(shares, [0.5, -0.25, 0.75]);
  const gap = attributionOf({
    past: { a: 0 },
    current: { a: 2 },
    parts: [
      { part: "data", alone: { a: 1 }, in_order: "no" },
      { part: "model", alone: { a: 1 }, in_order: { a: 2 } },
    ],
  });
  assert.deepEqual(gap[0]!.parts[1]!.in_order, { value: 2, change: undefined, share: undefined });
});

Deno.test("a report as Markdown begins with a marker, and tells all", () => {
  const markdown = toMarkdown(BLOCKED);
  assert.ok(markdown.startsWith(
    "<!-- reprise:replay exp_v1 -->\n# Replay of exp_v1\n\n**❌ rerun blocked due to drift**\n\n" +
      "- run `01e0b8c87df04c38a47985949dc557be`\n- judged by `configs/exp_v1.yaml`\n",
  ));
  for (
    const part of [
      "| `seed` | changed, **binding** | `42` | `7` | the waiver of 2026-01-02, claimed by bob, expired on 2026-02-01: a trial |",
      "| `model.logistic_regression` | changed, waived |",
      "<summary><code>registries/features/_helpers.ts#scale</code>, line 12: changed</summary>\n\nReached by `features",
      `\n\n\`\`\`diff\n${SCALE_DIFF}\`\`\`\n\n</details>`,
      "`iris_v1`: 150 rows before, 151 now; 3 rows edited",
      '| 81 | `site` | `null` | ``"<b>東京 @team #12</b> \\| `x`"`` |',
      "| `petal_length` | current | count 150, nulls 1, mean 3.9213, min 1, max 14 |",
      "| `model.params.epochs` | `200` | `100` | `configs/exp_v1.yaml:7:22` |",
      "- Which values of the config changed can't be told",
      "- What it ran with differs: environment.deno 2.9.5 → 2.9.6.",
      "|  | params | can't be run |  | 0.4 | +0.15 (75 %) |",
      "| `log_loss` | 0.2 | 0.4 | +0.2 |",
    ]
  ) assert.ok(markdown.includes(part), part);
  assert.equal(markdown.split(SCALE_DIFF).length, 2);
});

Deno.test("Markdown shows a text as it is: no markup, no HTML, no mention, no link", () => {
  assert.equal(escaped("@ada fixed #12 & <b>x</b>"), "@&#8203;ada fixed #&#8203;12 &amp; \\<b\\>x\\</b\\>");
  assert.equal(
    escaped("see https://x.y or www.x.y, GH-1"),
    "see https:&#8203;//x.y or www&#8203;.x.y, GH-&#8203;1",
  );
  assert.equal(escaped("a_b _c_ *d*\n1. e"), "a_b \\_c\\_ \\*d\\* 1. e");
  assert.deepEqual(["- a", "1. a", "# a", "+ a"].map(escaped), ["\\- a", "1\\. a", "\\# a", "\\+ a"]);
  assert.deepEqual([code("a`b"), code("`a"), code("a|b"), code("a\nb")], [
    "``a`b``",
    "`` `a ``",
    "`a\\|b`",
    "`a\\u{a}b`",
  ]);
  assert.equal(fenced(["```", "x"], "diff"), "````diff\n```\nx\n````");
  fc.assert(fc.property(nasty, (text) => {
    const markdown = toMarkdown(spoiled(text));
    const [marker, ...lines] = markdown.split("\n");
    assert.match(marker!, /^<!-- reprise:replay [^<>&]* -->$/);
    assert.doesNotMatch(marker!.slice(4, -3), /--|[<>]/);
    // What isn't in spans or blocks of code has no live markup.
    let fence = "";
    for (const line of lines) {
      if (fence !== "") {
        if (line === fence) fence = "";
        continue;
      }
      fence = /^(`{3,})diff$/.exec(line)?.[1] ?? "";
      if (fence !== "") continue;
      const bare = line.replace(/(`+)(?!`).*?(?<!`)\1(?!`)/g, "").replace(/<code>[^<>]*<\/code>/g, "")
        .replace(/<\/?(details|summary)>/g, "").replaceAll("&#8203;", "\u200b");
      assert.doesNotMatch(bare, /(?<!\\)<|@\w|#\d|:\/\//, line);
    }
    assert.equal(fence, "");
  }));
});

Deno.test("a report as Markdown fits into a comment, and says what it leaves out", () => {
  const many = Array.from({ length: 400 }, (_, index) => `d${index}`);
  const long = (length: number) => `@@ -1,0 +1,${length} @@\n${"+const some = `thing`;\n".repeat(length)}`;
  const markdown = toMarkdown({
    ...BLOCKED,
    reasons: many.map((name) => name.repeat(3000)),
    drifts: many.map((clause) => ({ ...BLOCKED.drifts[0]!, clause: `${clause}.${"x".repeat(500)}` })),
    code: many.map((declaration) => ({ ...BLOCKED.code[0]!, declaration, diff: long(5000) })),
  });
  assert.ok(markdown.length <= 60_000, String(markdown.length));
  assert.match(
    markdown,
    /Left out, as a comment has no room for more: .*the diff of d\d+.* and \d+ more parts\.\n$/,
  );
  const one = toMarkdown({ ...BLOCKED, code: [{ ...BLOCKED.code[0]!, diff: long(5000) }] });
  assert.match(one, /\n\d+ more lines of the diff are left out\.\n/);
  assert.doesNotMatch(one, /Left out/);
});

Deno.test("a report as HTML has all of it, and nothing of it as markup", () => {
  const page = toHtml(BLOCKED, { curves: CURVES });
  assert.match(page, /^<!doctype html>\s*<html lang="en">/);
  const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:".replaceAll("'", "&#39;");
  assert.ok(page.includes(`content="${policy}"`));
  assert.doesNotMatch(page, /<script|<link|https?:\/\/|\son\w+=/);
  fc.assert(
    fc.property(nasty, (text) => {
      const tags = (html: string) =>
        html.match(/<\/?[a-z][a-z0-9]*/gi)!.filter((tag) => !/wbr|mark/.test(tag));
      assert.deepEqual(tags(toHtml(spoiled(`x${text}`))), tags(toHtml(spoiled("plain"))));
    }),
    { examples: [["</style><script>alert(1)</script>"], ['" onload="x']] },
  );
});

Deno.test("a report as HTML is refused where a project has all JSX precompiled for another library", async () => {
  const directory = await Deno.makeTempDir();
  const at = (path: string) => new URL(`../../${path}`, import.meta.url).href;
  const files = {
    "deno.json": JSON.stringify({
      imports: { "theirs/jsx-runtime": "./theirs.ts" },
      compilerOptions: { jsx: "precompile", jsxImportSource: "theirs" },
    }),
    "theirs.ts": `
      export const jsx = (type: unknown, props: unknown) => ({ type, props });
      export const jsxTemplate = (...parts: readonly unknown[]) => ({ parts });
      export { jsx as Fragment, jsx as jsxAttr, jsx as jsxEscape, jsx as jsxs };`,
    "report.ts": `
      import "theirs/jsx-runtime";
      import { toHtml } from "${at("lib/report/html.tsx")}";
      import { SAFE } from "${at("tests/report/report_fixture.ts")}";
      try {
        console.log(toHtml(SAFE));
      } catch ({ code, message, hint }) {
        console.log([code, message, hint].join("\\n"));
      }`,
  };
  try {
    for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(join(directory, name), text);
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", "--no-lock", "report.ts"],
      cwd: directory,
      env: { NO_COLOR: "1" },
    }).output();
    assert.equal(
      new TextDecoder().decode(stdout),
      "INVALID_STATE\nHTML can't be written: the deno.json in use has all JSX precompiled for another library.\n" +
        'Give it `"jsx": "react-jsx"`, or run without it.\n',
      new TextDecoder().decode(stderr),
    );
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("reports as JUnit have a case for each clause and one for the verdict, with right counts", () => {
  const xml = toJUnit([BLOCKED, SAFE, UNVERIFIABLE, DIVERGED]);
  const suites = [
    ...xml.matchAll(/<testsuite name="(.*?)" tests="(\d+)" failures="(\d+)" errors="(\d+)" skipped="(\d+)"/g),
  ]
    .map(([, ...found]) => found);
  assert.deepEqual(suites, [
    ["exp_v1", "18", "11", "0", "1"],
    ["exp_v1", "17", "0", "0", "0"],
    ["exp_v1", "17", "0", "1", "16"],
    ["exp_v1", "17", "1", "0", "0"],
  ]);
  assert.ok(
    xml.includes(
      '<testsuites name="reprise replay" tests="69" failures="12" errors="1" skipped="17" time="0">',
    ),
  );
  assert.equal(xml.match(/<testcase /g)!.length, 69);
  assert.equal(xml.match(/<failure /g)!.length, 12);
  assert.ok(xml.includes('<property name="run_id" value="01e0b8c87df04c38a47985949dc557be"/>'));
  assert.match(
    xml,
    /name="features\.iris_v1_features_v1\.petal_shape" time="0">\n\s*<failure type="drift" message="changed, binding: a{12} → b{12}">[^<]*\n- {2}const factor = 10;\n/,
  );
  assert.match(
    xml,
    /name="model\.logistic_regression" time="0">\n\s*<system-out>changed, waived: [^<]*waived, as claimed by ada/,
  );
  assert.match(
    xml,
    /<error type="unverifiable" message="❓ unverifiable: evidence is missing">The file registries/,
  );
  assert.match(xml, /<failure type="drift" message="❌ diverged">the metric train_loss/);
});

Deno.test("every form says what a run was asked by, and that its recorded config judged it", () => {
  const report: ReplayReport = {
    ...SAFE,
    judged_by: "recorded",
    asked: {
      experiment: "iris",
      run: "exp_v1",
      config: "exp_v1",
      set: ["seed=7"],
      resolved: "0".repeat(64),
      digest: "0123456789ab".padEnd(64, "c"),
    },
  };
  const asked = "Recorded as exp_v1 of the experiment iris, by the config exp_v1, with seed=7 (0123456789ab)";
  const verdict = "safe to rerun, judged by the recorded config";
  const plain = (text: string) => text.replaceAll("\\", "");
  for (const form of [toText(report), plain(toMarkdown(report)), toHtml(report)]) {
    assert.ok(form.includes(asked), form);
    assert.ok(form.includes(verdict), form);
  }
  const failed = { ...report, verdict: "unverifiable" as const };
  assert.ok(toJUnit([failed]).includes("evidence is missing, judged by the recorded config"));
  const { judged_by, asked: document } = reportSchema.parse(JSON.parse(JSON.stringify(toJson(report))));
  assert.deepEqual([judged_by, document], ["recorded", report.asked]);
});

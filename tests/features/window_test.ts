import assert from "node:assert/strict";
import fc from "fast-check";
import { ExperimentError } from "../../lib/base/error.ts";
import { csv, defineDataset } from "../../lib/data/dataset.ts";
import type { Table } from "../../lib/data/table.ts";
import { z } from "../../lib/deps/zod.ts";
import { assemble, derive } from "../../lib/experiment/prepare.ts";
import type { SplitSpec } from "../../lib/experiment/split.ts";
import { computeFeatures } from "../../lib/features/compute.ts";
import { learnDesign } from "../../lib/features/design.ts";
import { defineFeatures, type FeatureView } from "../../lib/features/features.ts";
import { impute, oneHot } from "../../lib/features/transform.ts";
import { lag, rolling, type Statistic } from "../../lib/features/window.ts";
import type { Attribution } from "../../lib/replay/explain/explanation.ts";
import type { ReplayReport } from "../../lib/replay/report.ts";
import { openSource } from "../../lib/source/source.ts";
import { mean_value } from "../../registries/models/mod.ts";
import { withPython } from "../mlflow/python.ts";
import { openProject, ROOT } from "../project.ts";

const sales = defineDataset({
  row: z.object({
    day: z.int(),
    store: z.enum(["north", "south"]),
    open: z.boolean().nullable(),
    price: z.number().nullable(),
    sold: z.number(),
  }),
  target: "sold",
  source: csv("./none.csv", import.meta),
});

interface Sale {
  readonly day: number;
  readonly store: number;
  readonly open?: boolean | null;
  readonly price?: number | null;
  readonly sold: number;
}

function tableOf(rows: readonly Sale[]): Table {
  const isMissing = (value: unknown) => Number(value === null);
  return {
    rows: rows.length,
    bytes: "",
    columns: {
      day: { kind: "integer", values: Float64Array.from(rows, ({ day }) => day) },
      store: {
        kind: "category",
        values: Uint32Array.from(rows, ({ store }) => store),
        levels: ["north", "south"],
      },
      open: {
        kind: "boolean",
        values: Uint8Array.from(rows, ({ open = true }) => Number(open)),
        nulls: Uint8Array.from(rows, ({ open }) => isMissing(open)),
      },
      price: {
        kind: "number",
        values: Float64Array.from(rows, ({ price = 1 }) => price ?? 0),
        nulls: Uint8Array.from(rows, ({ price }) => isMissing(price)),
      },
      sold: { kind: "number", values: Float64Array.from(rows, ({ sold }) => sold) },
    },
  };
}

const compute = (view: FeatureView, table: Table) =>
  computeFeatures({ dataset: sales, views: [{ name: "view", view }] }, table).values.view!;

const ROWS: readonly Sale[] = [
  { day: 3, store: 0, sold: 30 },
  { day: 1, store: 0, sold: 10 },
  { day: 2, store: 1, sold: 200 },
  { day: 2, store: 0, sold: 20 },
  { day: 2, store: 0, sold: 21 },
  { day: 3, store: 0, sold: 31 },
  { day: 1, store: 1, sold: 100 },
  { day: 4, store: 0, sold: 40 },
];

/** The same by definition, without any order made. */
function earlierOf(rows: readonly Sale[], row: number): readonly Sale[] {
  const { day, store } = rows[row]!;
  return rows.filter((other) => other.day < day && other.store === store)
    .sort((a, b) => a.day - b.day);
}

Deno.test("a lag is the value of a row before in its group; rows of one moment don't see each other", () => {
  const view = defineFeatures(sales, {
    one: lag((row) => row.sold, { by: "day", within: "store", rows: 1 }),
    two: lag((row) => row.sold, { by: "day", within: "store", rows: 2 }),
  });
  const { one, two } = compute(view, tableOf(ROWS));
  assert.deepEqual(one, Float64Array.of(21, NaN, 100, 10, 10, 21, NaN, 31));
  assert.deepEqual(two, Float64Array.of(20, NaN, NaN, NaN, NaN, 20, NaN, 30));
});

Deno.test("a rolling statistic is of the last rows before, where at least so many of them have a value", () => {
  const view = defineFeatures(sales, {
    mean: rolling((row) => row.sold, "mean", { by: "day", within: "store", rows: 2 }),
    sum: rolling((row) => row.sold, "sum", { by: "day", within: "store", rows: 3, atLeast: 1 }),
    everywhere: rolling((row) => row.sold, "max", { by: "day", rows: 3 }),
  });
  const values = compute(view, tableOf(ROWS));
  const none = NaN;
  assert.deepEqual(values.mean, Float64Array.of(20.5, none, none, none, none, 20.5, none, 30.5));
  assert.deepEqual(values.sum, Float64Array.of(51, none, 100, 10, 10, 51, none, 82));
  assert.deepEqual(values.everywhere, Float64Array.of(200, none, none, none, none, 200, none, 31));
});

Deno.test("rows are grouped by several columns, and those without a value are a group", () => {
  const rows = [null, true, null, true].map((open, day) => ({ day, store: 0, open, sold: day }));
  const view = defineFeatures(sales, {
    f: lag((row) => row.sold, { by: "day", within: ["store", "open"], rows: 1 }),
  });
  assert.deepEqual(compute(view, tableOf(rows)).f, Float64Array.of(NaN, NaN, 0, 1));
});

Deno.test("windows are what is learned from, and what views above read", () => {
  const below = defineFeatures(sales, {
    before: lag((row) => row.store, { by: "day", rows: 1 }),
    prices: rolling((row) => row.price, "mean", { by: "day", rows: 1 }),
  });
  const above = defineFeatures(below, {
    was_north: (row) => row.before === "north" ? 1 : row.before === null ? -1 : 0,
    had_price: (row) => row.prices === null ? 0 : row.prices,
    hot: oneHot(impute(lag((row) => row.store, { by: "day", rows: 1 }), "most_frequent")),
  });
  const rows = [{ day: 1, store: 1, price: 7 }, { day: 2, store: 0, price: null }, { day: 3, store: 0 }]
    .map((row) => ({ sold: 0, ...row }));
  const views = [{ name: "below", view: below }, { name: "above", view: above }];
  const { values, reads } = computeFeatures({ dataset: sales, views }, tableOf(rows));
  assert.deepEqual(values.above, {
    had_price: Float64Array.of(0, 7, 0),
    hot: [null, "south", "north"],
    was_north: Float64Array.of(-1, 0, 1),
  });
  const all = Uint32Array.of(0, 1, 2);
  const hot = above.features.hot;
  const { features, matrix } = learnDesign([{ name: "hot", values: values.above!.hot!, learned: hot }], all);
  assert.deepEqual([features, matrix(all).data], [
    ["hot=north", "hot=south"],
    Float64Array.of(1, 0, 0, 1, 1, 0),
  ]);
  assert.deepEqual(reads, {
    below: { before: ["day", "store"], prices: ["day", "price"] },
    above: { had_price: ["prices"], hot: ["day", "store"], was_north: ["before"] },
  });
});

Deno.test("a plain window without a value is an error that says what to do", () => {
  const values = Float64Array.of(1, NaN);
  const rows = Uint32Array.of(0, 1);
  assert.throws(
    () => learnDesign([{ name: "before", values }], rows).matrix(rows),
    new ExperimentError("INVALID_PARAMETER_VALUE", "The feature before has no value in row 2.", {
      hint: "Fill it in: impute(feature, …).",
    }),
  );
});

const sale = fc.record({
  day: fc.integer({ min: 0, max: 6 }),
  store: fc.nat(1),
  price: fc.option(fc.double({ noNaN: true, min: -1e3, max: 1e3 })),
  sold: fc.double({ noNaN: true, min: -1e6, max: 1e6 }),
});
const table = fc.array(sale, { minLength: 1, maxLength: 30 });

const windows = (rows: number, atLeast: number) =>
  defineFeatures(sales, {
    lag: lag((row) => row.sold, { by: "day", within: "store", rows }),
    ...Object.fromEntries((["mean", "sum", "min", "max", "std"] as const).map((statistic) => [
      statistic,
      rolling((row: Sale) => row.price ?? null, statistic, { by: "day", within: "store", rows, atLeast }),
    ])),
  });

Deno.test("windows are what their definition says", () => {
  fc.assert(fc.property(table, fc.integer({ min: 1, max: 5 }), (rows, size) => {
    const { lag, sum, min } = compute(windows(size, 1), tableOf(rows));
    rows.forEach((_, row) => {
      const earlier = earlierOf(rows, row);
      const prices = earlier.slice(-size).map(({ price }) => price!).filter((price) => price !== null);
      assert.equal(lag![row], earlier.at(-size)?.sold ?? NaN);
      assert.equal(sum![row], prices.length === 0 ? NaN : prices.reduce((total, price) => total + price, 0));
      assert.equal(min![row], prices.length === 0 ? NaN : Math.min(...prices));
    });
  }));
});

Deno.test("a row's windows are the same whatever it and later rows hold", () => {
  fc.assert(fc.property(table, table, fc.nat(), fc.integer({ min: 1, max: 5 }), (rows, others, at, size) => {
    const row = at % rows.length;
    const changed = rows.map((one, index) => {
      const { price, sold } = others[index % others.length]!;
      return one.day >= rows[row]!.day ? { ...one, price, sold } : one;
    });
    const before = compute(windows(size, 1), tableOf(rows));
    const after = compute(windows(size, 1), tableOf(changed));
    for (const name of Object.keys(before)) assert.ok(Object.is(before[name]![row], after[name]![row]), name);
  }));
});

Deno.test("windows give what pandas gives where no two rows are of one moment", async () => {
  const rows = fc.sample(
    fc.shuffledSubarray(Array.from({ length: 80 }, (_, day) => day), { minLength: 80 }),
    { numRuns: 1, seed: 6 },
  )[0]!.map((day) => ({
    day,
    store: (day * 7) % 3 === 0 ? 0 : 1,
    price: day % 6 === 2 ? null : Math.sin(day) * 10,
    sold: Math.cos(day * 3) * 100,
  }));
  const told = await withPython(
    "3.17.2",
    `
import pandas as pd
d = pd.DataFrame(json.loads(args[0])).astype({"price": float})
g = d.sort_values("day").groupby("store")
def rolling(rows, least, of):
    r = g["price"].rolling(rows, min_periods=least, closed="left")
    return (r.std(ddof=0) if of == "std" else getattr(r, of)()).reset_index(level=0, drop=True)
of = lambda s: [None if pd.isna(v) else v for v in s.reindex(d.index)]
tell({
  "lag": of(g["sold"].shift(4)),
  **{f"{name} {least}": of(rolling(4, least, name)) for name in ("mean", "sum", "min", "max", "std") for least in (4, 2)},
})`,
    JSON.stringify(rows),
  ) as Readonly<Record<string, readonly (number | null)[]>>;
  assert.ok(told.lag!.filter((value) => value === null).length === 8);
  for (const [name, expected] of Object.entries(told)) {
    const [statistic, least] = name.split(" ") as [Statistic | "lag", string?];
    const found = compute(windows(4, Number(least ?? 4)), tableOf(rows))[statistic]!;
    expected.forEach((value, row) => {
      const ours = found[row] as number;
      if (value === null) assert.ok(Number.isNaN(ours), `${name} of row ${row} is ${ours}`);
      else {assert.ok(
          Math.abs(ours - value) < 1e-9,
          `${name} of row ${row} is ${ours}, and ${value} by pandas`,
        );}
    });
  }
});

Deno.test("a window that can't be ordered says what to name", () => {
  const message = (
    options: { readonly by: string; readonly within?: string },
    rows: readonly Sale[] = ROWS,
  ) => {
    try {
      compute(
        { base: sales, features: { f: lag(() => 1, { ...options, rows: 1 } as never) } },
        tableOf(rows),
      );
    } catch (error) {
      return [(error as ExperimentError).message, (error as ExperimentError).hint];
    }
  };
  const start = "The feature view.f can't be computed: its window";
  const times = "Name a column that is one of: number, integer, date-time.";
  const groups = "Name a column that is one of: category, text, integer, boolean.";
  assert.deepEqual(message({ by: "dya" }), [
    `${start}'s \`by\` is "dya", which is no column of the dataset, or is its target.`,
    'Did you mean "day"?',
  ]);
  assert.deepEqual(
    message({ by: "sold" })![0],
    `${start}'s \`by\` is "sold", which is no column of the dataset, or is its target.`,
  );
  assert.deepEqual(message({ by: "store" }), [`${start}'s \`by\` is "store", a category column.`, times]);
  assert.deepEqual(message({ by: "day", within: "price" }), [
    `${start}'s \`within\` is "price", a number column.`,
    groups,
  ]);
  assert.deepEqual(message({ by: "price" }, [...ROWS, { day: 1, store: 0, sold: 1, price: null }]), [
    `${start} is ordered by "price", which has no value in row 9.`,
    "Order it by a column without missing values.",
  ]);
  assert.throws(
    () =>
      compute(
        defineFeatures(sales, { f: rolling((row) => row.open as never, "sum", { by: "day", rows: 1 }) }),
        tableOf(ROWS),
      ),
    { message: `${start} rolls over texts or booleans.`, hint: "Make numbers of them first: Number(…)." },
  );
  const rolled = (rows: number, atLeast: number) => () =>
    rolling<{ day: number }>(() => 1, "sum", { by: "day", rows, atLeast });
  const whole = "but it has to be a whole number of at least 1";
  assert.throws(rolled(0, 1), { message: `A window's rows is 0, ${whole}.` });
  assert.throws(rolled(7, 8), { message: `A window's atLeast is 8, ${whole} and at most 7, its rows.` });
});

const before = defineFeatures(sales, {
  day: (row) => row.day,
  sold_before: impute(lag((row) => row.sold, { by: "day", rows: 1 }), "mean"),
  plain_before: lag((row) => row.sold, { by: "day", rows: 1 }),
  price_before: lag((row) => row.price, { by: "day", rows: 1 }),
});

function splitBy(split: SplitSpec, ...views: readonly FeatureView[]) {
  const spec = {
    experiment: "sales",
    run: "windows",
    data: { name: "sales", snapshot: { max_mb: 1 } },
    features: { view: `view_${views.length}` },
    model: { name: "mean_value", params: {} },
    split,
    metrics: ["rmse" as const],
    seed: 1,
  };
  const named = views.map((view, index) => ({ name: `view_${index + 1}`, view }));
  const choice = { spec, dataset: sales, views: named, model: mean_value };
  return assemble(choice, derive(choice, tableOf(ROWS))).splits.length;
}

Deno.test("a window that reads the target needs a split by time, by the same column", () => {
  const holdout = { kind: "holdout", test: 0.25, stratify: false, repeats: 1 } as const;
  const byTime = { kind: "time_ordered", folds: 1, by: "day", gap: 0 } as const;
  const refusal = (feature: string, split: string) =>
    new ExperimentError(
      "INVALID_PARAMETER_VALUE",
      `The feature ${feature} is made of the target of rows that are earlier by "day", so a ${split} would train on ` +
        "what it is tested on.",
      { hint: 'Set split: { kind: time_ordered, by: day, folds: … }, or leave "sold" out of its window.' },
    );
  const own = { base: sales, features: { sold_before: before.features.sold_before } };
  assert.throws(() => splitBy(holdout, own), refusal("view_1.sold_before", "holdout split"));
  assert.throws(
    () => splitBy({ ...byTime, by: "price" }, own),
    refusal("view_1.sold_before", 'time_ordered split by "price"'),
  );
  assert.equal(splitBy(byTime, own), 1);
  const above = defineFeatures(before, { twice: (row) => 2 * (row.plain_before ?? 0) });
  assert.throws(() => splitBy(holdout, before, above), refusal("view_2.twice", "holdout split"));
  assert.equal(splitBy(byTime, before, above), 1);
  const other = defineFeatures(before, { price: (row) => row.price_before ?? 0 });
  assert.equal(splitBy(holdout, before, other), 1);
});

Deno.test("a window's code is its feature's: another number of rows, statistic or function drifts it alone", async () => {
  const features = (rows: number, statistic: string, factor: number) => `
import { csv, defineDataset, defineFeatures, lag, rolling } from "${import.meta.resolve("../../mod.ts")}";
import { z } from "${import.meta.resolve("../../lib/deps/zod.ts")}";
const rows = defineDataset({ row: z.object({ day: z.int(), sold: z.number() }), target: "sold", source: csv("./x.csv", import.meta) });
const double = (value: number) => value * ${factor};
export const view = defineFeatures(rows, {
  before: lag((row) => row.sold, { by: "day", rows: 1 }),
  doubled: lag((row) => double(row.sold), { by: "day", rows: 1 }),
  week: rolling((row) => row.sold, "${statistic}", { by: "day", rows: ${rows} }),
});
`;
  const folder = await Deno.makeTempDir();
  try {
    const digests = async (text: string) => {
      await Deno.writeTextFile(`${folder}/view.ts`, text);
      const reader = openSource({ text: "current" });
      return await Promise.all(
        ["before", "doubled", "week"].map(async (name) =>
          (await reader.digest({ module: `file://${folder}/view.ts`, export: "view", path: [name] })).digest
        ),
      );
    };
    const first = await digests(features(7, "mean", 2));
    const drifted = async (text: string) =>
      (await digests(text)).map((digest, index) => digest !== first[index]);
    assert.deepEqual(await drifted(features(7, "mean", 2)), [false, false, false]);
    assert.deepEqual(await drifted(features(8, "mean", 2)), [false, false, true]);
    assert.deepEqual(await drifted(features(7, "max", 2)), [false, false, true]);
    assert.deepEqual(await drifted(features(7, "mean", 3)), [false, true, false]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

const DATASET = `import { z } from "MODlib/deps/zod.ts";
import { csv, defineDataset } from "MODmod.ts";
export const sales = defineDataset({
  row: z.object({ day: z.date(), store: z.string(), sold: z.number() }),
  target: "sold",
  source: csv("./sales.csv", import.meta),
});
`;
const VIEW = `import { defineFeatures, impute, lag, rolling } from "MODmod.ts";
import { sales } from "../datasets/mod.ts";
export const sales_before = defineFeatures(sales, {
  yesterday: impute(lag((row) => row.sold, { by: "day", rows: 1, within: "store" }), { constant: 0 }),
  week: impute(rolling((row) => row.sold, "mean", { by: "day", rows: 7, within: "store", atLeast: 1 }), "mean"),
});
`;
const CONFIG = `experiment: sales
run: sales
data: { name: sales }
features: { view: sales_before }
model: { name: linear_regression }
split: { kind: time_ordered, folds: 2, by: day }
metrics: [rmse]
seed: 1
`;

Deno.test("a run with windows is reproduced, and a change of one is told and attributed", async () => {
  await using project = await openProject();
  const framed = (text: string) => text.replaceAll("MOD", ROOT.href);
  const days = Array.from({ length: 60 }, (_, day) => new Date(Date.UTC(2024, 0, 1 + day)).toISOString());
  const rows = days.flatMap((day, at) =>
    ["north", "south"].map((store, s) =>
      `${day},${store},${50 + 20 * s + Math.round(30 * Math.sin(at * (s + 1)))}`
    )
  );
  await project.write("registries/datasets/sales.csv", `day,store,sold\n${rows.join("\n")}\n`);
  await project.write("registries/datasets/sales.ts", framed(DATASET));
  await project.write("registries/datasets/mod.ts", 'export { sales } from "./sales.ts";\n');
  await project.write("registries/features/sales_before.ts", framed(VIEW));
  await project.write("registries/features/mod.ts", 'export { sales_before } from "./sales_before.ts";\n');
  await project.write("configs/sales.yaml", CONFIG);

  const { document, stderr } = await project.json("train", "sales");
  assert.equal(document.status, "FINISHED", stderr);
  const again = await project.json("replay", "sales", "--rerun", "--as-recorded");
  assert.deepEqual([again.document.verdict, again.document.reasons], ["reproduced", []]);

  const view = "registries/features/sales_before.ts";
  const week = "features.sales_before.week";
  const judge = async (...flags: readonly string[]) => {
    const { document } = await project.json("replay", "sales", ...flags);
    return document as unknown as ReplayReport;
  };
  await project.edit(view, "rows: 7", "rows: 2");
  const { verdict, drifts, code, attribution } = await judge("--attribute");
  assert.equal(verdict, "blocked");
  assert.deepEqual(drifts.map(({ clause }) => clause), [week, `${week}.values`]);
  assert.deepEqual(code.map(({ declaration }) => declaration), [`${view}#sales_before.week`]);
  const { past, parts } = attribution as Attribution;
  assert.deepEqual([past, parts.map(({ part }) => part)], [document.metrics, ["features"]]);

  await project.edit(view, "rows: 2", "rows: 3 + 4");
  await project.edit("registries/datasets/sales.csv", `${days[30]},north,`, `${days[30]},north,9`);
  const told = (await judge()).drifts.find(({ clause }) => clause === week);
  assert.deepEqual([told?.values_equal, told?.rows_compared], [true, 120]);
});

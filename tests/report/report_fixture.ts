import type { ExplainedDrift } from "../../lib/replay/explain/explanation.ts";
import type { Curve, ReplayReport } from "../../lib/replay/report.ts";

const VIEW = "features.iris_v1_features_v1";
const RUN = "01e0b8c87df04c38a47985949dc557be";
const AGAIN = "7af9e2c1d0b84e0f9a6b5c4d3e2f1a0b";
const DEPENDENTS = ["petal_area", "petal_shape", "ratio", "sepal_area", "sepal_shape"].map((name) =>
  `${VIEW}.${name}`
);

/** A digest of a clause, made of a digit. */
function digest(digit: string): string {
  return digit.repeat(64);
}

/** The diff of a helper that five features share. */
export const SCALE_DIFF = `--- registries/features/_helpers.ts#scale
+++ registries/features/_helpers.ts#scale
@@ -12,4 +12,4 @@
 export function scale(value: number, unit = 1) {
-  const factor = 10;
+  const factor = 100;
   return value * factor / unit;
 }
`;

const MODEL_DIFF = `@@ -3,3 +3,4 @@
 const steps = (epochs: number) => {
-  --epochs;
+  epochs -= 1;
+  if (epochs < 0) throw new Error("<b>none</b> left @everyone #1");
 };
`;

const change = { past: digest("a"), current: digest("b"), kind: "changed" } as const;

/** Drifts of every kind. */
export const DRIFTS: readonly ExplainedDrift[] = [
  {
    clause: "data.iris_v1.rows",
    ...change,
    binding: true,
    values: { past: "150 rows", current: "151 rows" },
    rows: { added: 2, removed: 1, edited: 3, reordered: 4 },
    cells: [{ row: 17, column: "petal_length", past: 1.4, current: 14 }],
    labels_changed: 1,
  },
  {
    clause: "data.iris_v1.columns.petal_length",
    ...change,
    binding: true,
    rows: { added: 2, removed: 1, edited: 3, reordered: 4 },
    profile: {
      past: { count: 150, nulls: 0, mean: 3.758, min: 1, max: 6.9 },
      current: { count: 150, nulls: 1, mean: 3.9213333, min: 1, max: 14 },
    },
  },
  {
    clause: "data.iris_v1.columns.site",
    ...change,
    binding: false,
    allowed_by: ["append_only", "reordered"],
  },
  ...DEPENDENTS.map((clause): ExplainedDrift => ({
    clause,
    ...change,
    binding: true,
    declarations: ["registries/features/_helpers.ts#scale"],
    declaration: "registries/features/_helpers.ts#scale",
    file: "registries/features/_helpers.ts",
    line: 12,
    diff: SCALE_DIFF,
    shared_by: DEPENDENTS,
    ...(clause.endsWith("ratio") ? { values_equal: true, rows_compared: 150 } : {}),
  })),
  { clause: `${VIEW}.petal_area.values`, ...change, binding: false },
  {
    clause: "model.logistic_regression",
    ...change,
    binding: true,
    declarations: ["registries/models/logistic_regression.ts#steps"],
    declaration: "registries/models/logistic_regression.ts#steps",
    file: "registries/models/logistic_regression.ts",
    line: 3,
    diff: MODEL_DIFF,
    shared_by: ["model.logistic_regression"],
    waiver: {
      clause: "model.logistic_regression",
      past: digest("a"),
      current: digest("b"),
      because: "only the message differs",
      by: "ada",
      at: "2026-11-02T10:00:00.000Z",
      until: "2027-01-31",
      expired: false,
    },
  },
  {
    clause: "params",
    ...change,
    binding: true,
    changes: [
      {
        path: "model.params.epochs",
        past: 200,
        current: 100,
        origin: { past: "configs/exp_v1.yaml:7:22", current: "configs/exp_v1.yaml:7:22" },
      },
      {
        path: "model.params.note",
        past: "a|b",
        origin: { past: "--set" },
      },
      {
        path: "model.params.rate",
        past: 0.1,
        current: 0.5,
        origin: { past: "default", current: "configs/exp_v1.yaml:8:3" },
      },
    ],
    origin: { past: "configs/exp_v1.yaml:7:22", current: "configs/exp_v1.yaml:7:22" },
  },
  {
    clause: "seed",
    ...change,
    binding: true,
    values: { past: "42", current: "7" },
    waiver: {
      clause: "seed",
      past: digest("a"),
      current: digest("b"),
      because: "a trial",
      by: "bob",
      at: "2026-01-02T10:00:00.000Z",
      until: "2026-02-01",
      expired: true,
    },
  },
  { clause: "packages.leven", ...change, binding: true, values: { past: "4.1.0", current: "4.0.0" } },
  {
    clause: "environment.commit",
    kind: "added",
    binding: false,
    past: null,
    current: digest("c"),
    values: { past: undefined, current: "4f2a91c (dirty)" },
  },
];

const clausesOf = (side: "past" | "current") =>
  Object.fromEntries([
    ["data.iris_v1.schema", digest("0")],
    ["split", digest("1")],
    ...DRIFTS.flatMap((drift) => drift[side] === null ? [] : [[drift.clause, drift[side]]]),
    ...(side === "past" ? [["metrics.accuracy", digest("2")]] : []),
  ]);

const contractOf = (side: "past" | "current") => ({
  version: 1,
  scheme: "canon/1",
  clauses: clausesOf(side),
  evidence: Object.fromEntries(
    DRIFTS.flatMap(({ clause, values }) =>
      values?.[side] === undefined ? [] : [[clause, { value: values[side]! }]]
    ),
  ),
});

/** A blocked run in which everything differs that can, and everything is known about it. */
export const BLOCKED: ReplayReport = {
  verdict: "blocked",
  run_id: RUN,
  run_name: "exp_v1",
  config: "configs/exp_v1.yaml",
  drifts: DRIFTS,
  notes: ["The replay config makes environment.deno binding."],
  reasons: [],
  code: [
    {
      kind: "changed",
      declaration: "registries/models/logistic_regression.ts#steps",
      file: "registries/models/logistic_regression.ts",
      line: 3,
      diff: MODEL_DIFF,
      clauses: ["model.logistic_regression"],
    },
    {
      kind: "changed",
      declaration: "registries/features/_helpers.ts#scale",
      file: "registries/features/_helpers.ts",
      line: 12,
      diff: SCALE_DIFF,
      clauses: DEPENDENTS,
    },
  ],
  data: {
    dataset: "iris_v1",
    past_rows: 150,
    current_rows: 151,
    rows: { added: 2, removed: 1, edited: 3, reordered: 4 },
    append_only: false,
    columns: { added: ["site"], removed: ["colour"] },
    cells_changed: 7,
    labels_changed: 1,
    cells: [
      { row: 17, column: "petal_length", past: 1.4, current: 14 },
      { row: 80, column: "species", past: "versicolor", current: "virginica" },
      { row: 81, column: "site", past: null, current: "<b>東京 @team #12</b> | `x`" },
    ],
    profiles: {
      petal_length: {
        past: { count: 150, nulls: 0, mean: 3.758, min: 1, max: 6.9 },
        current: { count: 150, nulls: 1, mean: 3.9213333, min: 1, max: 14 },
      },
      species: {
        past: { count: 150, nulls: 0, levels: { setosa: 50, versicolor: 50, virginica: 50 }, distinct: 3 },
        current: { count: 151, nulls: 0, levels: { setosa: 50, versicolor: 49, virginica: 52 }, distinct: 3 },
      },
      irrigated: {
        past: { count: 150, nulls: 0, mean: 0.5 },
        current: { count: 151, nulls: 0, mean: 0.25 },
      },
      site: { current: { count: 151, nulls: 0, distinct: 40 } },
    },
  },
  untold: ["Which values of the config changed can't be told: the config of one side isn't kept."],
  as_recorded: {
    held: "permissions and bwrap",
    drifts: [{
      clause: "environment.deno",
      ...change,
      binding: false,
      values: { past: "2.9.5", current: "2.9.6" },
    }],
  },
  attribution: {
    past: { accuracy: 0.9, log_loss: 0.2 },
    current: { accuracy: 0.9, log_loss: 0.4 },
    parts: [
      { part: "data", alone: { accuracy: 0.9, log_loss: 0.3 }, in_order: { accuracy: 0.9, log_loss: 0.3 } },
      {
        part: "features",
        alone: { accuracy: 0.9, log_loss: 0.1 },
        in_order: { accuracy: 0.9, log_loss: 0.25 },
      },
      {
        part: "params",
        alone: "the past model has no param rate",
        in_order: { accuracy: 0.9, log_loss: 0.4 },
      },
    ],
  },
  metrics: { past: { accuracy: 0.9, log_loss: 0.2 }, current: { accuracy: 0.9, log_loss: 0.4 } },
  past: contractOf("past"),
  current: contractOf("current"),
};

/** The same run with no drift. */
export const SAFE: ReplayReport = {
  verdict: "safe",
  run_id: RUN,
  run_name: "exp_v1",
  config: "configs/exp_v1.yaml",
  drifts: [],
  notes: [],
  reasons: [],
  code: [],
  untold: [],
  past: BLOCKED.past,
  current: BLOCKED.past,
};

/** A run whose data are gone. */
export const UNVERIFIABLE: ReplayReport = {
  ...SAFE,
  verdict: "unverifiable",
  reasons: ["The file registries/datasets/iris_v1.csv is gone.\nIt was read on 2026-11-01."],
  current: undefined,
};

/** A run that was trained again and came out otherwise. */
export const DIVERGED: ReplayReport = {
  ...SAFE,
  verdict: "diverged",
  rerun_id: AGAIN,
  reasons: ["the metric train_loss at step 7: 0.25 → 1.5"],
};

/** Learning curves of two runs, one with a value that isn't finite. */
export const CURVES: readonly Curve[] = ["train_loss", "val_loss"].map((key, index) => {
  const points = (rate: number) =>
    Array.from({ length: 40 }, (_, step) => ({ step, value: Math.exp(-step * rate) + 0.1 + index / 20 }));
  return {
    key,
    past: points(0.1),
    current: points(0.2).map((one) => one.step === 20 ? { ...one, value: NaN } : one),
  };
});

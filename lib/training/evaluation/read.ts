import { jsonIn } from "../../base/json.ts";
import { z } from "../../deps/zod.ts";
import { EVALUATION, type Evaluation } from "../../models/evaluation.ts";
import { metrics } from "../../models/metrics.ts";
import { readJsonArtifact } from "../../tracking/read.ts";
import { recorded } from "../../tracking/recorded.ts";
import type { TrackingStore } from "../../tracking/store.ts";

const count = z.int().min(0);
const counts = z.array(count).readonly();
const share = z.number().min(0).max(1);
const points = z.array(z.tuple([z.number(), z.number()]).readonly()).readonly();
const edges = z.array(z.number()).readonly();

const base = {
  format: z.literal(EVALUATION),
  rows: count,
  folds: count,
  importance: z.object({
    metric: z.enum([...keysOf(metrics.classification), ...keysOf(metrics.regression)]),
    rows: count,
    repeats: count,
    features: z.array(z.object({ feature: z.string(), mean: z.number(), std: z.number() })).min(1).readonly(),
  }).exactOptional(),
  distribution_rows: count,
  distributions: z.array(z.object({
    feature: z.string(),
    missing: count,
    bins: z.union([
      z.object({ edges }),
      z.object({ levels: z.array(z.string()).readonly(), left_out: count }),
    ]),
    counts: z.array(counts).readonly(),
  })).readonly(),
  features_left_out: count,
};

const schema: z.ZodType<Evaluation> = z.discriminatedUnion("task", [
  z.object({
    ...base,
    task: z.literal("classification"),
    classes: z.array(z.string()).min(1).readonly(),
    classes_left_out: count,
    confusion: z.array(counts).readonly(),
    curves: z.array(z.object({
      class: z.string(),
      share,
      roc: z.object({ auc: z.number(), points }),
      precision_recall: z.object({ average_precision: z.number(), points }),
      calibration: z.array(z.object({ predicted: share, actual: share, rows: count })).readonly(),
    })).readonly(),
  }).refine(({ classes, confusion, distributions }) =>
    [confusion, ...confusion, ...distributions.map(({ counts }) => counts)]
      .every(({ length }) => length === classes.length)
  ),
  z.object({
    ...base,
    task: z.literal("regression"),
    points,
    residuals: z.object({ edges, counts }),
  }).refine(({ distributions }) => distributions.every(({ counts }) => counts.length === 1)),
]);

function keysOf<Key extends string>(record: Readonly<Record<Key, unknown>>): readonly Key[] {
  return Object.keys(record) as Key[];
}

/** The evaluation in a text of JSON; undefined where it is none of the format that is known here. */
export function parseEvaluation(text: string): Evaluation | undefined {
  return schema.safeParse(jsonIn(text)).data;
}

/** The evaluation that a run recorded; undefined where there is none that can be read, as of an older run. */
export async function readEvaluation(store: TrackingStore, runId: string): Promise<Evaluation | undefined> {
  const reading = await readJsonArtifact(store, runId, recorded.evaluation, schema);
  return "value" in reading ? reading.value : undefined;
}

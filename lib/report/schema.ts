import { DATA_CHANGES } from "../contract/compare.ts";
import { z } from "../deps/zod.ts";

const count = z.int().min(0);
const cell = z.union([z.number(), z.string(), z.boolean(), z.null()]);
const both = <S extends z.ZodType>(of: S) => ({ past: of.exactOptional(), current: of.exactOptional() });
const metrics = z.record(z.string(), z.number().nullable()).describe(
  "null where a value is no finite number",
);

const rows = z.object({
  added: count.describe("Rows that only the current table has"),
  removed: count.describe("Rows that only the past table has"),
  edited: count.describe("Rows of both with some cells changed"),
  reordered: count.describe("Unchanged rows that are in another order"),
});
const cellChange = z.object({
  row: z.int().min(1).describe("The 1-based row of the current table"),
  column: z.string(),
  past: cell,
  current: cell,
});
const columnProfile = z.object({
  count: count.describe("How many values it has, without nulls"),
  nulls: count,
  mean: z.number().exactOptional(),
  min: z.number().exactOptional(),
  max: z.number().exactOptional(),
  earliest: z.iso.datetime().exactOptional(),
  latest: z.iso.datetime().exactOptional(),
  levels: z.record(z.string(), count).exactOptional(),
  distinct: count.exactOptional(),
});
const profile = z.object(both(columnProfile));
const origin = z.object(both(z.string().describe("configs/exp_v1.yaml:7:22, --set or default")));
const waiver = z.object({
  clause: z.string(),
  past: z.string().nullable(),
  current: z.string().nullable(),
  because: z.string(),
  by: z.string(),
  at: z.string().describe("ISO 8601"),
  until: z.string().exactOptional().describe("The last day on which it holds, in UTC"),
  expired: z.boolean(),
});
const plainDrift = {
  clause: z.string(),
  kind: z.enum(["changed", "added", "removed"]),
  binding: z.boolean().describe("Whether it blocks a rerun"),
  past: z.string().nullable(),
  current: z.string().nullable(),
  values: z.object(both(z.string())).exactOptional(),
};

/** The schema of a drift in a report. */
const driftSchema = z.object({
  ...plainDrift,
  declarations: z.array(z.string()).exactOptional().describe("Those that changed, as file#name"),
  declaration: z.string().exactOptional().describe("The declaration that changed, as file#name"),
  file: z.string().exactOptional(),
  line: count.exactOptional(),
  diff: z.string().exactOptional().describe("Unified diff of what changed, past against current source"),
  shared_by: z.array(z.string()).exactOptional().describe("All drifted clauses that reach that declaration"),
  values_equal: z.boolean().exactOptional().describe(
    "Whether the code computes the same values all the same",
  ),
  rows_compared: count.exactOptional(),
  rows: rows.exactOptional(),
  cells: z.array(cellChange).exactOptional(),
  labels_changed: count.exactOptional(),
  profile: profile.exactOptional(),
  changes: z.array(z.object({
    path: z.string(),
    past: z.unknown().exactOptional(),
    current: z.unknown().exactOptional(),
    origin,
  })).exactOptional(),
  origin: origin.exactOptional(),
  allowed_by: z.array(z.enum(DATA_CHANGES)).exactOptional(),
  waiver: waiver.exactOptional(),
});

/** The schema of a report's JSON form. */
export const reportSchema = z.object({
  verdict: z.enum(["safe", "blocked", "unverifiable", "reproduced", "diverged", "same", "different"]),
  run_id: z.string(),
  rerun_id: z.string().exactOptional(),
  drifts: z.array(driftSchema),
  run_name: z.string(),
  config: z.string(),
  judged_by: z.enum(["today", "recorded", "given"]).exactOptional().describe(
    "Where that config is from: today's of the name that the run was asked by, its record, or the caller",
  ),
  asked: z.object({
    experiment: z.string(),
    run: z.string(),
    config: z.string().describe("A name in configs/, a path or a URL"),
    set: z.array(z.string()),
    resolved: z.string().describe("SHA-256 of the resolved config"),
    digest: z.string().describe("SHA-256 of all that, for which the contract vouches"),
  }).exactOptional().describe("What the run was asked by"),
  notes: z.array(z.string()),
  reasons: z.array(z.string()),
  code: z.array(z.object({
    kind: z.enum(["changed", "added", "removed"]),
    declaration: z.string(),
    file: z.string(),
    line: count,
    diff: z.string(),
    clauses: z.array(z.string()),
  })),
  data: z.object({
    dataset: z.string(),
    past_rows: count,
    current_rows: count,
    rows,
    append_only: z.boolean(),
    columns: z.object({ added: z.array(z.string()), removed: z.array(z.string()) }),
    cells_changed: count,
    labels_changed: count,
    cells: z.array(cellChange),
    profiles: z.record(z.string(), profile),
  }).exactOptional(),
  untold: z.array(z.string()).describe("What can't be told, and why"),
  metrics: z.object({ past: metrics, current: metrics }).exactOptional(),
  as_recorded: z.object({
    held: z.enum(["permissions", "permissions and bwrap"]).describe("What held the recorded code"),
    drifts: z.array(z.object(plainDrift)),
    difference: z.string().exactOptional(),
  }).exactOptional(),
  attribution: z.object({
    past: metrics,
    current: metrics,
    parts: z.array(z.object({
      part: z.enum(["data", "features", "model", "params"]),
      alone: z.union([metrics, z.string()]),
      in_order: z.union([metrics, z.string()]),
    })),
  }).exactOptional(),
});

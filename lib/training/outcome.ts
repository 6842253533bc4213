import { digestOf, digestOfJson } from "../base/digest.ts";
import { jsonIn } from "../base/json.ts";
import type { ContractRecord } from "../contract/contract.ts";
import { z } from "../deps/zod.ts";
import { readText } from "../tracking/read.ts";
import { recorded } from "../tracking/recorded.ts";
import type { Run, TrackingStore } from "../tracking/store.ts";
import { encodeNumber } from "./kept/result.ts";
import { type Outcome, outcomeOf, pointsIn } from "./reproduction.ts";

/** The version of the list of what an outcome is: 1 is the model's files, and every point of the run's own metrics. */
const OUTCOME_VERSION = 1;

const digests = z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/));

const outcomeSchema = z.strictObject({
  version: z.literal(OUTCOME_VERSION),
  /** The SHA-256 of each file of the model, by its path among the artifacts. */
  files: digests,
  /** The SHA-256 of the points of each metric and curve that the run itself recorded. */
  metrics: digests,
});

/**
 * Records what a run came to, by digests of the model's files as they were made and of each metric's points as the store
 * gives them back; a write-once param vouches for the list.
 *
 * @param outcome.files The model's files, by path below the model.
 * @param outcome.metrics The keys of the metrics that the run recorded.
 * @returns The param.
 */
export async function recordOutcome(store: TrackingStore, runId: string, outcome: {
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  readonly metrics: Iterable<string>;
}): Promise<Record<string, string>> {
  const points = await pointsIn(store, runId, new Set(outcome.metrics));
  const files = Object.entries(outcome.files).map(([path, content]) =>
    [`${recorded.model}/${path}`, digestOf(content)] as const
  );
  const list: z.infer<typeof outcomeSchema> = {
    version: OUTCOME_VERSION,
    files: Object.fromEntries(files),
    metrics: Object.fromEntries(Object.entries(points).map(([key, of]) => [key, digestOfPoints(of)])),
  };
  const params = { [recorded.params.outcome]: digestOfJson(list) };
  await store.logBatch(runId, { params });
  await store.logArtifact(runId, recorded.outcome, JSON.stringify(list, null, 2));
  return params;
}

/** What a run came to, and what a reader should know besides. */
export interface RecordedOutcome {
  /** The outcome, without what was added to the run later; or, in words, why it isn't the one that the run recorded. */
  readonly outcome: Outcome | string;
  /** What was added later. */
  readonly notes: readonly string[];
}

/**
 * What a store says that a run came to, compared with what the run's params vouch for. Of a run of release 0.1.0, as its
 * contract tells, it is what the store says.
 */
export async function recordedOutcome(
  store: TrackingStore,
  { info, params }: Pick<Run, "info" | "params">,
  contract: Pick<ContractRecord, "asked">,
): Promise<RecordedOutcome> {
  const outcome = await outcomeOf(store, info.run_id);
  if (contract.asked === undefined) return { outcome, notes: [] };
  const list = await outcomeList(store, { info, params });
  if (typeof list === "string") return { outcome: list, notes: [] };
  const { files, points } = outcome;
  const changed = [
    ...Object.keys({ ...list.files, ...files }).filter((path) => {
      const bytes = files[path];
      return list.files[path] !== (bytes && digestOf(bytes));
    }).map((path) => `the file ${path}`),
    ...Object.keys(list.metrics).filter((key) => {
      const found = points[key];
      return list.metrics[key] !== (found && digestOfPoints(found));
    }).map((key) => `the metric ${key}`),
  ];
  if (changed.length > 0) {
    return { outcome: `The run was changed since it was recorded: ${changed.sort().join(", ")}.`, notes: [] };
  }
  const isOwn = (key: string) => Object.hasOwn(list.metrics, key);
  const added = Object.keys(points).filter((key) => !isOwn(key)).sort();
  return {
    outcome: { files, points: Object.fromEntries(Object.entries(points).filter(([key]) => isOwn(key))) },
    notes: added.length === 0
      ? []
      : [`Metrics were added to the run later, and aren't compared: ${added.join(", ")}.`],
  };
}

async function outcomeList(
  store: TrackingStore,
  { info, params }: Pick<Run, "info" | "params">,
): Promise<z.infer<typeof outcomeSchema> | string> {
  const text = await readText(store, info.run_id, recorded.outcome);
  if (text === undefined) return `The run has no ${recorded.outcome}: its artifacts are gone.`;
  const { success, data } = outcomeSchema.safeParse(jsonIn(text));
  if (!success) {
    return `The run's ${recorded.outcome} is none that this Reprise can read: it knows version ${OUTCOME_VERSION}.`;
  }
  if (digestOfJson(data) === params[recorded.params.outcome]) return data;
  return `The run's ${recorded.outcome} was changed since it was recorded: its digest isn't the one of the param ` +
    `${recorded.params.outcome}.`;
}

/** A zero below zero is one, as some stores keep none. */
function digestOfPoints(points: Outcome["points"][string]): string {
  return digestOfJson(points.map(({ step, value }) => [step, encodeNumber(value + 0)]));
}

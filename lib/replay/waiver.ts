import { digestOfJson } from "../base/digest.ts";
import { now } from "../base/environment.ts";
import { ExperimentError } from "../base/error.ts";
import { userName } from "../base/git/user.ts";
import { suggestionOf } from "../base/nearest.ts";
import { type Drift, matches } from "../contract/compare.ts";
import { z } from "../deps/zod.ts";
import { readJsonArtifact } from "../tracking/read.ts";
import type { TrackingStore } from "../tracking/store.ts";
import type { ExplainedDrift, Waiver } from "./explain/explanation.ts";

/** A decision that drifts of a run don't block. */
export interface Acceptance {
  /** The clauses; `*` stands for any characters. */
  readonly clauses: readonly string[];
  /** Why they don't matter. */
  readonly because: string;
  /** The last day on which that holds, as `2027-01-31` in UTC. */
  readonly until?: string;
}

/** Where waivers are among the artifacts of a run. */
const FOLDER = "waivers";

const digest = z.string().regex(/^[0-9a-f]{64}$/).nullable();
const waiverSchema: z.ZodType<Waiver> = z.strictObject({
  clause: z.string().min(1).max(2000),
  past: digest,
  current: digest,
  because: z.string().min(1).max(5000),
  by: z.string().min(1).max(500),
  at: z.iso.datetime(),
  until: z.iso.date().exactOptional(),
});

/** The waivers that were recorded with a run; what isn't one counts as none, and is noted. Who made one is a claim. */
export async function readWaivers(
  store: TrackingStore,
  runId: string,
): Promise<{ readonly waivers: readonly Waiver[]; readonly notes: readonly string[] }> {
  const files = await store.listArtifacts(runId, FOLDER);
  const read = await Promise.all(files.map(async ({ path, is_dir }) => {
    const waiver = is_dir ? undefined : await readJsonArtifact(store, runId, path, waiverSchema);
    return waiver && "value" in waiver
      ? waiver.value
      : `The run's ${path} isn't a waiver, so it counts as none.`;
  }));
  return {
    waivers: read.filter((each) => typeof each !== "string"),
    notes: read.filter((each) => typeof each === "string"),
  };
}

/**
 * Records a waiver for each blocking drift that an acceptance names.
 *
 * @throws {ExperimentError} `INVALID_PARAMETER_VALUE` where it names none, or would have expired already.
 */
export async function acceptDrifts(
  store: TrackingStore,
  runId: string,
  blocking: readonly ExplainedDrift[],
  { clauses, because, until }: Acceptance,
): Promise<void> {
  if (until !== undefined && until < today()) {
    throw new ExperimentError(
      "INVALID_PARAMETER_VALUE",
      `A waiver until ${until} would have expired already.`,
      {
        hint: "Give a day to come, or leave out --until.",
      },
    );
  }
  const accepted = new Map<string, ExplainedDrift>();
  for (const pattern of clauses) {
    const named = blocking.filter(({ clause }) => matches(pattern, clause));
    if (named.length === 0) throw nothingToAccept(pattern, blocking.map(({ clause }) => clause));
    for (const drift of named) accepted.set(drift.clause, drift);
  }
  const by = userName();
  const at = new Date(now()).toISOString();
  for (const { clause, past, current } of accepted.values()) {
    const waiver: Waiver = {
      clause,
      past,
      current,
      because,
      by,
      at,
      ...(until === undefined ? {} : { until }),
    };
    const path = `${FOLDER}/${digestOfJson(waiver).slice(0, 16)}.json`;
    await store.logArtifact(runId, path, JSON.stringify(waiver, null, 2));
  }
}

function nothingToAccept(pattern: string, blocking: readonly string[]): ExperimentError {
  return new ExperimentError(
    "INVALID_PARAMETER_VALUE",
    `Nothing to accept: no drift that blocks this run is called "${pattern}". ${
      blocking.length === 0 ? "No drift blocks it." : suggestionOf(pattern, blocking)
    }`,
    { hint: "A replay without --accept shows what blocks." },
  );
}

/** The waiver of exactly this drift, one that holds today before one that has expired; undefined without one. */
export function waiverOf(
  { clause, past, current }: Drift,
  waivers: readonly Waiver[],
): (Waiver & { readonly expired: boolean }) | undefined {
  return waivers
    .filter((one) => one.clause === clause && one.past === past && one.current === current)
    .map((one) => ({ ...one, expired: one.until !== undefined && one.until < today() }))
    .toSorted((a, b) => Number(a.expired) - Number(b.expired) || (a.at < b.at ? 1 : -1))[0];
}

/** The date now in UTC, as `2027-01-31`. */
function today(): string {
  return new Date(now()).toISOString().slice(0, 10);
}

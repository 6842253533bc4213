import { memo } from "../../base/memo.ts";
import { driftsBetween } from "../../contract/compare.ts";
import type { ContractRecord } from "../../contract/contract.ts";
import { z } from "../../deps/zod.ts";
import { isInput } from "../../contract/inputs.ts";
import { openObjects } from "../../tracking/objects.ts";
import { toMetric, toPoint } from "../../tracking/point.ts";
import { recorded } from "../../tracking/recorded.ts";
import type { Metric, Run, TrackingStore } from "../../tracking/store.ts";
import { decodeNumber, JOB_VERSION } from "../../training/kept/result.ts";
import { recordedOutcome } from "../../training/outcome.ts";
import { byStepAndValue, type Outcome, outcomeDifference } from "../../training/reproduction.ts";
import type { AsRecorded } from "../explain/explanation.ts";
import { readExecuted } from "./executed.ts";
import { restore, restoreSnapshot } from "./restore.ts";
import { openSandbox } from "./sandbox.ts";
import { vouch, type Vouched } from "./vouch.ts";
import type { RerunLimits } from "./warden.ts";

/** A result of a rerun as recorded, or why there is none. */
export type Repeated =
  | {
    readonly as_recorded: AsRecorded;
    /** What a reader should know besides. */
    readonly notes: readonly string[];
  }
  | { readonly reason: string };

const number = z.union([z.number(), z.string().max(50)]);
const clauses = z.record(z.string(), z.string());

const doneSchema = z.looseObject({
  contract: z.looseObject({
    version: z.number(),
    scheme: z.string(),
    clauses,
    evidence: z.record(z.string(), z.looseObject({ value: z.string().exactOptional() })),
  }),
  metrics: z.record(z.string(), number),
  curves: z.array(z.tuple([z.string(), z.number(), number])),
  files: z.record(z.string(), z.string().transform(bytesIn)),
});

function bytesIn(text: string, context: z.RefinementCtx<string>): Uint8Array {
  try {
    return Uint8Array.fromBase64(text);
  } catch {
    context.addIssue({ code: "custom", message: "no base64" });
    return z.NEVER;
  }
}

type Done = z.infer<typeof doneSchema>;

interface PastOptions {
  /** The recorded contract. */
  readonly record: ContractRecord;
  /** How long the recorded code may run, and what it may take. */
  readonly limits?: Partial<RerunLimits> | undefined;
  readonly signal?: AbortSignal;
}

/**
 * Runs a run again as it was recorded, and compares: first what it kept with its contract and what the store says of its
 * outcome with what the run recorded of it, without running anything; then its contract, as what Deno and the packages
 * are may differ, and its outcome.
 *
 * @throws {ExperimentError} `RESOURCE_DOES_NOT_EXIST` where something that it needs wasn't kept, `INVALID_STATE` where
 * that was changed or the code fails, `PERMISSION_DENIED` where this process may not start another.
 */
export async function rerunAsRecorded(
  store: TrackingStore,
  run: Run,
  options: PastOptions,
): Promise<Repeated> {
  const { record } = options;
  const objects = openObjects(store, run.info.run_id);
  const executed = await readExecuted(store, run, record);
  const { outcome, notes } = await recordedOutcome(store, run, record);
  if (typeof outcome === "string") return { reason: outcome };
  const [{ graph, lock }, snapshot] = await Promise.all([
    restore(objects, executed),
    restoreSnapshot(objects, executed, record),
  ]);
  const { differing, packages } = await vouch({ executed, graph, lock }, run, record);
  if (differing.length > 0) return { reason: keptOther(differing) };

  await using sandbox = await openSandbox({ past: graph }, { lock });
  await Deno.writeFile(sandbox.path("snapshot"), snapshot);
  if (lock !== undefined) await Deno.writeTextFile(sandbox.path("recorded.lock"), lock);
  const { urlOf } = sandbox.layouts.past!;
  const isFirst = executed.version === 1;
  const done = await sandbox.run(urlOf(executed.entry), {
    job: ({ mark, result }) => ({
      version: isFirst ? 1 : JOB_VERSION,
      spec: executed.spec,
      registry: { ...executed.registry, module: urlOf(executed.registry.module) },
      snapshot: sandbox.path("snapshot"),
      lock: lock === undefined ? null : sandbox.path("recorded.lock"),
      ...(isFirst ? { result } : { mark }),
    }),
    schema: doneSchema,
    writesFile: isFirst,
    limits: options.limits,
    ...(options.signal ? { signal: options.signal } : {}),
  });
  const drifts = driftsBetween(record, contractWith(done, packages), {
    policy: { binding: [], advisory: [] },
    // Which commit was checked out is no part of what was kept, and a sandbox has nothing to read besides.
    comparable: (clause) => clause !== "environment.commit" && !isInput(clause),
  });
  const others = drifts.filter(({ clause }) => !/^(packages|environment)\./.test(clause));
  if (others.length > 0) return { reason: keptOther(others.map(({ clause }) => clause)) };
  const difference = outcomeDifference(outcome, outcomeIn(done));
  const as_recorded = { held: done.held, drifts, ...(difference === undefined ? {} : { difference }) };
  return { as_recorded, notes: isFirst ? [...notes, UNVOUCHED] : notes };
}

const UNVOUCHED =
  "The run was recorded by an earlier Reprise, so no digest vouches for the program that it kept, its " +
  "model's files and its metrics.";

function keptOther(clauses: readonly string[]): string {
  return `What the run kept isn't what its contract is of: ${clauses.join(", ")}.`;
}

/** The contract that recorded code made of itself, with the packages that today's code found it to be run with. */
function contractWith({ contract }: Done, packages: Vouched["packages"]): ContractRecord {
  const found = Object.entries(packages);
  return {
    ...contract,
    clauses: {
      ...contract.clauses,
      ...Object.fromEntries(found.map(([clause, { digest }]) => [clause, digest])),
    },
    evidence: {
      ...contract.evidence,
      ...Object.fromEntries(found.map(([clause, { value }]) => [clause, { value }])),
    },
  };
}

function outcomeIn({ metrics, curves, files }: Done): Outcome {
  const points = new Map<string, Pick<Metric, "step" | "value">[]>();
  const add = (key: string, step: number, value: number) => {
    memo(points, key, () => []).push({ step, value: asStored(value) });
  };
  for (const [key, value] of Object.entries(metrics)) add(key, 0, decodeNumber(value));
  for (const [key, step, value] of curves) add(key, step, decodeNumber(value));
  for (const each of points.values()) each.sort(byStepAndValue);
  const named = Object.entries(files).map(([path, content]) =>
    [`${recorded.model}/${path}`, content] as const
  );
  return { points: Object.fromEntries(points), files: Object.fromEntries(named) };
}

/** A value as it is read back from a store: MLflow's tables know no infinity, and no zero below zero. */
function asStored(value: number): number {
  return toMetric(toPoint({ key: "", value, timestamp: 0, step: 0 })).value + 0;
}

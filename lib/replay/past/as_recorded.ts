import { driftsBetween } from "../../contract/compare.ts";
import type { ContractRecord } from "../../contract/contract.ts";
import { isInput } from "../../contract/inputs.ts";
import { openObjects } from "../../tracking/objects.ts";
import { toMetric, toPoint } from "../../tracking/point.ts";
import { recorded } from "../../tracking/recorded.ts";
import type { Metric, Run, TrackingStore } from "../../tracking/store.ts";
import { decodeNumber, type Done, type Job, JOB_VERSION } from "../../training/kept/result.ts";
import { byStepAndValue, type Outcome, outcomeDifference, outcomeOf } from "../../training/reproduction.ts";
import type { AsRecorded } from "../explain/explanation.ts";
import { readExecuted, restore, restoreSnapshot } from "./restore.ts";
import { openSandbox } from "./sandbox.ts";

/** What the recorded code did with the recorded data. */
export interface PastOutcome extends Outcome {
  /** The contract that the recorded code made of itself. */
  readonly contract: ContractRecord;
}

/**
 * Runs the recorded source of a run on the recorded data with the recorded config, in a process that can reach no
 * network and write nothing but its result.
 *
 * @throws {ExperimentError} `RESOURCE_DOES_NOT_EXIST` where something that it needs wasn't kept, `INVALID_STATE` where
 * that was changed or the code fails, `PERMISSION_DENIED` where this process may not start another.
 */
export async function runPast(
  store: TrackingStore,
  run: Run,
  options: { readonly signal?: AbortSignal } = {},
): Promise<PastOutcome> {
  const objects = openObjects(store, run.info.run_id);
  const executed = await readExecuted(store, run);
  const [{ graph, lock }, snapshot] = await Promise.all([
    restore(objects, executed),
    restoreSnapshot(objects, executed),
  ]);
  await using sandbox = await openSandbox({ past: graph }, { lock });
  await Deno.writeFile(sandbox.path("snapshot"), snapshot);
  const { urlOf } = sandbox.layouts.past!;
  const registry = { ...executed.registry, module: urlOf(executed.registry.module) };
  const job: Omit<Job, "result"> = {
    version: JOB_VERSION,
    spec: { ...executed.spec },
    registry,
    snapshot: sandbox.path("snapshot"),
    lock: lock === undefined ? null : sandbox.path("recorded.lock"),
  };
  if (lock !== undefined) await Deno.writeTextFile(sandbox.path("recorded.lock"), lock);
  const done = await sandbox.run(urlOf(executed.entry), job, {
    modules: [registry.module],
    ...options,
  }) as Done;
  return { contract: done.contract, ...outcomeIn(done) };
}

/**
 * Runs a run again as it was recorded, and compares: its contract, as what Deno and the packages are may differ, and its
 * outcome.
 *
 * @param options.record The recorded contract.
 * @throws {ExperimentError} As `runPast` does.
 */
export async function rerunAsRecorded(store: TrackingStore, run: Run, options: {
  readonly record: ContractRecord;
  readonly signal?: AbortSignal;
}): Promise<AsRecorded> {
  const { record, ...rest } = options;
  const past = await runPast(store, run, rest);
  const difference = outcomeDifference(await outcomeOf(store, run.info.run_id), past);
  return {
    drifts: driftsBetween(record, past.contract, {
      policy: { binding: [], advisory: [] },
      // Which commit was checked out is no part of what was kept, and a sandbox has nothing to read besides.
      comparable: (clause) => clause !== "environment.commit" && !isInput(clause),
    }),
    ...(difference === undefined ? {} : { difference }),
  };
}

function outcomeIn({ metrics, curves, files }: Done): Outcome {
  const points: Record<string, Pick<Metric, "step" | "value">[]> = {};
  const add = (key: string, step: number, value: number) => {
    (points[key] ??= []).push({ step, value: asStored(value) });
  };
  for (const [key, value] of Object.entries(metrics)) add(key, 0, decodeNumber(value));
  for (const [key, step, value] of curves) add(key, step, decodeNumber(value));
  for (const each of Object.values(points)) each.sort(byStepAndValue);
  const named = Object.entries(files).map(([path, content]) =>
    [`${recorded.model}/${path}`, Uint8Array.fromBase64(content)] as const
  );
  return { points, files: Object.fromEntries(named) };
}

/** A value as it is read back from a store: MLflow's tables know no infinity, and no zero below zero. */
function asStored(value: number): number {
  return toMetric(toPoint({ key: "", value, timestamp: 0, step: 0 })).value + 0;
}

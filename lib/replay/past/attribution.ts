import { canonicalJson } from "../../base/digest.ts";
import { lockText } from "../../base/environment.ts";
import { ExperimentError } from "../../base/error.ts";
import type { Drift } from "../../contract/compare.ts";
import type { ContractRecord } from "../../contract/contract.ts";
import { toSnapshot } from "../../data/snapshot.ts";
import { z } from "../../deps/zod.ts";
import type { ExperimentSpec } from "../../experiment/config.ts";
import type { LoadedExperiment } from "../../experiment/experiment.ts";
import type { Prepared } from "../../experiment/prepare.ts";
import { openSource } from "../../source/source.ts";
import { openObjects } from "../../tracking/objects.ts";
import type { Run, TrackingStore } from "../../tracking/store.ts";
import { graphOf } from "../../training/kept/graph.ts";
import { recordedUrl } from "../../training/kept/place.ts";
import { decodeNumber } from "../../training/kept/result.ts";
import type { Attribution } from "../explain/explanation.ts";
import { readExecuted } from "./executed.ts";
import { DONE, type Mix, type MixJob, type Part, PARTS } from "./mixes.ts";
import { restore, restoreSnapshot } from "./restore.ts";
import { openSandbox } from "./sandbox.ts";
import { vouch } from "./vouch.ts";
import type { Ended, RerunLimits } from "./warden.ts";

export type { Part };

const number = z.union([z.number(), z.string().max(50)]);
const resultSchema = z.looseObject({
  mixes: z.array(z.union([z.record(z.string(), number), z.string()])),
});

/** How far an attribution is. */
export interface AttributionEvent {
  /** Says that it is of an attribution. */
  readonly kind: "attributing";
  /** How many trainings are done. */
  readonly done: number;
  /** How many it takes. */
  readonly of: number;
}

/** The parts in which a run and an experiment of today differ. */
type Specs = Readonly<Record<"past" | "current", Omit<ExperimentSpec, "tracking">>>;

/**
 * Which parts differ, and how many trainings it takes to tell which of them carries what.
 *
 * @param specs Both configs. Without them, a split that differs counts as one of another config, though other rows are
 * split otherwise too.
 */
export function costOf(
  drifts: readonly Pick<Drift, "clause">[],
  specs?: Specs,
): { readonly parts: readonly Part[]; readonly runs: number } {
  const differing = new Set(drifts.map(({ clause }) => partOf(clause)));
  if (specs !== undefined) {
    differing.delete("params");
    if (canonicalJson(saidBesides(specs.past)) !== canonicalJson(saidBesides(specs.current))) {
      differing.add("params");
    }
  }
  const parts = PARTS.filter((part) => differing.has(part));
  return { parts, runs: mixesOf(parts).length };
}

/**
 * How much of a metric's change each part of an experiment carries: all mixes that change one part, or one after the
 * other, are trained in one process with the limits of a rerun as recorded. Nothing is recorded.
 *
 * @param options.experiment Today's experiment, and `prepared` what it is trained on.
 * @param options.drifts What differs between the run's contract and today's.
 * @param options.record The run's contract.
 * @param options.limits How long the code may run, and what it may take.
 * @returns The attribution, and what held the code.
 * @throws {ExperimentError} As `rerunAsRecorded` does; `INVALID_STATE` also where nothing differs that a part stands for.
 */
export async function attribute(store: TrackingStore, run: Run, options: {
  readonly experiment: LoadedExperiment;
  readonly prepared: Pick<Prepared, "table">;
  readonly drifts: readonly Pick<Drift, "clause">[];
  readonly record: ContractRecord;
  readonly limits?: Partial<RerunLimits> | undefined;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: AttributionEvent) => void;
}): Promise<{ readonly attribution: Attribution } & Pick<Ended, "held">> {
  const { experiment, prepared, drifts, record, limits, signal, onEvent = () => {} } = options;
  const objects = openObjects(store, run.info.run_id);
  const executed = await readExecuted(store, run, record);
  const { tracking: _tracking, ...spec } = experiment.spec;
  const { parts, runs } = costOf(drifts, { past: executed.spec, current: spec });
  if (parts.length === 0) {
    throw new ExperimentError(
      "INVALID_STATE",
      "Nothing can be attributed: data, features, model and params are the same.",
    );
  }
  const program = new URL("./mixes.ts", import.meta.url).href;
  const registry = experiment.registryAt;
  const [{ graph: past, lock: pastLock }, snapshot, current, lock] = await Promise.all([
    restore(objects, executed),
    restoreSnapshot(objects, executed, record),
    graphOf({ program, registry: registry.module }, openSource()),
    lockText(),
  ]);
  const { differing } = await vouch({ executed, graph: past, lock: pastLock }, run, record);
  if (differing.length > 0) {
    throw new ExperimentError(
      "INVALID_STATE",
      `What the run kept isn't what its contract is of: ${differing.join(", ")}.`,
    );
  }
  await using sandbox = await openSandbox({ past, current }, { lock });
  await Deno.writeFile(sandbox.path("past.snapshot"), snapshot);
  await Deno.writeFile(sandbox.path("current.snapshot"), await toSnapshot(prepared.table));
  const { past: was, current: is } = sandbox.layouts as Record<"past" | "current", typeof sandbox.layouts[0]>;
  const mixes = mixesOf(parts);
  let done = 0;
  const tell = () => onEvent({ kind: "attributing", done, of: runs });
  tell();
  const result = await sandbox.run(is.urlOf(recordedUrl(program)), {
    job: ({ mark }): MixJob => ({
      past: {
        spec: { ...executed.spec },
        registry: { ...executed.registry, module: was.urlOf(executed.registry.module) },
        snapshot: sandbox.path("past.snapshot"),
      },
      current: {
        spec: { ...spec },
        registry: { ...registry, module: is.urlOf(recordedUrl(registry.module)) },
        snapshot: sandbox.path("current.snapshot"),
      },
      mixes,
      mark,
    }),
    schema: resultSchema.refine((value) => value.mixes.length === mixes.length),
    limits,
    ...(signal ? { signal } : {}),
    tell: {
      line: DONE,
      onTold() {
        done = Math.min(done + 1, runs);
        tell();
      },
    },
  });
  const metricsOf = (mix: Mix) => {
    const found = result.mixes[mixes.findIndex((each) => String(each) === String(mix))]!;
    if (typeof found === "string") return found;
    return Object.fromEntries(Object.entries(found).map(([name, value]) => [name, decodeNumber(value)]));
  };
  const surely = (mix: Mix) => {
    const metrics = metricsOf(mix);
    if (typeof metrics !== "string") return metrics;
    const which = mix.length === 0 ? "recorded" : "current";
    throw new ExperimentError("INVALID_STATE", `The ${which} code can't be run: ${metrics}`);
  };
  const attribution: Attribution = {
    past: surely([]),
    current: surely(parts),
    parts: parts.map((part, at) => ({
      part,
      alone: metricsOf([part]),
      in_order: metricsOf(parts.slice(0, at + 1)),
    })),
  };
  return { attribution, held: result.held };
}

function partOf(clause: string): Part | undefined {
  const [kind] = clause.split(".");
  if (kind === "features") return clause.endsWith(".values") ? undefined : "features";
  if (kind === "data" || kind === "model") return kind;
  return kind === "params" || kind === "seed" || kind === "split" ? "params" : undefined;
}

/** What the `params` part of a config is: all but its names, and what doesn't change a fit. */
function saidBesides({ model, split, seed }: Specs["past"]): unknown {
  return { params: model.params, split, seed };
}

/** All past, each part alone, one after the other: the last of these is all current. */
function mixesOf(parts: readonly Part[]): readonly Mix[] {
  const mixes: Mix[] = [[], ...parts.map((part) => [part]), ...parts.map((_, at) => parts.slice(0, at + 1))];
  return parts.length === 0 ? [] : [...new Map(mixes.map((mix) => [String(mix), mix])).values()];
}

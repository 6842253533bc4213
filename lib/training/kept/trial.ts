import { fromSnapshot } from "../../data/snapshot.ts";
import type { Table } from "../../data/table.ts";
import { checkExperiment, checkRegistry, type ExperimentSpec } from "../../experiment/config.ts";
import type { Prepared } from "../../experiment/prepare.ts";
import { importModule } from "../../experiment/project.ts";
import type { Registry } from "../../experiment/registry.ts";
import { fitAndScore, pointsOf, turnTaker } from "../fit.ts";
import type { Job } from "./result.ts";

/** A registry, what is chosen from it, and the rows. */
export interface Side {
  readonly registry: Registry;
  readonly spec: ExperimentSpec;
  readonly table: Table;
}

/** Loads what a job names, and checks it by the code at hand. */
export async function openSide(job: Pick<Job, "registry" | "spec" | "snapshot">): Promise<Side> {
  const { module, export: name, path } = job.registry;
  const exported = (await importModule(module))[name];
  const found = path.reduce<unknown>((value, key) => (value as Record<string, unknown>)?.[key], exported);
  const registry = checkRegistry(found, module);
  const { value: spec } = checkExperiment({ registry, config: job.spec as never }, { file: "the config" });
  return { registry, spec, table: await fromSnapshot(await Deno.readFile(job.snapshot)) };
}

/** What a fit and its scores gave. */
export interface Trial {
  readonly metrics: Readonly<Record<string, number>>;
  readonly curves: readonly { readonly key: string; readonly step: number; readonly value: number }[];
  readonly files: Readonly<Record<string, Uint8Array>>;
}

/** Fits and scores, and records nothing. */
export async function tryOut(prepared: Prepared): Promise<Trial> {
  const curves: { key: string; step: number; value: number }[] = [];
  const takeTurns = turnTaker();
  const fitted = await fitAndScore(prepared, async (step, metrics) => {
    for (const [key, value] of Object.entries(metrics)) curves.push({ key, step, value });
    await takeTurns();
  });
  const encoder = new TextEncoder();
  const files = Object.entries(fitted.files).map(([path, content]) =>
    [path, typeof content === "string" ? encoder.encode(content) : content] as const
  );
  curves.push(...pointsOf(fitted).filter(({ step }) => step > 0));
  return { metrics: fitted.scores, curves, files: Object.fromEntries(files) };
}

/**
 * Does a job in a process of its own, which ends when its stdin does: when the process that gave the job ends, however
 * that is. The job is in the file that the first argument names; the result is a line of stdout.
 *
 * @param work Is given the job, and gives its result, as JSON holds it.
 */
export async function serveJob<Told extends Pick<Job, "mark">>(
  work: (job: Told) => Promise<object>,
): Promise<never> {
  (async () => {
    for await (const _ of Deno.stdin.readable);
    Deno.exit(1);
  })();
  const job: Told = JSON.parse(await Deno.readTextFile(Deno.args[0]!));
  const result = await work(job);
  // What the code printed may have left a line open.
  let rest = new TextEncoder().encode(`\n${job.mark}${JSON.stringify(result)}\n`);
  while (rest.length > 0) rest = rest.subarray(await Deno.stdout.write(rest));
  Deno.exit(0);
}

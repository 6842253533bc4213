import { ExperimentError } from "../base/error.ts";
import { DATA_CHANGES, type DataChangeKind } from "../contract/compare.ts";
import { placeOf } from "../data/place.ts";
import { z } from "../deps/zod.ts";
import { parseDocument } from "../document/document.ts";
import { nameSchema, trackingSchema } from "../experiment/config.ts";
import { configFiles, existing, locate, readText } from "../experiment/project.ts";

/** What a replay judges, and by which clauses. */
export interface ReplayConfig {
  /** The name of the run to replay. */
  readonly run: string;
  /** Clauses that block although they are advisory by default; `*` stands for any characters. */
  readonly binding: readonly string[];
  /** Clauses that don't block although they are binding by default; `*` stands for any characters. */
  readonly advisory: readonly string[];
  /** The kinds of change of data that don't block; with `append_only`, rows that were added after the last one. */
  readonly data: { readonly allow: readonly DataChangeKind[] };
  /** Where the run is looked for, unless the command line or `MLFLOW_TRACKING_URI` says. */
  readonly tracking?: { readonly uri: string };
}

/** The schema of replay configs. */
export const replaySchema = z.strictObject({
  run: nameSchema,
  binding: z.array(z.string().min(1)).default([]),
  advisory: z.array(z.string().min(1)).default([]),
  data: z.strictObject({ allow: z.array(z.enum(DATA_CHANGES)).default([]) }).prefault({}),
  tracking: trackingSchema,
}) as unknown as z.ZodType<ReplayConfig>;

/** Checks the YAML text of a replay config. */
function parseReplayConfig(text: string, options: { readonly file: string }): ReplayConfig {
  return parseDocument(text, { ...options, schema: replaySchema }).value;
}

/**
 * The replay config of a run, `configs/replay_NAME.yaml`, or the one at a path; without one, all is as by default.
 *
 * @param run A name that may come from a store: it stands for a file that `configs/` has, never for a path.
 */
export async function loadReplayConfig(run: string, file?: string): Promise<ReplayConfig> {
  const url = file === undefined
    ? (await replayConfigNames()).includes(run) ? await locate(`configs/replay_${run}.yaml`) : undefined
    : await existing(file) ?? await locate(`configs/${file}.yaml`);
  if (url !== undefined) return parseReplayConfig(await readText(url), { file: placeOf(url) });
  if (file === undefined) return { run, binding: [], advisory: [], data: { allow: [] } };
  throw new ExperimentError("RESOURCE_DOES_NOT_EXIST", `There is no replay config "${file}".`, {
    hint: "Give the path of a YAML file, such as configs/replay_exp_v1.yaml.",
  });
}

/** The runs that have a replay config. */
async function replayConfigNames(): Promise<readonly string[]> {
  return (await configFiles()).flatMap((file) => /^replay_(.+)\.yaml$/.exec(file)?.[1] ?? []);
}

import { messageOf } from "../base/error.ts";
import { z } from "../deps/zod.ts";
import { experimentJsonSchema } from "../experiment/config.ts";
import { configNames, loadExperiment, loadRegistry } from "../experiment/experiment.ts";

/** A config of `configs/`. */
export interface ConfigEntry {
  /** The name by which `train` finds it. */
  readonly name: string;
  /** The name of its experiment. */
  readonly experiment?: string;
  /** The name of its runs. */
  readonly run?: string;
  /** What is wrong with it, where it can't be read. */
  readonly problem?: string;
}

/** The experiments that can be named: the configs of `configs/`, each with what it is called in the store. */
export async function configListCommand(): Promise<readonly ConfigEntry[]> {
  const entries: ConfigEntry[] = [];
  for (const name of await configNames()) {
    try {
      const { experiment, run } = (await loadExperiment(name)).spec;
      entries.push({ name, experiment, run });
    } catch (error) {
      entries.push({ name, problem: messageOf(error) });
    }
  }
  return entries;
}

/** Which JSON Schema to print. */
export const configSchemaInput = z.strictObject({ kind: z.enum(["experiment", "replay", "report"]) });

/** The JSON Schema of a kind of config. */
export async function configSchemaCommand(
  { kind }: z.output<typeof configSchemaInput>,
): Promise<Readonly<Record<string, unknown>>> {
  if (kind === "report") {
    const { reportSchema } = await import("../report/schema.ts");
    return z.toJSONSchema(reportSchema, { io: "output" });
  }
  if (kind === "replay") {
    const { replaySchema } = await import("../replay/replay_config.ts");
    return z.toJSONSchema(replaySchema, { io: "input" });
  }
  return experimentJsonSchema((await loadRegistry()).registry);
}

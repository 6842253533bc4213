import { environmentVariable } from "../base/environment.ts";
import { z } from "../deps/zod.ts";
import { type LoadedExperiment, loadExperiment } from "../experiment/experiment.ts";
import type { ReplayOptions } from "../replay/replay.ts";
import { DEFAULT_TRACKING_URI, openStore, type StoreOptions } from "../tracking/open_store.ts";
import type { TrackingStore } from "../tracking/store.ts";
import { nameText, proseText } from "./text.ts";

/** What a command is given beside its input. */
export interface CommandContext extends Pick<ReplayOptions, "onEvent" | "signal"> {
  /** Whether a report is to have the learning curves, for plots. @default false */
  readonly curves?: boolean;
  /** The experiment of a script, which its commands are about, with overrides. */
  readonly script?: (set: readonly string[]) => LoadedExperiment;
}

/** The overrides of a config. */
export const set = z.array(proseText(100_000)).max(1000).default([]).describe(
  "Overrides of the config, each as path=value",
);
/** Where runs are recorded. */
export const tracking_uri = nameText(2000).optional().describe(
  "Where runs are recorded: sqlite:///FILE or http(s)://HOST",
);

/** The experiment that a command is about: the script's or, by its name, a config's. */
export async function experimentOf(
  { experiment, set }: { readonly experiment: string; readonly set: readonly string[] },
  context: CommandContext,
): Promise<LoadedExperiment> {
  return context.script?.(set) ?? await loadExperiment(experiment, { set });
}

/** The store that was asked for, that the environment names, that the config names, or the embedded one. */
export async function storeOf(
  asked: string | undefined,
  configured?: string,
  options: StoreOptions = {},
): Promise<TrackingStore> {
  const uri = asked ?? environmentVariable("MLFLOW_TRACKING_URI") ?? configured ?? DEFAULT_TRACKING_URI;
  return await openStore(uri, options);
}

import type { Run } from "../tracking/store.ts";
import type { Asked } from "../training/asked.ts";
import type { ReplayConfig } from "./replay_config.ts";

/** The policy that a run is judged by, with what a report says of it. */
export async function policyOf(
  { info }: Run,
  asked: Asked | undefined,
  { config, configOf }: {
    readonly config?: ReplayConfig;
    readonly configOf?: (run: string) => Promise<ReplayConfig | undefined>;
  },
): Promise<Omit<ReplayConfig, "run"> & { readonly notes: readonly string[] }> {
  const renamed = asked !== undefined && asked.run !== info.run_name
    ? [`It was recorded as "${asked.run}", and is called "${info.run_name}" in the store now.`]
    : [];
  const policy = await configOf?.(asked?.run ?? info.run_name) ?? config ??
    { binding: [], advisory: [], data: { allow: [] } };
  const isLenient = policy.advisory.length > 0 || policy.data.allow.length > 0;
  if (configOf === undefined || asked !== undefined || !isLenient) {
    return { ...policy, notes: [...renamed, ...policyNotes(policy)] };
  }
  // Whoever may rename a run could choose what is allowed.
  const strict = { ...policy, advisory: [], data: { allow: [] } };
  const note =
    "What the replay config of its name allows isn't allowed: the run's record doesn't vouch for the name.";
  return { ...strict, notes: [note, ...policyNotes(strict)] };
}

function policyNotes({ binding, advisory, data }: Omit<ReplayConfig, "run">): readonly string[] {
  return [
    ...binding.map((pattern) => `The replay config makes ${pattern} binding.`),
    ...advisory.map((pattern) => `The replay config makes ${pattern} advisory.`),
    ...data.allow.map((kind) => `The replay config allows the data to change: ${kind}.`),
  ];
}

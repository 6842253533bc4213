import { z } from "../deps/zod.ts";
import { replayAll } from "../replay/replay_all.ts";
import { loadReplayConfig } from "../replay/replay_config.ts";
import type { ReplayReport } from "../replay/report.ts";
import { type CommandContext, storeOf, tracking_uri } from "./context.ts";
import { finished } from "./finished.ts";
import { nameText } from "./text.ts";

/** Which runs to judge. */
export const replayAllInput = z.strictObject({
  all: z.literal(true),
  experiment: nameText(500).optional(),
  recorded_config: z.boolean().default(false),
  log: z.boolean().default(false),
  tracking_uri,
});

/** Judges the newest finished run of each name. */
export async function replayAllCommand(
  { experiment, recorded_config, log, tracking_uri }: z.output<typeof replayAllInput>,
  context: CommandContext,
): Promise<readonly ReplayReport[]> {
  await using store = await storeOf(tracking_uri, undefined, { create: false });
  const reports: ReplayReport[] = [];
  const all = replayAll({
    ...context,
    store,
    recordedConfig: recorded_config,
    configOf: (run) => loadReplayConfig(run),
    ...(experiment === undefined ? {} : { experimentName: experiment }),
  });
  for await (const report of all) reports.push(await finished(store, report, { ...context, log }));
  return reports;
}

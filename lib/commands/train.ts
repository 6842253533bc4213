import { z } from "../deps/zod.ts";
import { train, type TrainedRun } from "../training/train.ts";
import { type CommandContext, experimentOf, set, storeOf, tracking_uri } from "./context.ts";
import { nameText } from "./text.ts";

/** What to train, and how. */
export const trainInput = z.strictObject({
  experiment: nameText(2000),
  set,
  verify: z.boolean().default(false).describe("Fit a second time, and record how far the two are apart"),
  tracking_uri,
});

/** Trains an experiment and records it. */
export async function trainCommand(
  input: z.output<typeof trainInput>,
  context: CommandContext,
): Promise<TrainedRun> {
  const experiment = await experimentOf(input, context);
  await using store = await storeOf(input.tracking_uri, experiment.spec.tracking?.uri);
  return await train(experiment, { ...context, store, verify: input.verify });
}

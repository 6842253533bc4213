import { ExperimentError } from "../base/error.ts";
import { z } from "../deps/zod.ts";
import { defaultLimits } from "../replay/past/limits.ts";
import { replay } from "../replay/replay.ts";
import { loadReplayConfig } from "../replay/replay_config.ts";
import type { ReplayReport } from "../replay/report.ts";
import { type CommandContext, storeOf, tracking_uri } from "./context.ts";
import { finished } from "./finished.ts";
import { nameText, proseText } from "./text.ts";

const limit = (what: string, most: number) => z.coerce.number().int().min(1).max(most).describe(what);

/** The fields of a replay's input; `withReplayRules` says which go together. */
export const replayFields = z.strictObject({
  run: nameText(1000).optional(),
  run_id: nameText(100).optional(),
  rerun: z.boolean().default(false),
  recorded_config: z.boolean().default(false),
  as_recorded: z.boolean().default(false).describe("Run the recorded source on the recorded data"),
  attribute: z.boolean().default(false).describe(
    "Tell which change carries how much of the metrics' change",
  ),
  rerun_timeout: limit("How many seconds recorded code may run", 31_536_000).default(defaultLimits.timeout),
  rerun_memory: limit("How many MiB of memory recorded code may take", 1_048_576).default(
    defaultLimits.memory,
  ),
  rerun_output: limit("How many MiB recorded code may print", 480).default(defaultLimits.output),
  accept: z.array(nameText(1000)).max(1000).default([]).describe(
    "Clauses whose drift is accepted; * is a wildcard",
  ),
  because: proseText(5000).min(1).optional().describe("Why it is accepted"),
  until: z.iso.date().optional().describe("The last day on which it is accepted, in UTC"),
  log: z.boolean().default(false).describe("Attach the report to the run"),
  config: nameText(2000).optional(),
  tracking_uri,
});

/** A replay's input, or one made of its fields, in which what has to go together does. */
export function withReplayRules<Fields extends z.ZodType<Partial<z.output<typeof replayFields>>>>(
  fields: Fields,
): Fields {
  return fields.refine(
    ({ accept = [], because }) => (accept.length > 0) === (because !== undefined),
    "expected accept and because together: which clauses, and why",
  ).refine(
    ({ accept = [], until }) => accept.length > 0 || until === undefined,
    "expected until with accept only",
  ).refine(
    ({ as_recorded, attribute }) => !(as_recorded && attribute),
    "expected as_recorded or attribute, not both",
  );
}

/** Which run to judge, and how. */
export const replayInput = withReplayRules(replayFields);

/** Judges a recorded run, and trains it again when asked to and safe. */
export async function replayCommand(
  input: z.output<typeof replayInput>,
  context: CommandContext,
): Promise<ReplayReport> {
  const { run_id } = input;
  const experiment = context.script?.([]);
  const run = input.run ?? experiment?.spec.run;
  if (run === undefined && run_id === undefined) {
    throw new ExperimentError(
      "INVALID_PARAMETER_VALUE",
      "No run to replay: give its name, or its id by --run-id.",
    );
  }
  const config = run === undefined && input.config === undefined
    ? undefined
    : await loadReplayConfig(run ?? "", input.config);
  await using store = await storeOf(
    input.tracking_uri,
    config?.tracking?.uri ?? experiment?.spec.tracking?.uri,
    { create: false },
  );
  const { accept: clauses, because, until } = input;
  const report = await replay(run_id === undefined ? { name: config!.run } : { id: run_id }, {
    ...context,
    store,
    ...(config ? { config } : { configOf: (name: string) => loadReplayConfig(name) }),
    rerun: input.rerun,
    recordedConfig: input.recorded_config,
    asRecorded: input.as_recorded,
    attribute: input.attribute,
    limits: { timeout: input.rerun_timeout, memory: input.rerun_memory, output: input.rerun_output },
    ...(because === undefined
      ? {}
      : { accept: { clauses, because, ...(until === undefined ? {} : { until }) } }),
    ...(experiment ? { experiment } : {}),
  });
  return await finished(store, report, { ...context, log: input.log });
}

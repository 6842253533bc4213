import { lockText } from "../base/environment.ts";
import { gitState } from "../base/git/state.ts";
import { observeProcess } from "../base/observe/observe.ts";
import { type Contract, contractIn, contractOf } from "../contract/contract.ts";
import { z } from "../deps/zod.ts";
import { chooseFrom, prepare } from "../experiment/prepare.ts";
import { openSource } from "../source/source.ts";
import { type CommandContext, experimentOf, set } from "./context.ts";
import { nameText } from "./text.ts";

/** What to make a contract of. */
export const contractInput = z.strictObject({ experiment: nameText(2000), set });

/** The contract that a run would record now. */
export async function contractCommand(
  input: z.output<typeof contractInput>,
  context: CommandContext,
): Promise<Contract> {
  using _observed = observeProcess();
  const experiment = await experimentOf(input, context);
  const choice = chooseFrom(experiment.registry, experiment.spec);
  const [prepared, lock] = await Promise.all([prepare(choice), lockText()]);
  const reader = openSource(lock === undefined ? {} : { lock });
  return contractIn(
    (await contractOf(experiment, choice, { prepared, reader, git: gitState(), lock })).record,
  );
}

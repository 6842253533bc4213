import { endScript, observeScript } from "../base/observe/script.ts";
import type { Experiment } from "../experiment/registry.ts";

observeScript(Deno.mainModule);

/**
 * Makes a script of an experiment a program of its own: `train` (the default), `replay` and `contract`, with their
 * flags, from the script's arguments. It exits with the command's code.
 *
 * The script has to export the experiment as `experiment` or as its default.
 *
 * @example
 * ```ts ignore
 * export const experiment = defineExperiment({ datasets: { flowers }, features: { shapes }, models: { mlp } }, { … });
 * if (import.meta.main) await main(experiment);
 * ```
 */
export async function main(experiment: Experiment): Promise<never> {
  endScript();
  const { runProgram } = await import("./program.ts");
  const { fromScript } = await import("../experiment/experiment.ts");
  Deno.exit(await runProgram(Deno.args, (set) => fromScript(experiment, Deno.mainModule, set)));
}

import { VERSION } from "../base/environment.ts";
import { exitCodeOf } from "../base/error.ts";
import { observingProgram } from "../base/observe/scope.ts";
import { Command, CommanderError, Option } from "../deps/commander.ts";
import type { z } from "../deps/zod.ts";
import type { LoadedExperiment } from "../experiment/experiment.ts";
import { defaultLimits } from "../replay/past/limits.ts";
import { isGood } from "../replay/report.ts";
import { FORMS } from "./forms.ts";
import { printError, printLine, reporterOf } from "./terminal.ts";

/** A verdict other than safe or reproduced exits with 1. */
const EXIT_INVALID = 2;
const EXIT_INTERRUPTED = 130;

/** A script's experiment, made with the overrides of the command line. */
export type ScriptExperiment = (set: readonly string[]) => LoadedExperiment;

/**
 * Runs a command line to its end and gives the exit code.
 *
 * @param script The experiment that all commands are about, where the program is an experiment's own script.
 */
export async function runProgram(args: readonly string[], script?: ScriptExperiment): Promise<number> {
  const interrupt = new AbortController();
  const onSignal = () => interrupt.abort(new DOMException("Interrupted", "AbortError"));
  Deno.addSignalListener("SIGINT", onSignal);
  Deno.addSignalListener("SIGTERM", onSignal);
  let exitCode = 0;
  const program = programOf(script, interrupt, (code) => exitCode = code);
  try {
    const words = args.length === 0 && script ? ["train"] : [...args];
    await observingProgram(() => program.parseAsync(words, { from: "user" }));
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_INVALID;
    if (interrupt.signal.aborted) {
      printLine("Interrupted.", "stderr");
      return EXIT_INTERRUPTED;
    }
    printError(error, { debug: args.includes("--debug"), events: args.includes("--events") });
    return exitCodeOf(error);
  } finally {
    Deno.removeSignalListener("SIGINT", onSignal);
    Deno.removeSignalListener("SIGTERM", onSignal);
  }
}

function programOf(
  script: ScriptExperiment | undefined,
  interrupt: AbortController,
  exit: (code: number) => void,
) {
  const program = new Command(script ? "experiment" : "reprise")
    .description("ML experiments that can be run again, and that say exactly why when they can't.")
    .version(VERSION)
    // Else `registry` would take the options of `registry show` for its own.
    .enablePositionalOptions()
    .exitOverride();
  const context = { signal: interrupt.signal, ...(script ? { script } : {}) };
  const subject = script ? "[config]" : "<config>";

  command(program, "train", "train an experiment and record it as a run")
    .argument(subject, "a config's name in configs/, or the path or URL of a config or script")
    .option(...setOption)
    .option(...uriOption)
    .option("--verify", "fit a second time, and record whether the two are the same bit for bit")
    .action(async (experiment = "script", { json, set, verify, trackingUri: tracking_uri, events }) => {
      const { trainCommand, trainInput } = await import("../commands/train.ts");
      using progress = await reporterOf({ events, interrupt });
      const input = await checkInput(trainInput, { experiment, set, verify, tracking_uri });
      const run = await trainCommand(input, { ...context, onEvent: progress.onEvent });
      await print(json, run, async () => (await words()).trainText(run));
      if (run.reason !== undefined) printLine(`The run ended FAILED: ${run.reason}`, "stderr");
      exit(run.status === "FINISHED" ? 0 : 1);
    });

  command(program, "replay", "judge whether a recorded run could be run again")
    .argument("[run]", "the name of a run")
    .option("--run-id <id>", "the run with this id, rather than the newest finished one of a name")
    .option("--all", "the newest finished run of each name")
    .option("--experiment <name>", "with --all: only runs of this experiment of the store")
    .option("--rerun", "train again if it is safe, and compare bit for bit")
    .option("--as-recorded", "run the recorded source on the recorded data, without network, and compare")
    .option("--attribute", "if drift blocks: tell which change carries how much of the metrics' change")
    .option("--rerun-timeout <seconds>", `how long recorded code may run (default: ${defaultLimits.timeout})`)
    .option(
      "--rerun-memory <MiB>",
      `how much memory recorded code may take (default: ${defaultLimits.memory})`,
    )
    .option("--rerun-output <MiB>", `how much recorded code may print (default: ${defaultLimits.output})`)
    .option("--recorded-config", "judge the recorded config, not today's of its name")
    .option("--judged-by <config>", "judge this config, by its name, path or URL, not today's of the run")
    .option("--config <file>", "the replay config, rather than configs/replay_RUN.yaml")
    .option(
      "--accept <clause>",
      "record that its drift doesn't block (* is a wildcard); may be repeated",
      listed,
    )
    .option("--because <reason>", "why it is accepted")
    .option("--until <date>", "the last day on which it is accepted: 2027-01-31")
    .option("--log", "attach the report to the run, and tag the run with the verdict")
    .addOption(formatOption)
    .option(...reportOption)
    .option(...uriOption)
    .action(async (run, { all, judgedBy, format, report: files, json, events, trackingUri, ...rest }) => {
      const { replayAllCommand, replayAllInput } = await import("../commands/replay_all.ts");
      const { replayCommand, replayInput } = await import("../commands/replay.ts");
      const { formsOf, tellReports } = await import("./forms.ts");
      const forms = formsOf({ format, json, files });
      const { runId: run_id, asRecorded: as_recorded, recordedConfig: recorded_config, debug: _, ...others } =
        rest;
      const { rerunTimeout: rerun_timeout, rerunMemory: rerun_memory, rerunOutput: rerun_output, ...flags } =
        others;
      const limits = { rerun_timeout, rerun_memory, rerun_output };
      const asked = {
        ...flags,
        ...limits,
        run,
        run_id,
        as_recorded,
        recorded_config,
        tracking_uri: trackingUri,
      };
      using progress = await reporterOf({ events, interrupt });
      const told = { ...context, onEvent: progress.onEvent, curves: forms.curves };
      if (all) {
        const reports = await replayAllCommand(await checkInput(replayAllInput, { ...asked, all }), told);
        await tellReports(reports, forms);
        return exit(reports.every(({ verdict }) => isGood(verdict)) ? 0 : 1);
      }
      const input = await checkInput(replayInput, asked);
      const judged = judgedBy === undefined ? undefined : await loaded(judgedBy);
      const report = await replayCommand(input, { ...told, ...(judged ? { script: () => judged } : {}) });
      await tellReports(report, forms);
      exit(isGood(report.verdict) ? 0 : 1);
    });

  command(program, "contract", "print the contract that a run would record now")
    .argument(subject, "a config's name in configs/, or the path or URL of a config or script")
    .option(...setOption)
    .action(async (experiment = "script", { json, set }) => {
      const { contractCommand, contractInput } = await import("../commands/contract.ts");
      const contract = await contractCommand(await checkInput(contractInput, { experiment, set }), context);
      await print(json, contract, async () => (await words()).contractText(contract));
    });
  if (script) return program;

  const runs = program.command("runs").description("what is recorded");
  command(runs, "list", "the newest runs")
    .option("--experiment <name>", "of this experiment only")
    .option("--max <n>", "at most this many", Number, 20)
    .option(...uriOption)
    .action(async ({ json, experiment, max: max_results, trackingUri: tracking_uri }) => {
      const { runsListCommand, runsListInput } = await import("../commands/runs.ts");
      const list = await runsListCommand(
        await checkInput(runsListInput, { experiment, max_results, tracking_uri }),
      );
      await print(json, list, async () => (await words()).runsText(list));
    });
  command(runs, "show", "one run, with all that was recorded of it")
    .argument("<run>", "a run's id, or a name: then the newest run of it")
    .option(...uriOption)
    .action(async (run, { json, trackingUri: tracking_uri }) => {
      const { runsShowCommand, runsShowInput } = await import("../commands/runs.ts");
      const shown = await runsShowCommand(await checkInput(runsShowInput, { run, tracking_uri }));
      await print(json, shown, async () => (await words()).runText(shown));
    });

  command(runs, "compare", "what differs between two recorded runs, and why")
    .argument("<past>", "a run's id, or a name: then the newest run of it")
    .argument("<current>", "the other run")
    .addOption(formatOption)
    .option(...reportOption)
    .option(...uriOption)
    .action(async (past, current, { format, json, report: files, trackingUri: tracking_uri }) => {
      const { runsCompareCommand, runsCompareInput } = await import("../commands/runs.ts");
      const { formsOf, tellReports } = await import("./forms.ts");
      const forms = formsOf({ format, json, files });
      const input = await checkInput(runsCompareInput, { past, current, tracking_uri });
      const report = await runsCompareCommand(input, { ...context, curves: forms.curves });
      await tellReports(report, forms);
      exit(isGood(report.verdict) ? 0 : 1);
    });

  const registry = command(program, "registry", "the datasets, feature views and models to choose from")
    .enablePositionalOptions()
    .action(async ({ json }) => {
      const { registryCommand } = await import("../commands/registry.ts");
      const registry = await registryCommand();
      await print(json, registry, async () => (await words()).registryText(registry));
    });
  command(registry, "show", "a dataset, feature view, model or config, and what it is made from")
    .argument("<name>", "its name; of a view or config, the rows are loaded, to see what each feature reads")
    .option("--kind <kind>", "dataset, view, model or config, where several have the name")
    .addOption(new Option("--format <form>", "the form on stdout").choices(["text", "json", "svg"] as const))
    .action(async (name, { kind, format, json }) => {
      const { registryShowCommand, registryShowInput } = await import("../commands/registry.ts");
      const entry = await registryShowCommand(await checkInput(registryShowInput, { name, kind }));
      const { entryIn } = await import("./entry_words.ts");
      printLine(await entryIn(json ? "json" : format ?? "text", entry));
    });

  const config = program.command("config").description("about configs");
  command(config, "list", "the configs in configs/ that train takes by name")
    .action(async ({ json }) => {
      const { configListCommand } = await import("../commands/config.ts");
      const configs = await configListCommand();
      await print(json, configs, async () => (await words()).configsText(configs));
    });
  command(config, "schema", "print the JSON Schema of a kind of config, or of reports")
    .argument("[kind]", "experiment, replay, or report for the JSON of a replay", "experiment")
    .action(async (kind) => {
      const { configSchemaCommand, configSchemaInput } = await import("../commands/config.ts");
      await print(true, await configSchemaCommand(await checkInput(configSchemaInput, { kind })));
    });

  command(program, "init", "write a small project of your own, which trains at once")
    .argument("<name>", "the name of the project and of its directory")
    .action(async (name, { json }) => {
      const { initCommand, initInput } = await import("../commands/init.ts");
      const project = await initCommand(await checkInput(initInput, { name }));
      await print(json, project, async () => (await words()).projectText(project));
    });
  return program;
}

const listed = (value: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  value,
];
const setOption = [
  "--set <path=value>",
  "override a value of the config; may be repeated",
  listed,
] as const;
const formatOption = new Option("--format <form>", "the form of the report on stdout").choices(FORMS);
const reportOption = [
  "--report <file>",
  "write the report to a file too: .json, .md, .html, .xml (JUnit) or .txt; may be repeated",
  listed,
] as const;
const uriOption = ["--tracking-uri <uri>", "the store: sqlite:///FILE or http(s)://HOST"] as const;

function command(parent: Command, name: string, description: string) {
  return parent.command(name).description(description)
    .option("--json", "print one JSON document on stdout")
    .option("--debug", "show the stack trace of an error")
    .addOption(
      new Option("--events", "tell the story as JSON lines on stderr, and stop when stdin ends: for a server")
        .hideHelp(),
    );
}

const words = () => import("./words.ts");

async function loaded(experiment: string): Promise<LoadedExperiment> {
  const { loadExperiment } = await import("../experiment/experiment.ts");
  return await loadExperiment(experiment);
}

async function print(
  json: boolean | undefined,
  value: unknown,
  text?: () => string | Promise<string>,
): Promise<void> {
  printLine(json || !text ? JSON.stringify(value, null, 2) : await text());
}

async function checkInput<Schema extends z.ZodType>(
  schema: Schema,
  input: object,
): Promise<z.output<Schema>> {
  const { checkValue } = await import("../document/document.ts");
  const given = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
  return checkValue(given, { file: "command line:", schema }).value;
}

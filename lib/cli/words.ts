import type { ConfigEntry } from "../commands/config.ts";
import type { NewProject } from "../commands/init/project.ts";
import type { RegistryListing } from "../commands/listing.ts";
import type { Contract } from "../contract/contract.ts";
import { alignColumns } from "../report/text.ts";
import { toLine } from "../base/printable.ts";
import { misshapenWords, type RunSummary, type ShownRun } from "../tracking/runs.ts";
import type { TrainedRun } from "../training/train.ts";

/** A trained run in words: its scores, and how to replay it. */
export function trainText(run: TrainedRun): string {
  return [
    `${run.run_name} of experiment ${run.experiment}: ${run.status}, run ${run.run_id}`,
    ...metricLines(run.metrics),
    ...(run.determinism === undefined ? [] : [`Fitted twice: ${run.determinism}.`]),
  ].join("\n");
}

/** A contract, a line per clause. */
export function contractText({ clauses }: Contract): string {
  return alignColumns(Object.entries(clauses)).join("\n");
}

/** Runs, a line each. */
export function runsText(runs: readonly RunSummary[]): string {
  if (runs.length === 0) return "There are no runs.";
  const faults = runs.flatMap(({ run_id, misshapen }) =>
    misshapen === undefined ? [] : [toLine(`${run_id}: ${misshapenWords(misshapen)}`)]
  );
  const rows = runs.map(({ run_id, run_name, experiment, status, start_time, metrics }) => [
    run_id,
    run_name,
    experiment,
    status,
    start_time,
    Object.entries(metrics).map(([key, value]) => `${key}=${value.toPrecision(4)}`).join(" "),
  ]);
  return [
    ...alignColumns([["run id", "name", "experiment", "status", "started", "metrics"], ...rows]),
    ...(faults.length === 0 ? [] : ["", ...faults]),
  ].join("\n");
}

/** A run with its params, metrics, tags and artifacts. */
export function runText(
  { info, params, metrics, tags, datasets, artifacts, misshapen }: ShownRun,
): string {
  const section = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : ["", title, ...lines.map(toLine)];
  return [
    `${toLine(info.run_name)}: ${info.status}, run ${info.run_id}, started ${
      new Date(info.start_time).toISOString()
    }`,
    ...(misshapen === undefined ? [] : [toLine(misshapenWords(misshapen))]),
    ...(info.artifacts_at === undefined ? [] : [
      toLine(
        `The project was moved since: artifacts recorded in ${info.artifact_uri} are in ${info.artifacts_at}.`,
      ),
    ]),
    ...section(
      "metrics",
      metricLines(Object.fromEntries(Object.entries(metrics).map(([k, { value }]) => [k, value]))),
    ),
    ...section("params", alignColumns(Object.entries(params).map(([key, value]) => [`  ${key}`, value]))),
    ...section("datasets", datasets.map(({ name, digest, context }) => `  ${name}  ${digest}  ${context}`)),
    ...section("tags", alignColumns(Object.entries(tags).map(([key, value]) => [`  ${key}`, value]))),
    ...section("artifacts", artifacts.map((path) => `  ${path}`)),
  ].join("\n");
}

/** What a registry has, by kind. */
export function registryText({ datasets, features, models }: RegistryListing): string {
  return [
    "datasets",
    ...datasets.flatMap(({ name, description, columns, target }) => [
      described(name, description),
      `    columns ${columns.join(", ")}; target ${target}`,
    ]),
    "feature views",
    ...features.flatMap(({ name, description, over, features }) => [
      described(`${name} over ${over}`, description),
      `    ${features.join(", ")}`,
    ]),
    "models",
    ...models.flatMap(({ name, description, params }) => [
      described(name, description),
      `    params ${Object.keys(params).join(", ") || "none"}`,
    ]),
  ].join("\n");
}

const described = (name: string, description: string | undefined): string =>
  description ? `  ${name}: ${description}` : `  ${name}`;

/** Configs, a line each. */
export function configsText(configs: readonly ConfigEntry[]): string {
  if (configs.length === 0) return "There are no configs.";
  const rows = configs.map(({ name, experiment = "", run = "", problem = "" }) => [
    name,
    experiment,
    run,
    problem.split("\n")[0]!,
  ]);
  return alignColumns([["config", "experiment", "run", ""], ...rows]).join("\n");
}

/** A new project's files, and what to do next. */
export function projectText({ directory, files }: NewProject): string {
  return [
    ...files.map((file) => `${directory}/${file}`),
    "",
    "Next:",
    `  cd ${directory}`,
    `  deno task train ${directory}`,
    `  deno task replay ${directory}`,
  ].join("\n");
}

function metricLines(metrics: Readonly<Record<string, number>>): readonly string[] {
  return alignColumns(Object.entries(metrics).map(([key, value]) => [`  ${key}`, String(value)]));
}

import { extname } from "node:path";
import { ExperimentError, messageOf } from "../base/error.ts";
import { type ReplayReport, toJson, verdictLine } from "../replay/report.ts";
import { printLine } from "./terminal.ts";

/** The forms of a report. */
export const FORMS = ["text", "json", "markdown", "html", "junit"] as const;

/** The form of a report. */
export type Form = (typeof FORMS)[number];

/** How reports are told. */
export interface Forms {
  /** The form on stdout. */
  readonly stdout: Form;
  /** The files that are written too, each with its form. */
  readonly files: readonly { readonly file: string; readonly form: Form }[];
  /** Whether one of the forms shows learning curves. */
  readonly curves: boolean;
}

const ENDINGS: Readonly<Record<string, Form>> = {
  ".txt": "text",
  ".json": "json",
  ".md": "markdown",
  ".html": "html",
  ".xml": "junit",
};

/** The forms that flags ask for. @throws {ExperimentError} `INVALID_PARAMETER_VALUE` for a file of no known ending. */
export function formsOf({ format, json, files = [] }: {
  readonly format: Form | undefined;
  readonly json: boolean | undefined;
  readonly files: readonly string[] | undefined;
}): Forms {
  const written = files.map((file) => {
    const form = ENDINGS[extname(file).toLowerCase()];
    if (form !== undefined) return { file, form };
    throw new ExperimentError(
      "INVALID_PARAMETER_VALUE",
      `The report can't be written to ${file}: its ending names no form of report.`,
      { hint: `Give it one of the endings ${Object.keys(ENDINGS).join(", ")}.` },
    );
  });
  const stdout = json ? "json" : format ?? "text";
  return { stdout, files: written, curves: [stdout, ...written.map(({ form }) => form)].includes("html") };
}

/** Prints one report or many, then writes the files that are asked for. */
export async function tellReports(
  reports: ReplayReport | readonly ReplayReport[],
  { stdout, files }: Forms,
): Promise<void> {
  const isTerminal = Deno.stdout.isTerminal();
  const width = isTerminal ? { width: Deno.consoleSize().columns } : {};
  const isPainted = stdout === "text" && isTerminal && !Deno.noColor;
  printLine(await render(reports, stdout, { color: isPainted, ...width }), "stdout", { isPainted });
  for (const { file, form } of files) await write(file, `${await render(reports, form)}\n`);
}

async function write(file: string, text: string): Promise<void> {
  try {
    await Deno.writeTextFile(file, text);
  } catch (cause) {
    const isForbidden = cause instanceof Deno.errors.NotCapable;
    const found = messageOf(cause);
    throw new ExperimentError(
      isForbidden ? "PERMISSION_DENIED" : "INVALID_PARAMETER_VALUE",
      `The report can't be written to ${file}: ${isForbidden ? "Deno was not given leave to" : found}.`,
      {
        hint: isForbidden
          ? "Name a file below the working directory, which is all that the tasks may write to."
          : "Name a file in a folder that is there.",
        cause,
      },
    );
  }
}

async function render(
  reports: ReplayReport | readonly ReplayReport[],
  form: Form,
  options: { readonly width?: number; readonly color?: boolean } = {},
): Promise<string> {
  const isMany = Array.isArray(reports);
  const all: readonly ReplayReport[] = isMany ? reports : [reports];
  switch (form) {
    case "text": {
      const { alignColumns, toText } = await import("../report/text.ts");
      return isMany ? table(all, alignColumns) : toText(all[0]!, options);
    }
    case "json":
      return JSON.stringify(isMany ? { reports: all.map(toJson) } : toJson(all[0]!), null, 2);
    case "markdown": {
      const { toMarkdown } = await import("../report/markdown.ts");
      return all.map(toMarkdown).join("\n");
    }
    case "junit": {
      const { toJUnit } = await import("../report/junit.ts");
      return toJUnit(all);
    }
    case "html": {
      if (isMany) {
        throw new ExperimentError(
          "INVALID_PARAMETER_VALUE",
          "A page shows one report, and --all makes many.",
          {
            hint: "Name one run; or ask for text, json, markdown or junit.",
          },
        );
      }
      const { toHtml } = await import("../report/html.tsx");
      return toHtml(all[0]!, all[0]!);
    }
  }
}

function table(
  reports: readonly ReplayReport[],
  align: (rows: readonly (readonly string[])[]) => readonly string[],
): string {
  if (reports.length === 0) return "There are no finished runs.";
  const rows = reports.map((report) => [
    report.run_name,
    report.run_id,
    verdictLine(report),
    report.drifts.filter(({ binding }) => binding).map(({ clause }) => clause).join(", ") ||
    report.reasons.join("; ") ||
    "",
  ]);
  const counts = Map.groupBy(reports, ({ verdict }) => verdict);
  return [
    ...align([["run", "id", "verdict", "because of"], ...rows]),
    "",
    `${reports.length} runs: ${
      [...counts].map(([verdict, some]) => `${some.length} ${verdict}`).join(", ")
    }.`,
  ].join("\n");
}

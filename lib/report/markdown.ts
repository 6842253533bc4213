import { type ReportDocument, verdictWords } from "./report.ts";

/** A replay report as Markdown: the verdict, the reasons, and a table of the drifts. */
export function toMarkdown(report: ReportDocument): string {
  const { run_name, run_id, rerun_id, config, drifts, notes, reasons, verdict } = report;
  const rows = drifts.map(({ clause, kind, binding, past, current, declarations = [], values }) =>
    row([
      code(clause),
      `${kind}, ${binding ? "**binding**" : "advisory"}`,
      values?.past === undefined ? digest(past) : escaped(values.past),
      values?.current === undefined ? digest(current) : escaped(values.current),
      declarations.map(code).join(" "),
    ])
  );
  const table = rows.length === 0
    ? ["No drift."]
    : [row(["clause", "drift", "past", "current", "in"]), row(Array(5).fill("---")), ...rows];
  return [
    `# Replay of ${escaped(run_name)}`,
    "",
    `**${verdictWords[verdict]}**`,
    "",
    `- run ${code(run_id)}`,
    ...(rerun_id === undefined ? [] : [`- trained again as run ${code(rerun_id)}`]),
    ...(config === "" ? [] : [`- judged by ${escaped(config)}`]),
    ...[...notes, ...reasons].map((text) => `- ${escaped(text)}`),
    "",
    ...table,
    "",
  ].join("\n");
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function digest(value: string | null): string {
  return value === null ? "-" : code(value.slice(0, 12));
}

function code(text: string): string {
  return `\`${text.replace(/[`|\n]/g, " ")}\``;
}

function escaped(text: string): string {
  return text.replace(/\s*\n\s*/g, " ").replace(/[\\`*{}[\]<>#|~&]|(?<!\w)_|_(?!\w)/g, "\\$&");
}

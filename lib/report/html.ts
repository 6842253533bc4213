import { type ReportDocument, verdictWords } from "./report.ts";

/** A replay report as a page that needs nothing else: the verdict, the reasons, and a table of the drifts. */
export function toHtml(report: ReportDocument): string {
  const { run_name, run_id, rerun_id, config, drifts, notes, reasons, verdict } = report;
  const facts = [
    `run ${run_id}`,
    ...(rerun_id === undefined ? [] : [`trained again as run ${rerun_id}`]),
    ...(config === "" ? [] : [`judged by ${config}`]),
    ...notes,
    ...reasons,
  ];
  const rows = drifts.map(({ clause, kind, binding, past, current, declarations = [], values }) =>
    `<tr><th scope="row">${escaped(clause)}</th>` + [
      `${kind}, ${binding ? "binding" : "advisory"}`,
      values?.past ?? past?.slice(0, 12) ?? "-",
      values?.current ?? current?.slice(0, 12) ?? "-",
      declarations.join(" "),
    ].map((text) => `<td>${escaped(text)}</td>`).join("") + "</tr>"
  );
  const head = ["clause", "drift", "past", "current", "in"].map((text) => `<th scope="col">${text}</th>`);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Replay of ${escaped(run_name)}</title>
<h1>Replay of ${escaped(run_name)}</h1>
<p><strong>${escaped(verdictWords[verdict])}</strong></p>
<ul>${facts.map((text) => `<li>${escaped(text)}</li>`).join("")}</ul>
${
    rows.length === 0
      ? "<p>No drift.</p>"
      : `<table border="1"><thead><tr>${head.join("")}</tr></thead><tbody>\n${
        rows.join("\n")
      }\n</tbody></table>`
  }
</html>
`;
}

function escaped(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
  };
  return text.replace(/[&<>"]/g, (character) => entities[character]!);
}

import type { Drift } from "../compare.ts";
import { compareClauses, type ContractRecord } from "../contract.ts";
import { type ReplayReport, verdictWords } from "./report.ts";

/** A replay report as text: each clause past and current, what drifted and how, and the verdict last. */
export function toText(report: ReplayReport): string {
  const lines = [`Replay of ${report.run_name} (run ${report.run_id})`];
  if (report.config !== "") lines.push(`Judged by ${report.config}`);
  lines.push(...report.notes, "");
  if (report.past && report.current) {
    lines.push(...clauseTable(report.past, report.current, report.drifts), "", driftCount(report.drifts));
  }
  if (report.rerun_id !== undefined) lines.push(`Trained again as run ${report.rerun_id}.`);
  lines.push(
    ...report.reasons.map((reason) =>
      `${report.verdict === "diverged" ? "First difference" : "Reason"}: ${reason}`
    ),
  );
  lines.push(verdictWords[report.verdict]);
  return lines.join("\n");
}

/** Rows of texts as lines, each column as wide as its widest text. */
export function alignColumns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]!.length))) ?? [];
  return rows.map((row) => row.map((text, column) => text.padEnd(widths[column]!)).join("  ").trimEnd());
}

function clauseTable(
  past: ContractRecord,
  current: ContractRecord,
  drifts: readonly Drift[],
): readonly string[] {
  const byClause = new Map(drifts.map((drift) => [drift.clause, drift]));
  const clauses = [...new Set([...Object.keys(past.clauses), ...Object.keys(current.clauses)])].sort(
    compareClauses,
  );
  const rows = clauses.map((clause) => {
    const drift = byClause.get(clause);
    const known = clause in past.clauses && clause in current.clauses;
    return [
      drift ? (drift.binding ? "✗" : "~") : known ? "=" : "?",
      clause,
      shown(past, clause),
      shown(current, clause),
      drift ? `${drift.kind}, ${drift.binding ? "binding" : "advisory"}` : known ? "" : "not compared",
    ];
  });
  const lines = alignColumns([["", "clause", "past", "current", ""], ...rows]);
  return lines.flatMap((line, index) => {
    const declarations = byClause.get(clauses[index - 1] ?? "")?.declarations ?? [];
    return [line, ...declarations.map((name) => `     in ${name}`)];
  });
}

function shown({ clauses, evidence }: ContractRecord, clause: string): string {
  const digest = clauses[clause];
  if (digest === undefined) return "-";
  const value = evidence[clause]?.value;
  const short = clause.startsWith("packages.") || clause.startsWith("environment.") || clause === "seed";
  return value !== undefined && short && value.length <= 24 ? value : digest.slice(0, 12);
}

function driftCount(drifts: readonly Drift[]): string {
  const binding = drifts.filter((drift) => drift.binding).length;
  if (drifts.length === 0) return "No drift.";
  return `${binding} binding and ${drifts.length - binding} advisory ${
    drifts.length === 1 ? "drift" : "drifts"
  }.`;
}

import { alignColumns, cut, widthOf, wrap } from "../base/columns.ts";
import { toLines } from "../base/printable.ts";
import { count, short, showValue, toLine } from "../document/show.ts";
import type { DataChange, ExplainedDrift } from "../replay/explain/explanation.ts";
import { askedWords, isComparison, type ReplayReport, verdictLine } from "../replay/report.ts";
import { diffLines } from "./diff_lines.ts";
import { attributionOf, mixedCells, unmixable } from "./attribution_words.ts";
import { clauseRows } from "./clause_rows.ts";
import { dataWords, levelChanges, profileTable } from "./data_words.ts";
import { metricRows } from "./metric_rows.ts";
import {
  asRecordedWords,
  codeByBlame,
  configChangesOf,
  configLine,
  driftCount,
  remarksOf,
  sideOf,
  standingOf,
} from "./words.ts";

export { alignColumns };

/** How many cells, and how many levels of a category, are listed. */
const CELLS = 10;
const LEVELS = 8;

/** How a line is painted: all of it, or only the sign that it begins with. */
type Tone = "bold" | "dim" | "red" | "green" | "cyan" | "red sign" | "yellow sign";

/** A line of a report before it is fitted into a width. */
interface Line {
  readonly text: string;
  readonly tone?: Tone;
  /** How it is fitted: prose is wrapped, rows of tables are cut, and lines of diffs are left as they are. @default "wrap" */
  readonly fit?: "wrap" | "cut" | "keep";
}

/**
 * A replay report as text: each clause past and current, why what drifted did, and the verdict last.
 *
 * @param options.width No line is wider, except for those of diffs. @default Infinity
 * @param options.color Whether to use the colours of a terminal. @default false
 */
export function toText(
  report: ReplayReport,
  { width = Infinity, color = false }: { readonly width?: number; readonly color?: boolean } = {},
): string {
  const { verdict } = report;
  const label = verdict === "diverged" ? "First difference" : "Reason";
  const lines: readonly Line[] = [
    { text: `Replay of ${report.run_name} (run ${report.run_id})` },
    ...(report.asked === undefined ? [] : [{ text: askedWords(report.asked) }]),
    ...(report.config === "" ? [] : [{ text: `Judged by ${report.config}` }]),
    ...prose(report.notes),
    { text: "" },
    ...(report.past && report.current ? [...clauseTable(report, width), { text: "" }] : []),
    ...section("Code", codeLines(report)),
    ...section("Data", report.data ? dataLines(report.data, width) : []),
    ...section("Config", prose(configChangesOf(report).map((change) => `  ${configLine(change)}`))),
    ...section("Packages", table(packageRows(report.drifts), { width, indent: "  " })),
    ...section("Evidence and decisions", remarkLines(report.drifts)),
    ...section("What can't be told", prose(report.untold.map((text) => `  ${text}`))),
    ...section(
      "The recorded source, run again",
      report.as_recorded ? prose(asRecordedWords(report.as_recorded).map((text) => `  ${text}`)) : [],
    ),
    ...section("Which change carries what", attributionLines(report, width)),
    ...section("Metrics", metricLines(report, width)),
    ...(report.past && report.current ? [{ text: driftCount(report.drifts) }] : []),
    ...(report.rerun_id === undefined ? [] : [{
      text: isComparison(verdict)
        ? `Compared with run ${report.rerun_id}.`
        : `Trained again as run ${report.rerun_id}.`,
    }]),
    ...prose(report.reasons.map((reason) => `${label}: ${reason}`)),
    { text: verdictLine(report), tone: "bold" },
  ];
  return lines.flatMap((line) => fitted(line, width)).map((line) => painted(line, color)).join("\n");
}

function section(title: string, lines: readonly Line[]): readonly Line[] {
  return lines.length === 0 ? [] : [{ text: title, tone: "bold" }, ...lines, { text: "" }];
}

function prose(texts: readonly string[]): readonly Line[] {
  return texts.flatMap(toLines).map((text) => ({ text }));
}

function table(
  rows: readonly (readonly string[])[],
  options: Parameters<typeof alignColumns>[1],
): readonly Line[] {
  return alignColumns(rows, options).map((text) => ({ text, fit: "cut" }));
}

function clauseTable(report: ReplayReport, width: number): readonly Line[] {
  const rows = clauseRows(report);
  const cells = [
    ["", "clause", "past", "current", ""],
    ...rows.map(({ clause, past = "-", current = "-", drift, known }) => {
      const standing = drift && standingOf(drift);
      return [
        standing === undefined ? (known ? "=" : "?") : standing === "binding" ? "✗" : "~",
        clause,
        past,
        current,
        drift ? `${drift.kind}, ${standing}` : known ? "" : "not compared",
      ];
    }),
  ];
  const isTight = alignColumns(cells).some((line) => widthOf(line) > width);
  const lines = table(isTight ? cells.map((row) => row.map(shortDigest)) : cells, { width });
  return lines.flatMap((line, index): readonly Line[] => {
    const row = rows[index - 1];
    const tone = row?.drift
      ? standingOf(row.drift) === "binding" ? "red sign" : "yellow sign"
      : row === undefined
      ? "bold"
      : "dim";
    return [{ ...line, tone }, ...prose((row?.drift?.declarations ?? []).map((name) => `     in ${name}`))];
  });
}

/** Fewer digits of a digest, so that names have more room. */
function shortDigest(cell: string): string {
  return /^[0-9a-f]{12}$/.test(cell) ? cell.slice(0, 7) : cell;
}

function codeLines(report: ReplayReport): readonly Line[] {
  return codeByBlame(report).flatMap(({ kind, declaration, line, diff, clauses }): readonly Line[] => [
    {
      text: `  ${declaration}${line > 0 ? `, line ${line}` : ""}: ${kind}; reached by ${clauses.join(", ")}`,
    },
    ...diffLines(diff).map(({ kind, text }): Line => ({
      text: `    ${text}`,
      fit: "keep",
      ...(kind === "same" ? {} : {
        tone: kind === "added" ? "green" : kind === "removed" ? "red" : kind === "hunk" ? "cyan" : "dim",
      }),
    })),
  ]);
}

function dataLines(change: DataChange, width: number): readonly Line[] {
  const { dataset, cells, cells_changed, profiles } = change;
  const shown = cells.slice(0, CELLS);
  const rest = cells_changed - shown.length;
  return [
    ...prose([`  ${dataset}: ${dataWords(change).join("; ")}`]),
    ...table(
      shown.map(({ row, column, past, current }) => [
        `row ${row}`,
        column,
        `${showValue(past)} → ${showValue(current)}`,
      ]),
      { width, indent: "    " },
    ),
    ...(rest > 0 && shown.length > 0 ? [{ text: `    and ${count(rest, "more cell")}` }] : []),
    ...Object.entries(profiles).flatMap(([column, profile]) => {
      const [head = [], ...sides] = profileTable(profile);
      const levels = levelChanges(profile);
      const words = levels.slice(0, LEVELS).map(({ level, past, current }) =>
        `${showValue(level)} ${past} → ${current}`
      );
      const more = levels.length > words.length
        ? `, and ${count(levels.length - words.length, "more level")}`
        : "";
      return [
        ...table([[column, ...head.slice(1)], ...sides.map(([side, ...rest]) => [`  ${side}`, ...rest])], {
          width,
          indent: "    ",
        }),
        ...(words.length === 0 ? [] : [{ text: `      levels ${words.join(", ")}${more}` }]),
      ];
    }),
  ];
}

function packageRows(drifts: readonly ExplainedDrift[]): readonly (readonly string[])[] {
  return drifts.filter(({ clause }) => clause.startsWith("packages.")).map((drift) => [
    drift.clause.slice("packages.".length),
    `${sideOf(drift, "past")} → ${sideOf(drift, "current")}`,
  ]);
}

function remarkLines(drifts: readonly ExplainedDrift[]): readonly Line[] {
  return prose(
    drifts.flatMap((drift) => remarksOf(drift).map((remark) => `  ${drift.clause}: ${remark}`)),
  );
}

function attributionLines({ attribution }: ReplayReport, width: number): readonly Line[] {
  if (attribution === undefined) return [];
  const metrics = attributionOf(attribution);
  const reasons = prose(unmixable(attribution).map((text) => `  ${text}`));
  if (metrics.length === 0) return [{ text: "  No metric changes." }, ...reasons];
  return [
    ...metrics.flatMap(({ metric, past, current, parts }) =>
      table([
        [metric, "alone", "", "in order", ""],
        ["  past", short(past), "", short(past), ""],
        ...parts.map((
          { part, alone, in_order },
        ) => [`  ${part}`, ...mixedCells(alone), ...mixedCells(in_order)]),
        ["  current", short(current), "", short(current), ""],
      ], { width, indent: "  " })
    ),
    ...reasons,
  ];
}

function metricLines({ metrics }: ReplayReport, width: number): readonly Line[] {
  if (metrics === undefined) return [];
  const rows = metricRows(metrics);
  if (rows.length === 0) return [];
  return table([
    ["", "past", "current", "change"],
    ...rows.map(({ metric, past, current, change }) => [metric, short(past), short(current), change]),
  ], { width, indent: "  " });
}

function fitted(line: Line, width: number): readonly Line[] {
  if (line.fit === "keep") return [line];
  if (line.fit === "cut") return [{ ...line, text: cut(line.text, width) }];
  return wrap(toLine(line.text), width).map((text) => ({ ...line, text }));
}

const CODES: Readonly<Record<Tone, number>> = {
  bold: 1,
  dim: 2,
  red: 31,
  green: 32,
  cyan: 36,
  "red sign": 31,
  "yellow sign": 33,
};

function painted({ text, tone }: Line, color: boolean): string {
  if (!color || tone === undefined || text === "") return text;
  const [painted, rest] = tone.endsWith(" sign") ? [text.slice(0, 1), text.slice(1)] : [text, ""];
  return `\x1b[${CODES[tone]}m${painted}\x1b[0m${rest}`;
}

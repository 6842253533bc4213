import { count, showValue } from "../document/show.ts";
import type { DataChange } from "../replay/explain/explanation.ts";
import type { ReportDocument } from "../replay/report.ts";
import { diffLines } from "./diff_lines.ts";
import { dataWords, levelChanges, profileTable } from "./data_words.ts";
import { clipped, fenced, htmlCode, prose, tableOf, value } from "./markdown_text.ts";
import { codeByBlame, configChangesOf, originsOf } from "./words.ts";

/** How long a diff may be. */
const DIFF = 12_000;
/** How many cells, columns and changed leaves are listed before the rest is counted. */
const CELLS = 20;
const COLUMNS = 20;
const LEAVES = 40;

/** A part of the report, and what it is called where there is no room for it. */
export interface Part {
  readonly name: string;
  readonly text: string;
}

/** The declarations that changed, those that block first, each with its diff folded. */
export function codeParts(report: ReportDocument): readonly Part[] {
  return codeByBlame(report).map(({ kind, declaration, line, diff, clauses }, index) => {
    const lines = diffLines(diff).map(({ text }) => text);
    let room = DIFF;
    const shown = lines.filter((line) => (room -= line.length + 1) >= 0);
    const rest = lines.length - shown.length;
    const named = clauses.slice(0, 10).map(value).join(", ");
    const more = clauses.length > 10 ? ` and ${count(clauses.length - 10, "more clause")}` : "";
    return {
      name: `the diff of ${declaration}`,
      text: [
        ...(index === 0 ? ["## Code", ""] : []),
        "<details>",
        `<summary>${htmlCode(clipped(declaration))}${line > 0 ? `, line ${line}` : ""}: ${kind}</summary>`,
        "",
        `Reached by ${named}${more}.`,
        "",
        ...(shown.length === 0 ? [] : [fenced(shown, "diff"), ""]),
        ...(rest > 0 ? [`${count(rest, "more line")} of the diff are left out.`, ""] : []),
        "</details>",
      ].join("\n"),
    };
  });
}

/** How the dataset differs, and the profiles of the columns that do. */
export function dataParts(change: DataChange): readonly Part[] {
  const { dataset, cells, cells_changed, profiles } = change;
  const shown = cells.slice(0, CELLS);
  const columns = Object.entries(profiles);
  const profiled = columns.slice(0, COLUMNS);
  return [
    {
      name: "the data",
      text: [
        "## Data",
        "",
        `${value(dataset)}: ${prose(dataWords(change).join("; "))}.`,
        ...(shown.length === 0 ? [] : [
          "",
          tableOf([
            ["row", "column", "past", "current"],
            ...shown.map(({ row, column, past, current }) => [
              String(row),
              value(column),
              value(showValue(past)),
              value(showValue(current)),
            ]),
          ]),
        ]),
        ...(cells_changed > shown.length && shown.length > 0
          ? ["", `${count(cells_changed - shown.length, "more cell")}.`]
          : []),
      ].join("\n"),
    },
    ...(profiled.length === 0 ? [] : [{
      name: "the profiles of columns",
      text: [
        "<details>",
        `<summary>${count(columns.length, "column")} in short</summary>`,
        "",
        tableOf([
          ["column", "side", "profile"],
          ...profiled.flatMap(([column, profile]) => {
            const [head = [], ...sides] = profileTable(profile);
            return [
              ...sides.map(([side, ...cells]) => [
                value(column),
                side!,
                cells.map((cell, index) => `${head[index + 1]} ${cell}`).join(", "),
              ]),
              ...levelChanges(profile).slice(0, 5).map(({ level, past, current }) => [
                value(column),
                "level",
                `${value(showValue(level))} ${past} → ${current}`,
              ]),
            ];
          }),
        ]),
        ...(columns.length > profiled.length
          ? ["", `${count(columns.length - profiled.length, "more column")}.`]
          : []),
        "",
        "</details>",
      ].join("\n"),
    }]),
  ];
}

/** The leaves of the config that differ; nothing where none does. */
export function configPart(report: ReportDocument): string {
  const changes = configChangesOf(report);
  if (changes.length === 0) return "";
  const rest = changes.length - LEAVES;
  return [
    "## Config",
    "",
    tableOf([
      ["leaf", "past", "current", "from"],
      ...changes.slice(0, LEAVES).map(({ path, past, current, origin }) => [
        value(path),
        value(showValue(past)),
        value(showValue(current)),
        value(originsOf(origin)),
      ]),
    ]),
    ...(rest > 0 ? ["", `${count(rest, "more leaf").replace("leafs", "leaves")}.`] : []),
  ].join("\n");
}

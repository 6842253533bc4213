import { count, short, shorten, showValue } from "../document/show.ts";
import type { DataChange, ExplainedDrift } from "../replay/explain/explanation.ts";
import { isComparison, type ReportDocument, verdictWords } from "../replay/report.ts";
import { diffLines } from "./diff_lines.ts";
import { code, escaped, fenced, htmlCode, tableOf } from "./markdown_text.ts";
import {
  asRecordedWords,
  attributionOf,
  byBlame,
  codeByBlame,
  configChangesOf,
  dataWords,
  driftCount,
  levelChanges,
  metricRows,
  mixedCells,
  originsOf,
  profileTable,
  remarksOf,
  sideOf,
  standingOf,
  unmixable,
} from "./words.ts";

/** How long the whole may be, a value in it, a diff and a list: a comment on GitHub has at most 65,536 characters. */
const LIMIT = 60_000;
const VALUE = 200;
const DIFF = 12_000;
const LIST = 8_000;
/** How many drifts, cells, columns and changed leaves are listed before the rest is counted. */
const DRIFTS = 60;
const CELLS = 20;
const COLUMNS = 20;
const LEAVES = 40;

/**
 * A replay report as Markdown that is fit for a comment on a pull request: at most 60,000 characters, in which nothing
 * of the data is markup or mentions anyone. The first line, `<!-- reprise:replay NAME -->`, is the same for every report
 * of a name, so that a bot finds the comment to update.
 */
export function toMarkdown(report: ReportDocument): string {
  const { run_name, run_id, rerun_id, config, notes, reasons, verdict, drifts } = report;
  const label = verdict === "diverged" ? "First difference: " : "";
  const head = [
    `<!-- reprise:replay ${markerName(run_name)} -->`,
    `# Replay of ${prose(run_name)}`,
    "",
    `**${verdictWords[verdict]}**`,
    "",
    `- run ${code(run_id)}`,
    ...(rerun_id === undefined
      ? []
      : [`- ${isComparison(verdict) ? "compared with" : "trained again as"} run ${code(rerun_id)}`]),
    ...(config === "" ? [] : [`- judged by ${value(config)}`]),
    ...bullets(notes),
    ...bullets(reasons.map((reason) => label + reason)),
  ].join("\n");
  const parts: readonly Part[] = [
    { name: "the drifts", text: driftPart(drifts) },
    ...codeParts(report),
    ...(report.data ? dataParts(report.data) : []),
    { name: "the config", text: configPart(report) },
    { name: "what can't be told", text: list("What can't be told", report.untold) },
    {
      name: "the recorded source",
      text: list(
        "The recorded source, run again",
        report.as_recorded ? asRecordedWords(report.as_recorded) : [],
      ),
    },
    { name: "which change carries what", text: attributionPart(report) },
    { name: "the metrics", text: metricsPart(report) },
  ].filter(({ text }) => text !== "");
  return withinLimit(head, parts);
}

/** A part of the report, and what it is called where there is no room for it. */
interface Part {
  readonly name: string;
  readonly text: string;
}

/** The head and as many parts as there is room for, in their order, with the names of those that are left out. */
function withinLimit(head: string, parts: readonly Part[]): string {
  const kept = [head];
  const left: string[] = [];
  let room = LIMIT - head.length - 1_000;
  for (const { name, text } of parts) {
    if (text.length + 2 > room) {
      left.push(name);
      continue;
    }
    kept.push(text);
    room -= text.length + 2;
  }
  if (left.length > 0) {
    const named = left.slice(0, 5).map((name) => shorten(name, 100));
    const rest = left.length > named.length ? ` and ${count(left.length - named.length, "more part")}` : "";
    kept.push(`Left out, as a comment has no room for more: ${prose(named.join(", "))}${rest}.`);
  }
  return `${kept.join("\n\n")}\n`;
}

function driftPart(drifts: readonly ExplainedDrift[]): string {
  if (drifts.length === 0) return "No drift.";
  const rest = drifts.length - DRIFTS;
  return [
    tableOf([
      ["clause", "drift", "past", "current", "what is known"],
      ...byBlame(drifts).slice(0, DRIFTS).map((drift) => {
        const standing = standingOf(drift);
        return [
          value(drift.clause),
          `${drift.kind}, ${standing === "binding" ? "**binding**" : standing}`,
          side(drift, "past"),
          side(drift, "current"),
          [
            ...(drift.declarations ?? []).slice(0, 3).map((name) => `in ${value(name)}`),
            ...remarksOf(drift).map(prose),
          ].join("; "),
        ];
      }),
    ]),
    "",
    driftCount(drifts) + (rest > 0 ? ` ${count(rest, "more")} not listed here.` : ""),
  ].join("\n");
}

function side(drift: ExplainedDrift, of: "past" | "current"): string {
  return drift[of] === null ? "none" : value(sideOf(drift, of));
}

function codeParts(report: ReportDocument): readonly Part[] {
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

function dataParts(change: DataChange): readonly Part[] {
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

function configPart(report: ReportDocument): string {
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

function attributionPart({ attribution }: ReportDocument): string {
  if (attribution === undefined) return "";
  const metrics = attributionOf(attribution);
  return [
    "## Which change carries what",
    "",
    ...(metrics.length === 0 ? ["No metric changes."] : [tableOf([
      ["metric", "part", "alone", "change", "in order", "change"],
      ...metrics.flatMap(({ metric, past, current, parts }) => [
        [value(metric), "past", short(past), "", short(past), ""],
        ...parts.map((
          { part, alone, in_order },
        ) => ["", part, ...mixedCells(alone), ...mixedCells(in_order)]),
        ["", "current", short(current), "", short(current), ""],
      ]),
    ])]),
    ...unmixable(attribution).flatMap((reason) => ["", prose(reason)]),
  ].join("\n");
}

function metricsPart({ metrics }: ReportDocument): string {
  if (metrics === undefined) return "";
  const rows = metricRows(metrics);
  if (rows.length === 0) return "";
  return [
    "## Metrics",
    "",
    tableOf([
      ["metric", "past", "current", "change"],
      ...rows.map((
        { metric, past, current, change },
      ) => [value(metric), short(past), short(current), change]),
    ]),
  ].join("\n");
}

function list(title: string, texts: readonly string[]): string {
  return texts.length === 0 ? "" : [`## ${title}`, "", ...bullets(texts)].join("\n");
}

/** Texts as items of a list, as many as there is room for. */
function bullets(texts: readonly string[]): readonly string[] {
  let room = LIST;
  const shown = texts.map((text) => `- ${prose(text)}`).filter((item) => (room -= item.length) >= 0);
  return shown.length === texts.length ? shown : [...shown, `- and ${texts.length - shown.length} more`];
}

function value(text: string): string {
  return code(clipped(text));
}

function prose(text: string): string {
  return escaped(shorten(text, 2_000));
}

function clipped(text: string): string {
  return shorten(text, VALUE);
}

/** A name that can't end the comment that it is in. */
function markerName(name: string): string {
  return clipped(name).replace(/[^\p{L}\p{N}_.-]/gu, "_").replace(/-{2,}/g, "-").replace(/-$/, "_");
}

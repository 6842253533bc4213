import { count, short, shorten } from "../document/show.ts";
import type { ExplainedDrift } from "../replay/explain/explanation.ts";
import { askedWords, isComparison, type ReportDocument, verdictLine } from "../replay/report.ts";
import { attributionOf, mixedCells, unmixable } from "./attribution_words.ts";
import { codeParts, configPart, dataParts, type Part } from "./markdown_changes.ts";
import { clipped, code, prose, tableOf, value } from "./markdown_text.ts";
import { metricRows } from "./metric_rows.ts";
import { asRecordedWords, byBlame, driftCount, remarksOf, sideOf, standingOf } from "./words.ts";

/** How long the whole may be, and a list in it: a comment on GitHub has at most 65,536 characters. */
const LIMIT = 60_000;
const LIST = 8_000;
/** How many drifts are listed before the rest is counted. */
const DRIFTS = 60;

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
    `**${verdictLine(report)}**`,
    "",
    `- run ${code(run_id)}`,
    ...(rerun_id === undefined
      ? []
      : [`- ${isComparison(verdict) ? "compared with" : "trained again as"} run ${code(rerun_id)}`]),
    ...bullets(report.asked === undefined ? [] : [askedWords(report.asked)]),
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

/** A name that can't end the comment that it is in. */
function markerName(name: string): string {
  return clipped(name).replace(/[^\p{L}\p{N}_.-]/gu, "_").replace(/-{2,}/g, "-").replace(/-$/, "_");
}

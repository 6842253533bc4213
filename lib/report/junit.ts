import { toLines, toPrintable } from "../base/printable.ts";
import { toXml } from "../base/xml.ts";
import { showValue } from "../document/show.ts";
import { isGood, type ReplayReport, verdictLine } from "../replay/report.ts";
import { diffLines } from "./diff_lines.ts";
import { clauseRows } from "./clause_rows.ts";
import { dataWords } from "./data_words.ts";
import { asRecordedWords, configLine, remarksOf, sideOf, standingOf } from "./words.ts";

/** An element of XML and what is in it. */
interface Case {
  readonly classname: string;
  readonly name: string;
  readonly result: "passed" | "skipped" | "failure" | "error";
  readonly message: string;
  readonly details: string;
}

/**
 * Replay reports as JUnit XML: a suite for each, with a case for each clause and one for the verdict. A drift that
 * blocks is a failure, a clause that couldn't be compared is skipped, an unverifiable verdict is an error, and what doesn't block is told in its case's output.
 */
export function toJUnit(reports: readonly ReplayReport[]): string {
  const suites = reports.map((report) => ({ report, cases: casesOf(report) }));
  const all = suites.flatMap(({ cases }) => cases);
  return toPrintable([
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="reprise replay" ${counts(all)}>`,
    ...suites.flatMap(({ report, cases }) => [
      `  <testsuite name="${attribute(report.run_name)}" ${counts(cases)}>`,
      "    <properties>",
      ...Object.entries({
        run_id: report.run_id,
        verdict: report.verdict,
        ...(report.rerun_id === undefined ? {} : { rerun_id: report.rerun_id }),
        ...(report.config === "" ? {} : { config: report.config }),
      }).map(([name, value]) => `      <property name="${name}" value="${attribute(value)}"/>`),
      "    </properties>",
      ...cases.map(caseElement),
      "  </testsuite>",
    ]),
    "</testsuites>",
    "",
  ].join("\n"));
}

function casesOf(report: ReplayReport): readonly Case[] {
  const { verdict, reasons, notes, untold, as_recorded } = report;
  const clauses = clauseRows(report).map(({ clause, drift, known }): Case => {
    const blocks = drift !== undefined && standingOf(drift) === "binding";
    return {
      classname: clause.split(".")[0]!,
      name: clause,
      result: blocks ? "failure" : drift || known ? "passed" : "skipped",
      message: drift
        ? `${drift.kind}, ${standingOf(drift)}: ${sideOf(drift, "past")} → ${sideOf(drift, "current")}`
        : "",
      details: drift ? explained(report, drift) : "",
    };
  });
  return [...clauses, {
    classname: "verdict",
    name: "verdict",
    result: isGood(verdict) ? "passed" : verdict === "unverifiable" ? "error" : "failure",
    message: verdictLine(report),
    details: [...reasons, ...notes, ...untold, ...(as_recorded ? asRecordedWords(as_recorded) : [])]
      .flatMap(toLines).join("\n"),
  }];
}

/** What is known of a drift, in lines. */
function explained(
  { data }: ReplayReport,
  drift: NonNullable<ReturnType<typeof clauseRows>[number]["drift"]>,
): string {
  const { declarations = [], diff, rows, cells = [], changes = [] } = drift;
  const told = [
    ...remarksOf(drift),
    ...declarations.map((name) => `in ${name}`),
    ...(rows && data ? dataWords(data) : []),
    ...cells.map(({ row, column, past, current }) =>
      `row ${row} ${column} ${showValue(past)} → ${showValue(current)}`
    ),
    ...changes.map(configLine),
  ];
  return [...told.flatMap(toLines), ...(diff === undefined ? [] : diffLines(diff).map(({ text }) => text))]
    .join("\n");
}

function caseElement({ classname, name, result, message, details }: Case): string {
  const open = `    <testcase classname="${attribute(classname)}" name="${attribute(name)}" time="0"`;
  if (result === "skipped") return `${open}>\n      <skipped message="not compared"/>\n    </testcase>`;
  if (result !== "passed") {
    const type = result === "error" ? "unverifiable" : "drift";
    return `${open}>\n      <${result} type="${type}" message="${attribute(message)}">${
      toXml(details)
    }</${result}>\n    </testcase>`;
  }
  const output = [message, details].filter((text) => text !== "").join("\n");
  return output === ""
    ? `${open}/>`
    : `${open}>\n      <system-out>${toXml(output)}</system-out>\n    </testcase>`;
}

function counts(cases: readonly Case[]): string {
  const number = (result: Case["result"]) => cases.filter((one) => one.result === result).length;
  return `tests="${cases.length}" failures="${number("failure")}" errors="${number("error")}" skipped="${
    number("skipped")
  }" time="0"`;
}

/** A text of an attribute, whose line ends and tabs are kept. */
function attribute(text: string): string {
  return toXml(text).replace(/[\t\n]/g, (character) => `&#${character.charCodeAt(0)};`);
}

import { count, showValue } from "../document/show.ts";
import type { AsRecorded, ConfigChange, ExplainedDrift } from "../replay/explain/explanation.ts";
import type { ReportDocument } from "../replay/report.ts";

/** What a drift does to the verdict: only a binding one blocks. */
export type Standing = "binding" | "waived" | "allowed" | "advisory";

const STANDINGS: readonly Standing[] = ["binding", "waived", "allowed", "advisory"];

/** What a drift does to the verdict; a waiver that has expired does nothing. */
export function standingOf({ binding, waiver, allowed_by }: ExplainedDrift): Standing {
  if (binding) return waiver?.expired === false ? "waived" : "binding";
  return allowed_by === undefined ? "advisory" : "allowed";
}

/** Drifts by how much they are to blame: those that block first. */
export function byBlame(drifts: readonly ExplainedDrift[]): readonly ExplainedDrift[] {
  const rank = (drift: ExplainedDrift) => STANDINGS.indexOf(standingOf(drift));
  return drifts.toSorted((a, b) => rank(a) - rank(b));
}

/** The changes of code, those that block first. */
export function codeByBlame({ code, drifts }: ReportDocument): ReportDocument["code"] {
  const order = new Map(byBlame(drifts).map(({ clause }, index) => [clause, index]));
  const rank = ({ clauses }: ReportDocument["code"][number]) =>
    Math.min(...clauses.map((clause) => order.get(clause) ?? Infinity));
  return code.toSorted((a, b) => rank(a) - rank(b) || 0);
}

/** `2 binding and 1 advisory drifts.`, with how many of them are waived or allowed. */
export function driftCount(drifts: readonly ExplainedDrift[]): string {
  if (drifts.length === 0) return "No drift.";
  const number = (standing: Standing) => drifts.filter((drift) => standingOf(drift) === standing).length;
  const some = (amount: number, word: string) => amount === 0 ? "" : ` (${amount} ${word})`;
  const [binding, waived, allowed, advisory] = STANDINGS.map(number) as [number, number, number, number];
  return `${binding + waived} binding${some(waived, "waived")} and ${allowed + advisory} advisory${
    some(allowed, "allowed")
  } ${drifts.length === 1 ? "drift" : "drifts"}.`;
}

/** A value in words, or else the beginning of the digest, as a drift has it on a side. */
export function sideOf(drift: ExplainedDrift, side: "past" | "current"): string {
  return valueOf(drift, side) ?? drift[side]?.slice(0, 12) ?? "none";
}

/** The value of a side in words: of a long one only the leaves of the config that differ. */
export function valueOf(
  { values, changes = [] }: ExplainedDrift,
  side: "past" | "current",
): string | undefined {
  const value = values?.[side];
  if (value === undefined || value.length <= 40 || changes.length === 0) return value;
  return changes.map((change) => `${change.path} ${showValue(change[side])}`).join(", ");
}

/** `model.params.epochs 200 → 100, configs/exp_v1.yaml:7:22`; with the past place too where it is in another file. */
export function configLine(change: ConfigChange): string {
  const { path, past, current, origin } = change;
  const places = originsOf(origin);
  return `${path} ${showValue(past)} → ${showValue(current)}${places === "" ? "" : `, ${places}`}`;
}

/** Where a value comes from; where it came from too, if that is elsewhere. */
export function originsOf({ past, current }: ConfigChange["origin"]): string {
  const fileOf = (origin: string | undefined) => origin?.replace(/(:\d+)+$/, "");
  if (current === undefined) return past === undefined ? "" : `before: ${past}`;
  return past === undefined || fileOf(past) === fileOf(current) ? current : `${current} (before: ${past})`;
}

/** The leaves of the config that differ, each once, those that block first. */
export function configChangesOf({ drifts }: ReportDocument): readonly ConfigChange[] {
  const changes = byBlame(drifts).flatMap(({ changes = [] }) => changes);
  return [...new Map(changes.toReversed().map((change) => [change.path, change])).values()].toReversed();
}

/** What is known of a drift beside its two sides, a sentence each: the same values, the decision, the policy. */
export function remarksOf(
  { values_equal, rows_compared, waiver, allowed_by }: ExplainedDrift,
): readonly string[] {
  const rows = rows_compared === undefined ? "" : ` on all ${count(rows_compared, "row")}`;
  return [
    ...(values_equal === true ? [`computes the same values${rows}`] : []),
    ...(values_equal === false ? [`computes other values${rows.replace("all", "the")}`] : []),
    ...(waiver ? [waiverWords(waiver)] : []),
    ...(allowed_by ? [`allowed by the replay config: ${allowed_by.join(", ")}`] : []),
  ];
}

/** Who is claimed to have waived a drift, until when and why; or that this has expired. */
function waiverWords(
  { by, at, until, because, expired }: NonNullable<ExplainedDrift["waiver"]>,
): string {
  const day = at.slice(0, 10);
  if (expired) return `the waiver of ${day}, claimed by ${by}, expired on ${until}: ${because}`;
  return `waived, as claimed by ${by} on ${day}${until === undefined ? "" : ` until ${until}`}: ${because}`;
}

/** How a rerun of the recorded source came out, a sentence each. */
export function asRecordedWords({ difference, drifts, held }: AsRecorded): readonly string[] {
  const differing = drifts.map((drift) =>
    `${drift.clause} ${sideOf(drift, "past")} → ${sideOf(drift, "current")}`
  );
  const outcome = difference === undefined
    ? "The recorded source on the recorded data gives the recorded result again, bit for bit."
    : `The recorded source on the recorded data gives another result: ${difference}.`;
  const sandbox = `It was held by Deno's ${held}.`;
  if (differing.length === 0) return [outcome, sandbox];
  return [outcome, sandbox, `What it ran with differs: ${differing.join(", ")}.`];
}

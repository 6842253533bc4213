import { compareClauses, type ContractRecord } from "../contract/contract.ts";
import type { ColumnProfile } from "../data/profile.ts";
import { count, short, showValue } from "../document/show.ts";
import type {
  AsRecorded,
  Attribution,
  ConfigChange,
  DataChange,
  ExplainedDrift,
} from "../replay/explain/explanation.ts";
import type { ReplayReport, ReportDocument } from "../replay/report.ts";

/** What the forms of a report are made from: its JSON data and, where they are at hand, both contracts. */
export type Reported = ReportDocument & Partial<Pick<ReplayReport, "past" | "current">>;

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
export function waiverWords(
  { by, at, until, because, expired }: NonNullable<ExplainedDrift["waiver"]>,
): string {
  const day = at.slice(0, 10);
  if (expired) return `the waiver of ${day}, claimed by ${by}, expired on ${until}: ${because}`;
  return `waived, as claimed by ${by} on ${day}${until === undefined ? "" : ` until ${until}`}: ${because}`;
}

/** How a dataset differs, a sentence each. */
export function dataWords(change: DataChange): readonly string[] {
  const { rows, columns, past_rows, current_rows, append_only, cells_changed, labels_changed } = change;
  const rowCounts = [
    [rows.edited, "edited"],
    [rows.added, append_only ? "added after the last" : "added"],
    [rows.removed, "removed"],
    [rows.reordered, "only reordered"],
  ] as const;
  const [first, ...others] = rowCounts.filter(([amount]) => amount > 0);
  const cellCounts = [
    ...(cells_changed > 0 ? [`${count(cells_changed, "cell")} edited`] : []),
    ...(labels_changed > 0 ? [`${count(labels_changed, "label")} flipped`] : []),
  ];
  const named = (names: readonly string[], word: string) =>
    names.length === 0 ? [] : [`${names.length === 1 ? "column" : "columns"} ${word}: ${names.join(", ")}`];
  return [
    past_rows === current_rows
      ? count(past_rows, "row")
      : `${count(past_rows, "row")} before, ${current_rows} now`,
    ...(first
      ? [[`${count(first[0], "row")} ${first[1]}`, ...others.map((one) => one.join(" "))].join(", ")]
      : []),
    ...(cellCounts.length > 0 ? [cellCounts.join(", ")] : []),
    ...named(columns.added, "added"),
    ...named(columns.removed, "removed"),
  ];
}

/** The measures of a profile that are numbers or times. */
const MEASURES = ["count", "nulls", "distinct", "mean", "min", "max", "earliest", "latest"] as const;

/** Profiles of one column as a table: its head, then a row for each side that has the column. */
export function profileTable(
  { past, current }: { readonly past?: ColumnProfile; readonly current?: ColumnProfile },
): readonly (readonly string[])[] {
  const measures = MEASURES.filter((measure) => (past?.[measure] ?? current?.[measure]) !== undefined);
  const words = (value: number | string | undefined) =>
    typeof value === "number" ? short(value) : value ?? "";
  const row = (side: string, profile: ColumnProfile | undefined) =>
    profile ? [[side, ...measures.map((measure) => words(profile[measure]))]] : [];
  return [["", ...measures], ...row("past", past), ...row("current", current)];
}

/** How often each level is in both sides, those whose number differs; the greatest difference first. */
export function levelChanges(
  { past, current }: { readonly past?: ColumnProfile; readonly current?: ColumnProfile },
): readonly { readonly level: string; readonly past: number; readonly current: number }[] {
  const [before, after] = [past?.levels ?? {}, current?.levels ?? {}];
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .map((level) => ({ level, past: before[level] ?? 0, current: after[level] ?? 0 }))
    .filter(({ past, current }) => past !== current)
    .sort((a, b) =>
      Math.abs(b.current - b.past) - Math.abs(a.current - a.past) || (a.level < b.level ? -1 : 1)
    );
}

/** How a rerun of the recorded source came out, a sentence each. */
export function asRecordedWords({ difference, drifts }: AsRecorded): readonly string[] {
  const differing = drifts.map((drift) =>
    `${drift.clause} ${sideOf(drift, "past")} → ${sideOf(drift, "current")}`
  );
  const outcome = difference === undefined
    ? "The recorded source on the recorded data gives the recorded result again, bit for bit."
    : `The recorded source on the recorded data gives another result: ${difference}.`;
  if (differing.length === 0) return [outcome];
  return [outcome, `What it ran with differs: ${differing.join(", ")}.`];
}

/** A metric's value at a mix of past and current parts; or why that mix can't be run. */
export type MixedValue =
  | { readonly value: number; readonly change: number | undefined; readonly share: number | undefined }
  | { readonly reason: string };

/** What each part carries of one metric's change. */
export interface MetricAttribution {
  /** The name of the metric. */
  readonly metric: string;
  /** Its value of all that is past. */
  readonly past: number;
  /** Its value of all that is current. */
  readonly current: number;
  /** Each part, with its share of the whole change from 0 to 1 (beyond that, where another part undoes it). */
  readonly parts: readonly {
    readonly part: string;
    readonly alone: MixedValue;
    readonly in_order: MixedValue;
  }[];
}

/** What each part carries, for each metric that changes. */
export function attributionOf({ past, current, parts }: Attribution): readonly MetricAttribution[] {
  return Object.keys(past).filter((metric) => past[metric] !== current[metric]).map((metric) => {
    const [from, to] = [past[metric] ?? NaN, current[metric] ?? NaN];
    let before: number | undefined = from;
    const mixed = (mix: Readonly<Record<string, number>> | string, base: number | undefined): MixedValue => {
      if (typeof mix === "string") return { reason: mix };
      const value = mix[metric] ?? NaN;
      const change = base === undefined ? undefined : value - base;
      const share = change === undefined ? undefined : change / (to - from);
      return { value, change, share: Number.isFinite(share) ? share : undefined };
    };
    return {
      metric,
      past: from,
      current: to,
      parts: parts.map(({ part, alone, in_order }) => {
        const row = { part, alone: mixed(alone, from), in_order: mixed(in_order, before) };
        before = "value" in row.in_order ? row.in_order.value : undefined;
        return row;
      }),
    };
  });
}

/** Why some mixes can't be run, a sentence each. */
export function unmixable({ parts }: Attribution): readonly string[] {
  return parts.flatMap(({ part, alone, in_order }) => [
    ...(typeof alone === "string" ? [`${part} alone can't be run: ${alone}`] : []),
    ...(typeof in_order === "string" && in_order !== alone
      ? [`${part} in order can't be run: ${in_order}`]
      : []),
  ]);
}

/** A mixed value as its value and its share of the change, where it has one. */
export function mixedCells(mixed: MixedValue): readonly [value: string, share: string] {
  if ("reason" in mixed) return ["can't be run", ""];
  const { value, change, share } = mixed;
  return [
    short(value),
    share === undefined ? signed(change) : `${signed(change)} (${Math.round(share * 100)} %)`,
  ];
}

/** A difference with its sign. */
function signed(change: number | undefined): string {
  if (change === undefined || Number.isNaN(change)) return "";
  return `${change > 0 ? "+" : ""}${short(change)}`;
}

/** A metric of either side; in JSON one that isn't finite is null. */
export interface MetricRow {
  /** The name of the metric. */
  readonly metric: string;
  /** Its past value, where it has one. */
  readonly past: number | null | undefined;
  /** Its current value, where it has one. */
  readonly current: number | null | undefined;
  /** `same`, or the difference with its sign; empty where one side has no number. */
  readonly change: string;
}

/** The metrics of both sides, each once. */
export function metricRows({ past, current }: NonNullable<ReportDocument["metrics"]>): readonly MetricRow[] {
  return [...new Set([...Object.keys(past), ...Object.keys(current)])].map((metric) => {
    // A metric may have the name of what every object has.
    const [before, after]: readonly (number | null | undefined)[] = [past, current].map((side) =>
      Object.hasOwn(side, metric) ? side[metric] : undefined
    );
    const isBoth = typeof before === "number" && typeof after === "number";
    const change = Object.is(before, after) ? "same" : isBoth ? signed(after - before) : "";
    return { metric, past: before, current: after, change };
  });
}

/** A clause of either contract, with what became of it. */
export interface ClauseRow {
  /** The clause. */
  readonly clause: string;
  /** Its past value or digest, short; undefined where it has none. */
  readonly past: string | undefined;
  /** Its current value or digest, short; undefined where it has none. */
  readonly current: string | undefined;
  /** Its drift, where it has one. */
  readonly drift?: ExplainedDrift;
  /** Whether both sides have it. */
  readonly known: boolean;
}

/** Every clause of both contracts, in the order of reports; the drifts alone where neither is at hand. */
export function clauseRows({ past, current, drifts }: Reported): readonly ClauseRow[] {
  if (!past && !current) {
    return drifts.map((drift) => ({
      clause: drift.clause,
      past: drift.past === null ? undefined : sideOf(drift, "past"),
      current: drift.current === null ? undefined : sideOf(drift, "current"),
      drift,
      known: true,
    }));
  }
  const byClause = new Map(drifts.map((drift) => [drift.clause, drift]));
  const clauses = new Set([past, current].flatMap((side) => Object.keys(side?.clauses ?? {})));
  return [...clauses].sort(compareClauses).map((clause) => {
    const drift = byClause.get(clause);
    return {
      clause,
      past: past && shown(past, clause),
      current: current && shown(current, clause),
      ...(drift ? { drift } : {}),
      known: [past, current].every((side) => side !== undefined && clause in side.clauses),
    };
  });
}

function shown({ clauses, evidence }: ContractRecord, clause: string): string | undefined {
  const digest = clauses[clause];
  const value = evidence[clause]?.value;
  const isShort = clause.startsWith("packages.") || clause.startsWith("environment.") || clause === "seed";
  return value !== undefined && isShort && value.length <= 24 ? value : digest?.slice(0, 12);
}

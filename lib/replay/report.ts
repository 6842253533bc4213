import type { ContractRecord } from "../contract/contract.ts";
import type { Evaluation } from "../models/evaluation.ts";
import type { Asked } from "../training/asked.ts";
import type {
  AsRecorded,
  Attribution,
  CodeChange,
  DataChange,
  ExplainedDrift,
} from "./explain/explanation.ts";

/**
 * What a report says of a run: before a rerun `safe`, `blocked` or `unverifiable`; after one `reproduced` or
 * `diverged`; of two recorded runs `same` or `different`.
 */
export type Verdict =
  | "safe"
  | "blocked"
  | "unverifiable"
  | "reproduced"
  | "diverged"
  | "same"
  | "different";

/** Each verdict in words. */
export const verdictWords: Readonly<Record<Verdict, string>> = {
  safe: "✅ safe to rerun",
  blocked: "❌ rerun blocked due to drift",
  unverifiable: "❓ unverifiable: evidence is missing",
  reproduced: "✅ reproduced: metrics and weights are bit-identical",
  diverged: "❌ diverged",
  same: "✅ the two runs are made of the same",
  different: "❌ the two runs are made of different things",
};

/** The verdict in words, with what it is judged by where that isn't today's config. */
export function verdictLine({ verdict, judged_by }: Pick<ReplayReport, "verdict" | "judged_by">): string {
  return verdictWords[verdict] + (judged_by === "recorded" ? ", judged by the recorded config" : "");
}

/** What a run was asked by, in a sentence. */
export function askedWords({ experiment, run, config, set, digest }: Asked): string {
  const overrides = set.length === 0 ? "" : `, with ${set.join(", ")}`;
  return `Recorded as ${run} of the experiment ${experiment}, by the config ${config}${overrides} (${
    digest.slice(0, 12)
  })`;
}

/** Whether a verdict is the good one of its kind, by which a command exits with 0. */
export function isGood(verdict: Verdict): boolean {
  return verdict === "safe" || verdict === "reproduced" || verdict === "same";
}

/** Whether a verdict is of two recorded runs, not of one and of today. */
export function isComparison(verdict: Verdict): boolean {
  return verdict === "same" || verdict === "different";
}

/** A metric by step, on each side that has it. */
export interface Curve {
  /** The name of the metric. */
  readonly key: string;
  /** The points of the run that was judged. */
  readonly past: readonly CurvePoint[];
  /** The points of the run that repeated it, where one did. */
  readonly current: readonly CurvePoint[];
}

/** A point of a curve. */
export interface CurvePoint {
  /** Where on the curve it is, such as an epoch. */
  readonly step: number;
  /** The value of the metric there; may be NaN or infinite. */
  readonly value: number;
}

/** What plots show of the fitted model of each side, where it is recorded. */
export interface Evaluations {
  /** Of the run that was judged. */
  readonly past?: Evaluation;
  /** Of the run that repeated it, where one did. */
  readonly current?: Evaluation;
}

/** The past and the current contract of a run, what differs and why, and the verdict. */
export interface ReplayReport {
  /** What follows from the drifts. */
  readonly verdict: Verdict;
  /** The run that was judged. */
  readonly run_id: string;
  /** The run that repeated it, where one did; of two runs that are compared, the second. */
  readonly rerun_id?: string;
  /** Each clause that differs, binding or not, with what could be found out about it. */
  readonly drifts: readonly ExplainedDrift[];
  /** The name of the run that was judged. */
  readonly run_name: string;
  /** Which config the current side was made of: today's file, or the recorded one. */
  readonly config: string;
  /** Where that is from: today's of the name that the run was asked by, the run's record, or given by the caller. */
  readonly judged_by?: "today" | "recorded" | "given" | undefined;
  /** What the run was asked by, where its record vouches for that. */
  readonly asked?: Asked;
  /** What else a reader should know: how the run was chosen, which clauses were moved by the replay config. */
  readonly notes: readonly string[];
  /** Why a verdict is `unverifiable`, or how a rerun diverged. */
  readonly reasons: readonly string[];
  /** Each declaration that changed, once, with the clauses that reach it. */
  readonly code: readonly CodeChange[];
  /** What changed in the data, where both states of it are at hand. */
  readonly data?: DataChange;
  /** What can't be told, and why. */
  readonly untold: readonly string[];
  /** The metrics of both sides, where both were trained. */
  readonly metrics?: {
    readonly past: Readonly<Record<string, number>>;
    readonly current: Readonly<Record<string, number>>;
  };
  /** How a rerun of the recorded source came out. */
  readonly as_recorded?: AsRecorded;
  /** Which change carries how much of the metrics' change. */
  readonly attribution?: Attribution;
  /** The learning curves of both sides, where they were asked for. */
  readonly curves?: readonly Curve[];
  /** The evaluations of both sides, where they were asked for. */
  readonly evaluations?: Evaluations;
  /** The recorded contract, where there is one. */
  readonly past: ContractRecord | undefined;
  /** Today's contract, where it could be made. */
  readonly current: ContractRecord | undefined;
}

/** A replay report as JSON data. */
export type ReportDocument = Omit<ReplayReport, "past" | "current" | "curves" | "evaluations">;

/** A replay report as JSON data: the verdict, the run, and each drift. */
export function toJson(
  { past: _past, current: _current, curves: _curves, evaluations: _evaluations, ...report }: ReplayReport,
): ReportDocument {
  return report;
}

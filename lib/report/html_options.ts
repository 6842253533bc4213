import type { Curve, Evaluations } from "../replay/report.ts";

/** Where the things that a report names are shown, on pages that have more than the report. */
export interface ReportLinks {
  /** The page of a run. */
  run(id: string): string;
  /** The page that compares two runs. */
  compare(past: string, current: string): string;
  /** The page of a module that a run recorded. */
  source(id: string, file: string): string;
}

/** How a report is shown as HTML. */
export interface HtmlReportOptions {
  /** The learning curves, past and current. @default none */
  readonly curves?: readonly Curve[] | undefined;
  /** What plots show of the fitted models, past and current. @default nothing */
  readonly evaluations?: Evaluations | undefined;
  /** Where the things that the report names are shown. @default nowhere */
  readonly links?: ReportLinks | undefined;
  /** How many drifts, columns and lines of diffs there is room for. @default no limit */
  readonly limits?: { readonly drifts: number; readonly columns: number; readonly lines: number } | undefined;
}

/** Room for all there is. */
export const NO_LIMITS = { drifts: Infinity, columns: Infinity, lines: Infinity };

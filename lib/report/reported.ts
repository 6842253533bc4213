import type { ReplayReport, ReportDocument } from "../replay/report.ts";

/** What the forms of a report are made from: its JSON data and, where they are at hand, both contracts. */
export type Reported = ReportDocument & Partial<Pick<ReplayReport, "past" | "current">>;

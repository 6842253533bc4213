import type { ContractRecord } from "../../contract/contract.ts";
import { z } from "../../deps/zod.ts";
import type { Lineage } from "../../features/lineage.ts";
import type { ReportDocument, Verdict } from "../../replay/report.ts";
import { readJsonArtifact } from "../../tracking/read.ts";
import { recorded } from "../../tracking/recorded.ts";
import type { TrackingStore } from "../../tracking/store.ts";
import type { Job, Jobs } from "../job.ts";
import { answers, lineage } from "../schemas.ts";

/** The folder of a run's artifacts that has the source of each module. */
export const MODULES = "source/modules/";

/** Where a recorded module is shown. */
export function sourceUrl(runId: string, path: string): string {
  return `/runs/${encodeURIComponent(runId)}/source/${path.split("/").map(encodeURIComponent).join("/")}`;
}

const contractSchema = z.object({
  version: z.number(),
  scheme: z.string(),
  clauses: z.record(z.string(), z.string()),
  evidence: z.record(
    z.string(),
    z.object({
      value: z.string().exactOptional(),
      declarations: z.record(z.string(), z.string()).exactOptional(),
    }),
  ),
});

/** The report of a replay that has ended; undefined for any other job. */
export function reportOf({ kind, result }: Job): ReportDocument | undefined {
  return kind === "replay" && answers.ReplayReport.safeParse(result).success
    ? result as ReportDocument
    : undefined;
}

/** The JSON document of a training; a value that isn't finite is null. */
export type TrainedDocument = z.output<typeof answers.TrainedRun>;

/** What a training gave that has ended; undefined for any other job. */
export function trainedOf({ kind, result }: Job): TrainedDocument | undefined {
  return kind === "train" ? answers.TrainedRun.safeParse(result).data : undefined;
}

/** The newest verdict of each run that this server has replayed, with its job. */
export function verdictsOf(
  jobs: Jobs,
): ReadonlyMap<string, { readonly verdict: Verdict; readonly job: string }> {
  const verdicts = new Map<string, { readonly verdict: Verdict; readonly job: string }>();
  for (const job of jobs.list({ limit: 200 })) {
    const report = reportOf(job);
    if (report && !verdicts.has(report.run_id)) {
      verdicts.set(report.run_id, { verdict: report.verdict, job: job.id });
    }
  }
  return verdicts;
}

/** The contract that a run recorded, however old; undefined where there is none that can be read. */
export async function readContract(store: TrackingStore, runId: string): Promise<ContractRecord | undefined> {
  const reading = await readJsonArtifact(store, runId, recorded.contract, contractSchema);
  return "value" in reading ? reading.value : undefined;
}

/** The lineage that a run recorded; undefined where there is none that can be drawn, as of an older run. */
export async function readLineage(store: TrackingStore, runId: string): Promise<Lineage | undefined> {
  const reading = await readJsonArtifact(store, runId, recorded.lineage, lineage);
  return "value" in reading ? reading.value as Lineage : undefined;
}

/** The names of a store's experiments by their ids. */
export async function experimentNames(store: TrackingStore): Promise<ReadonlyMap<string, string>> {
  return new Map((await store.searchExperiments()).map(({ experiment_id, name }) => [experiment_id, name]));
}

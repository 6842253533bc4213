import { now } from "../environment.ts";
import { readEvaluation } from "../evaluation/read.ts";
import type { TrackingStore } from "../tracking/store.ts";
import { type Curve, type Evaluations, type ReplayReport, toJson } from "./report.ts";

/** What a page draws of the runs of a report: their learning curves and their evaluations. */
export async function picturesOf(
  store: TrackingStore,
  { run_id, rerun_id }: Pick<ReplayReport, "run_id" | "rerun_id">,
): Promise<Required<Pick<ReplayReport, "curves" | "evaluations">>> {
  const ids = [run_id, ...(rerun_id === undefined ? [] : [rerun_id])];
  const [curves, evaluations] = await Promise.all([curvesOf(store, ids), evaluationsOf(store, ids)]);
  return { curves, evaluations };
}

/** What plots show of one run or two, where it is recorded. */
export async function evaluationsOf(store: TrackingStore, ids: readonly string[]): Promise<Evaluations> {
  const [past, current] = await Promise.all(ids.map((id) => readEvaluation(store, id)));
  return { ...(past ? { past } : {}), ...(current ? { current } : {}) };
}

/** The metrics with points after step 0. */
async function curvesOf(store: TrackingStore, ids: readonly string[]): Promise<readonly Curve[]> {
  const sides = await Promise.all(ids.map(async (id) => {
    const { metrics } = await store.getRun(id);
    const keys = Object.values(metrics).filter(({ step }) => step > 0).map(({ key }) => key);
    return new Map(
      await Promise.all(keys.map(async (key) => {
        const points = await store.getMetricHistory(id, key);
        return [key, points.map(({ step, value }) => ({ step, value }))] as const;
      })),
    );
  }));
  const keys = [...new Set(sides.flatMap((side) => [...side.keys()]))].sort();
  return keys.map((key) => ({ key, past: sides[0]?.get(key) ?? [], current: sides[1]?.get(key) ?? [] }));
}

/** Attaches a report to the run that it is about, as JSON, Markdown and HTML, and tags the run with the verdict. */
export async function logReport(store: TrackingStore, report: ReplayReport): Promise<void> {
  const [{ toHtml }, { toMarkdown }] = await Promise.all([import("./html.ts"), import("./markdown.ts")]);
  const at = new Date(now()).toISOString();
  const folder = `reports/${at.replaceAll(":", "-")}`;
  const forms = {
    "report.json": JSON.stringify(toJson(report), null, 2),
    "report.md": toMarkdown(report),
    "report.html": toHtml(report, report),
  };
  for (const [file, text] of Object.entries(forms)) {
    await store.logArtifact(report.run_id, `${folder}/${file}`, text);
  }
  await store.logBatch(report.run_id, {
    tags: {
      "reprise.verdict": report.verdict,
      "reprise.verdict_at": at,
      "reprise.report": `${folder}/report.html`,
    },
  });
}

import { now } from "../environment.ts";
import type { TrackingStore } from "../tracking/store.ts";
import { type Curve, type ReplayReport, toJson } from "./report.ts";

/** The learning curves of the runs of a report: the metrics with points after step 0. */
export async function curvesOf(
  store: TrackingStore,
  report: Pick<ReplayReport, "run_id" | "rerun_id">,
): Promise<readonly Curve[]> {
  const ids = [report.run_id, ...(report.rerun_id === undefined ? [] : [report.rerun_id])];
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
    "report.html": toHtml(report, { curves: report.curves ?? [] }),
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

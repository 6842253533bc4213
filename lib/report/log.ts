import { now } from "../base/environment.ts";
import { ExperimentError } from "../base/error.ts";
import {
  type Curve,
  type CurvePoint,
  type Evaluations,
  type ReplayReport,
  toJson,
} from "../replay/report.ts";
import type { Run, TrackingStore } from "../tracking/store.ts";
import { readEvaluation } from "../training/evaluation/read.ts";

/** What a page draws of the runs of a report: their learning curves and their evaluations. */
export async function picturesOf(
  store: TrackingStore,
  { run_id, rerun_id }: Pick<ReplayReport, "run_id" | "rerun_id">,
): Promise<Required<Pick<ReplayReport, "curves" | "evaluations">>> {
  const ids = [run_id, ...(rerun_id === undefined ? [] : [rerun_id])];
  const [curves, evaluations] = await Promise.all([bothCurves(store, ids), evaluationsOf(store, ids)]);
  return { curves, evaluations };
}

/** What plots show of one run or two, where it is recorded. */
export async function evaluationsOf(store: TrackingStore, ids: readonly string[]): Promise<Evaluations> {
  const [past, current] = await Promise.all(ids.map((id) => readEvaluation(store, id)));
  return { ...(past ? { past } : {}), ...(current ? { current } : {}) };
}

/** The histories of the metrics that are curves: all that have a step beyond the first. */
export async function curvesOf(
  store: TrackingStore,
  { info, metrics }: Run,
): Promise<readonly { readonly key: string; readonly points: readonly CurvePoint[] }[]> {
  const keys = Object.values(metrics).filter(({ step }) => step > 0).map(({ key }) => key).sort();
  const curves = await Promise.all(keys.map(async (key) => {
    try {
      const points = await store.getMetricHistory(info.run_id, key);
      return [{ key, points: points.map(({ step, value }) => ({ step, value })) }];
    } catch (error) {
      // What is misshapen isn't drawn.
      if (error instanceof ExperimentError && error.code === "INVALID_STATE") return [];
      throw error;
    }
  }));
  return curves.flat();
}

async function bothCurves(store: TrackingStore, ids: readonly string[]): Promise<readonly Curve[]> {
  const sides = await Promise.all(ids.map(async (id) => {
    const curves = await curvesOf(store, await store.getRun(id));
    return new Map(curves.map(({ key, points }) => [key, points]));
  }));
  const keys = [...new Set(sides.flatMap((side) => [...side.keys()]))].sort();
  return keys.map((key) => ({ key, past: sides[0]?.get(key) ?? [], current: sides[1]?.get(key) ?? [] }));
}

/** Attaches a report to the run that it is about, as JSON, Markdown and HTML, and tags the run with the verdict. */
export async function logReport(store: TrackingStore, report: ReplayReport): Promise<void> {
  const [{ toHtml }, { toMarkdown }] = await Promise.all([import("./html.tsx"), import("./markdown.ts")]);
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

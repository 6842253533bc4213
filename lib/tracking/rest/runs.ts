import { isBeyondLimit, LIMITS } from "../limits.ts";
import * as limits from "../mlflow_limits.ts";
import { byStep } from "../point.ts";
import * as refusals from "../refusals.ts";
import type { Run, TrackingStore } from "../store.ts";
import { Pages } from "../pages.ts";
import { pointsIn, runIn } from "../reading/run.ts";
import { answers } from "./answers.ts";
import { allExperiments } from "./experiments.ts";
import { filterOf, matches } from "./filter.ts";
import { get, isDeleted, isMissing, type MlflowServer, post, toPairs } from "./mlflow_server.ts";

/** How many runs one answer has at most, so that it is within the limit of bytes. */
const PAGE = 200;
/** How many points of a metric one answer has, where they come in pages. */
const POINTS = 25_000;

/** The verbs about runs, spoken to a server. */
export function runVerbs(
  server: MlflowServer,
): Pick<TrackingStore, "createRun" | "updateRun" | "getRun" | "searchRuns" | "getMetricHistory"> {
  return {
    async createRun(run) {
      const { experiment_id, run_name, user_id, start_time } = run;
      const tags = toPairs(limits.tagsOfNewRun(run));
      const request = post("runs/create", { experiment_id, run_name, user_id, start_time, tags });
      const made = await server.ask(answers.run, { ...request, repeatable: false });
      if ("refusal" in made) {
        const { message, error } = made.refusal;
        if (isMissing(made.refusal) || message.startsWith("Invalid experiment ID")) {
          throw refusals.noExperiment(experiment_id, server.uri);
        }
        if (isDeleted(message)) throw refusals.deletedExperiment(experiment_id);
        throw error;
      }
      const { info, misshapen } = runIn(made.told.run);
      if (misshapen !== undefined) throw server.notMlflow("POST runs/create");
      server.keepArtifactUri(info.run_id, info.artifact_uri);
      return info;
    },

    async updateRun(runId, update) {
      limits.checkUpdate(update);
      await server.ofRun(runId, answers.done, post("runs/update", { run_id: runId, ...update }));
    },

    getRun: (runId) => server.activeRun(runId),

    async searchRuns(search) {
      limits.checkSearch(search);
      const { max_results = 100 } = search;
      const experiment_ids = search.experiment_ids ??
        (await allExperiments(server)).map((experiment) => experiment.experiment_id);
      if (experiment_ids.length === 0) return { runs: [], next_page_token: undefined };
      const runs: Run[] = [];
      const pages = new Pages(`The list of runs of ${server.uri}`);
      let { page_token } = search;
      do {
        const asked = {
          experiment_ids,
          filter: filterOf(search),
          run_view_type: "ACTIVE_ONLY",
          max_results: Math.min(PAGE, max_results - runs.length),
          order_by: ["attributes.start_time DESC"],
          page_token,
        };
        const answer = await server.ask(answers.runs, post("runs/search", asked));
        if ("refusal" in answer) {
          const { message, error } = answer.refusal;
          throw message.startsWith("Invalid page token") ? limits.noPageToken(`${page_token}`) : error;
        }
        const page = answer.told;
        runs.push(...page.runs.map(runIn).filter((run) => matches(run, search)));
        page_token = pages.after(page.runs.length, page.next_page_token);
      } while (page_token !== undefined && runs.length < max_results);
      return { runs, next_page_token: page_token };
    },

    async getMetricHistory(runId, metric_key) {
      const metrics = await historyOf(server, runId, metric_key);
      // The server has an empty history for a run that it doesn't have.
      if (metrics.length === 0) await server.activeRun(runId);
      const points = pointsIn(metrics);
      if (typeof points === "string") throw refusals.misshapenMetric(runId, metric_key, points);
      return points.toSorted(byStep);
    },
  };
}

/** The points of a metric as the server tells them: at once or, where that is too much for one answer, in pages. */
async function historyOf(
  server: MlflowServer,
  run_id: string,
  metric_key: string,
): Promise<readonly unknown[]> {
  const asked = { run_id, metric_key };
  try {
    return (await server.ofRun(run_id, answers.history, get("metrics/get-history", asked))).metrics;
  } catch (error) {
    if (!isBeyondLimit(error)) throw error;
  }
  const found: unknown[] = [];
  const pages = new Pages(`The metric ${JSON.stringify(metric_key)} of the run ${run_id}`, LIMITS.points);
  let page_token: string | undefined;
  do {
    const page = await server.ofRun(
      run_id,
      answers.history,
      get("metrics/get-history", { ...asked, max_results: `${POINTS}`, ...(page_token && { page_token }) }),
    );
    for (const point of page.metrics) found.push(point);
    page_token = pages.after(page.metrics.length, page.next_page_token);
  } while (page_token !== undefined);
  return found;
}

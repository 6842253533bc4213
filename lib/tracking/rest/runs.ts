import { ExperimentError } from "../../base/error.ts";
import { beyondLimit, isBeyondLimit, LIMITS, sizeOf } from "../limits.ts";
import * as limits from "../mlflow_limits.ts";
import { byStep } from "../point.ts";
import * as refusals from "../refusals.ts";
import type { Run, TrackingStore } from "../store.ts";
import { Pages } from "../pages.ts";
import { pointsIn, runIn, unreadRun } from "../reading/run.ts";
import { answers } from "./answers.ts";
import { allExperiments } from "./experiments.ts";
import { filterOf, matches } from "./filter.ts";
import { get, isDeleted, isMissing, type MlflowServer, post, toPairs } from "./mlflow_server.ts";

/** How many runs one answer has at most, so that it is within the limit of bytes. */
const PAGE = 200;
/** How many runs of a list may be more than is read of one answer. */
const UNREAD = 3;
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
      let size = PAGE;
      let unread = 0;
      do {
        const asked = {
          experiment_ids,
          filter: filterOf(search),
          run_view_type: "ACTIVE_ONLY",
          max_results: Math.min(size, max_results - runs.length),
          order_by: ["attributes.start_time DESC"],
          page_token,
        };
        const page = await pageOf(server, asked);
        if (!(page instanceof ExperimentError)) {
          runs.push(...page.runs.map(runIn).filter((run) => matches(run, search)));
          page_token = pages.after(page.runs.length, page.next_page_token);
          size = PAGE;
        } else if (asked.max_results > 1) {
          size = Math.ceil(asked.max_results / 2);
        } else {
          if (++unread > UNREAD) throw page;
          size = PAGE;
          // One run that has too much must not hide the others.
          runs.push(unreadRun(`it is more than ${sizeOf(LIMITS.answerBytes)}`));
          page_token = pages.after(1, tokenAfter(page_token));
        }
      } while (page_token !== undefined && runs.length < max_results || size < PAGE);
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

/** A page of runs; or the error where it is more than is read of one answer. */
async function pageOf(server: MlflowServer, asked: { readonly page_token: string | undefined }) {
  try {
    const answer = await server.ask(answers.runs, post("runs/search", asked));
    if ("told" in answer) return answer.told;
    const { message, error } = answer.refusal;
    throw message.startsWith("Invalid page token") ? limits.noPageToken(`${asked.page_token}`) : error;
  } catch (error) {
    if (error instanceof ExperimentError && isBeyondLimit(error)) return error;
    throw error;
  }
}

/** The token of the page that begins one run later, as MLflow makes it. */
function tokenAfter(token: string | undefined): string {
  const offset = token === undefined ? 0 : offsetIn(token);
  return btoa(JSON.stringify({ offset: offset + 1 }));
}

function offsetIn(token: string): number {
  try {
    const { offset } = JSON.parse(atob(token));
    if (Number.isSafeInteger(offset) && offset >= 0) return offset;
  } catch {
    // The same as any other token that isn't MLflow's.
  }
  throw beyondLimit("A run of the list", sizeOf(LIMITS.answerBytes));
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

import * as limits from "../mlflow_limits.ts";
import { Pages } from "../pages.ts";
import { experimentIn } from "../reading/run.ts";
import * as refusals from "../refusals.ts";
import type { Experiment, TrackingStore } from "../store.ts";
import { answers } from "./answers.ts";
import { get, isMissing, type MlflowServer, post } from "./mlflow_server.ts";

const PAGE = 1000;

/** The verbs about experiments, spoken to a server. */
export function experimentVerbs(
  server: MlflowServer,
): Pick<TrackingStore, "getExperimentByName" | "ensureExperiment" | "searchExperiments"> {
  const experimentNamed = async (experiment_name: string) => {
    const answer = await server.ask(answers.experiment, get("experiments/get-by-name", { experiment_name }));
    if ("told" in answer) return answer.told.experiment;
    if (isMissing(answer.refusal)) return undefined;
    throw answer.refusal.error;
  };
  return {
    async getExperimentByName(name) {
      const found = await experimentNamed(name);
      return found?.lifecycle_stage === "active" ? toExperiment(found) : undefined;
    },

    async ensureExperiment(name) {
      limits.checkExperimentName(name);
      let found = await experimentNamed(name);
      if (found === undefined) {
        let refused: unknown;
        // Another process may make it first, and a broken connection may hide that it was made: look again in any case.
        await server.told(answers.done, { ...post("experiments/create", { name }), repeatable: false })
          .catch((error: unknown) => refused = error);
        found = await experimentNamed(name);
        if (found === undefined) throw refused;
      }
      if (found.lifecycle_stage === "active") return toExperiment(found);
      throw refusals.deletedExperiment(found.experiment_id);
    },

    searchExperiments: () => allExperiments(server),
  };
}

/** All active experiments of a server, newest first. */
export async function allExperiments(server: MlflowServer): Promise<readonly Experiment[]> {
  const found: Experiment[] = [];
  const pages = new Pages(`The list of experiments of ${server.uri}`);
  let page_token: string | undefined;
  do {
    const asked = { max_results: PAGE, order_by: ["creation_time DESC", "experiment_id DESC"], page_token };
    const page = await server.told(answers.experiments, post("experiments/search", asked));
    found.push(...page.experiments.map(toExperiment));
    page_token = pages.after(page.experiments.length, page.next_page_token);
  } while (page_token !== undefined);
  return found;
}

function toExperiment(told: { readonly experiment_id: string }): Experiment {
  return experimentIn(told.experiment_id, told);
}

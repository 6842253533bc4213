import { messageOf } from "../../base/error.ts";
import { checkValue } from "../../document/document.ts";
import { assemble, type Choice, chooseFrom, derive, type Prepared } from "../../experiment/prepare.ts";
import { isMetric } from "../../training/fit.ts";
import { type EncodedNumber, encodeNumber, type Job, JOB_VERSION } from "../../training/kept/result.ts";
import { openSide, serveJob, tryOut } from "../../training/kept/trial.ts";

/** The parts of an experiment of which each may be past or current, in the order in which they are changed. */
export const PARTS = ["data", "features", "model", "params"] as const;

/** A part of an experiment; `params` are the model's params and what the config says besides. */
export type Part = typeof PARTS[number];

/** The parts that are current; all others are past. */
export type Mix = readonly Part[];

/** What to run: an experiment as it was and as it is, and which mixes of the two. */
export interface MixJob {
  readonly past: Pick<Job, "registry" | "spec" | "snapshot">;
  readonly current: Pick<Job, "registry" | "spec" | "snapshot">;
  readonly mixes: readonly Mix[];
  /** As of any job. */
  readonly mark: string;
}

/** The metrics of each mix, or why it can't be run. */
export interface MixResult {
  readonly version: typeof JOB_VERSION;
  readonly mixes: readonly (Readonly<Record<string, EncodedNumber>> | string)[];
}

/** What the program prints after each mix. */
export const DONE = "reprise: a mix is done";

const DONE_LINE = new TextEncoder().encode(`${DONE}\n`);

type Sided = Pick<Prepared, "table"> & { readonly choice: Choice };

/** Runs mixes of an experiment's past and current parts, by today's framework. */
async function work(job: MixJob): Promise<MixResult["mixes"]> {
  const open = async (side: MixJob["past"]): Promise<Sided> => {
    const { registry, spec, table } = await openSide(side);
    return { choice: chooseFrom(registry, spec), table };
  };
  const [past, current] = [await open(job.past), await open(job.current)];
  const names = new Set([...past.choice.spec.metrics, ...current.choice.spec.metrics]);
  const metrics = [...names].filter((name) => isMetric(name));
  const results: MixResult["mixes"][number][] = [];
  for (const mix of job.mixes) {
    try {
      const { choice, table } = mixed((part) => mix.includes(part) ? current : past);
      const prepared = assemble({ ...choice, spec: { ...choice.spec, metrics } }, derive(choice, table));
      const scores = Object.entries((await tryOut(prepared)).metrics);
      results.push(Object.fromEntries(scores.map(([name, value]) => [name, encodeNumber(value)])));
    } catch (error) {
      results.push(messageOf(error));
    }
    await Deno.stdout.write(DONE_LINE);
  }
  return results;
}

/** An experiment of which each part is from one side. A part is what its definition says, not what it is named. */
function mixed(sideOf: (part: Part) => Sided): Sided {
  const [data, features, model, params] = PARTS.map(sideOf) as [Sided, Sided, Sided, Sided];
  const { spec } = params.choice;
  const checked = model === params ? spec.model.params : checkValue(spec.model.params, {
    file: `${model.choice.spec.model.name} with the params of ${spec.model.name}`,
    schema: model.choice.model.params,
  }).value;
  return {
    table: data.table,
    choice: {
      dataset: data.choice.dataset,
      views: features.choice.views,
      model: model.choice.model,
      spec: {
        ...spec,
        data: data.choice.spec.data,
        features: features.choice.spec.features,
        model: { name: model.choice.spec.model.name, params: checked },
      },
    },
  };
}

if (import.meta.main) {
  await serveJob(async (job: MixJob) => {
    const result = await work(job).then((mixes) => ({ mixes }), (error) => ({
      failure: messageOf(error),
    }));
    return { version: JOB_VERSION, ...result };
  });
}

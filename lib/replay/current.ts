import { digestOf } from "../base/digest.ts";
import { ExperimentError } from "../base/error.ts";
import { parse } from "../deps/yaml.ts";
import {
  configNames,
  isListed,
  type LoadedExperiment,
  loadExperiment,
  loadRecorded,
} from "../experiment/experiment.ts";
import { readText } from "../tracking/read.ts";
import { recorded } from "../tracking/recorded.ts";
import type { Run, TrackingStore } from "../tracking/store.ts";
import type { Asked } from "../training/asked.ts";
import { choicesOf } from "../training/record.ts";
import type { ReplayReport } from "./report.ts";

/** The experiment that a run is judged against, and which config that is made of. */
export interface CurrentExperiment {
  readonly experiment: LoadedExperiment;
  readonly judged_by: NonNullable<ReplayReport["judged_by"]>;
}

/**
 * Today's config of the name that a run was asked by, with its overrides; the recorded config where that is asked for,
 * or where the run came from a path or a URL, which no record may have run.
 *
 * @throws {ExperimentError} `INVALID_STATE` where neither can be taken, with the next step.
 */
export async function currentExperiment(
  store: TrackingStore,
  run: Run,
  { asked, name, experiment, recordedConfig = false }: {
    /** What the run was asked by; undefined where its record doesn't vouch for it. */
    readonly asked: Asked | undefined;
    /** The name that the run was looked up by. */
    readonly name?: string;
    /** The experiment that the caller gives. */
    readonly experiment?: LoadedExperiment;
    readonly recordedConfig?: boolean;
  },
): Promise<CurrentExperiment> {
  const id = run.info.run_id;
  if (asked !== undefined && name !== undefined && asked.run !== name) {
    throw new ExperimentError(
      "INVALID_STATE",
      `The run that is called "${name}" in the store now was recorded as "${asked.run}": ` +
        `which of the two is meant can't be told. Ask for it by --run-id ${id}.`,
    );
  }
  if (!recordedConfig) {
    if (experiment) return { experiment, judged_by: "given" };
    if (asked === undefined) throw unvouched();
    if (isListed(asked.config)) {
      if (!(await configNames()).includes(asked.config)) throw gone(asked.config);
      return { experiment: await loadExperiment(asked.config, { set: asked.set }), judged_by: "today" };
    }
  }
  const text = await readText(store, id, recorded.config);
  if (text === undefined) {
    throw new ExperimentError(
      "INVALID_STATE",
      `The run has no ${recorded.config}: its artifacts are gone. Judge it by a config of yours: --judged-by.`,
    );
  }
  if (asked === undefined ? !isChosen(text, run) : digestOf(text) !== asked.resolved) {
    throw new ExperimentError(
      "INVALID_STATE",
      `The run's ${recorded.config} was changed since it was recorded: it isn't what the run's params say.`,
    );
  }
  return {
    experiment: await loadRecorded(text, {
      name: asked?.config ?? `runs/${id}/${recorded.config}`,
      set: asked?.set ?? [],
      file: `${recorded.config} of run ${id}`,
    }),
    judged_by: "recorded",
  };
}

/** Whether a config is what the params of a run say, of which no digest vouches. */
function isChosen(text: string, { params }: Run): boolean {
  let config: unknown;
  try {
    config = parse(text);
  } catch {
    return false;
  }
  if (typeof config !== "object" || config === null) return false;
  const choices = choicesOf(config as Readonly<Record<string, unknown>>);
  const chosen = Object.keys(params).filter((key) =>
    /^(data|features|model|split)\.|^(metrics|seed)$/.test(key)
  );
  return Object.entries(choices).every(([key, value]) => params[key] === value) &&
    chosen.every((key) => Object.hasOwn(choices, key));
}

function unvouched(): ExperimentError {
  return new ExperimentError(
    "INVALID_STATE",
    "The run's record doesn't vouch for the name of its config: the release that recorded it kept that as a tag, " +
      "which can be changed at any time. Judge it by the recorded config, --recorded-config, or by one of yours, --judged-by.",
  );
}

function gone(config: string): ExperimentError {
  return new ExperimentError(
    "INVALID_STATE",
    `There is no config "${config}" in configs/ any more, which the run was asked by. ` +
      "Judge it by the recorded config, --recorded-config, or by another one, --judged-by.",
  );
}

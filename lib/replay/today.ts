import { canonicalJson } from "../base/digest.ts";
import { lockText } from "../base/environment.ts";
import { ExperimentError, reasonOf } from "../base/error.ts";
import { memo } from "../base/memo.ts";
import { gitState } from "../base/git/state.ts";
import { contractOf, type MadeContract } from "../contract/contract.ts";
import type { Dataset } from "../data/dataset.ts";
import { loadTable, type Table } from "../data/table.ts";
import type { LoadedExperiment } from "../experiment/experiment.ts";
import { assemble, type Choice, chooseFrom, derive, type Derived } from "../experiment/prepare.ts";
import type { FeatureView } from "../features/features.ts";
import { openSource, type SourceReader } from "../source/source.ts";

/** What an experiment is made of today. */
export interface Made extends MadeContract {
  readonly choice: Choice;
  /** The rows of its dataset; undefined where they can't be read. */
  readonly table: Table | undefined;
  /** Why the contract lacks what depends on the rows. */
  readonly reasons: readonly string[];
}

/** What there is today, to judge runs by; each dataset, view and contract is made once. */
export interface Today {
  readonly reader: Promise<SourceReader>;
  /** What an experiment is made of. */
  of(experiment: LoadedExperiment): Promise<Made>;
}

/** Looks at what there is today. */
export function openToday(options: { readonly signal?: AbortSignal } = {}): Today {
  const lock = lockText();
  const git = gitState();
  const reader = lock.then((lock) => openSource(lock === undefined ? {} : { lock }));
  const tables = new Map<Dataset, Promise<Table>>();
  const derived = new Map<FeatureView, Promise<Derived>>();
  const all = new Map<string, Promise<Made>>();

  const tableOf = (dataset: Dataset) => memo(tables, dataset, () => loadTable(dataset, options));

  const deriveOnce = (choice: Choice) =>
    memo(
      derived,
      choice.views.at(-1)!.view,
      async () => derive(choice, await tableOf(choice.dataset)),
    );

  async function make(experiment: LoadedExperiment): Promise<Made> {
    const choice = chooseFrom(experiment.registry, experiment.spec);
    const reasons: string[] = [];
    const prepared = await deriveOnce(choice).then((from) => assemble(choice, from)).catch(
      (error): undefined => {
        // Data out of reach are data that can't be judged, which is no trouble of the store.
        reasons.push(error instanceof ExperimentError ? error.message : reasonOf(error));
      },
    );
    const made = await contractOf(experiment, choice, {
      prepared,
      reader: await reader,
      git,
      lock: await lock,
    });
    return { ...made, choice, table: await tableOf(choice.dataset).catch(() => undefined), reasons };
  }

  return {
    reader,
    of(experiment) {
      const { spec, registryAt } = experiment;
      const { experiment: _experiment, run: _run, tracking: _tracking, ...made } = spec;
      return memo(all, canonicalJson({ made, registryAt }), () => make(experiment));
    },
  };
}

import type { GitState } from "../base/git/state.ts";
import { contractOf, type MadeContract, modulesOf } from "../contract/contract.ts";
import { isInput } from "../contract/inputs.ts";
import { placeOf } from "../data/place.ts";
import { sourceBytesDigest } from "../data/table.ts";
import type { LoadedExperiment } from "../experiment/experiment.ts";
import { prepare, type Prepared } from "../experiment/prepare.ts";
import { openSource, type SourceReader } from "../source/source.ts";

/** What of code and data changed between preparing and now, in words; undefined where nothing did. */
export async function changeSince(
  experiment: LoadedExperiment,
  prepared: Prepared,
  made: MadeContract,
  { reader, git, lock }: {
    readonly reader: SourceReader;
    readonly git: GitState | undefined;
    readonly lock: string | undefined;
  },
): Promise<string | undefined> {
  const current = openSource({ text: "current", ...(lock === undefined ? {} : { lock }) });
  const edited = (await Promise.all(
    modulesOf(made.sources).map(async (module) => {
      const [now, then] = await Promise.all([current.text(module), reader.text(module)]);
      return now === then ? [] : [module];
    }),
  )).flat();
  const sameBytes = (await sourceBytesDigest(prepared.dataset)) === prepared.table.bytes;
  if (edited.length === 0 && sameBytes) return undefined;

  const again = sameBytes ? prepared : await prepare(prepared);
  const { record } = await contractOf(experiment, prepared, { prepared: again, reader: current, git, lock });
  const changed = Object.keys(record.clauses).filter((clause) =>
    record.clauses[clause] !== made.record.clauses[clause] && !isInput(clause)
  );
  if (changed.length === 0) return undefined;
  const places = [...edited, ...(sameBytes ? [] : [prepared.dataset.source.url])].map(placeOf).join(", ");
  return `${places} changed while the model was fitted, so the run isn't one of its contract: ${
    changed.join(", ")
  }.`;
}

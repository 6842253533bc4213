import { digestOfJson } from "../base/digest.ts";
import { isRecord, show, toLine } from "../document/show.ts";
import { z } from "../deps/zod.ts";
import { SCHEME } from "../source/source.ts";
import { checked, parseJson, readTextArtifact } from "../tracking/read.ts";
import { recorded } from "../tracking/recorded.ts";
import { misshapenWords } from "../tracking/runs.ts";
import type { Run, TrackingStore } from "../tracking/store.ts";
import { CONTRACT_VERSION, type ContractRecord } from "./contract.ts";

const clause = z.string().max(1000).regex(/^[a-z]+(\..+)?$/s).refine(
  (name) => name.isWellFormed() && !(name in Object.prototype),
);

const digest = z.string().regex(/^[0-9a-f]{64}$/, "expected a digest of 64 hex digits");

/** The form of contracts of this version, of whatever scheme. */
const schema: z.ZodType<ContractRecord> = z.object({
  version: z.literal(CONTRACT_VERSION),
  scheme: z.string(),
  observed: z.int().exactOptional(),
  clauses: z.record(clause, digest),
  evidence: z.record(
    clause,
    z.object({
      value: z.string().exactOptional(),
      asked: z.string().exactOptional(),
      target: z.string().exactOptional(),
      row_groups: z.array(z.string()).exactOptional(),
    }),
  ),
  asked: digest.exactOptional(),
});

/** A contract of any version, as far as it says which. */
const versioned = z.object({ version: z.number(), scheme: z.string().max(100) });

/** The recorded contract; or, in words, why there is none to compare with. */
export async function readContract(
  store: TrackingStore,
  { info, params, misshapen }: Run,
): Promise<ContractRecord | string> {
  if (misshapen !== undefined) return misshapenWords(misshapen);
  if (info.status !== "FINISHED") {
    return `The run is ${info.status}, so it isn't known to be one of its contract.`;
  }
  const text = await readTextArtifact(store, info.run_id, recorded.contract);
  const changed = `The run's ${recorded.contract} was changed since it was recorded`;
  if (!("value" in text)) {
    return text.absent
      ? `The run has no ${recorded.contract}: it was not recorded by Reprise, or its artifacts are gone.`
      : `The run's ${recorded.contract} can't be read: ${text.reason}.`;
  }
  const json = parseJson(text.value);
  if (!("value" in json)) return `${changed}: ${json.reason}.`;
  const named = versioned.safeParse(json.value).data;
  if (named && (named.version !== CONTRACT_VERSION || named.scheme !== SCHEME)) {
    return `The run's contract has version ${named.version} (${
      toLine(named.scheme)
    }), but this Reprise knows version ` +
      `${CONTRACT_VERSION} (${SCHEME}).`;
  }
  // A param can't be changed in MLflow once it is recorded, but an artifact can. Of all of it, whatever is known of it.
  if (digestOfJson(json.value) !== params[recorded.params.contract]) {
    return isRecord(json.value)
      ? `${changed}: its digest isn't the one of the param ${recorded.params.contract}.`
      : `${changed}: it isn't a contract, but ${toLine(show(json.value))}.`;
  }
  const record = checked(schema, json.value);
  return "value" in record
    ? record.value
    : `The run's ${recorded.contract} isn't a contract (${record.reason}).`;
}

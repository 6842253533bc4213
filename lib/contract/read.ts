import { digestOfJson } from "../base/digest.ts";
import { SCHEME } from "../source/source.ts";
import { readText } from "../tracking/read.ts";
import { recorded } from "../tracking/recorded.ts";
import type { Run, TrackingStore } from "../tracking/store.ts";
import { CONTRACT_VERSION, type ContractRecord } from "./contract.ts";

/** The recorded contract; or, in words, why there is none to compare with. */
export async function readContract(
  store: TrackingStore,
  { info, params }: Run,
): Promise<ContractRecord | string> {
  if (info.status !== "FINISHED") {
    return `The run is ${info.status}, so it isn't known to be one of its contract.`;
  }
  const text = await readText(store, info.run_id, recorded.contract);
  if (text === undefined) {
    return `The run has no ${recorded.contract}: it was not recorded by Reprise, or its artifacts are gone.`;
  }
  const changed = `The run's ${recorded.contract} was changed since it was recorded`;
  let record: ContractRecord;
  try {
    record = JSON.parse(text);
  } catch {
    return `${changed}: it is not JSON.`;
  }
  if (record.version !== CONTRACT_VERSION || record.scheme !== SCHEME) {
    return `The run's contract has version ${record.version} (${record.scheme}), but this Reprise knows version ` +
      `${CONTRACT_VERSION} (${SCHEME}).`;
  }
  // A param can't be changed in MLflow once it is recorded, but an artifact can.
  if (digestOfJson(record) === params[recorded.params.contract]) return record;
  return `${changed}: its digest isn't the one of the param ${recorded.params.contract}.`;
}

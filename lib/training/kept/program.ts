import { messageOf } from "../../base/error.ts";
import { contractOf } from "../../contract/contract.ts";
import { assemble, chooseFrom, derive } from "../../experiment/prepare.ts";
import { openSource } from "../../source/source.ts";
import { type Done, encodeNumber, type Job, JOB_VERSION, type Result } from "./result.ts";
import { openSide, serveJob, tryOut } from "./trial.ts";

/**
 * Runs an experiment on a snapshot of its data, by the code that this program is a part of: the program of a sandbox. The
 * one that starts it may be newer, so the forms of jobs and results have a version.
 */
async function work(job: Job): Promise<Done> {
  if (job.version !== JOB_VERSION) throw new Error(`it knows jobs of version ${JOB_VERSION} only`);
  const { registry, spec, table } = await openSide(job);
  const choice = chooseFrom(registry, spec);
  const prepared = assemble(choice, derive(choice, table));
  const lock = job.lock === null ? undefined : await Deno.readTextFile(job.lock);
  const reader = openSource(lock === undefined ? {} : { lock });
  const experiment = { spec, registry, registryAt: job.registry, name: "", file: "", set: [], origins: {} };
  const { record } = await contractOf(experiment, choice, { prepared, reader, git: undefined, lock });
  const { metrics, curves, files } = await tryOut(prepared);
  return {
    contract: record,
    metrics: Object.fromEntries(Object.entries(metrics).map(([key, value]) => [key, encodeNumber(value)])),
    curves: curves.map(({ key, step, value }) => [key, step, encodeNumber(value)]),
    files: Object.fromEntries(Object.entries(files).map(([path, bytes]) => [path, bytes.toBase64()])),
  };
}

if (import.meta.main) {
  await serveJob(async (job: Job) => {
    const result = await work(job).catch((error) => ({
      failure: messageOf(error),
    }));
    return { version: JOB_VERSION, ...result } satisfies Result;
  });
}

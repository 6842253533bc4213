import { openStore } from "../../lib/tracking/open_store.ts";

await using store = await openStore(Deno.args[0]!);
const { experiment_id } = await store.ensureExperiment("bench");
const start_time = Date.now();
const numbered = <Value>(count: number, name: string, value: (index: number) => Value) =>
  Array.from({ length: count }, (_, index) => [`${name}_${index}`, value(index)] as const);

for (let run = 0; run < 10_000; run++) {
  const { run_id } = await store.createRun({
    experiment_id,
    run_name: `run_${run}`,
    user_id: "bench",
    start_time: start_time + run,
    tags: Object.fromEntries(numbered(4, "tag", (index) => `${run}_${index}`)),
  });
  await store.logBatch(run_id, {
    params: Object.fromEntries(numbered(10, "param", (index) => `${run}_${index}`)),
    metrics: numbered(5, "metric", (index) => run + index)
      .map(([key, value]) => ({ key, value, timestamp: start_time, step: 0 })),
  });
  await store.updateRun(run_id, { status: "FINISHED", end_time: start_time + run });
}

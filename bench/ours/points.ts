import { openStore } from "../../lib/tracking/open_store.ts";
import type { Metric } from "../../lib/tracking/store.ts";

await using store = await openStore(Deno.args[0]!);
const { experiment_id } = await store.ensureExperiment("bench");
const start_time = Date.now();
const { run_id } = await store.createRun({
  experiment_id,
  run_name: "points",
  user_id: "bench",
  start_time,
  tags: {},
});

const batches = Array.from({ length: 100 }, (_, key) =>
  Array.from({ length: 1000 }, (_, step): Metric => ({
    key: `metric_${key}`,
    value: step * 0.5,
    timestamp: start_time,
    step,
  })));

const start = performance.now();
for (const metrics of batches) await store.logBatch(run_id, { metrics });
const seconds = (performance.now() - start) / 1000;
console.log(JSON.stringify({ seconds }));

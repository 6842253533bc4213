import { openStore } from "../../lib/tracking/open_store.ts";
import { median } from "../measure.ts";

await using store = await openStore(Deno.args[0]!);
const { experiment_id } = await store.ensureExperiment("bench");

const times: number[] = [];
for (let index = 0; index < 50; index++) {
  const run_name = `run_${index * 199}`;
  const start = performance.now();
  const { runs } = await store.searchRuns({ experiment_ids: [experiment_id], run_name });
  times.push(performance.now() - start);
  if (runs.length !== 1) throw new Error(`${runs.length} runs are called ${run_name}, not 1.`);
}
console.log(JSON.stringify({ median_ms: median(times), max_ms: Math.max(...times) }));

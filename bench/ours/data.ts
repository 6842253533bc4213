import { fingerprintOf, loadTable } from "../../lib/data/table.ts";
import { computeValues } from "../../lib/experiment/prepare.ts";
import { fifty, synthetic } from "./features.ts";
import { peakMegabytes } from "./peak.ts";

const [job, path] = Deno.args as [string, string];
const dataset = synthetic(path);
let seconds: number, found: unknown;

if (job === "read") {
  const start = performance.now();
  const fingerprint = fingerprintOf(dataset, await loadTable(dataset));
  seconds = (performance.now() - start) / 1000;
  found = fingerprint.rows;
} else {
  const table = await loadTable(dataset);
  const views = [{ name: "fifty", view: fifty(dataset) }];
  const start = performance.now();
  const values = computeValues({ dataset, views }, table).fifty!;
  seconds = (performance.now() - start) / 1000;
  const meanOf = (column: Float64Array) => column.reduce((sum, value) => sum + value, 0) / column.length;
  found = Object.fromEntries(
    Object.entries(values).map(([name, column]) => [name, meanOf(column as Float64Array)]),
  );
}
console.log(JSON.stringify({ seconds, megabytes: peakMegabytes(), found }));

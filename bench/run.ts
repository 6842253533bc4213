import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { machineText } from "./machine.ts";
import { TABLE_HEAD, tableRow } from "./measure.ts";
import { measures } from "./measures.ts";
import { PROJECT } from "./process.ts";

const USAGE = `usage: deno run -A bench/run.ts [--rounds N] [${Object.keys(measures).join("|")}]…`;

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { rounds: { type: "string", default: "7" } },
  });
  const rounds = Number(values.rounds);
  const asked = positionals.length > 0 ? positionals : Object.keys(measures);
  const chosen = asked.map((name) => Object.entries(measures).find(([known]) => known === name)?.[1]);
  if (!Number.isInteger(rounds) || rounds < 1 || chosen.includes(undefined)) {
    console.error(USAGE);
    return 2;
  }

  // Inside the project, because that is all that its tasks may read and write.
  const cache = new URL(".cache/", PROJECT);
  await Deno.mkdir(cache, { recursive: true });
  const folder = await Deno.makeTempDir({ dir: fileURLToPath(cache), prefix: "bench_" });
  try {
    console.log(`${await machineText()}\n\n${TABLE_HEAD}`);
    for (const measure of chosen) {
      for (const row of await measure!(rounds, folder)) console.log(tableRow(row));
    }
    console.log(`\nLoad at the end: ${Deno.loadavg().map((load) => load.toFixed(1)).join(", ")}.`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  return 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));

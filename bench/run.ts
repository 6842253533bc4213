import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { machineText } from "./machine.ts";
import { measures } from "./measures.ts";
import { PROJECT } from "./process.ts";

const USAGE = `usage: deno run -A bench/run.ts [--rounds N] [--rows N] [${Object.keys(measures).join("|")}]…`;

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { rounds: { type: "string", default: "7" }, rows: { type: "string" } },
  });
  const rounds = Number(values.rounds);
  const rows = values.rows === undefined ? undefined : Number(values.rows);
  const asked = positionals.length > 0 ? positionals : Object.keys(measures);
  const chosen = asked.map((name) => Object.entries(measures).find(([known]) => known === name)?.[1]);
  if (
    ![rounds, rows ?? 1].every((count) => Number.isInteger(count) && count >= 1) || chosen.includes(undefined)
  ) {
    console.error(USAGE);
    return 2;
  }

  // Inside the project, because that is all that its tasks may read and write.
  const cache = new URL(".cache/", PROJECT);
  await Deno.mkdir(cache, { recursive: true });
  const parent = await Deno.makeTempDir({ dir: fileURLToPath(cache), prefix: "bench_" });
  try {
    console.log(await machineText());
    let head = "";
    for (const group of chosen) {
      for await (const row of group!({ rounds, rows, parent })) {
        const columns = line(Object.keys(row));
        if (columns !== head) console.log(`\n${columns}\n${line(Object.keys(row).map(() => "---"))}`);
        head = columns;
        console.log(line(Object.values(row)));
      }
    }
    console.log(`\nLoad at the end: ${Deno.loadavg().map((load) => load.toFixed(1)).join(", ")}.`);
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
  return 0;
}

const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

if (import.meta.main) Deno.exit(await main(Deno.args));

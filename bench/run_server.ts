import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { measures } from "./serve/measures.ts";

const NAMES = Object.keys(measures);
const USAGE = `usage: deno run -A bench/run_server.ts [--rounds N] [--seconds N] [${NAMES.join("|")}]…`;

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      rounds: { type: "string", default: "3" },
      seconds: { type: "string", default: "5" },
    },
  });
  const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
  const asked = positionals.length > 0 ? positionals : NAMES;
  const chosen = asked.map((name) => Object.entries(measures).find(([known]) => known === name)?.[1]);
  if (
    ![rounds, seconds].every((count) => Number.isInteger(count) && count > 0) || chosen.includes(undefined)
  ) {
    console.error(USAGE);
    return 2;
  }

  console.log(`${machineText()}\n\n| measure | found |\n|---|---|`);
  for (const measure of chosen) {
    const folder = await Deno.makeTempDir({ prefix: "reprise_bench_" });
    try {
      for (const row of await measure!(folder, { rounds, seconds })) console.log(`| ${row.join(" | ")} |`);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  }
  console.log(`\nLoad at the end: ${loadText()}.`);
  return 0;
}

const loadText = (): string => Deno.loadavg().map((load) => load.toFixed(1)).join(", ");

function machineText(): string {
  const processors = cpus();
  return [
    `${processors.length} × ${processors[0]?.model.trim() ?? "unknown processor"}`,
    `load ${loadText()}`,
    `Deno ${Deno.version.deno}`,
    "MLflow 3.17.2, one worker",
  ].join("; ");
}

if (import.meta.main) Deno.exit(await main(Deno.args));

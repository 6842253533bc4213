import { cpus } from "node:os";
import { run } from "./process.ts";
import { openPython, REQUIREMENTS } from "./setup.ts";

/** The machine, its load now, and the versions that are compared, as a line of text. */
export async function machineText(): Promise<string> {
  const processors = cpus();
  const { stdout: python } = await run([await openPython(), "--version"], Deno.cwd());
  return [
    `${processors.length} × ${processors[0]?.model.trim() ?? "unknown processor"}`,
    `load ${Deno.loadavg().map((load) => load.toFixed(1)).join(", ")}`,
    `${Deno.build.os}-${Deno.build.arch}`,
    `Deno ${Deno.version.deno}`,
    python.trim(),
    ...REQUIREMENTS.map((requirement) => requirement.replace("==", " ")),
  ].join("; ");
}

import { runProgram } from "./lib/cli/program.ts";

if (import.meta.main) Deno.exit(await runProgram(Deno.args));

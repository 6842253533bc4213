import { QUIET } from "./server.ts";
import { mlflowOf, type MlflowVersion } from "./setup.ts";

/**
 * Runs a Python script with an MLflow's own client, and gives what it hands to `tell(…)`. The script finds `args` in
 * `args`, and `MlflowClient` imported.
 */
export async function withPython(
  version: MlflowVersion,
  script: string,
  ...args: readonly string[]
): Promise<unknown> {
  const { python } = await mlflowOf(version);
  const prelude = "import json, sys\nfrom mlflow import MlflowClient\nargs = sys.argv[1:]\n" +
    "def tell(value): print('\\n=told=' + json.dumps(value))\n";
  const output = await new Deno.Command(python, { args: ["-c", prelude + script, ...args], env: QUIET })
    .output();
  const text = new TextDecoder().decode(output.stdout);
  const told = text.split("\n=told=")[1];
  if (output.success && told !== undefined) return JSON.parse(told);
  throw new Error(
    `Python with MLflow ${version} failed: …${new TextDecoder().decode(output.stderr).slice(-1500)}`,
  );
}

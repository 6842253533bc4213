/**
 * Makes the real MLflows that the tests run against, once, below `${XDG_CACHE_HOME or ~/.cache}/reprise`:
 *
 *     deno run -A tests/mlflow/setup.ts
 */
import { join } from "node:path";

/** What is installed for each MLflow; 2.22 does not start with a newer sqlalchemy. */
const REQUIREMENTS = {
  "3.17.2": ["mlflow==3.17.2"],
  "2.22.0": ["mlflow==2.22.0", "sqlalchemy<2.1"],
} as const;

/** A version of MLflow that the tests use. */
export type MlflowVersion = keyof typeof REQUIREMENTS;

/** Where an installed MLflow is. */
export interface Mlflow {
  readonly python: string;
  readonly mlflow: string;
}

/** The Python and the command of an MLflow, installed if it isn't yet. Safe to call from several processes. */
export async function mlflowOf(version: MlflowVersion): Promise<Mlflow> {
  const cache = Deno.env.get("XDG_CACHE_HOME") || join(Deno.env.get("HOME") ?? ".", ".cache");
  const folder = join(cache, "reprise", `mlflow-${version}`);
  const installed = { python: join(folder, "bin", "python"), mlflow: join(folder, "bin", "mlflow") };
  // Written last: a folder without it is one whose installation was cut off, and is completed.
  const complete = join(folder, ".complete");
  if (await exists(complete)) return installed;
  await Deno.mkdir(folder, { recursive: true });
  using lock = await Deno.open(join(folder, ".lock"), { create: true, write: true });
  await lock.lock(true);
  if (await exists(complete)) return installed;
  console.error(`MLflow ${version}: making ${folder} …`);
  await run(version, "python3", "-m", "venv", folder);
  console.error(`MLflow ${version}: installing, which takes some minutes …`);
  await run(version, installed.python, "-m", "pip", "install", "--quiet", ...REQUIREMENTS[version]);
  await Deno.writeTextFile(complete, "");
  console.error(`MLflow ${version}: ready.`);
  return installed;
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

async function run(version: MlflowVersion, command: string, ...args: string[]): Promise<void> {
  let output: Deno.CommandOutput;
  try {
    output = await new Deno.Command(command, { args, stdin: "null" }).output();
  } catch (cause) {
    const asked = "Install Python 3.10 or newer.";
    throw new Error(`MLflow ${version} can't be installed: ${command} can't be run. ${asked}`, { cause });
  }
  if (output.success) return;
  const text = new TextDecoder().decode(output.stdout) + new TextDecoder().decode(output.stderr);
  const hint = /ensurepip|No module named venv/.test(text)
    ? " Install Python's venv (Debian: python3-venv)."
    : "";
  throw new Error(
    `MLflow ${version} can't be installed: ${command} ${args.join(" ")} failed.${hint}\n${text.trim()}`,
  );
}

if (import.meta.main) {
  const versions = Object.keys(REQUIREMENTS) as MlflowVersion[];
  const failed = (await Promise.allSettled(versions.map(mlflowOf))).filter((result) =>
    result.status === "rejected"
  );
  for (const { reason } of failed) console.error(reason instanceof Error ? reason.message : reason);
  Deno.exit(failed.length === 0 ? 0 : 1);
}

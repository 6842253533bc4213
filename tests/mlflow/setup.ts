/**
 * Makes the real MLflows that the tests run against, once:
 *
 *     deno run -A tests/mlflow/setup.ts
 */
import { join } from "node:path";
import { pythonEnvironment } from "./environment.ts";

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

/** The Python and the command of an MLflow, installed if it isn't yet. */
export async function mlflowOf(version: MlflowVersion): Promise<Mlflow> {
  const bin = await pythonEnvironment(`mlflow-${version}`, REQUIREMENTS[version]);
  return { python: join(bin, "python"), mlflow: join(bin, "mlflow") };
}

if (import.meta.main) {
  const versions = Object.keys(REQUIREMENTS) as MlflowVersion[];
  const failed = (await Promise.allSettled(versions.map(mlflowOf))).filter((result) =>
    result.status === "rejected"
  );
  for (const { reason } of failed) console.error(reason instanceof Error ? reason.message : reason);
  Deno.exit(failed.length === 0 ? 0 : 1);
}

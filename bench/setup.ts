import { join } from "node:path";
import { pythonEnvironment } from "../tests/mlflow/environment.ts";

/** What the twin runs on, pinned. */
export const REQUIREMENTS = ["mlflow==3.17.2", "scikit-learn==1.9.1", "pandas==3.1.1", "pyarrow==25.0.1"];

/** The Python of the benchmark's own virtual environment, which the first call makes. */
export async function openPython(): Promise<string> {
  return join(await pythonEnvironment("bench", REQUIREMENTS), "python");
}

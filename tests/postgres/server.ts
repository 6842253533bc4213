import { join } from "node:path";
import { Client } from "../../lib/deps/pg.ts";
import { freePort } from "../mlflow/server.ts";
import { postgresFolder } from "./setup.ts";

/** A running PostgreSQL server; disposing of it ends all its processes. */
export interface PostgresServer extends AsyncDisposable {
  /** The URL of its one database, without the user. */
  readonly url: string;
  /** The environment that tells who asks. */
  readonly env: Readonly<Record<"PGUSER" | "PGPASSWORD", string>>;
  /** Runs statements, one after the other. */
  run(statements: string): Promise<void>;
}

const READY_WITHIN = 60_000;
/** Who PostgreSQL runs as where the tests run as root, whom it refuses: nobody. */
const NOBODY = { uid: 65534, gid: 65534 };
const CREDENTIALS = { PGUSER: "ada_of_tests", PGPASSWORD: "a secret/of: tests" };

/**
 * Starts a PostgreSQL server with a database of its own in a new folder, on a free port of this machine. It ends with the
 * process that started it, however that ends.
 */
export async function startPostgres(): Promise<PostgresServer> {
  const folder = await Deno.makeTempDir({ prefix: "postgres_server_" });
  const as = Deno.uid() === 0 ? NOBODY : undefined;
  const [data, log] = [join(folder, "data"), join(folder, "server.log")];
  const bin = join(await programsIn(folder), "bin");
  await Deno.writeTextFile(join(folder, "password"), CREDENTIALS.PGPASSWORD);
  if (as !== undefined) await Deno.chown(folder, as.uid, as.gid);
  await Deno.chmod(join(folder, "password"), 0o644);
  const made = await new Deno.Command(join(bin, "initdb"), {
    args: [
      ...["-D", data, "-U", CREDENTIALS.PGUSER, "--auth=scram-sha-256", "--no-sync"],
      ...[`--pwfile=${join(folder, "password")}`, "--encoding=UTF8", "--locale=C"],
    ],
    cwd: folder,
    ...as,
  }).output();
  if (!made.success) throw new Error(new TextDecoder().decode(made.stderr));
  const port = freePort();
  // The shell ends the server when its standard input is closed.
  const child = new Deno.Command("sh", {
    args: [
      ...["-c", 'log=$1; shift; "$@" >"$log" 2>&1 & read -r _; kill -INT $!; wait', "sh", log],
      ...[join(bin, "postgres"), "-D", data, "-c", `port=${port}`, "-c", "listen_addresses=127.0.0.1"],
      ...["-c", "unix_socket_directories=", "-c", "fsync=off"],
    ],
    cwd: folder,
    stdin: "piped",
    stdout: "null",
    stderr: "null",
    ...as,
  }).spawn();
  const run = async (statements: string) => {
    const { PGUSER: user, PGPASSWORD: password } = CREDENTIALS;
    const client = new Client({ host: "127.0.0.1", port, user, password, database: "postgres" });
    await client.connect();
    try {
      await client.query(statements);
    } finally {
      await client.end();
    }
  };
  const stop = async () => {
    await child.stdin.close().catch(() => {});
    await child.status;
    await Deno.remove(folder, { recursive: true });
  };
  const patience = Date.now() + READY_WITHIN;
  for (;;) {
    const trouble = await run("select 1").then(() => undefined, (error) => error);
    if (trouble === undefined) break;
    if (Date.now() > patience) {
      const text = await Deno.readTextFile(log).catch(() => "");
      await stop();
      throw new Error(`PostgreSQL was not ready in time: ${trouble.message}\n${text}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    url: `postgres://127.0.0.1:${port}/postgres`,
    env: CREDENTIALS,
    run,
    [Symbol.asyncDispose]: stop,
  };
}

/** The folder of PostgreSQL's programs: a copy, where others than root can't come into root's own. */
async function programsIn(folder: string): Promise<string> {
  const installed = await postgresFolder();
  if (Deno.uid() !== 0) return installed;
  const copy = join(folder, "programs");
  await Deno.mkdir(copy);
  for (const name of ["embedded_postgres", "embedded_postgres.libs"]) {
    const from = join(installed, "..", "..", name);
    const { success } = await new Deno.Command("cp", {
      args: ["-r", from, join(copy, name)],
      stderr: "null",
    }).output();
    if (!success) throw new Error(`${from} can't be copied to ${copy}.`);
  }
  return join(copy, "embedded_postgres", "pginstall");
}

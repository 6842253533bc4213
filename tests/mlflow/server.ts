import { join } from "node:path";
import { mlflowOf } from "./setup.ts";

/** Keeps MLflow from sending anything to anyone, and from starting processes for jobs. */
export const QUIET: Readonly<Record<string, string>> = {
  MLFLOW_DISABLE_TELEMETRY: "true",
  DO_NOT_TRACK: "true",
  MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false",
};

/** A running MLflow server; disposing of it ends all its processes. */
export interface MlflowServer extends AsyncDisposable {
  readonly uri: string;
  /** The folder that holds its `mlflow.db`, `mlartifacts` and `server.log`. */
  readonly folder: string;
}

const READY_WITHIN = 180_000;

/**
 * Starts the real MLflow 3.17.2 server on a free port of this machine, in a folder of its own or in an existing one,
 * where it uses the `mlflow.db` that is there. It ends with the process that started it, however that ends.
 */
export async function startServer(existing?: string): Promise<MlflowServer> {
  const { mlflow } = await mlflowOf("3.17.2");
  const folder = existing ?? await Deno.makeTempDir({ prefix: "mlflow_server_" });
  const log = join(folder, "server.log");
  const port = freePort();
  const uri = `http://127.0.0.1:${port}`;
  // The shell ends the whole group of processes when its standard input is closed, or when the server ends.
  const script = 'log=$1; shift; ("$@" >"$log" 2>&1; kill -9 0) & read -r _; kill -9 0';
  const child = new Deno.Command("sh", {
    args: [
      "-c",
      script,
      "sh",
      log,
      ...[mlflow, "server", "--host", "127.0.0.1", "--port", `${port}`, "--workers", "1"],
      ...["--backend-store-uri", "sqlite:///mlflow.db"],
    ],
    cwd: folder,
    env: QUIET,
    detached: true,
    stdin: "piped",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const stop = async () => {
    await child.stdin.close().catch(() => {});
    await child.status;
    if (existing === undefined) await Deno.remove(folder, { recursive: true });
  };
  let ended = false;
  child.status.then(() => ended = true);
  const patience = Date.now() + READY_WITHIN;
  while (!await isReady(uri)) {
    if (ended || Date.now() > patience) {
      const text = await Deno.readTextFile(log).catch(() => "");
      await stop();
      throw new Error(`The MLflow server ${ended ? "ended" : "was not ready in time"}:\n${text}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { uri, folder, [Symbol.asyncDispose]: stop };
}

/** A port of this machine that nothing listens on. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function isReady(uri: string): Promise<boolean> {
  try {
    const response = await fetch(`${uri}/health`);
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

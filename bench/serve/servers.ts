import { join } from "node:path";
import { freePort } from "../../tests/mlflow/server.ts";
import { PROJECT } from "../process.ts";

/** Our server as a process; disposing of it ends it. */
export interface OurServer extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly pid: number;
  /** Kills it, as a power cut would. */
  kill(): Promise<void>;
}

const READY_WITHIN = 60_000;

/** Starts our server in a folder, on the store that is there, at choice without its limits of how often clients ask. */
export async function startOurs(
  folder: string,
  options: { readonly port?: number; readonly unlimited?: boolean } = {},
): Promise<OurServer> {
  const { port = freePort(), unlimited = false } = options;
  const log = await Deno.open(join(folder, "serve.log"), { create: true, append: true });
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--config",
      new URL("deno.json", PROJECT).pathname,
      ...unlimited
        ? [new URL("bench/serve/server.ts", PROJECT).href, `${port}`]
        : [new URL("serve.ts", PROJECT).href, "--port", `${port}`],
    ],
    cwd: folder,
    env: { NO_COLOR: "1", MLFLOW_TRACKING_URI: "" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const logged = child.stderr.pipeTo(log.writable);
  const end = async (signal: Deno.Signal) => {
    try {
      child.kill(signal);
    } catch {
      // It has ended.
    }
    await child.status;
    await logged;
  };
  const url = `http://127.0.0.1:${port}`;
  const patience = Date.now() + READY_WITHIN;
  while (!await isReady(url)) {
    if (Date.now() > patience) {
      await end("SIGKILL");
      throw new Error(
        `Our server was not ready in time:\n${await Deno.readTextFile(join(folder, "serve.log"))}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    port,
    url,
    pid: child.pid,
    kill: () => end("SIGKILL"),
    [Symbol.asyncDispose]: () => end("SIGTERM"),
  };
}

async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/readyz`);
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

/** A sample of our server's `/metrics`. */
export async function metricOf(server: OurServer, name: string): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  const line = text.split("\n").find((line) => line.startsWith(`${name} `));
  if (line === undefined) throw new Error(`/metrics has no ${name}:\n${text}`);
  return Number(line.slice(name.length));
}

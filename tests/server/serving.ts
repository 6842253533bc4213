import { type Client, createClient } from "../../lib/server/client.ts";
import { type Project, ROOT } from "../project.ts";

/** A server of its own process, in a project. */
export interface Serving extends AsyncDisposable {
  readonly url: string;
  readonly client: Client;
  readonly process: Deno.ChildProcess;
  /** What it wrote on stderr so far. */
  log(): string;
  /** Sends it a signal, and waits for its end. */
  end(signal: Deno.Signal): Promise<Deno.CommandStatus>;
}

/** Starts `serve.ts` in a project, and waits until it serves. */
export async function serve(
  { directory }: Project,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Serving> {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", new URL("serve.ts", ROOT).href, "--port", "0", ...args],
    cwd: directory,
    env: { MLFLOW_TRACKING_URI: "", NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let log = "";
  const told = (async () => {
    for await (const text of process.stderr.pipeThrough(new TextDecoderStream())) log += text;
  })();
  let said = "";
  let url: string | undefined;
  const lines = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  while (url === undefined) {
    const { value, done } = await lines.read();
    if (done) {
      await told;
      await process.status;
      throw new Error(`The server did not start: ${said}${log}`);
    }
    said += value;
    url = /^Serving (http:\S+) /m.exec(said)?.[1];
  }
  const end = async (signal: Deno.Signal) => {
    try {
      process.kill(signal);
    } catch {
      // It has ended.
    }
    const status = await process.status;
    await Promise.all([told, lines.cancel()]);
    return status;
  };
  return {
    url,
    client: createClient(url),
    process,
    log: () => log,
    end,
    [Symbol.asyncDispose]: async () => void await end("SIGKILL"),
  };
}

import { VERSION } from "./lib/base/environment.ts";
import { exitCodeOf, ExperimentError } from "./lib/base/error.ts";
import { printError, printLine } from "./lib/cli/terminal.ts";
import { Command, CommanderError } from "./lib/deps/commander.ts";
import { plainAddress, readTokens } from "./lib/server/guard.ts";
import { openServer } from "./lib/server/open_server.ts";

export { createApp } from "./lib/server/app.ts";
export { openServer } from "./lib/server/open_server.ts";

/** Serves until it is told to end; then waits for the jobs that run, and at a second signal for nothing. */
async function serve(args: readonly string[]): Promise<void> {
  const flags = new Command("serve")
    .description("Serve the project in this directory: its API, documented at /docs, and its pages.")
    .version(VERSION)
    .option("--host <address>", "where to listen; other than loopback needs tokens", "127.0.0.1")
    .option("--port <number>", "the port; 0 for any that is free", whole, 8000)
    .option("--tracking-uri <uri>", "the store: sqlite:///FILE or http(s)://HOST")
    .option("--concurrency <n>", "how many jobs run at once", whole, 1)
    .option("--queue <n>", "how many jobs wait for their turn; more are refused", whole, 16)
    .option("--job-timeout <seconds>", "how long a job may take", positive, 21_600)
    .option("--job-memory <MiB>", "how much memory a job may hold", positive, 4096)
    .option("--drain <seconds>", "how long running jobs may go on at the end", whole, 30)
    .option(
      "--token-file <file>",
      "tokens that callers need, beside REPRISE_READ_TOKEN and REPRISE_RUN_TOKEN",
    )
    .option("--allow-host <name>", "a name that the server is reached by; may be repeated", several)
    .option(
      "--trust-proxy <address>",
      "the address of a proxy of yours, whose X-Forwarded-For is believed; may be repeated",
      addresses,
    )
    .option("--cors <origin>", "an origin whose pages may call; may be repeated", several)
    .exitOverride()
    .parse([...args], { from: "user" })
    .opts();
  const { host, port, trackingUri, concurrency, queue: queueLimit, jobTimeout, jobMemory } = flags;
  const { allowHost: hosts = [], cors = [], trustProxy: proxies = [] } = flags;
  const tokens = await readTokens({ file: flags.tokenFile });
  const server = await openServer({
    ...{ host, port, trackingUri, concurrency, queueLimit, jobTimeout, jobMemory },
    secrets: flags.tokenFile === undefined ? [] : [flags.tokenFile],
    guard: { tokens, hosts, cors, proxies },
    onFault: (error) => printError(error, { debug: true, events: false }),
  });
  printLine(`Serving ${server.url} with the runs of ${server.trackingUri}`);

  let ending = false;
  const end = async () => {
    if (ending) Deno.exit(130);
    ending = true;
    printLine("Ending: no more jobs are taken; a second signal ends those that run.", "stderr");
    await server.shutdown(flags.drain * 1000);
    Deno.exit(0);
  };
  Deno.addSignalListener("SIGINT", end);
  Deno.addSignalListener("SIGTERM", end);
}

function whole(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new ExperimentError(
    "INVALID_PARAMETER_VALUE",
    `Expected a whole number, found ${JSON.stringify(text)}.`,
  );
}

function positive(text: string): number {
  const number = whole(text);
  if (number > 0) return number;
  throw new ExperimentError("INVALID_PARAMETER_VALUE", "Expected a number above 0, found 0.");
}

function addresses(text: string, before: readonly string[] | undefined): readonly string[] {
  const address = plainAddress(text);
  if (address !== undefined) return [...before ?? [], address];
  throw new ExperimentError(
    "INVALID_PARAMETER_VALUE",
    `Expected the IP address of a proxy, found ${JSON.stringify(text)}.`,
  );
}

function several(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...before ?? [], value];
}

if (import.meta.main) {
  try {
    await serve(Deno.args);
  } catch (error) {
    if (error instanceof CommanderError) Deno.exit(error.exitCode === 0 ? 0 : 2);
    printError(error, { debug: false, events: false });
    Deno.exit(exitCodeOf(error));
  }
}

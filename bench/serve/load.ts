import { run } from "../process.ts";

const AUTOCANNON = "npm:autocannon@9.0.0";

// The load generator is no part of this project: neither its lock file nor its packages.
const APART = ["--no-config", "--no-lock", "--node-modules-dir=none"];

/** What a server answered while clients asked as fast as they could. */
export interface Load {
  readonly perSecond: number;
  /** The milliseconds in which 50 and 99 of 100 answers came. */
  readonly p50: number;
  readonly p99: number;
  readonly answered: number;
  /** Requests that were answered by anything but 2xx, or not at all. */
  readonly failed: number;
}

/** Asks for a URL over so many connections, from a process of its own; with a JSON text, by POST. */
export async function load(
  url: string,
  { connections, seconds, amount, json }: {
    readonly connections: number;
    readonly seconds?: number;
    readonly amount?: number;
    readonly json?: string | undefined;
  },
): Promise<Load> {
  const post = json === undefined ? [] : ["-m", "POST", "-H", "content-type=application/json", "-b", json];
  const extent = amount === undefined ? ["-d", `${seconds}`] : ["-a", `${amount}`];
  const { stdout } = await run(
    [
      Deno.execPath(),
      "run",
      "-A",
      ...APART,
      AUTOCANNON,
      "--json",
      "-c",
      `${connections}`,
      ...extent,
      ...post,
      url,
    ],
    Deno.cwd(),
  );
  const { requests, latency, errors, timeouts, non2xx } = JSON.parse(stdout);
  return {
    perSecond: requests.average,
    p50: latency.p50,
    p99: latency.p99,
    answered: requests.total,
    failed: errors + timeouts + non2xx,
  };
}

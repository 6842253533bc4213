import { type Random, randomOf } from "../../lib/base/random.ts";
import { type Answer, type Asked, send, textOf } from "./wire.ts";

/** What a server made of fuzzed requests. */
export interface Fuzzed {
  /** How many answers had each status; 0 stands for a connection that ended without one. */
  readonly statuses: Readonly<Record<string, number>>;
  /** The requests that were answered by a fault, by an error in no known shape, with a token, or not in time. */
  readonly bad: readonly { readonly request: string; readonly why: string }[];
  /** The milliseconds that the slowest answer took. */
  readonly slowest: number;
}

const PATHS = [
  "/",
  "/api/train",
  "/api/replay",
  "/api/runs",
  "/api/runs/1",
  "/api/runs/0123456789abcdef0123456789abcdef/report",
  "/api/jobs/1",
  "/api/jobs/1/events",
  "/api/experiments",
  "/api/registry",
  "/api/registry/exp_v1",
  "/api/contract/exp_v1",
  "/healthz",
  "/metrics",
  "/login",
  "/cli.ts",
  "/lib/base/error.ts",
  "/configs/exp_v1.yaml",
  "/registries/mod.ts",
  "/openapi.json",
  "/docs",
  "/runs",
  "/jobs",
  "/compare",
  "/experiments",
  "/assets/style.css",
  "/api/runs/0123456789abcdef0123456789abcdef/artifacts/contract.json",
  "/api/runs/0123456789abcdef0123456789abcdef/metrics/accuracy",
];
const PIECES = [
  "..",
  "%2e%2e",
  "%2f",
  "%00",
  "%ff",
  "%",
  "//",
  "\\",
  ";",
  "~",
  "é",
  "😀",
  "__proto__",
  "*",
  "a b",
  "etc/passwd",
  "%0a",
  "%1b%5b2J",
  "%e2%80%ae",
  "%ed%a0%80",
  "a".repeat(300),
  "a/".repeat(2500),
  "%f0%9f%98%80".repeat(400),
  "x.ts",
  "constructor",
];
const QUERIES = [
  "wait=true",
  "limit=-1",
  "limit=1e9",
  "page=%00",
  "filter='",
  "x[]=1",
  "__proto__=1",
  "=",
  "&&",
  "a=%E0%A4%A",
  "max_results=1000",
  "page_token=%00%ff",
  `page_token=${"A".repeat(900)}`,
  "name=%00",
  "experiment='%20OR%201=1",
  "status=FINISHED",
  "limit=1000",
  `name=${"%e2%80%ae".repeat(80)}`,
];
const METHODS = [
  "GET",
  "GET",
  "GET",
  "POST",
  "POST",
  "POST",
  "HEAD",
  "PUT",
  "PATCH",
  "DELETE",
  "OPTIONS",
  "TRACE",
  "CONNECT",
  "PROPFIND",
  "get",
  "G T",
];
const TYPES = [
  "application/json",
  "application/json",
  "application/json",
  "text/plain",
  "application/x-www-form-urlencoded",
  "",
  "a/b;c",
];
const VALUES: readonly unknown[] = [
  null,
  true,
  -1,
  0.5,
  1e308,
  "",
  "exp_v1",
  "../../etc/passwd",
  "file:///etc/passwd",
  "http://127.0.0.1:1/",
  "\u0000",
  [],
  ["a=b"],
  ["__proto__.x=1"],
  {},
  { a: {} },
  "\ud800",
  "\u202e\u001b[2J",
  "a\u0000b",
  "x".repeat(5000),
  "é".repeat(100_000),
  ["a".repeat(200_000)],
  Array(2000).fill("a*"),
  ["features.*"],
  "0123456789abcdef0123456789abcdef",
  "2027-01-31",
  "--config=x",
];
const KEYS = [
  "experiment",
  "set",
  "run",
  "run_id",
  "rerun",
  "recorded_config",
  "config",
  "accept",
  "because",
  "until",
  "as_recorded",
  "attribute",
  "log",
  "verify",
  "tracking_uri",
  "__proto__",
  "constructor",
  "",
];
const HEADERS = [
  "cookie",
  "accept",
  "authorization",
  "origin",
  "sec-fetch-site",
  "if-none-match",
  "idempotency-key",
  "last-event-id",
  "range",
  "expect",
  "upgrade",
  "x-forwarded-for",
  "transfer-encoding",
];

const LIES: readonly Readonly<Record<string, string>>[] = [
  ...["5", "100000000", "-1", "x", "1e3"].map((length) => ({ "content-length": length })),
  { "transfer-encoding": "chunked" },
];

/** Requests with nothing odd about them, so that there is work to do meanwhile. */
const SOUND: readonly Asked[] = [
  ["/api/train", '{"experiment":"exp_v1"}'],
  ["/api/train?wait=true", '{"experiment":"baseline","set":["seed=7"]}'],
  ["/api/replay", '{"run":"exp_v1"}'],
].map(([path, body]) => ({
  method: "POST",
  path: path!,
  headers: { "content-type": "application/json" },
  body: body!,
}));

/**
 * Sends random requests to a server of this machine, the same ones for the same seed.
 *
 * @param options.bearer A token that most of them carry.
 * @param options.paths What there is on this server, beside what is on all.
 * @param options.forbidden A text that no answer may have in it.
 */
export async function fuzz(
  port: number,
  { requests, seed, bearer, forbidden = bearer, paths = [], at_once = 20 }: {
    readonly requests: number;
    readonly seed: number;
    readonly bearer?: string;
    readonly forbidden?: string;
    readonly paths?: readonly string[];
    readonly at_once?: number;
  },
): Promise<Fuzzed> {
  const statuses: Record<string, number> = {};
  const bad: { readonly request: string; readonly why: string }[] = [];
  let next = 0;
  let slowest = 0;
  const client = async () => {
    while (next < requests) {
      const { text, half } = requestOf(randomOf(seed).stream(`${next++}`), {
        port,
        bearer,
        paths: [...PATHS, ...paths],
      });
      const start = performance.now();
      try {
        const answer = await send(port, text, { half, patience: 60_000 });
        statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
        if (answer.status >= 500 || (answer.status >= 400 && !isRefusal(text, answer))) {
          bad.push({ request: text, why: `${answer.status} ${answer.body}` });
        }
        if (forbidden !== undefined && JSON.stringify(answer).includes(forbidden)) {
          bad.push({ request: text, why: "the answer has the token in it" });
        }
      } catch (error) {
        bad.push({ request: text, why: String(error) });
      }
      slowest = Math.max(slowest, performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: at_once }, client));
  return { statuses, bad, slowest };
}

/** Whether an error is told in the one shape of errors, or as a page to who asked for one. */
function isRefusal(request: string, { headers, body }: Answer): boolean {
  if (request.startsWith("HEAD ") || headers["content-type"]?.startsWith("text/html")) return true;
  try {
    const { error_code, message } = JSON.parse(body);
    return typeof error_code === "string" && typeof message === "string";
  } catch {
    return false;
  }
}

/** A request, and whether its sender then closes its side, so that nobody waits for what it won't send. */
interface Sent {
  readonly text: string;
  readonly half: boolean;
}

function requestOf(
  random: Random,
  { port, bearer, paths }: {
    readonly port: number;
    readonly bearer: string | undefined;
    readonly paths: readonly string[];
  },
): Sent {
  const pick = <T>(items: readonly T[]): T => items[random.integer(items.length)]!;
  const rarely = (share: number) => random.uniform() < share;
  if (rarely(0.02)) {
    const sound = pick(SOUND);
    const authorization = bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
    return { text: textOf(port, { ...sound, headers: { ...sound.headers, ...authorization } }), half: false };
  }
  let path = pick(paths);
  while (rarely(0.3)) path += `/${pick(PIECES)}`;
  if (rarely(0.3)) path += `?${pick(QUERIES)}&${pick(QUERIES)}`;
  if (rarely(0.02)) path = pick(["*", "", "http://evil.example/", `/${"a".repeat(20_000)}`]);
  const headers: Record<string, string> = {
    ...(bearer !== undefined && !rarely(0.1) ? { authorization: `Bearer ${bearer}` } : {}),
    ...(rarely(0.05) ? { host: pick(["evil.example", "", "[", "a:b:c"]) } : {}),
  };
  while (rarely(0.3)) headers[pick(HEADERS)] = noise(random, 40);
  const asked: Asked = { method: pick(METHODS), path, headers };
  if (rarely(0.5)) return { text: textOf(port, asked), half: false };
  const body = rarely(0.7) ? documentOf(random) : noise(random, 400);
  if (!rarely(0.1)) headers["content-type"] = pick(TYPES);
  const lies = rarely(0.1);
  if (lies) Object.assign(headers, pick(LIES));
  return { text: textOf(port, { ...asked, body }), half: lies };
}

/** A JSON document of odd fields, at times very deep or not quite JSON. */
function documentOf(random: Random): string {
  const pick = <T>(items: readonly T[]): T => items[random.integer(items.length)]!;
  if (random.uniform() < 0.03) return "[".repeat(5000) + "]".repeat(5000);
  const fields = Array.from(
    { length: random.integer(4) },
    () => `${JSON.stringify(pick(KEYS))}:${JSON.stringify(pick(VALUES))}`,
  );
  const text = `{${fields.join(",")}}`;
  return random.uniform() < 0.1 ? text.slice(0, random.integer(text.length)) : text;
}

/** Printable noise with some that isn't. */
function noise(random: Random, length: number): string {
  return Array.from(
    { length: random.integer(length) },
    () => String.fromCharCode(random.uniform() < 0.02 ? random.integer(256) : 32 + random.integer(95)),
  ).join("");
}

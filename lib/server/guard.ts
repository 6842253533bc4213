import type { Context, MiddlewareHandler } from "../deps/hono.ts";
import { clientAddress, networkOf } from "./guard/address.ts";
import { readBody } from "./guard/body.ts";
import { setCaller } from "./guard/caller.ts";
import { LOGIN, LOGOUT, openDoor } from "./guard/door.ts";
import { POLICY, SECURITY_HEADERS } from "./guard/headers.ts";
import { corsHeaders, LOOPBACK, refuseContentType, refuseHost, refuseOrigin } from "./guard/origin.ts";
import { openRateLimiter, type Rate } from "./guard/rate.ts";
import { refuse } from "./guard/refusal.ts";
import type { Tokens } from "./guard/tokens.ts";

export { plainAddress } from "./guard/address.ts";
export { checkExposure, isLoopback, readTokens } from "./guard/tokens.ts";
export type { Role, Tokens } from "./guard/tokens.ts";
export type { Rate } from "./guard/rate.ts";

/** How much a client may send and ask. */
export interface Limits {
  /** The most bytes of a body. */
  readonly bodyBytes: number;
  /** The milliseconds in which a body has to arrive. */
  readonly bodyMilliseconds: number;
  /** How often a client may GET. */
  readonly reads: Rate;
  /** How often a client may POST or DELETE. */
  readonly writes: Rate;
  /** How often a client may try a token at `/login`. */
  readonly logins: Rate;
  /** How often a client may sign out. */
  readonly logouts: Rate;
}

/** The limits of a server that is told none. */
export const LIMITS: Limits = {
  bodyBytes: 256 * 1024,
  bodyMilliseconds: 10_000,
  reads: { perSecond: 200, burst: 1000 },
  writes: { perSecond: 5, burst: 50 },
  logins: { perSecond: 0.1, burst: 5 },
  logouts: { perSecond: 1, burst: 10 },
};

const METHODS: readonly string[] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** Whom a server lets in. */
export interface GuardOptions {
  /** The tokens that callers need; without them, everyone who reaches the server may do everything. */
  readonly tokens?: Tokens | undefined;
  /** The names that the server is reached by, beside those of loopback. */
  readonly hosts?: readonly string[];
  /**
   * The origins whose pages may use the server, such as `https://example.org`.
   *
   * @default none
   */
  readonly cors?: readonly string[];
  /**
   * The addresses of trusted proxies, as `plainAddress` gives them: what they say of who asks is believed.
   *
   * @default none
   */
  readonly proxies?: readonly string[];
  readonly limits?: Partial<Limits>;
}

/**
 * Makes the middleware that stands before all routes: it refuses callers who ask too often, by another name, from
 * another site's page, without a token, or with a body that is too large, too slow or not JSON; and it adds the
 * headers that keep browsers safe to every answer. `/healthz` and the pages' style need no token. With tokens, it
 * answers `/login` and `/logout` itself.
 *
 * @example Before all routes but the counting of requests, served with time limits for slow clients
 * ```ts
 * const tokens = await readTokens({ file: flags.tokenFile });
 * checkExposure({ host, tokens });
 * const metrics = prometheus({ jobs, queue, storeUp });
 * const app = new Hono()
 *   .use(metrics.middleware)
 *   .use(guard({ tokens, hosts: [host, ...flags.allowHost], cors: flags.cors }))
 *   .get("/metrics", metrics.handler)
 *   .route("/", sources());
 * const server = await listen(app, { host, port });
 * await server.close(10_000);
 * ```
 */
export function guard(options: GuardOptions): MiddlewareHandler {
  const limits = { ...LIMITS, ...options.limits };
  const cors = options.cors ?? [];
  const hosts = [...LOOPBACK, ...(options.hosts ?? []).map(hostName)];
  const door = options.tokens && openDoor(options.tokens);
  const limiters = {
    reads: openRateLimiter(limits.reads),
    writes: openRateLimiter(limits.writes),
    [LOGIN]: openRateLimiter(limits.logins),
    [LOGOUT]: openRateLimiter(limits.logouts),
  };

  const refusalOf = async (c: Context): Promise<Response | undefined> => {
    const request = c.req.raw;
    const changes = request.method !== "GET" && request.method !== "HEAD" && request.method !== "OPTIONS";
    const { path } = c.req;
    const signsIn = door !== undefined && (path === LOGIN || path === LOGOUT);
    const client = clientOf(c, options.proxies ?? []);
    const wait = limiters[!changes ? "reads" : signsIn ? path : "writes"](client);
    if (wait > 0) return tooMany(wait);
    const strange = refuseHost(request, hosts) ?? refuseMethod(request);
    if (strange) return strange;
    const allowed = corsHeaders(request, cors);
    if (request.method === "OPTIONS" && "access-control-allow-methods" in allowed) {
      return new Response(null, { status: 204 });
    }
    const unasked = refuseOrigin(request, cors) ??
      (/^(POST|PUT|PATCH)$/.test(request.method) && !signsIn ? refuseContentType(request) : undefined);
    if (unasked) return unasked;
    const bearer = door?.bearerOf(c);
    setCaller(c, { client, owner: bearer?.owner });
    if (door && !signsIn && !isOpen(path)) {
      const refusal = await door.refuse(c, bearer);
      if (refusal) return refusal;
    }
    if (changes) {
      const refusal = await bodyRefusal(c, limits);
      if (refusal) return refusal;
    }
    return signsIn ? await door.answer(c) : undefined;
  };

  return async (c, next) => {
    const refusal = await refusalOf(c);
    if (refusal) c.res = refusal;
    else await next();
    const { headers } = c.res;
    const policy = headers.get(POLICY) ?? SECURITY_HEADERS[POLICY]!;
    const added = { ...SECURITY_HEADERS, [POLICY]: policy, ...corsHeaders(c.req.raw, cors) };
    for (const [name, value] of Object.entries(added)) headers.set(name, value);
    if (cors.length > 0) headers.append("vary", "Origin");
    if (!headers.has("cache-control")) headers.set("cache-control", "no-store");
  };
}

/** What counts as one client; the proxy, where one is in front that isn't trusted. */
function clientOf(c: Context, proxies: readonly string[]): string {
  const { incoming } = (c.env ?? {}) as {
    readonly incoming?: { readonly socket?: { readonly remoteAddress?: string } };
  };
  const forwarded = c.req.header("x-forwarded-for");
  return networkOf(clientAddress(incoming?.socket?.remoteAddress, { forwarded, proxies }));
}

/** Reads the body, so that routes find all of it; or gives why it is refused. */
async function bodyRefusal(c: Context, limits: Limits): Promise<Response | undefined> {
  const { method, url, headers, signal } = c.req.raw;
  const body = await readBody(c.req.raw, {
    bytes: limits.bodyBytes,
    milliseconds: limits.bodyMilliseconds,
  });
  const close = { connection: "close" };
  switch (body) {
    case "too large":
      return refuse(413, {
        error_code: "INVALID_PARAMETER_VALUE",
        message: `The body of this request has more than ${limits.bodyBytes} bytes.`,
      }, close);
    case "too slow":
      return refuse(408, {
        error_code: "MALFORMED_REQUEST",
        message: `The body of this request did not arrive within ${limits.bodyMilliseconds / 1000} seconds.`,
      }, close);
    case "broken":
      return refuse(400, {
        error_code: "MALFORMED_REQUEST",
        message: "The body of this request broke off.",
      }, close);
    default:
      c.req.raw = new Request(url, { method, headers: [...headers], body, signal });
  }
}

function refuseMethod({ method }: Request): Response | undefined {
  if (METHODS.includes(method)) return undefined;
  return refuse(405, {
    error_code: "INVALID_PARAMETER_VALUE",
    message: "This server has no such method.",
  }, { allow: METHODS.join(", ") });
}

const tooMany = (seconds: number) =>
  refuse(429, {
    error_code: "REQUEST_LIMIT_EXCEEDED",
    message: "This client asks too often.",
    hint: `Wait ${seconds} ${seconds === 1 ? "second" : "seconds"}.`,
  }, { "retry-after": `${seconds}` });

const hostName = (host: string) =>
  (host.includes(":") && !host.startsWith("[") ? `[${host}]` : host).toLowerCase();

function isOpen(path: string): boolean {
  return path === "/healthz" || path.startsWith("/assets/");
}

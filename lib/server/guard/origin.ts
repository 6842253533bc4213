import { type Refusal, refuse } from "./refusal.ts";

/** The names by which programs of this machine reach it. */
export const LOOPBACK: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

const denied = (refusal: Omit<Refusal, "error_code">) =>
  refuse(403, { error_code: "PERMISSION_DENIED", ...refusal });

/**
 * Refuses a request whose Host isn't a name of this server: a page elsewhere whose own name was made to point here
 * (DNS rebinding) would otherwise count as this server's.
 */
export function refuseHost(request: Request, hosts: readonly string[]): Response | undefined {
  const asked = [new URL(request.url).host, request.headers.get("host") ?? ""];
  if (asked.every((host) => hosts.includes(host.replace(/:\d*$/, "").toLowerCase()))) return undefined;
  return denied({
    message: "The Host of this request is not a name of this server.",
    hint: "Ask for it by its address, or start the server with `--allow-host NAME`.",
  });
}

/**
 * Refuses what another site's page makes a browser send, unless it is a link to here that is followed. Its answer
 * couldn't be read there, but asking costs work, and a change would be made.
 */
export function refuseOrigin(request: Request, cors: readonly string[]): Response | undefined {
  const origin = request.headers.get("origin");
  const site = request.headers.get("sec-fetch-site");
  const own = origin === null
    ? site === null || site === "same-origin" || site === "none" || followsLink(request)
    : hostOf(origin) === new URL(request.url).host || cors.includes(origin);
  if (own) return undefined;
  return denied({
    message: "Pages of other sites may not do this here.",
    hint: "Start the server with `--cors ORIGIN` to let the pages of an origin in.",
  });
}

function followsLink({ method, headers }: Request): boolean {
  return method === "GET" && headers.get("sec-fetch-mode") === "navigate" &&
    headers.get("sec-fetch-dest") === "document";
}

/** Refuses a body that is not JSON, which is also what a form of another site's page can't send. */
export function refuseContentType(request: Request): Response | undefined {
  const type = request.headers.get("content-type") ?? "";
  if (/^application\/json *(;|$)/i.test(type)) return undefined;
  return refuse(415, {
    error_code: "INVALID_PARAMETER_VALUE",
    message: "The body of this request has to be JSON.",
    hint: "Send it with `Content-Type: application/json`.",
  });
}

/** The headers by which a page of a named origin may use this server; none for any other page. */
export function corsHeaders(request: Request, cors: readonly string[]): Readonly<Record<string, string>> {
  const origin = request.headers.get("origin");
  if (origin === null || !cors.includes(origin)) return {};
  return {
    "access-control-allow-origin": origin,
    "access-control-expose-headers": "location, retry-after",
    "cross-origin-resource-policy": "cross-origin",
    ...(request.headers.has("access-control-request-method")
      ? {
        "access-control-allow-headers": "authorization, content-type, idempotency-key, last-event-id",
        "access-control-allow-methods": "GET, HEAD, POST, DELETE",
        "access-control-max-age": "600",
      }
      : {}),
  };
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

/** What happens to one request on its way: an answer of the network's own, or a broken connection. */
export type Fault =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  /** The connection breaks before the server gets the request, or after it has done what was asked. */
  | { readonly breaks: "before" | "after" };

/** A reverse proxy in front of a server, which fails as it is told to. */
export interface FaultyNetwork extends AsyncDisposable {
  readonly uri: string;
  /** `METHOD path` of all requests that came, in order. */
  readonly requests: string[];
  /** The faults of the next requests whose path ends so, in order; others pass. */
  fail(path: string, ...faults: readonly Fault[]): void;
}

/** Starts a faulty network in front of the server at `uri`; `authorization` is what it asks every request for. */
export function startFaultyNetwork(
  uri: string,
  options: { readonly authorization?: string } = {},
): FaultyNetwork {
  const requests: string[] = [];
  const faults: { readonly path: string; readonly fault: Fault }[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const url = new URL(request.url);
    requests.push(`${request.method} ${url.pathname}`);
    const body = await request.bytes();
    if (
      options.authorization !== undefined && request.headers.get("authorization") !== options.authorization
    ) {
      return new Response("You are not authenticated.", { status: 401 });
    }
    const index = faults.findIndex(({ path }) => url.pathname.endsWith(path));
    const fault = index < 0 ? undefined : faults.splice(index, 1)[0]!.fault;
    if (fault !== undefined && "status" in fault) {
      return new Response(fault.body ?? "", { status: fault.status, headers: { ...fault.headers } });
    }
    if (fault?.breaks === "before") return broken();
    const answer = await fetch(`${uri}${url.pathname}${url.search}`, {
      method: request.method,
      headers: { "content-type": request.headers.get("content-type") ?? "application/octet-stream" },
      ...(request.method === "GET" ? {} : { body }),
    });
    const bytes = await answer.bytes();
    if (fault?.breaks === "after") return broken();
    return new Response(bytes, { status: answer.status, headers: answer.headers });
  });
  return {
    uri: `http://127.0.0.1:${server.addr.port}`,
    requests,
    fail: (path, ...added) => faults.push(...added.map((fault) => ({ path, fault }))),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

// An answer that ends before its end breaks the connection.
function broken(): Response {
  const body = new ReadableStream({ pull: (controller) => controller.close() });
  return new Response(body, { headers: { "content-length": "9" } });
}

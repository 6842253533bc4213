import { createServer, type ServerResponse, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { ExperimentError } from "../base/error.ts";
import { getRequestListener } from "../deps/hono_node_server.ts";
import { endConnection, limitConnections } from "./connections.ts";
import { SECURITY_HEADERS } from "./guard/headers.ts";
import { type Refusal, refuse } from "./guard/refusal.ts";

/** Where a server listens, and how long it waits for clients. Times are in milliseconds. */
export interface ListenOptions {
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  /**
   * How long a client may take to send the head of a request.
   *
   * @default 10_000
   */
  readonly headMilliseconds?: number;
  /**
   * How long a client may take to send a whole request.
   *
   * @default 30_000
   */
  readonly requestMilliseconds?: number;
  /**
   * How many connections may be open; more are closed at once.
   *
   * @default 1000
   */
  readonly connections?: number;
  /**
   * How many connections may be of one client: of an IPv4 address, or of the /64 network of an IPv6 one.
   *
   * @default 100
   */
  readonly clientConnections?: number;
  /**
   * How long a client may take nothing of an answer, beside what 32 KiB in a second take.
   *
   * @default 30_000
   */
  readonly stallMilliseconds?: number;
  /**
   * The addresses of trusted proxies, whose connections are of many clients.
   *
   * @default none
   */
  readonly proxies?: readonly string[];
}

/** A server that listens. Disposing of it closes all its connections. */
export interface Listening extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly url: string;
  /** Takes no more connections, and waits for the requests there are, at most so many milliseconds. */
  close(patience: number): Promise<void>;
}

/** What answers requests, such as a Hono app. */
export interface Answering {
  fetch(request: Request, env: unknown): Response | Promise<Response>;
}

const MOST_HEAD_BYTES = 16 * 1024;

/**
 * Serves an app over HTTP by `node:http`, whose time limits for the head and the whole of a request `Deno.serve`
 * doesn't have.
 *
 * @throws {ExperimentError} `INVALID_PARAMETER_VALUE` where the address or the port can't be had.
 */
export async function listen(app: Answering, options: ListenOptions): Promise<Listening> {
  const { headMilliseconds = 10_000, requestMilliseconds = 30_000 } = options;
  const server = createServer(
    {
      headersTimeout: headMilliseconds,
      requestTimeout: requestMilliseconds,
      connectionsCheckingInterval: Math.min(1000, headMilliseconds),
      maxHeaderSize: MOST_HEAD_BYTES,
    },
    getRequestListener((request, env) => app.fetch(request, env), {
      overrideGlobalObjects: false,
      hostname: "localhost",
      errorHandler: () => refuse(400, MALFORMED, SECURITY_HEADERS),
    }),
  );
  limitConnections(server, {
    total: options.connections ?? 1000,
    perClient: options.clientConnections ?? 100,
    proxies: options.proxies ?? [],
    stallMilliseconds: options.stallMilliseconds ?? 30_000,
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    if (error.code === "ECONNRESET" || !socket.writable) return;
    const [status, refusal] = refusalOf(error.code);
    endConnection(socket, rawResponse(status, refusal));
  });
  server.on("checkExpectation", (_request, response: ServerResponse) => {
    response.writeHead(417, { "content-type": "application/json", ...SECURITY_HEADERS })
      .end(JSON.stringify(UNEXPECTED));
  });
  server.on("connect", (_request, socket: Socket) => endConnection(socket, rawResponse(405, NO_TUNNEL)));
  await new Promise<void>((resolve, reject) => {
    server.once("listening", resolve);
    server.once("error", (cause) => reject(failure(options, cause)));
    server.listen(options.port, options.host);
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : options.port;
  const close = async (patience: number) => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    const timer = setTimeout(() => server.closeAllConnections(), patience);
    await closed;
    clearTimeout(timer);
  };
  return {
    host: options.host,
    port,
    url: `http://${options.host.includes(":") ? `[${options.host}]` : options.host}:${port}`,
    close,
    [Symbol.asyncDispose]: () => close(0),
  };
}

const MALFORMED: Refusal = {
  error_code: "MALFORMED_REQUEST",
  message: "This is not a request that HTTP/1.1 allows.",
};

const UNEXPECTED: Refusal = {
  error_code: "INVALID_PARAMETER_VALUE",
  message: "This server does nothing that an Expect header asks for but 100-continue.",
};

const NO_TUNNEL: Refusal = {
  error_code: "INVALID_PARAMETER_VALUE",
  message: "This server has no such method.",
};

function refusalOf(code: string | undefined): readonly [status: number, refusal: Refusal] {
  switch (code) {
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return [408, {
        error_code: "MALFORMED_REQUEST",
        message: "This request did not arrive in time.",
      }];
    case "HPE_HEADER_OVERFLOW":
      return [431, {
        error_code: "INVALID_PARAMETER_VALUE",
        message: `The head of this request has more than ${MOST_HEAD_BYTES} bytes.`,
      }];
    default:
      return [400, MALFORMED];
  }
}

function rawResponse(status: number, refusal: Refusal): string {
  const body = JSON.stringify(refusal);
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "content-type: application/json",
    `content-length: ${body.length}`,
    "connection: close",
    ...Object.entries(SECURITY_HEADERS).map(([name, value]) => `${name}: ${value}`),
    "",
    body,
  ].join("\r\n");
}

function failure({ host, port }: ListenOptions, cause: Error & { readonly code?: string }): ExperimentError {
  const why = cause.code === "EADDRINUSE" ? "something else listens there" : cause.message;
  return new ExperimentError(
    "INVALID_PARAMETER_VALUE",
    `The server can't listen on ${host}:${port}: ${why}.`,
    {
      hint: "Give another with `--port`; `--port 0` takes any that is free.",
      cause,
    },
  );
}

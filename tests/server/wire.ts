/** A request, as it goes over the wire. */
export interface Asked {
  /** @default "GET" */
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** An answer, as it came over the wire; with status 0 where the connection ended without one. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Asks a server of this machine, with any method, path and header there could be, and no other. */
export async function ask(port: number, asked: Asked): Promise<Answer> {
  return await send(port, textOf(port, asked));
}

/** The text of a request to a server of this machine. */
export function textOf(port: number, { method = "GET", path, headers = {}, body }: Asked): string {
  const all = {
    host: `127.0.0.1:${port}`,
    connection: "close",
    ...(body === undefined || headers["transfer-encoding"]
      ? {}
      : { "content-length": `${encoded(body).length}` }),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body ?? ""}`;
}

/**
 * Sends a text to a server of this machine, and reads its answer to the end.
 *
 * @param options.half Closes its own side after the text.
 * @param options.drip Sends one more byte after each so many milliseconds.
 * @param options.patience The milliseconds after which no answer is an error.
 */
export async function send(
  port: number,
  text: string,
  { half = false, drip, patience = 10_000 }: {
    readonly half?: boolean;
    readonly drip?: number;
    readonly patience?: number;
  } = {},
): Promise<Answer> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    connection.close();
  }, patience);
  const write = (bytes: Uint8Array) => writeAll(connection, bytes).catch(() => {});
  const writing = write(encoded(text)).then(() => half ? connection.closeWrite().catch(() => {}) : undefined);
  const dripping = drip === undefined ? undefined : setInterval(() => write(encoded("x")), drip);
  try {
    return parsed(await readAll(connection));
  } catch (cause) {
    if (late) throw new Error(`No answer within ${patience} ms to ${JSON.stringify(text)}`, { cause });
    throw cause;
  } finally {
    clearTimeout(timer);
    clearInterval(dripping);
    await Promise.race([writing, Promise.resolve()]);
  }
}

const encoded = (text: string) => new TextEncoder().encode(text);

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.length;) offset += await connection.write(bytes.subarray(offset));
}

async function readAll(connection: Deno.Conn): Promise<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(65_536);
  let text = "";
  try {
    for (let count; (count = await connection.read(buffer)) !== null;) {
      text += decoder.decode(buffer.subarray(0, count), { stream: true });
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
  }
  return text;
}

function parsed(text: string): Answer {
  const end = text.indexOf("\r\n\r\n");
  const [first, ...lines] = text.slice(0, end).split("\r\n");
  const headers = Object.fromEntries(lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  }));
  const rest = text.slice(end + 4);
  const body = headers["transfer-encoding"] === "chunked" ? unchunked(rest) : rest;
  return { status: Number(first!.split(" ")[1] ?? 0), headers, body };
}

function unchunked(text: string): string {
  const size = parseInt(text, 16);
  if (!(size > 0)) return "";
  const start = text.indexOf("\r\n") + 2;
  return text.slice(start, start + size) + unchunked(text.slice(start + size + 2));
}

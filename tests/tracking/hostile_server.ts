/** What a hostile server answers to the requests whose path ends with a key; others are answered as MLflow would be. */
export type Script = Readonly<Record<string, (request: Request, url: URL) => Response | Promise<Response>>>;

/** A server that plays MLflow's REST API badly. */
export interface HostileServer extends AsyncDisposable {
  readonly uri: string;
  /** The paths of the requests so far. */
  readonly requests: readonly string[];
}

/** The run that the server has where the script says nothing else. */
export const RUN_ID = "0123456789abcdef0123456789abcdef";

/** A run as MLflow tells it. */
export function toldRun(info: object = {}, data: object = {}): object {
  return {
    info: {
      run_id: RUN_ID,
      run_name: "honest",
      experiment_id: "1",
      user_id: "ada",
      status: "FINISHED",
      start_time: 1,
      end_time: 2,
      artifact_uri: `mlflow-artifacts:/1/${RUN_ID}/artifacts`,
      lifecycle_stage: "active",
      ...info,
    },
    data,
    inputs: {},
  };
}

/** Starts a server on a free port of this machine. */
export function startHostileServer(script: Script): HostileServer {
  const requests: string[] = [];
  const honest: Script = {
    "experiments/search": () =>
      Response.json({
        experiments: [{ experiment_id: "1", name: "iris", artifact_location: "mlflow-artifacts:/1" }],
      }),
    "experiments/get-by-name": () =>
      Response.json({
        experiment: { experiment_id: "1", name: "iris", artifact_location: "mlflow-artifacts:/1" },
      }),
    "runs/search": () => Response.json({ runs: [toldRun()] }),
    "runs/get": () => Response.json({ run: toldRun() }),
    "artifacts/list": () => Response.json({}),
    "metrics/get-history": () => Response.json({}),
  };
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
    const url = new URL(request.url);
    requests.push(url.pathname);
    const answer = [script, honest].flatMap((each) =>
      Object.entries(each).filter(([path]) =>
        url.pathname.endsWith(path)
      ).map(([, make]) => make)
    )[0];
    const made = await answer?.(request, url);
    if (!request.bodyUsed) await request.body?.cancel();
    return made ?? Response.json({ error_code: "RESOURCE_DOES_NOT_EXIST", message: "none" }, { status: 404 });
  });
  return {
    uri: `http://127.0.0.1:${server.addr.port}`,
    requests,
    async [Symbol.asyncDispose]() {
      await server.shutdown();
    },
  };
}

/** So many bytes of a character in gzip. */
export async function bomb(
  bytes: number,
  character = " ",
  { head = "", tail = "" } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const chunk = new TextEncoder().encode(character.repeat(2 ** 20));
  const whole = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (controller) => controller.enqueue(new TextEncoder().encode(head)),
    pull(controller) {
      if (bytes <= 0) {
        controller.enqueue(new TextEncoder().encode(tail));
        return controller.close();
      }
      controller.enqueue(chunk.slice(0, Math.min(chunk.length, bytes)));
      bytes -= chunk.length;
    },
  });
  return await new Response(whole.pipeThrough(new CompressionStream("gzip"))).bytes();
}

/** A server that sends these bytes to whoever connects, over and over where asked, and closes. */
export function startRawServer(
  bytes: string,
  { times = 1 }: { readonly times?: number } = {},
): AsyncDisposable & { readonly uri: string } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const done = (async () => {
    for await (const connection of listener) {
      try {
        await connection.read(new Uint8Array(65_536));
        const [head, rest = ""] = bytes.split("<repeat>");
        await write(connection, head!);
        for (let time = 0; time < times; time++) await write(connection, rest);
      } catch {
        // The other side had enough.
      } finally {
        connection.close();
      }
    }
  })();
  return {
    uri: `http://127.0.0.1:${listener.addr.port}`,
    async [Symbol.asyncDispose]() {
      listener.close();
      await done;
    },
  };
}

async function write(connection: Deno.Conn, text: string): Promise<void> {
  let bytes = new TextEncoder().encode(text);
  while (bytes.length > 0) bytes = bytes.slice(await connection.write(bytes));
}

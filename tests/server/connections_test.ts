import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { Hono } from "../../lib/deps/hono.ts";
import { byteStream } from "../../lib/server/byte_stream.ts";
import { guard } from "../../lib/server/guard.ts";
import { listen, type Listening, type ListenOptions } from "../../lib/server/listen.ts";
import { ask } from "./wire.ts";

const HOST = "host: localhost\r\n";
const LARGE = new Uint8Array(20_000_000);

async function openServer(options: Partial<ListenOptions>): Promise<Listening> {
  const app = new Hono()
    .use(guard({}))
    .get("/", (c) => c.text("page"))
    .get("/large", (c) => c.body(byteStream(LARGE)))
    .get("/endless", (c) =>
      c.body(
        new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(10_000)) }, {
          highWaterMark: 0,
        }),
      ));
  return await listen(app, { host: "127.0.0.1", port: 0, headMilliseconds: 200, ...options });
}

/** Opens a connection from an address of this machine, and sends a text; it reads nothing and never closes. */
function hold(port: number, text: string, localAddress = "127.0.0.1"): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", localAddress, allowHalfOpen: true });
    socket.on("error", () => {}).on("close", () => resolve(socket));
    socket.pause();
    socket.write(text, () => resolve(socket));
  });
}

/** Waits until a server answers again. */
async function answers(port: number, what: string): Promise<void> {
  for (let tries = 0; (await ask(port, { path: "/" })).status !== 200; tries++) {
    assert.ok(tries < 100, `locked out by ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const test = (name: string, fn: () => Promise<void>) =>
  Deno.test({ name, fn, sanitizeOps: false, sanitizeResources: false });

test("clients who hold their connections whatever they are answered lock nobody out", async () => {
  const held: Readonly<Record<string, string>> = {
    silence: "",
    "half a head": "GET / HTTP/1.1\r\nho",
    "no request": "nonsense\r\n\r\n",
    "a tunnel": `CONNECT a:1 HTTP/1.1\r\n${HOST}\r\n`,
    "an Expect": `GET / HTTP/1.1\r\n${HOST}expect: x\r\n\r\n`,
    "an upgrade": `GET / HTTP/1.1\r\n${HOST}connection: upgrade\r\nupgrade: websocket\r\n\r\n`,
    "half a body": `POST / HTTP/1.1\r\n${HOST}content-type: application/json\r\ncontent-length: 9\r\n\r\n{`,
    "an answer that isn't read": `GET /large HTTP/1.1\r\n${HOST}\r\n`,
    "a stream that isn't read": `GET /endless HTTP/1.1\r\n${HOST}\r\n`,
    "an idle connection": `GET / HTTP/1.1\r\n${HOST}\r\n`,
  };
  await Promise.all(
    Object.entries(held).map(async ([what, text]) => {
      await using server = await openServer({
        connections: 5,
        requestMilliseconds: 300,
        stallMilliseconds: 300,
      });
      const sockets = await Promise.all(Array.from({ length: 5 }, () => hold(server.port, text)));
      await answers(server.port, what);
      for (const socket of sockets) socket.destroy();
    }),
  );
});

test("one client has a share of the connections, and a trusted proxy as many as there are", async () => {
  const options = { clientConnections: 3, headMilliseconds: 30_000 };
  await using server = await openServer(options);
  const sockets = await Promise.all(Array.from({ length: 3 }, () => hold(server.port, "", "127.0.0.2")));
  assert.equal((await ask(server.port, { path: "/" })).status, 200);
  const isAnswered = async () => {
    const socket = await hold(server.port, `GET / HTTP/1.1\r\n${HOST}connection: close\r\n\r\n`, "127.0.0.2");
    return await new Promise<boolean>((resolve) => {
      if (socket.closed) resolve(false);
      const ended = () => resolve(false);
      socket.on("data", () => resolve(true)).on("end", ended).on("close", ended).resume();
    });
  };
  assert.equal(await isAnswered(), false);
  sockets[0]!.destroy();
  for (let tries = 0; !await isAnswered(); tries++) assert.ok(tries < 100, "its place isn't given back");
  await using behind = await openServer({ ...options, proxies: ["127.0.0.1"] });
  sockets.push(...await Promise.all(Array.from({ length: 10 }, () => hold(behind.port, ""))));
  assert.equal((await ask(behind.port, { path: "/" })).status, 200);
  for (const socket of sockets) socket.destroy();
});

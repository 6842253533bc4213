import assert from "node:assert/strict";
import { join } from "node:path";
import { digestOf } from "../../lib/base/digest.ts";
import { csv, defineDataset } from "../../lib/data/dataset.ts";
import { gather } from "../../lib/data/readers/files.ts";
import { fetchBytes } from "../../lib/data/readers/http.ts";
import { z } from "../../lib/deps/zod.ts";
import { ROOT } from "../project.ts";

const row = z.object({ width: z.number(), kind: z.enum(["a", "b"]) });
const TEXT = "width,kind\n1,a\n2,b\n";

/** A server that answers as told, and the headers of what it was asked. */
interface Server extends AsyncDisposable {
  readonly url: string;
  readonly asked: Headers[];
}

function serve(answer: (request: Request) => Response): Server {
  const asked: Headers[] = [];
  const stop = new AbortController();
  const { addr, finished } = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {}, signal: stop.signal },
    (request) => (asked.push(new Headers(request.headers)), answer(request)),
  );
  return {
    url: `http://127.0.0.1:${addr.port}/rows.csv`,
    asked,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await finished;
    },
  };
}

const PROGRAM = `
import { loadTable, sourceBytesDigest } from "${new URL("lib/data/table.ts", ROOT)}";
import { csv } from "${new URL("lib/data/dataset.ts", ROOT)}";
import { z } from "${new URL("lib/deps/zod.ts", ROOT)}";
const row = z.object({ width: z.number(), kind: z.enum(["a", "b"]) });
const dataset = { row, target: "kind", source: csv(Deno.args[0], import.meta) };
try {
  const { bytes, columns: { width } } = await loadTable(dataset);
  console.log(JSON.stringify({ width: [...width.values], same: bytes === await sourceBytesDigest(dataset) }));
} catch (error) {
  console.log(JSON.stringify({ code: error.code, message: error.message, hint: error.hint }));
}
`;

/** Reads the rows at a URL twice in a process of its own, which may read and write only its folder. */
async function read(folder: string, url: string, grants = ["--allow-write=."]): Promise<unknown> {
  await Deno.writeTextFile(join(folder, "program.ts"), PROGRAM);
  const checkout = new URL(".", ROOT).pathname;
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "--no-check", "--ignore-env", "--no-lock"],
      ...["--config", join(checkout, "deno.json"), `--allow-read=.,${checkout}`, "--allow-net", ...grants],
      ...["program.ts", url],
    ],
    cwd: folder,
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assert.equal(err, "");
  return JSON.parse(out!);
}

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const data = (folder: string) => join(folder, ".cache", "reprise", "data");
const namesIn = (folder: string) => [...Deno.readDirSync(data(folder))].map(({ name }) => name).sort();
const expected = { width: [1, 2], same: true };

/** A server whose file has the versions of these texts, and which says so by an ETag. */
function versions(current: () => string): (request: Request) => Response {
  return (request) => {
    const etag = `"${digestOf(current()).slice(0, 8)}"`;
    if (request.headers.get("if-none-match") === etag) return new Response(null, { status: 304 });
    return new Response(current(), { headers: { etag } });
  };
}

Deno.test("bytes at a URL are kept under their digest, and fetched again only where the server has others", async () => {
  await withFolder(async (folder) => {
    let text = TEXT;
    await using server = serve(versions(() => text));
    assert.deepEqual(await read(folder, server.url), expected);
    assert.deepEqual(await read(folder, server.url), expected);
    const conditions = () => server.asked.map((headers) => headers.has("if-none-match"));
    assert.deepEqual(conditions(), [false, true, true, true]);
    const entry = `${digestOf(server.url)}.json`;
    assert.deepEqual(namesIn(folder), [digestOf(TEXT), entry].sort());
    assert.equal(await Deno.readTextFile(join(data(folder), digestOf(TEXT))), TEXT);
    assert.equal(await Deno.readTextFile(join(folder, ".cache", "reprise", ".gitignore")), "*\n");

    text = "width,kind\n3,a\n";
    assert.deepEqual(await read(folder, server.url), { width: [3], same: true });
    assert.deepEqual(namesIn(folder), [digestOf(TEXT), digestOf(text), entry].sort());
  });
});

Deno.test("what is kept and was damaged is fetched again", async () => {
  await withFolder(async (folder) => {
    await using server = serve(versions(() => TEXT));
    await read(folder, server.url);
    const [file, entry] = [digestOf(TEXT), `${digestOf(server.url)}.json`].map((name) =>
      join(data(folder), name)
    );
    for (
      const damage of [
        () => Deno.writeTextFile(file!, TEXT.replace("1", "9")),
        () => Deno.writeTextFile(file!, ""),
        () => Deno.remove(file!),
        () => Deno.writeTextFile(entry!, "{"),
        () => Deno.writeTextFile(entry!, '{"digest":"../program.ts"}'),
      ]
    ) {
      await damage();
      server.asked.length = 0;
      assert.deepEqual(await read(folder, server.url), expected);
      assert.deepEqual(server.asked.map((headers) => headers.has("if-none-match")), [false, true]);
      assert.equal(await Deno.readTextFile(file!), TEXT);
    }
  });
});

Deno.test("bytes are kept by a time of change that is over, and not by one that may still pass", async () => {
  await withFolder(async (folder) => {
    const changed = new Date("2024-05-01T12:30:15Z").toUTCString();
    let answered = new Date("2024-05-01T12:30:15Z").toUTCString();
    await using server = serve((request) => {
      if (request.headers.get("if-modified-since") === changed) return new Response(null, { status: 304 });
      return new Response(TEXT, { headers: { "last-modified": changed, date: answered } });
    });
    const conditions = () => server.asked.map((headers) => headers.get("if-modified-since"));
    await read(folder, server.url);
    assert.deepEqual(conditions(), [null, null]);
    answered = new Date("2024-05-01T12:30:17Z").toUTCString();
    await read(folder, server.url);
    assert.deepEqual(conditions(), [null, null, null, changed]);
  });
});

Deno.test("bytes that the server doesn't tell apart, or that nothing may be written of, are fetched each time", async () => {
  await withFolder(async (folder) => {
    await using plain = serve(() => new Response(TEXT));
    await using secret = serve(() =>
      new Response(TEXT, { headers: { etag: '"1"', "cache-control": "private, no-store" } })
    );
    await using known = serve(versions(() => TEXT));
    assert.deepEqual(await read(folder, plain.url), expected);
    assert.deepEqual(await read(folder, secret.url), expected);
    assert.deepEqual(await read(folder, known.url, []), expected);
    for (const { asked } of [plain, secret, known]) {
      assert.deepEqual(asked.map((headers) => headers.has("if-none-match")), [false, false]);
    }
    assert.ok(!await Deno.stat(join(folder, ".cache")).then(() => true, () => false));
  });
});

Deno.test("processes that fetch the same at once don't disturb each other", async () => {
  await withFolder(async (folder) => {
    await using server = serve(versions(() => TEXT));
    const all = await Promise.all(Array.from({ length: 4 }, () => read(folder, server.url)));
    assert.deepEqual(all, Array(4).fill(expected));
    assert.deepEqual(namesIn(folder), [digestOf(TEXT), `${digestOf(server.url)}.json`].sort());
  });
});

Deno.test("a transfer may be compressed", async () => {
  await withFolder(async (folder) => {
    await using server = serve((request) => {
      assert.match(request.headers.get("accept-encoding")!, /gzip/);
      const body = new Blob([TEXT]).stream().pipeThrough(new CompressionStream("gzip"));
      return new Response(body, { headers: { "content-encoding": "gzip", etag: 'W/"1"' } });
    });
    assert.deepEqual(await read(folder, server.url), expected);
    assert.equal(await Deno.readTextFile(join(data(folder), digestOf(TEXT))), TEXT);
  });
});

Deno.test("a server out of reach is an error, even where its bytes are kept", async () => {
  await withFolder(async (folder) => {
    let url = "";
    {
      await using server = serve(versions(() => TEXT));
      ({ url } = server);
      assert.deepEqual(await read(folder, url), expected);
    }
    assert.deepEqual(await read(folder, url), {
      code: "TEMPORARILY_UNAVAILABLE",
      message:
        `The data can't be read: ${url} gave no whole answer: tcp connect error: Connection refused (os error 111).`,
      hint: "Is the server running, and its address right?",
    });
    const { code } = await read(folder, url, ["--deny-net"]) as { readonly code: string };
    assert.equal(code, "PERMISSION_DENIED");
  });
});

Deno.test("what a server refuses is an error that says so", async () => {
  const codes = {
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "RESOURCE_DOES_NOT_EXIST",
    410: "RESOURCE_DOES_NOT_EXIST",
    418: "RESOURCE_DOES_NOT_EXIST",
    429: "TEMPORARILY_UNAVAILABLE",
    503: "TEMPORARILY_UNAVAILABLE",
  };
  for (const [status, code] of Object.entries(codes)) {
    await using server = serve(() => new Response("no", { status: Number(status) }));
    const words = code === "RESOURCE_DOES_NOT_EXIST" && status !== "418"
      ? `no file ${server.url}.`
      : `${server.url} is answered by HTTP ${status}.`;
    await assert.rejects(gather(fetchBytes(server.url, {})), {
      code,
      message: `The data can't be read: ${words}`,
    });
  }
});

/** A server that sends this and then, unless it is to hold the line, ends the connection. */
function raw(head: string, hold: boolean): { readonly url: string } & AsyncDisposable {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const held: Deno.Conn[] = [];
  const ended = (async () => {
    for await (const connection of listener) {
      await connection.read(new Uint8Array(4096));
      await connection.write(new TextEncoder().encode(head));
      if (hold) held.push(connection);
      else connection.close();
    }
  })();
  return {
    url: `http://127.0.0.1:${listener.addr.port}/rows.csv`,
    async [Symbol.asyncDispose]() {
      for (const connection of held) connection.close();
      listener.close();
      await ended;
    },
  };
}

Deno.test("a body that is cut off is an error, and isn't kept", async () => {
  await withFolder(async (folder) => {
    const head = (more: string) => `HTTP/1.1 200 OK\r\netag: "1"\r\n${more}\r\n\r\n`;
    for (
      const text of [
        `${head("content-length: 99")}${TEXT}`,
        `${head("transfer-encoding: chunked")}5\r\nwidth\r\n`,
      ]
    ) {
      await using server = raw(text, false);
      const { code, message } = await read(folder, server.url) as Record<"code" | "message", string>;
      assert.equal(code, "TEMPORARILY_UNAVAILABLE");
      assert.ok(message.startsWith(`The data can't be read: ${server.url} gave no whole answer: `), message);
      assert.deepEqual(namesIn(folder), []);
    }
  });
});

Deno.test("a server that sends nothing is given up, before its answer and in the midst of it", async () => {
  for (const head of ["", "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nwidth"]) {
    await using server = raw(head, true);
    await assert.rejects(gather(fetchBytes(server.url, { patience: 100 })), {
      code: "TEMPORARILY_UNAVAILABLE",
      message: `The data can't be read: ${server.url} gave no whole answer: it sent nothing for 0.1 s.`,
    });
    const stop = new AbortController();
    const reason = new Error("stopped");
    setTimeout(() => stop.abort(reason), 50);
    await assert.rejects(gather(fetchBytes(server.url, { signal: stop.signal })), reason);
  }
});

Deno.test("an answer has a size and a time, told or not, compressed or not", async () => {
  const tooLarge = (url: string) => ({
    code: "INVALID_PARAMETER_VALUE",
    message:
      `The data can't be read: ${url} has more than 1000000 bytes, which is as much as can be read from a URL.`,
    hint: "Save it as a file, and name that as the dataset's `source`.",
  });
  const endless = () => {
    const body = new ReadableStream({ pull: (to) => to.enqueue(new Uint8Array(100_000)) }, {
      highWaterMark: 0,
    });
    return new Response(body);
  };
  const packed = () => {
    const body = new Blob([new Uint8Array(2_000_000)]).stream().pipeThrough(new CompressionStream("gzip"));
    return new Response(body, { headers: { "content-encoding": "gzip" } });
  };
  for (const answer of [() => new Response(new Uint8Array(1_000_001)), endless, packed]) {
    await using server = serve(answer);
    await assert.rejects(gather(fetchBytes(server.url, { size: 1_000_000 })), tooLarge(server.url));
  }
  await using told = raw("HTTP/1.1 200 OK\r\ncontent-length: 5000000000\r\n\r\n", true);
  await assert.rejects(gather(fetchBytes(told.url, {})), {
    code: "INVALID_PARAMETER_VALUE",
    message:
      `The data can't be read: ${told.url} has more than 4294967296 bytes, which is as much as can be read from a URL.`,
  });
  await using exact = serve(() => new Response(new Uint8Array(1_000_000)));
  assert.equal((await gather(fetchBytes(exact.url, { size: 1_000_000 }))).length, 1_000_000);
  await using slow = raw("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nwidth", true);
  await assert.rejects(gather(fetchBytes(slow.url, { time: 100 })), {
    code: "TEMPORARILY_UNAVAILABLE",
    message: `The data can't be read: ${slow.url} gave no whole answer: it took longer than 0.1 s.`,
  });
});

Deno.test("a URL with a user or password can't be a dataset's source, and isn't told whole", () => {
  for (
    const url of [
      "https://ada@host/rows.csv",
      "https://ada:pw@host/rows.csv",
      "http://host/rows.csv?password=pw",
    ]
  ) {
    assert.throws(() => defineDataset({ row, target: "kind", source: csv(url, import.meta) }), {
      code: "INVALID_PARAMETER_VALUE",
      message:
        `The source at ${
          url.split(":")[0]
        }://host/rows.csv can't have a user or a password in its URL: a dataset's ` +
        "module is recorded with each run.",
    });
  }
});

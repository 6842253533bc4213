import assert from "node:assert/strict";
import { dirname, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { Hono } from "../../lib/deps/hono.ts";
import { guard } from "../../lib/server/guard.ts";
import { listen, type Listening } from "../../lib/server/listen.ts";
import { listSources, sourceText } from "../../lib/server/source_list.ts";
import { sources } from "../../lib/server/sources.ts";
import { ask } from "./wire.ts";

const ROOT = new URL("../..", import.meta.url);

async function openServer(): Promise<Listening> {
  const app = new Hono().use(guard({})).route("/", sources());
  app.notFound((c) => c.json({ error_code: "ENDPOINT_NOT_FOUND", message: "Nothing is here." }, 404));
  return await listen(app, { host: "127.0.0.1", port: 0 });
}

Deno.test("every module that the entry points reach is served, byte for byte, as TypeScript", async () => {
  await using server = await openServer();
  for (const entry of ["cli.ts", "mod.ts", "serve.ts"]) {
    for (const file of await reachedFrom(entry)) {
      const answer = await fetch(new URL(file, server.url));
      assert.equal(answer.status, 200, file);
      const type = file.endsWith(".json") ? "application/json" : "application/typescript";
      if (/\.(tsx?|json)$/.test(file)) {
        assert.equal(answer.headers.get("content-type"), `${type}; charset=utf-8`, file);
      }
      assert.equal(await answer.text(), await Deno.readTextFile(new URL(file, ROOT)), file);
    }
  }
});

Deno.test("the built-in data and configs are served as what they are", async () => {
  await using server = await openServer();
  const types = {
    "/registries/datasets/iris_v1.csv": "text/csv",
    "/configs/exp_v1.yaml": "application/yaml",
    "/deno.json": "application/json",
    "/deno.lock": "application/json",
  };
  for (const [path, type] of Object.entries(types)) {
    const answer = await fetch(server.url + path);
    assert.deepEqual(
      [answer.status, answer.headers.get("content-type")],
      [200, `${type}; charset=utf-8`],
      path,
    );
    assert.equal(await answer.text(), await Deno.readTextFile(new URL(`.${path}`, ROOT)));
  }
});

Deno.test("a source that a client has is not sent again", async () => {
  await using server = await openServer();
  const { headers } = await ask(server.port, { path: "/mod.ts" });
  for (const tag of [headers.etag!, `W/${headers.etag}`, `"other", ${headers.etag}`, "*"]) {
    const again = await ask(server.port, { path: "/mod.ts", headers: { "if-none-match": tag } });
    assert.deepEqual([again.status, again.body, again.headers.etag], [304, "", headers.etag]);
  }
  const changed = await ask(server.port, { path: "/mod.ts", headers: { "if-none-match": '"other"' } });
  assert.equal(changed.status, 200);
  const head = await ask(server.port, { method: "HEAD", path: "/mod.ts" });
  assert.deepEqual([head.status, head.body, head.headers.etag], [200, "", headers.etag]);
});

Deno.test("nothing else can be had, however it is written", async () => {
  await using server = await openServer();
  const paths = [
    "/README.md",
    "/.gitignore",
    "/.git/config",
    "/bench/run.ts",
    "/tests/server/sources_test.ts",
    "/lib",
    "/lib/",
    "/lib/server",
    "/lib/.hidden.ts",
    "/lib/no_such_file.ts",
    "/lib/base/error.ts/",
    "/lib/base/error.ts/x.ts",
    "/lib/base//error.ts",
    "/lib/base/error.ts%00",
    "/lib/base/error.ts%00.ts",
    "/lib/../README.md",
    "/lib/../../../etc/passwd",
    "/lib/..%2f..%2f..%2fetc/passwd",
    "/lib/%2e%2e/%2e%2e/README.md",
    "/lib/%252e%252e/cli.ts",
    "/lib/..\\cli.ts",
    "/lib/....//cli.ts",
    "/configs/%2fetc/passwd.yaml",
    "/lib/file:///etc/passwd.ts",
    "/lib/http://127.0.0.1/x.ts",
    "/registries/../deno.ts",
    `/lib/${"a".repeat(300)}.ts`,
    `/lib/${"a/".repeat(3000)}b.ts`,
  ];
  for (const path of paths) {
    const { status, body } = await ask(server.port, { path });
    assert.ok(status === 404 || (status === 400 && body.includes("MALFORMED_REQUEST")), `${path}: ${status}`);
  }
});

Deno.test("all that the framework has is in the list, and nothing that isn't there is missed", async () => {
  const listed = await listSources();
  const reached = await Promise.all(["cli.ts", "mod.ts", "serve.ts"].map(reachedFrom));
  for (const file of reached.flat()) assert.ok(listed.has(file), file);
  const own = [...await filesBelow("registries/"), ...await filesBelow("configs/")];
  assert.deepEqual([...listed].filter((path) => /^(registries|configs)\//.test(path)).sort(), own.sort());
});

Deno.test("what a checkout has beside the framework's own files isn't served", async () => {
  const folder = await Deno.makeTempDir({ prefix: "reprise-test-" });
  try {
    for (const path of await listSources()) {
      const text = await sourceText(path);
      if (text === undefined) continue;
      await Deno.mkdir(dirname(`${folder}/${path}`), { recursive: true });
      await Deno.writeTextFile(`${folder}/${path}`, text);
    }
    const planted = [
      ...["configs/secret.yaml", "configs/team/secret.yaml", "configs/own.ts", "registries/own.ts"],
      ...["registries/datasets/private.csv", "registries/models/own.ts", "registries/models/keys.json"],
      ...["lib/own.ts", "lib/server/keys.json", "lib/server/pages/notes.css", "lib/.x", "lib/server/.env.ts"],
    ];
    for (const path of planted) {
      await Deno.mkdir(dirname(`${folder}/${path}`), { recursive: true });
      await Deno.writeTextFile(`${folder}/${path}`, "secret");
    }
    const registry = `${folder}/registries/mod.ts`;
    await Deno.writeTextFile(registry, `import "./own.ts";\n${await Deno.readTextFile(registry)}`);
    await Deno.writeTextFile(
      `${folder}/asks.ts`,
      `const { sources } = await import("./lib/server/sources.ts");
      for (const path of Deno.args) console.log((await sources().request(path)).status, path);`,
    );
    const asked = ["registries/mod.ts", "registries/datasets/iris_v1.csv", "lib/base/error.ts", ...planted];
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--quiet",
        "--no-config",
        "--no-lock",
        "asks.ts",
        ...asked.map((path) => `/${path}`),
      ],
      cwd: folder,
      env: { NO_COLOR: "1" },
    }).output();
    assert.deepEqual(
      new TextDecoder().decode(stdout).trim().split("\n"),
      asked.map((path, at) => `${at < 3 ? 200 : 404} /${path}`),
      new TextDecoder().decode(stderr),
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("cli.ts runs from a server's URL with nothing cached", async () => {
  await using server = await openServer();
  const folder = await Deno.makeTempDir({ prefix: "reprise-test-" });
  try {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", `${server.url}/cli.ts`, "--help"],
      cwd: folder,
      env: { DENO_DIR: `${folder}/cache`, NO_COLOR: "1" },
      stdin: "null",
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    assert.match(new TextDecoder().decode(stdout), /^Usage: reprise \[options\] \[command\]\n/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a server that runs from a URL serves what it runs from", async () => {
  await using server = await openServer();
  const folder = await Deno.makeTempDir({ prefix: "reprise-test-" });
  const script = `
    const { sources } = await import("${server.url}/lib/server/sources.ts");
    for (const path of ["/cli.ts", "/lib/report/html.tsx", "/configs/exp_v1.yaml", "/lib/no_such_file.ts"]) {
      const answer = await sources().request(path);
      console.log(path, answer.status, (await answer.text()).length);
    }`;
  try {
    await Deno.writeTextFile(`${folder}/chained.ts`, script);
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", "chained.ts"],
      cwd: folder,
      env: { DENO_DIR: `${folder}/cache`, NO_COLOR: "1" },
      stdin: "null",
    }).output();
    const sizeOf = async (file: string) => (await Deno.readTextFile(new URL(file, ROOT))).length;
    assert.equal(
      new TextDecoder().decode(stdout),
      `/cli.ts 200 ${await sizeOf("cli.ts")}\n` +
        `/lib/report/html.tsx 200 ${await sizeOf("lib/report/html.tsx")}\n` +
        `/configs/exp_v1.yaml 200 ${await sizeOf("configs/exp_v1.yaml")}\n` +
        "/lib/no_such_file.ts 404 13\n",
      new TextDecoder().decode(stderr),
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** The files of a folder of this checkout, which has nobody else's. */
async function filesBelow(folder: string): Promise<readonly string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, ROOT))) {
    files.push(...isDirectory ? await filesBelow(`${folder}${name}/`) : [folder + name]);
  }
  return files;
}

/** The files of this project that a module imports, itself and through others. */
async function reachedFrom(entry: string): Promise<readonly string[]> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", fileURLToPath(new URL(entry, ROOT))],
  }).output();
  const { modules }: { readonly modules: readonly { readonly specifier: string }[] } = JSON.parse(
    new TextDecoder().decode(stdout),
  );
  const files = modules.map(({ specifier }) => specifier)
    .filter((specifier) => specifier.startsWith(ROOT.href) && !specifier.includes("node_modules"))
    .map((specifier) => relative(fileURLToPath(ROOT), fileURLToPath(specifier)));
  assert.ok(files.includes(entry));
  return files;
}

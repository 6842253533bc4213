import assert from "node:assert/strict";
import { join } from "node:path";
import { z } from "../../lib/deps/zod.ts";
import type { ExperimentError } from "../../lib/base/error.ts";
import { openSandbox, type RunOptions } from "../../lib/replay/past/sandbox.ts";
import { eachLine, type RerunLimits } from "../../lib/replay/past/warden.ts";
import type { Graph } from "../../lib/training/kept/graph.ts";
import { ROOT } from "../project.ts";
import { hasBwrap } from "./bwrap.ts";

const PROGRAM = "file:///project/program.ts";

const LOCK = Deno.readTextFileSync(new URL("deno.lock", ROOT));

/** What every program here begins with. */
const START = `
const job = JSON.parse(await Deno.readTextFile(Deno.args[0]));
async function give(result) {
  let rest = new TextEncoder().encode("\\n" + job.mark + JSON.stringify(result) + "\\n");
  while (rest.length > 0) rest = rest.subarray(await Deno.stdout.write(rest));
}
`;

interface Attempt<Result> extends Partial<RunOptions<Result>> {
  readonly modules?: Readonly<Record<string, string>>;
  readonly imports?: Graph["imports"];
  readonly lock?: string;
}

/** Runs a program as recorded code is run. */
async function attempt<Result>(
  program: string,
  schema: z.ZodType<Result>,
  { modules = {}, imports = {}, lock, ...options }: Attempt<Result> = {},
) {
  const graph: Graph = { modules: { [PROGRAM]: START + program, ...modules }, imports, lacking: {} };
  await using sandbox = await openSandbox({ past: graph }, { lock });
  return await sandbox.run(sandbox.layouts.past!.urlOf(PROGRAM), {
    job: ({ mark, result }) => ({ mark, result }),
    schema,
    ...options,
  });
}

async function messageOf(program: string, options: Attempt<object> = {}): Promise<string> {
  try {
    await attempt(program, z.looseObject({}), options);
  } catch (error) {
    return (error as ExperimentError).message;
  }
  return assert.fail("it ended well");
}

const leftOver = () =>
  [...Deno.readDirSync(Deno.cwd())].map(({ name }) => name).filter((name) => name.startsWith(".reprise-"));

/** What recorded code may try, each as an expression, with what refuses it. */
const attacks: Readonly<Record<string, readonly [attack: string, refusal: RegExp]>> = {
  "a literal import of a text": [
    'import("file:///etc/passwd", { with: { type: "text" } })',
    /^Module not found "file:.*\/nowhere\/etc\/passwd"/,
  ],
  "a literal import of JSON": [
    'import("file://OUTSIDE/secret.json", { with: { type: "json" } })',
    /^Module not found "file:.*\/nowhere\//,
  ],
  "a relative import above the modules": [
    'import("../../../../deno.json", { with: { type: "json" } })',
    /^Module not found "file:.*\/nowhere\//,
  ],
  "an import of the job": [
    'import("../../../job.json", { with: { type: "json" } })',
    /^Module not found "file:.*\/nowhere\//,
  ],
  "an import of a computed name": [
    'import("file://OUTSIDE/" + "secret.json", { with: { type: "json" } })',
    /^Module not found "file:.*\/nowhere\//,
  ],
  "an import by a module of data": [
    `import("data:text/javascript,import s from 'file:///etc/passwd' with { type: 'text' }; export default s")`,
    /^Module not found "file:.*\/nowhere\/etc\/passwd"/,
  ],
  "an import by a blob": [
    `import(URL.createObjectURL(new Blob(["export { default } from 'file://OUTSIDE/secret.json' with { type: 'json' }"], { type: "text/javascript" })))`,
    /^Module not found "file:.*\/nowhere\//,
  ],
  "an import of WebAssembly": ['import("file://OUTSIDE/a.wasm")', /^Module not found "file:.*\/nowhere\//],
  "a worker": [
    `new Promise((resolve, reject) => {
      const worker = new Worker("file://OUTSIDE/worker.js", { type: "module" });
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = (event) => { event.preventDefault(); reject(new Error(event.message)); };
    })`,
    /Module not found "file:.*\/nowhere\//,
  ],
  "a thread": [
    `import("node:worker_threads").then(({ Worker }) => new Promise((resolve, reject) => {
      const worker = new Worker("OUTSIDE/worker.js");
      worker.on("message", resolve);
      worker.on("error", reject);
    }))`,
    /Requires read access/,
  ],
  "a require": [
    'import("node:module").then(({ createRequire }) => createRequire(import.meta.url)("OUTSIDE/secret.json"))',
    /Requires read access/,
  ],
  "hooks of modules": [
    `import("node:module").then(({ registerHooks }) => {
      registerHooks({ resolve: (specifier, context, next) => specifier === "x:y"
        ? { url: "file://OUTSIDE/secret.json", shortCircuit: true, format: "json" } : next(specifier, context) });
      return import("x:y", { with: { type: "json" } });
    })`,
    /Requires read access/,
  ],
  "a file by Node's words": [
    'import("node:fs").then((fs) => fs.readFileSync("OUTSIDE/secret.json", "utf8"))',
    /Requires read access/,
  ],
  "a database": [
    'import("node:sqlite").then(({ DatabaseSync }) => new DatabaseSync("OUTSIDE/x.db"))',
    /Requires read access/,
  ],
  "the environment of the process": ['Deno.readTextFile("/proc/self/environ")', /Requires (read|all) access/],
  "a link out of the sandbox": [
    'Deno.symlink("OUTSIDE/secret.json", "link.json")',
    /requires unscoped --allow-read and --allow-write/,
  ],
  "Deno's own cache": ['Deno.readDirSync("../deno_dir")', /Requires read access/],
  "a module of the web": ['import("https://deno.land/x/a.ts")', /Requires import access/],
  "the network": ['fetch("http://127.0.0.1:64999/")', /Requires net access/],
  "a socket by Node's words": [
    `import("node:net").then((net) => new Promise((resolve, reject) =>
      net.connect(64999, "127.0.0.1").on("connect", resolve).on("error", reject)))`,
    /Requires net access/,
  ],
  "a program": ['new Deno.Command("/usr/bin/env").output()', /Requires run access/],
  "a signal to its parent": ["Deno.kill(Deno.ppid)", /Requires run access/],
  "a library": ['Deno.dlopen("libc.so.6", {})', /Requires ffi access/],
  "the host's name": ["Deno.hostname()", /Requires sys access/],
  "a file to write": ['Deno.writeTextFile("written", "")', /Requires write access/],
  "a store of the browser's": ['localStorage.setItem("a", "b")', /Not a directory/],
  "a cache of the browser's": ['caches.open("a")', /Failed to create cache storage/],
  "its result file": ["Deno.mkdir(job.result)", /Requires write access/],
  // The last, as Deno refuses all packages after it.
  "a package that no kept module names": [
    'import("npm:" + "leven@4.1.0")',
    /lockfile is out of date|not found/,
  ],
};

const told = z.looseObject({ told: z.record(z.string(), z.string()) });

const permitted = { read: true, write: true, env: true, run: [Deno.execPath()] };

for (
  const [held, permissions] of [["permissions", permitted], ["permissions and bwrap", undefined]] as const
) {
  const name =
    `recorded code held by ${held} reaches nothing but its modules, the packages of its lock file and its job`;
  const ignore = held !== "permissions" && !hasBwrap;
  Deno.test({
    name,
    ignore,
    ...(permissions ? { permissions } : {}),
    async fn() {
      const outside = await Deno.makeTempDir();
      try {
        await Deno.writeTextFile(join(outside, "secret.json"), '"secret"');
        await Deno.writeTextFile(join(outside, "worker.js"), "postMessage('secret')");
        const tries = Object.entries(attacks).map(([name, [attack]]) =>
          `[${JSON.stringify(name)}, async () => await (${attack.replaceAll("OUTSIDE", outside)})]`
        );
        const program = `
import { z } from "npm:zod@4.6.7";
import { own } from "./own.ts";
import data from "./data.json" with { type: "json" };
const told = { honest: typeof z + own + data.a, environment: JSON.stringify(Deno.env.toObject()) };
for (const [name, attack] of [${tries.join(",\n")}]) {
  try {
    told[name] = "reached " + String(await attack());
  } catch (error) {
    told[name] = error.message;
  }
}
await give({ told });
Deno.exit(0);
`;
        const result = await attempt(program, told, {
          modules: {
            "file:///project/own.ts": "export const own = 1;",
            "file:///project/data.json": '{ "a": 2 }',
          },
          lock: LOCK,
        });
        assert.equal(result.held, held);
        assert.deepEqual([result.told.honest, result.told.environment], ["object12", "{}"]);
        for (const [name, [, refusal]] of Object.entries(attacks)) {
          assert.match(result.told[name] ?? "", refusal, `${name}: ${result.told[name]}`);
        }
      } finally {
        await Deno.remove(outside, { recursive: true });
      }
      assert.deepEqual(leftOver(), []);
    },
  });
}

Deno.test("a static import of a file that wasn't kept is refused in words", async () => {
  assert.equal(
    await messageOf('import text from "file:///etc/passwd" with { type: "text" };\nawait give({ text });'),
    "The recorded code can't be run: it imports \"/etc/passwd\", which isn't among the modules that were kept\n" +
      "    at program.ts:7:18",
  );
});

Deno.test("files that would tell Deno what to do are none where recorded modules lie", async () => {
  const settings = JSON.stringify({ imports: { "file:///": "file:///", own: "file:///etc/passwd" } });
  const imports = {
    [PROGRAM]: { "own": "file:///project/deno.json" },
    "file:///project/b.ts": { "../project/package.json": "file:///project/package.json" },
  };
  const { held: _, ...result } = await attempt(
    `import own from "own" with { type: "json" };
import { a } from "./b.ts";
await give({ own: Object.keys(own.imports), a });
Deno.exit(0);`,
    z.looseObject({}),
    {
      imports,
      modules: {
        "file:///project/deno.json": settings,
        "file:///project/%64eno.jsonc": settings,
        "file:///project/b.ts": 'export { default as a } from "./package.json" with { type: "json" };',
        "file:///project/package.json": '"a"',
      },
    },
  );
  assert.deepEqual(result, { own: ["file:///", "own"], a: "a" });
});

Deno.test("imports by names that are none, or those of every object, do no harm", async () => {
  const names = ["//[", "/\\\\[", "__proto__", "constructor", "a\0b", "node:fs"];
  const { held: _, ...result } = await attempt("await give({ told: {} });\nDeno.exit(0);", told, {
    imports: { [PROGRAM]: Object.fromEntries(names.map((name) => [name, "node:path"])) },
  });
  assert.deepEqual(result, { told: {} });
});

Deno.test("modules that would take each other's place are refused", async () => {
  const unfit = "The recorded code can't be run: its modules can't be laid out: ";
  const own = "file:///project/own.ts";
  for (
    const [other, reason] of [
      ["http://a:1/own.ts", undefined],
      ["http://../file/project/own.ts", undefined],
      ["http://a_1/own.ts", "two of them would be in one file."],
      ["file:///project/own.ts/own.ts", /directory/],
    ] as const
  ) {
    const modules = { [own]: "export const own = 1;", "http://a:1/own.ts": "", [other]: "" };
    const running = attempt(
      'import { own } from "./own.ts";\nawait give({ own });\nDeno.exit(0);',
      z.looseObject({ own: z.literal(1) }),
      { modules },
    );
    if (reason === undefined) await running;
    else {
      await assert.rejects(running, ({ message }: Error) => {
        assert.ok(message.startsWith(unfit), message);
        if (typeof reason === "string") assert.equal(message, unfit + reason);
        else assert.match(message, reason);
        return true;
      });
    }
  }
  assert.deepEqual(leftOver(), []);
});

const limited: Readonly<
  Record<string, readonly [program: string, limits: Partial<RerunLimits>, message: string]>
> = {
  "never ends": ["while (true);", { timeout: 1 }, "The recorded code was stopped after 1 s."],
  "takes memory": [
    "const all = []; while (true) all.push(new Array(1e5).fill(all.length));",
    { memory: 200 },
    "The recorded code was stopped at 200 MiB of memory.",
  ],
  "takes memory outside the heap": [
    `const all = [];
while (true) { all.push(new Uint8Array(2 ** 24).fill(1)); await new Promise((resolve) => setTimeout(resolve, 5)); }`,
    { memory: 400 },
    "The recorded code was stopped at 400 MiB of memory.",
  ],
  "prints a line without end": [
    'const text = new TextEncoder().encode("x".repeat(2 ** 20)); while (true) await Deno.stdout.write(text);',
    { output: 64 },
    "The recorded code was stopped after 64 MiB of output.",
  ],
  "complains without end": [
    'const text = new TextEncoder().encode("x\\n".repeat(2 ** 19)); while (true) await Deno.stderr.write(text);',
    { output: 64 },
    "The recorded code was stopped after 64 MiB of output.",
  ],
};

for (const [what, [program, limits, message]] of Object.entries(limited)) {
  Deno.test(`recorded code that ${what} is stopped, and nothing of it is left`, async () => {
    assert.equal(await messageOf(program, { limits }), message);
    assert.deepEqual(leftOver(), []);
  });
}

Deno.test("code may run for longer than a timer can wait", async () => {
  const { held: _, ...result } = await attempt("await give({ told: {} });\nDeno.exit(0);", told, {
    limits: { timeout: 31_536_000 },
  });
  assert.deepEqual(result, { told: {} });
});

Deno.test("of lines and results that are printed over and over, some are passed on, and the last result", async () => {
  let count = 0;
  const { told: { last } } = await attempt(
    `console.log("done\\n".repeat(100_000));
for (let last = 0; last <= 1000; last++) await give({ told: { last: String(last) } });
Deno.exit(0);`,
    told,
    { tell: { line: "done", onTold: () => count++ } },
  );
  assert.deepEqual([last, count], ["1000", 100]);
});

const misshapen: Readonly<Record<string, string>> = {
  "is no JSON": 'await Deno.stdout.write(new TextEncoder().encode(job.mark + "{\\n"));',
  "is another": "await give({ told: 1 });",
  "is under another mark": 'job.mark = "reprise "; await give({ told: {} });',
};

for (const [what, program] of Object.entries(misshapen)) {
  Deno.test(`a result that ${what} is none`, async () => {
    await assert.rejects(attempt(`${program}\nDeno.exit(0);`, told), (error: Error) => {
      assert.equal(
        error.message,
        what === "is under another mark"
          ? "The recorded code can't be run: it ended without a result."
          : "The recorded code can't be run: its result isn't in the form of one.",
      );
      return true;
    });
  });
}

for (
  const [what, statement] of Object.entries({
    "a folder": "await Deno.mkdir(job.result);",
    "a file that is too large": 'await Deno.writeTextFile(job.result, "x".repeat(3 * 2 ** 20));',
  })
) {
  Deno.test(`an old program that leaves ${what} for its result left none`, async () => {
    const message = await messageOf(`${statement}\nDeno.exit(0);`, {
      writesFile: true,
      limits: { output: 2 },
    });
    assert.match(
      message,
      /^The recorded code (can't be run: it ended without a result|was stopped after 2 MiB of output)\.$/,
    );
  });
}

Deno.test("what code says of packages makes nobody fetch any", async () => {
  const words = 'npm package not found in cache: "leven", --cached-only is specified.';
  assert.equal(
    await messageOf(`console.error(${JSON.stringify(words)}); Deno.exit(1);`),
    `The recorded code can't be run: ${words}`,
  );
});

Deno.test("packages that Deno hasn't got are fetched before, and are those of the lock file or none, in any folder", async () => {
  const script = `
import { openSandbox } from "${new URL("lib/replay/past/sandbox.ts", ROOT)}";
import { z } from "${new URL("lib/deps/zod.ts", ROOT)}";
const program = ${
    JSON.stringify(
      `${START}\nimport leven from "npm:leven@4.1.0";\nawait give({ near: leven("a", "b") });\nDeno.exit(0);`,
    )
  };
const lock = Deno.readTextFileSync(new URL("${new URL("deno.lock", ROOT)}"));
const url = "${PROGRAM}";
for (const text of [lock.replace(/("leven@4.1.0": \\{\\s*"integrity": ")sha512-..../, "$1sha512-AAAA"), lock]) {
  await using sandbox = await openSandbox({ past: { modules: { [url]: program }, imports: {}, lacking: {} } }, { lock: text });
  try {
    const { near } = await sandbox.run(sandbox.layouts.past.urlOf(url), { job: (told) => told, schema: z.looseObject({}) });
    console.log(near);
  } catch (error) {
    console.log(error.message.split("\\n")[1].trim());
  }
}`;
  const directory = await Deno.makeTempDir();
  const cwd = join(directory, "Ada's, of #é%20");
  try {
    await Deno.mkdir(cwd);
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", "--no-lock", "--quiet", "--ext=ts", script],
      cwd,
      env: { DENO_DIR: join(directory, "cache"), NO_COLOR: "1" },
    }).output();
    assert.equal(
      new TextDecoder().decode(stdout),
      "0: Tarball checksum did not match what was provided by npm registry for leven@4.1.0.\n1\n",
      new TextDecoder().decode(stderr),
    );
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("packages are fetched from the registry alone, whatever a lock file says of where they are", async () => {
  const asked: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, ({ url }) => {
    asked.push(url);
    return new Response("no archive");
  });
  const script = `
import { openSandbox } from "${new URL("lib/replay/past/sandbox.ts", ROOT)}";
import { z } from "${new URL("lib/deps/zod.ts", ROOT)}";
const url = "${PROGRAM}";
const lock = JSON.parse(Deno.readTextFileSync(new URL("${new URL("deno.lock", ROOT)}")));
lock.npm["leven@4.1.0"].tarball = "http://127.0.0.1:${server.addr.port}/leven.tgz";
const modules = { [url]: ${
    JSON.stringify(
      `${START}\nimport leven from "npm:leven@4.1.0";\nawait give({ near: leven("a", "b") });\nDeno.exit(0);`,
    )
  } };
await using sandbox = await openSandbox({ past: { modules, imports: {}, lacking: {} } }, { lock: JSON.stringify(lock) });
const { near } = await sandbox.run(sandbox.layouts.past.urlOf(url), { job: (told) => told, schema: z.looseObject({}) });
console.log(near);`;
  const directory = await Deno.makeTempDir();
  try {
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", "--no-lock", "--quiet", "--ext=ts", script],
      cwd: directory,
      env: { DENO_DIR: join(directory, "cache"), NO_COLOR: "1" },
    }).output();
    assert.deepEqual(
      [new TextDecoder().decode(stdout), asked],
      ["1\n", []],
      new TextDecoder().decode(stderr),
    );
  } finally {
    await server.shutdown();
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("lines are found in parts however they come, and the unwanted are dropped", async () => {
  const bytes = new TextEncoder().encode(`keep a\n${"x".repeat(500)}\nkeep ${"b".repeat(300)}\n\nno\nkeep c`);
  for (const size of [1, 7, 100, 10_000]) {
    const found: string[] = [];
    let count = 0;
    const parts = Array.from(
      { length: Math.ceil(bytes.length / size) },
      (_, at) => bytes.slice(at * size, (at + 1) * size),
    );
    await eachLine(ReadableStream.from(parts), {
      isKept: (line) => line.startsWith("keep"),
      onLine: (line) => found.push(line),
      onBytes: (more) => count += more,
    });
    assert.deepEqual([found, count], [["keep a", `keep ${"b".repeat(300)}`, "keep c"], bytes.length]);
  }
});

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { loadReplayConfig } from "../../lib/replay/replay_config.ts";
import { sources } from "../../lib/server/sources.ts";
import { freePort } from "../mlflow/server.ts";
import { ROOT } from "../project.ts";
import { type Block, exchangesOf, isAsShown } from "./page.ts";

/**
 * What a page is read in: an empty folder, a checkout of this repository, or the project that the first page makes, with or
 * without a first run.
 */
export type Place = "empty" | "checkout" | "project" | "trained";

/** A folder in which the blocks of a page are run as a reader would. */
export interface Scratch extends AsyncDisposable {
  /** Runs a block, and fails where it doesn't do what the page says. */
  run(block: Block): Promise<void>;
  /** The TypeScript that the blocks run so far are. */
  readonly modules: readonly string[];
}

/** The address that the pages give, for that of whoever serves the sources; and their port of a server of one's own. */
const HOST = "http://host";
const PORT = "8123";
const CHECKOUT = ["lib", "registries", "configs", "mod.ts", "cli.ts", "serve.ts", "deno.json", "deno.lock"];
/** What a page shows of a command that doesn't end well. */
const FAILS = /^(error:|❌|❓) /m;
/** What Deno tells of its own work. */
const DENOS = /^(Task|Download|Initialize) .*\n/gm;

/** A host that serves the sources of this checkout, and below `/shared/` the files of the page that is run. */
export interface Host extends AsyncDisposable {
  readonly url: string;
  /** The folder of scratch folders. */
  readonly folder: string;
  /** Opens a scratch folder. */
  open(place: Place): Promise<Scratch>;
}

/** Starts a host, with a cache of modules that is empty but for the packages that are there already. */
export async function openHost(): Promise<Host> {
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "reprise-docs-" }));
  const app = sources();
  let shared = folder;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const { pathname } = new URL(request.url);
    if (!pathname.startsWith("/shared/")) return await app.fetch(request);
    const type = pathname.endsWith(".ts") ? "application/typescript" : "text/plain";
    return new Response(await Deno.readFile(join(shared, pathname)), { headers: { "content-type": type } });
  });
  const url = `http://127.0.0.1:${server.addr.port}`;
  const cache = join(folder, "cache");
  await Deno.mkdir(cache);
  await Deno.symlink(await packages(), join(cache, "npm"));
  return {
    url,
    folder,
    async open(place) {
      const directory = await Deno.makeTempDir({ dir: folder, prefix: `${place}-` });
      shared = directory;
      const scratch = openScratch({ directory, url, cache });
      const make = `deno run -A ${HOST}/cli.ts init fruits && cd fruits`;
      if (place === "checkout") await Promise.all(CHECKOUT.map((path) => copy(path, directory)));
      else if (place !== "empty") await scratch.sh(make);
      if (place === "trained") await scratch.sh("deno task train fruits");
      return scratch;
    },
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

interface Told {
  readonly code: number;
  readonly output: string;
}

function openScratch(
  { directory, url, cache }: { readonly directory: string; readonly url: string; readonly cache: string },
): Scratch & { sh(script: string): Promise<string> } {
  const port = `${freePort()}`;
  const here = (text: string) => text.replaceAll(HOST, url).replaceAll(PORT, port);
  const there = (text: string) =>
    text.replaceAll(url, HOST).replaceAll(`127.0.0.1:${port}`, `127.0.0.1:${PORT}`);
  const env = {
    PATH: `${dirname(Deno.execPath())}:${Deno.env.get("PATH")}`,
    DENO_DIR: cache,
    MLFLOW_TRACKING_URI: "",
    NO_COLOR: "1",
    USER: "you",
  };
  const modules: string[] = [];
  const servers: Deno.ChildProcess[] = [];
  let cwd = directory;
  let last = 0;

  /** Runs commands where the ones before left off. */
  const shell = async (script: string): Promise<Told> => {
    const left = join(directory, ".left");
    const { code, stdout } = await new Deno.Command("sh", {
      args: ["-c", `exec 2>&1\ntrap 'pwd >"${left}"' EXIT\n${here(script)}`],
      cwd,
      env,
      stdin: "null",
      stderr: "null",
    }).output();
    cwd = (await Deno.readTextFile(left)).trimEnd();
    last = code;
    return { code, output: there(new TextDecoder().decode(stdout)).replace(DENOS, "") };
  };
  const sh = async (script: string) => {
    const { code, output } = await shell(`set -e\n${script.replaceAll("npx -y deno@2.9.6", "deno")}`);
    assert.equal(code, 0, output);
    return output;
  };
  const write = async (file: string, text: string) => {
    const path = join(cwd, file);
    assert.ok(
      !modules.includes(path),
      `${file} is written twice: only the last one's types would be checked`,
    );
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeTextFile(path, here(text));
    if (path.endsWith(".ts")) modules.push(path);
  };
  /** A server that goes on while the page does. */
  const serve = async (command: string) => {
    const process = new Deno.Command("sh", {
      args: ["-c", `exec ${here(command)}`],
      cwd,
      env,
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    servers.push(process);
    let said = "";
    for await (const text of process.stdout.pipeThrough(new TextDecoderStream()).values()) {
      if ((said += text).includes("Serving http")) return;
    }
    assert.fail(`the server did not start: ${said}`);
  };

  const runs: Readonly<Record<string, (block: Block) => Promise<unknown> | unknown>> = {
    sh: ({ text, word }) => word === "serves" ? serve(text) : sh(text),
    async console({ text }) {
      for (const { command, shown } of exchangesOf(text)) {
        const { code, output } = await shell(`(exit ${last})\n${command}`);
        assert.ok(code === 0 || FAILS.test(shown), `$ ${command}ended with ${code}:\n${output}`);
        assert.ok(isAsShown(shown, output), `$ ${command}printed\n${output}\nand the page shows\n${shown}`);
      }
    },
    async ts({ text, word, line }) {
      const file = /^\/\/ (\S+\.ts)\b/.exec(text)?.[1] ?? `block_${line}.ts`;
      assert.ok(!text.includes("…"), "something is left out of this module");
      await write(file, text);
      if (word === "run") await sh(`deno run -A ${file}`);
    },
    async yaml({ text, line }) {
      const file = /^# (configs\/\S+\.yaml)\n/.exec(text)?.[1] ?? `configs/block_${line}.yaml`;
      await write(file, text);
      const name = /^configs\/(.*)\.yaml$/.exec(file)![1]!;
      if (name.startsWith("replay_")) await loadReplayConfig(name, join(cwd, file));
      else await sh(`deno run -A ${HOST}/cli.ts contract ${name}`);
    },
    json: ({ text }) => JSON.parse(text),
  };
  return {
    modules,
    sh,
    async run(block) {
      const run = runs[block.language];
      assert.ok(run, `nothing runs a block of "${block.language}"`);
      await run(block);
    },
    async [Symbol.asyncDispose]() {
      for (const process of servers) {
        process.kill("SIGTERM");
        await process.status;
      }
    },
  };
}

/** Where Deno keeps packages. */
async function packages(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  const { npmCache } = JSON.parse(new TextDecoder().decode(stdout));
  await Deno.mkdir(npmCache, { recursive: true });
  return npmCache;
}

async function copy(path: string, directory: string): Promise<void> {
  const from = new URL(path, ROOT);
  const { isDirectory } = await Deno.stat(from);
  if (!isDirectory) return await Deno.copyFile(from, join(directory, path));
  await Deno.mkdir(join(directory, path));
  for await (const { name } of Deno.readDir(from)) await copy(`${path}/${name}`, directory);
}

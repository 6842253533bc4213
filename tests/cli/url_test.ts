import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BUILT_IN } from "../../lib/experiment/project.ts";
import { sources } from "../../lib/server/sources.ts";
import { freePort } from "../mlflow/server.ts";
import { type Document, openProject, type Outcome, ROOT } from "../project.ts";

const TYPES: Readonly<Record<string, string>> = {
  ts: "application/typescript",
  // Few hosts know these.
  tsx: "application/octet-stream",
  json: "application/json",
  yaml: "application/yaml",
  csv: "text/csv",
};

/** What a static host does, and no more: a file for a path, no listings. */
async function answer(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const shared = pages.get(pathname);
  const type = { "content-type": TYPES[pathname.split(".").at(-1)!] ?? "text/plain" };
  if (shared !== undefined) return new Response(shared, { headers: type });
  try {
    return new Response(await Deno.readFile(new URL(`.${pathname}`, ROOT)), { headers: type });
  } catch {
    return new Response("Not found", { status: 404 });
  }
}

const listen = (handler: (request: Request) => Response | Promise<Response>) =>
  Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, handler);

/** Files that the host has beside this checkout. */
const pages = new Map<string, string>();
const server = listen(answer);
const HOST = `http://127.0.0.1:${server.addr.port}`;
const CLI = `${HOST}/cli.ts`;
const temporary = await Deno.makeTempDir({ prefix: "reprise-url-" });
/** A cache that has nothing at first. */
const ENV = {
  DENO_DIR: join(temporary, "cache"),
  DENO_INSTALL_ROOT: join(temporary, "installed"),
  MLFLOW_TRACKING_URI: "",
  NO_COLOR: "1",
};

Deno.test.afterAll(async () => {
  await server.shutdown();
  await Deno.remove(temporary, { recursive: true });
});

const emptyDirectory = () => Deno.makeTempDir({ dir: temporary });

async function execute(cwd: string, program: string, ...args: readonly string[]): Promise<Outcome> {
  const { code, stdout, stderr } = await new Deno.Command(program, { args: [...args], cwd, env: ENV })
    .output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, stdout: out!, stderr: err! };
}

const deno = (cwd: string, ...args: readonly string[]) => execute(cwd, Deno.execPath(), ...args);
const reprise = (cwd: string, ...args: readonly string[]) => deno(cwd, "run", "-q", "-A", CLI, ...args);

function documentOf({ code, stdout, stderr }: Outcome): Document {
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

const repriseJson = async (cwd: string, ...args: readonly string[]) =>
  documentOf(await reprise(cwd, ...args, "--json"));

/** The clauses about code, data and packages; those of the environment may differ. */
function substance({ clauses }: Pick<Document, "clauses">): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(clauses).filter(([clause]) => !clause.startsWith("environment.")),
  );
}

const checkout = fileURLToPath(ROOT);
const localContract = async (config: string) =>
  substance(documentOf(await deno(checkout, "run", "-A", "cli.ts", "contract", config, "--json")));

Deno.test("a URL trains and replays in an empty directory, as a checkout does, when nothing is cached", async () => {
  const directory = await emptyDirectory();
  const trained = await repriseJson(directory, "train", "exp_v1");
  assert.equal(trained.status, "FINISHED");
  assert.deepEqual(substance(trained.contract), await localContract("exp_v1"));
  assert.deepEqual([...Deno.readDirSync(directory)].map(({ name }) => name).sort(), [
    "mlartifacts",
    "mlflow.db",
  ]);

  const replayed = await repriseJson(directory, "replay", "exp_v1");
  assert.deepEqual([replayed.verdict, replayed.drifts], ["safe", []]);
  assert.equal(replayed.config, `${HOST}/configs/exp_v1.yaml`);
  assert.equal((await repriseJson(directory, "replay", "exp_v1", "--rerun")).verdict, "reproduced");
  const { code, stdout } = await reprise(directory, "replay", "exp_v1", "--format", "html");
  assert.equal(code, 0);
  assert.match(stdout, /^<!doctype html>\n<html lang="en">.*<strong>safe to rerun<\/strong>/s);
});

Deno.test("a URL of the server's own sources trains too", async () => {
  const app = sources();
  await using own = listen((request) => app.fetch(request));
  const url = `http://127.0.0.1:${own.addr.port}/cli.ts`;
  const { clauses } = documentOf(
    await deno(await emptyDirectory(), "run", "-q", "-A", url, "contract", "exp_v2", "--json"),
  );
  assert.deepEqual(substance({ clauses }), await localContract("exp_v2"));
});

Deno.test("what comes with Reprise is known by name, though no host can list it", async () => {
  const files = [...Deno.readDirSync(join(checkout, "configs"))].map(({ name }) => `configs/${name}`);
  assert.deepEqual([...files, "registries/mod.ts"].sort(), BUILT_IN);
  const directory = await emptyDirectory();
  const { code, stderr } = await reprise(directory, "train", "nowhere_to_be_found");
  assert.equal(code, 2);
  assert.equal(
    stderr,
    `error: There is no config "nowhere_to_be_found": neither configs/nowhere_to_be_found.yaml nor ` +
      "configs/nowhere_to_be_found.ts. There are: baseline, diabetes, exp_v1, exp_v2, penguins.\n" +
      "hint: Name a config in configs/, or give the path of one.\n",
  );
  await Deno.mkdir(join(directory, "configs"));
  await Deno.copyFile(join(checkout, "configs/exp_v1.yaml"), join(directory, "configs/mine.yaml"));
  const mine = await repriseJson(directory, "contract", "mine");
  assert.deepEqual(substance(mine), await localContract("exp_v1"));
  assert.match((await reprise(directory, "train", "min")).stderr, /Did you mean "mine"\?/);
});

Deno.test("a URL uses a project's own modules and configs, with the digests of a local checkout", async () => {
  await using project = await openProject();
  await project.edit("registries/features/_helpers.ts", "length / width", "width / length");
  const local = substance((await project.json("contract", "exp_v1")).document);
  const file = "registries/datasets/iris_v1.ts";
  for (const path of await modulesBelow(project.directory)) {
    await project.write(path, (await project.read(path)).replaceAll(ROOT.href, `${HOST}/`));
  }
  for (const unused of ["deno.json", "deno.lock"]) await Deno.remove(join(project.directory, unused));
  assert.deepEqual(substance(await repriseJson(project.directory, "contract", "exp_v1")), local);
  assert.notEqual(
    local["features.iris_v1_features_v1.petal_shape"],
    (await localContract("exp_v1"))["features.iris_v1_features_v1.petal_shape"],
  );
  assert.match((await reprise(project.directory, "train", "exp_v3")).stderr, /Did you mean "exp_v\d"\?/);
  await Deno.remove(join(project.directory, "configs"), { recursive: true });
  assert.match((await reprise(project.directory, "train", "exp_v1")).stderr, /There are none\.\n/);
  await project.write("configs/exp_v1.yaml", await Deno.readTextFile(join(checkout, "configs/exp_v1.yaml")));

  await project.edit(file, `"${HOST}/lib/deps/zod.ts"`, '"npm:zod@4.6.7"');
  assert.deepEqual(substance(await repriseJson(project.directory, "contract", "exp_v1")), local);

  await project.edit(file, '"npm:zod@4.6.7"', '"zod"');
  await project.write("deno.json", JSON.stringify({ imports: { zod: "npm:zod@4.6.7" } }));
  const { code, stderr } = await reprise(project.directory, "train", "exp_v1");
  assert.equal(code, 2);
  assert.match(stderr, /^error: registries\/mod\.ts can't be loaded: Import "zod" not a dependency/);
  assert.match(stderr, /^hint: Name the import map by `deno run -c deno\.json …`/m);
  const args = ["run", "-q", "-A", "-c", "deno.json", CLI] as const;
  const mapped = await deno(project.directory, ...args, "contract", "exp_v1", "--json");
  assert.deepEqual(substance(documentOf(mapped)), local);
  assert.equal((await deno(project.directory, ...args, "train", "exp_v1")).code, 0);
  assert.equal((await deno(project.directory, ...args, "replay", "exp_v1", "--rerun")).code, 0);
});

async function modulesBelow(directory: string, folder = ""): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(join(directory, folder))) {
    if (isDirectory) found.push(...await modulesBelow(directory, join(folder, name)));
    else if (name.endsWith(".ts")) found.push(join(folder, name));
  }
  return found;
}

const script = (framework: string) => `
import { csv, defineDataset, defineExperiment, defineFeatures, main } from "${framework}mod.ts";
import { z } from "${framework}lib/deps/zod.ts";
import { majority_class } from "${framework}registries/models/mod.ts";
import { area } from "./area.ts";

export const flowers = defineDataset({
  row: z.object({ length: z.number(), width: z.number(), kind: z.enum(["a", "b"]) }),
  target: "kind",
  source: csv("./flowers.csv", import.meta),
});
export const shapes = defineFeatures(flowers, { area: (row) => area(row.length, row.width) });
export const experiment = defineExperiment(
  { datasets: { flowers }, features: { shapes }, models: { majority_class } },
  {
    experiment: "flowers",
    run: "script",
    data: { name: "flowers" },
    features: { view: "shapes" },
    model: { name: "majority_class" },
    split: { kind: "holdout", test: 0.25, stratify: true },
    metrics: ["accuracy"],
    seed: 1,
  },
);
if (import.meta.main) await main(experiment);
`;
const FILES = {
  "area.ts": "export const area = (length: number, width: number): number => length * width;\n",
  "flowers.csv": `length,width,kind\n${"1,2,a\n3,4,b\n5,6,a\n7,8,b\n".repeat(3)}`,
};

Deno.test("a script at a URL trains, with digests over its modules and the data beside it", async () => {
  for (const [name, text] of Object.entries(FILES)) pages.set(`/theirs/${name}`, text);
  pages.set("/theirs/flowers.ts", script(`${HOST}/`));
  const url = `${HOST}/theirs/flowers.ts`;
  const [directory, local] = await Promise.all([emptyDirectory(), emptyDirectory()]);
  for (const [name, text] of Object.entries({ ...FILES, "flowers.ts": script(ROOT.href) })) {
    await Deno.writeTextFile(join(local, name), text);
  }

  const { contract, run_id } = await repriseJson(directory, "train", url);
  const same = await deno(
    local,
    "run",
    "-A",
    new URL("cli.ts", ROOT).href,
    "contract",
    "flowers.ts",
    "--json",
  );
  assert.deepEqual(substance(contract), substance(documentOf(same)));
  const shown = await repriseJson(directory, "runs", "show", run_id);
  const { artifacts } = shown as unknown as { readonly artifacts: readonly string[] };
  const place = `source/modules/${new URL(HOST).host.replace(":", "_")}/theirs`;
  assert.deepEqual(artifacts.filter((path) => path.startsWith(place)), [
    `${place}/area.ts`,
    `${place}/flowers.ts`,
  ]);

  // The store says the URL, but only a command may have a module run.
  const refused = await reprise(directory, "replay", "script", "--json");
  assert.equal(JSON.parse(refused.stdout).verdict, "unverifiable");
  assert.match(refused.stdout, /no dataset \\"flowers\\"/);
  assert.ok(refused.stdout.includes(`trained from ${url}, which is run only when the command names it`));
  const named = await repriseJson(directory, "replay", "script", "--judged-by", url);
  assert.deepEqual([named.verdict, named.config], ["safe", url]);
  assert.equal(
    documentOf(await deno(directory, "run", "-q", "-A", url, "replay", "--rerun", "--json")).verdict,
    "reproduced",
  );
});

Deno.test("a config at a URL trains with this project's registry, and is replayed as recorded", async () => {
  const directory = await emptyDirectory();
  const url = `${HOST}/configs/baseline.yaml`;
  const { contract, run_id } = await repriseJson(directory, "train", url);
  assert.deepEqual(substance(contract), await localContract("baseline"));
  const replayed = await repriseJson(directory, "replay", "baseline");
  assert.deepEqual([replayed.verdict, replayed.config], ["safe", `config.yaml of run ${run_id}`]);
  assert.equal((await repriseJson(directory, "replay", "--judged-by", url)).config, url);
});

Deno.test("a config at a URL is told of when it isn't there, or its host isn't allowed", async () => {
  const directory = await emptyDirectory();
  const gone = await reprise(directory, "train", `${HOST}/configs/gone.yaml`);
  assert.equal(gone.code, 2);
  assert.equal(
    gone.stderr,
    `error: ${HOST}/configs/gone.yaml can't be read: Import '${HOST}/configs/gone.yaml' failed, not found.\n` +
      "hint: Check the address.\n",
  );
  const other = `127.0.0.1:${freePort()}`;
  const run = ["run", "-q", "--no-prompt", "--allow-read", "--ignore-env", CLI] as const;
  const foreign = await deno(directory, ...run, "contract", `http://${other}/iris.ts`);
  assert.equal(foreign.code, 2);
  assert.equal(
    foreign.stderr,
    `error: http://${other}/iris.ts can't be loaded: Requires import access to "${other}", run again with the ` +
      `--allow-import flag\nhint: Allow that host by \`deno run --allow-import=${other} …\`.\n`,
  );
});

Deno.test("a URL may not leave out the packages of a contract for want of a permission", async () => {
  const args = ["run", "-q", "--no-prompt", "--allow-read=.", "--allow-net", "--ignore-env", CLI];
  const { code, stderr } = await deno(await emptyDirectory(), ...args, "contract", "baseline");
  assert.equal(code, 2);
  assert.match(
    stderr,
    /^error: What the packages are can't be told: Requires read access to "[^"]+", run again/,
  );
});

Deno.test("init writes a project that trains, replays, is tested and checked at once", async () => {
  const [there, here] = await Promise.all([emptyDirectory(), emptyDirectory()]);
  const { files } = await repriseJson(there, "init", "citrus") as unknown as { files: readonly string[] };
  const directory = join(there, "citrus");
  assert.deepEqual(
    files,
    [
      ".gitignore",
      "README.md",
      "configs/citrus.yaml",
      "deno.json",
      "registries/datasets/fruits_v1.csv",
      "registries/datasets/fruits_v1.ts",
      "registries/datasets/mod.ts",
      "registries/features/fruits_v1_features_v1.ts",
      "registries/features/mod.ts",
      "registries/models/mod.ts",
      "registries/mod.ts",
      "reprise.ts",
      "tests/registries_test.ts",
    ].sort(),
  );
  const lint = await Promise.all([["lint"], ["fmt", "--check"]].map((args) => deno(directory, ...args)));
  for (const { code, stderr } of lint) assert.equal(code, 0, stderr);

  const task = (...args: readonly string[]) => deno(directory, "task", "-q", ...args);
  const trained = documentOf(await task("train", "citrus", "--json"));
  assert.ok(trained.metrics.accuracy! > 0.8);
  assert.equal(documentOf(await task("replay", "citrus", "--rerun", "--json")).verdict, "reproduced");
  for (const command of [["test"], ["check"], ["runs", "list"], ["registry"]]) {
    const { code, stderr } = await task(...command);
    assert.equal(code, 0, stderr);
  }
  const { clauses } = documentOf(await task("contract", "citrus", "--json"));
  assert.deepEqual(substance({ clauses }), substance(trained.contract));
  assert.deepEqual(
    substance(await repriseJson(directory, "contract", "citrus")),
    substance(trained.contract),
    "without -c",
  );

  const cli = new URL("cli.ts", ROOT).href;
  assert.equal((await deno(here, "run", "-A", cli, "init", "citrus")).code, 0);
  const local = await deno(join(here, "citrus"), "task", "-q", "train", "citrus", "--json");
  assert.deepEqual(substance(documentOf(local).contract), substance(trained.contract));
});

Deno.test("init refuses a name that is taken, or no name of a file", async () => {
  const directory = await emptyDirectory();
  await Deno.writeTextFile(join(directory, "taken"), "");
  const taken = await reprise(directory, "init", "taken");
  assert.deepEqual([taken.code, taken.stderr], [
    2,
    "error: The project can't be written: there is a taken already.\nhint: Give another name, or remove it.\n",
  ]);
  for (const name of ["../up", "/tmp/x", "Capital", "a b", ".hidden", "a\nb", "é", ""]) {
    const { code, stderr } = await reprise(directory, "init", name);
    assert.equal(code, 2, name);
    assert.match(stderr, /name: expected small letters, digits, _ and -, a letter first/);
  }
  assert.deepEqual([...Deno.readDirSync(directory)].map(({ name }) => name), ["taken"]);
});

Deno.test("deno install makes a reprise command of the CLI's URL", async () => {
  const directory = await emptyDirectory();
  const { code, stderr } = await deno(directory, "install", "-q", "-g", "-A", "-n", "reprise", CLI);
  assert.equal(code, 0, stderr);
  const command = join(ENV.DENO_INSTALL_ROOT, "bin", "reprise");
  const path = { PATH: `${join(Deno.execPath(), "..")}:${Deno.env.get("PATH")}` };
  const { success, stdout } = await new Deno.Command(command, {
    args: ["train", "baseline", "--json"],
    cwd: directory,
    env: { ...ENV, ...path },
  }).output();
  assert.ok(success);
  assert.equal(JSON.parse(new TextDecoder().decode(stdout)).status, "FINISHED");
});

Deno.test("serve.ts at a URL serves and trains, with its own sources too", async () => {
  const port = freePort();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", `${HOST}/serve.ts`, "--port", String(port)],
    cwd: await emptyDirectory(),
    env: ENV,
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    const ready = async () => {
      const response = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
      await response?.body?.cancel();
      return response?.ok === true;
    };
    for (let tries = 0; !await ready(); tries++) {
      assert.ok(tries < 300, "it is not ready after 30 seconds");
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const local = await localContract("exp_v1");
    const answer = await fetch(`http://127.0.0.1:${port}/api/train?wait=true`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ experiment: "exp_v1" }),
    });
    const trained = await answer.json();
    assert.deepEqual(substance(trained.contract), local);
    const page = await fetch(`http://127.0.0.1:${port}/runs/${trained.run_id}`);
    assert.match(await page.text(), /^<!doctype html>\n<html lang="en">.*<h1>exp_v1 .*<\/html>\n$/s);
    const contract = await fetch(`http://127.0.0.1:${port}/api/contract/exp_v1`);
    assert.deepEqual(substance(await contract.json()), local);
    const cli = `http://127.0.0.1:${port}/cli.ts`;
    const { clauses } = documentOf(
      await deno(await emptyDirectory(), "run", "-q", "-A", cli, "contract", "exp_v1", "--json"),
    );
    assert.deepEqual(substance({ clauses }), local);
  } finally {
    child.kill("SIGTERM");
    await child.status;
  }
});

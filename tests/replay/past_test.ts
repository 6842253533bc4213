import assert from "node:assert/strict";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { AsRecorded, Attribution } from "../../lib/replay/explain/explanation.ts";
import { costOf } from "../../lib/replay/past/attribution.ts";
import { METRICS_MODULE } from "../../lib/contract/contract.ts";
import { metrics } from "../../lib/models/metrics.ts";
import { openKeptSource, openSource, type SourceLocation } from "../../lib/source/source.ts";
import { openStore } from "../../lib/tracking/open_store.ts";
import { graphOf } from "../../lib/training/kept/graph.ts";
import type { Executed } from "../../lib/training/kept/keep.ts";
import { isFramework, recordedUrl } from "../../lib/training/kept/place.ts";
import { lexedRequestsIn, plainRequestsIn, requestsIn } from "../../lib/training/kept/requests.ts";
import { startServer } from "../mlflow/server.ts";
import { type Document, openProject, type Project, ROOT } from "../project.ts";
import { HELD } from "./bwrap.ts";

interface PastDocument extends Document {
  readonly as_recorded?: AsRecorded;
  readonly attribution?: Attribution;
  readonly untold: readonly string[];
}

async function train(project: Project, config: string, ...args: readonly string[]): Promise<string> {
  const { code, document, stderr } = await project.json("train", config, ...args);
  assert.equal(code, 0, stderr);
  return document.run_id;
}

async function replay(project: Project, ...args: readonly string[]): Promise<PastDocument> {
  const { document } = await project.json("replay", ...args);
  return document as PastDocument;
}

const asRecorded = (project: Project, run: string) => replay(project, run, "--rerun", "--as-recorded");

/** What is left of a sandbox in a project's directory. */
const sandboxes = (directory: string) =>
  [...Deno.readDirSync(directory)].map(({ name }) => name).filter((name) => name.startsWith(".reprise"));

const storeOf = (project: Project) => openStore(`sqlite:///${join(project.directory, "mlflow.db")}`);

async function executedBy(project: Project, id: string): Promise<Executed> {
  await using store = await storeOf(project);
  return JSON.parse(new TextDecoder().decode(await store.downloadArtifact(id, "executed.json")));
}

interface Info {
  readonly redirects: Readonly<Record<string, string>>;
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly {
      readonly code?: { readonly specifier: string };
      readonly isDynamic?: boolean;
    }[];
  }[];
}

/** The code and data that Deno itself finds to be reachable, packages aside. */
async function reachable(root: string, whole: (url: string) => boolean): Promise<ReadonlySet<string>> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json", root] }).output();
  const { modules }: Info = JSON.parse(new TextDecoder().decode(stdout));
  const found = new Set([root]);
  for (const url of found) {
    for (const { code, isDynamic } of modules.find((each) => each.specifier === url)?.dependencies ?? []) {
      if (code?.specifier.startsWith("file:") && (whole(url) || !isDynamic)) found.add(code.specifier);
    }
  }
  return found;
}

Deno.test("what is kept is what Deno says is reachable, less what the framework loads for other commands", async () => {
  const [program, registry] = ["lib/training/kept/program.ts", "registries/mod.ts"].map((path) =>
    new URL(path, ROOT).href
  );
  const { modules, lacking } = await graphOf({ program: program!, registry: registry! }, openSource());
  assert.deepEqual(lacking, {});
  const [ofProgram, ofRegistry] = await Promise.all([
    reachable(program!, () => true),
    reachable(registry!, (url) => !isFramework(url)),
  ]);
  const reached = [...new Set([...ofProgram, ...ofRegistry])].filter((url) =>
    !url.includes("/node_modules/")
  );
  assert.deepEqual(Object.keys(modules).sort(), reached.map(recordedUrl).sort());
  for (const url of reached) {
    assert.equal(modules[recordedUrl(url)], await Deno.readTextFile(new URL(url)), url);
  }
});

Deno.test("kept source has the digests that it has where it lies", async () => {
  const lock = await Deno.readTextFile(new URL("deno.lock", ROOT));
  const [program, module] = ["lib/training/kept/program.ts", "registries/mod.ts"].map((path) =>
    new URL(path, ROOT).href
  );
  const live = openSource({ lock });
  const graph = await graphOf({ program: program!, registry: module! }, live);
  const kept = openKeptSource(graph, { framework: "file:///reprise/", lock });
  const { registry } = await import(module!);
  const locations: SourceLocation[] = [
    ...Object.keys(registry.datasets).map((name) => ["datasets", name]),
    ...Object.entries(registry.features as Record<string, { readonly features: object }>).flatMap((
      [view, { features }],
    ) => Object.keys(features).map((feature) => ["features", view, feature])),
    ...Object.keys(registry.models).map((name) => ["models", name]),
  ].map((path) => ({ module: module!, export: "registry", path }));
  for (const name of Object.values(metrics).flatMap((of) => Object.keys(of))) {
    locations.push({ module: METRICS_MODULE, export: name, path: [] });
  }
  assert.ok(locations.length > 40);
  for (const location of locations) {
    const [there, here] = await Promise.all([
      live.digest(location),
      kept.digest({ ...location, module: recordedUrl(location.module) }),
    ]);
    assert.deepEqual([here.digest, here.packages], [there.digest, there.packages], location.path.join("."));
    for (const name of there.packages) {
      assert.deepEqual(await kept.package(name), await live.package(name));
    }
  }
});

Deno.test("what a module imports is found without the lexer as with it, or is left to it", async () => {
  const sorted = (requests: readonly object[]) =>
    [...new Set(requests.map((each) => JSON.stringify(each)))].sort();
  for (const folder of ["lib", "registries", "configs", "tests", "bench"]) {
    for (const path of await filesBelow(fileURLToPath(new URL(folder, ROOT)), /\.ts$/)) {
      const text = await Deno.readTextFile(path);
      const plain = plainRequestsIn(text);
      if (plain !== undefined) assert.deepEqual(sorted(plain), sorted(await lexedRequestsIn(text)), path);
    }
  }
  const [a, b] = ["./a.ts", "./b.ts"];
  const cases: readonly (readonly [text: string, found: readonly string[], isPlain: boolean])[] = [
    [`import "${a}";\nexport * from '${b}'\nexport { x } from "./c.ts";`, [a, b, "./c.ts"], true],
    [`import x, {\n  y,\n  type Z,\n} from "${a}";\nexport const z = () => import("${b}");`, [a, b], true],
    [
      `import type { X } from "${a}";\nexport type { Y } from "${a}";\nlet x: typeof import("${a}");`,
      [],
      true,
    ],
    [`// import "${a}";\n/**\n * import "${a}";\n */\nawait import(name);`, [], true],
    [`import(/* now */ "${a}");`, [a], false],
    [`import{x}from"${a}";import*as y from"${b}"`, [a, b], false],
    [`const x = 1; import "${a}";`, [a], false],
    [`import /* it */ x from "${a}";`, [a], true],
    [`import /* "it" */ x from "${a}";`, [a], false],
    [`export /* it */ * from "${a}";`, [a], true],
    [`export\n  * from "${a}";`, [a], false],
    ["const text = `\nimport './a.ts';\n`;\nexport const b = import('./b.ts');", [b!], false],
    [`import("${a}").then((x) => x);\nlet y: import("${b}").Y;`, [a], false],
    ["import(`./a.ts`);", [a], false],
    [`import "http://127.0.0.1/a.ts";`, ["http://127.0.0.1/a.ts"], false],
  ];
  for (const [text, found, isPlain] of cases) {
    assert.equal(plainRequestsIn(text) !== undefined, isPlain, text);
    assert.deepEqual((await requestsIn(text)).map(({ specifier }) => specifier), found, text);
  }
});

Deno.test("runs share what they executed; an edit of one line keeps the project's modules anew, and no others", async () => {
  await using project = await openProject();
  const first = await executedBy(project, await train(project, "baseline"));
  const again = await executedBy(project, await train(project, "baseline", "--set", "seed=7"));
  assert.deepEqual([again.objects, again.lock, again.snapshot], [first.objects, first.lock, first.snapshot]);
  assert.deepEqual([again.spec.seed, again.lacking], [7, {}]);
  await project.edit("registries/features/_helpers.ts", "length / width", "width / length");
  const edited = await executedBy(project, await train(project, "baseline"));
  assert.equal(edited.objects.length, 2);
  assert.equal(edited.objects.filter((digest) => !first.objects.includes(digest)).length, 1);
  const objects = await filesBelow(join(project.directory, "mlartifacts"), /\.gz$/);
  assert.equal(objects.length, 5, "two states of the project, the framework, the lock file and the data");
});

for (const kind of ["embedded store", "MLflow server"] as const) {
  Deno.test(`a run in the ${kind} whose source, config, data and lock file were deleted is reproduced bit for bit`, async () => {
    await using server = kind === "MLflow server" ? await startServer() : undefined;
    await using project = await openProject(server ? { MLFLOW_TRACKING_URI: server.uri } : {});
    const id = await train(project, "exp_v1");
    for (const gone of ["registries", "configs", "deno.lock"]) {
      await Deno.remove(join(project.directory, gone), { recursive: true });
    }
    const { verdict, run_id, as_recorded, reasons } = await asRecorded(project, "exp_v1");
    assert.deepEqual([verdict, run_id, as_recorded, reasons], [
      "reproduced",
      id,
      { held: HELD, drifts: [] },
      [],
    ]);
    assert.deepEqual(sandboxes(project.directory), []);
    await using store = server ? await openStore(server.uri) : await storeOf(project);
    assert.equal((await store.searchRuns({ run_name: "exp_v1" })).runs.length, 1);
  });
}

Deno.test("a module that failed names itself by the place that it had", async () => {
  await using project = await openProject();
  const file = "registries/features/_helpers.ts";
  await project.edit(
    file,
    "export const ratio",
    'if (Deno.args[0]?.endsWith("job.json")) throw new Error(import.meta.url);\nexport const ratio',
  );
  await train(project, "baseline");
  const { reasons } = await asRecorded(project, "baseline");
  assert.deepEqual(reasons, [
    `The recorded code can't be run: registries/mod.ts can't be loaded: ${file}`,
  ]);
});

Deno.test("a run of a project in a workspace, with packages in node_modules, is run again without them", async () => {
  await using project = await openProject();
  const settings = {
    nodeModulesDir: "auto",
    workspace: ["./member"],
    imports: { "near": "npm:leven@4.1.0", "ours/": "./ours/" },
  };
  await project.write("deno.json", JSON.stringify(settings));
  await project.write("member/deno.json", "{}");
  await project.write("package.json", "{}");
  await project.write("ours/unit.ts", "export const unit = 1;\n");
  const helpers = "registries/features/_helpers.ts";
  await project.edit(
    helpers,
    "export const ratio",
    'import leven from "near";\nimport { unit } from "ours/unit.ts";\nexport const ratio',
  );
  await project.edit(helpers, "length / width", 'length / width * leven("a", "b") * unit');
  const id = await train(project, "baseline");
  assert.deepEqual((await executedBy(project, id)).lacking, {});
  await Deno.remove(join(project.directory, "ours"), { recursive: true });
  await Deno.remove(join(project.directory, "node_modules"), { recursive: true });
  const { verdict, as_recorded, reasons } = await asRecorded(project, "baseline");
  assert.deepEqual([verdict, as_recorded?.difference, reasons], ["reproduced", undefined, []]);
});

Deno.test("a run that drifted in code, data and config is reproduced as recorded, and stays drifted", async () => {
  await using project = await openProject();
  await train(project, "baseline");
  await project.edit("registries/features/_helpers.ts", "length / width", "width / length");
  await project.edit("registries/datasets/iris_v1.csv", "5.1,3.5,1.4,0.2", "5.1,3.5,1.4,0.3");
  await project.edit("configs/baseline.yaml", "seed: 42", "seed: 1");
  const { verdict, as_recorded } = await asRecorded(project, "baseline");
  assert.deepEqual([verdict, as_recorded], ["reproduced", { held: HELD, drifts: [] }]);
  assert.equal((await replay(project, "baseline")).verdict, "blocked");
});

/** Makes the fit of majority_class do something more. */
async function fitting(project: Project, statement: string): Promise<void> {
  const file = "registries/models/majority_class.ts";
  await project.edit(
    file,
    "fit({ y, classes, features }) {",
    `async fit({ y, classes, features }) {\n${statement}`,
  );
}

/** Whether a fit is run in a sandbox. */
const SANDBOXED = 'Deno.args[0]?.endsWith("job.json")';

const refused: Readonly<Record<string, readonly [statement: string, reason: RegExp]>> = {
  "reaches for the network": [
    'await fetch("http://127.0.0.1:64999/").catch((error) => { if (error instanceof Deno.errors.NotCapable) throw error; });',
    /^The recorded code can't be run: Requires net access to "127\.0\.0\.1:64999"/,
  ],
  "writes a file": [
    'await Deno.writeTextFile("written.txt", "here");',
    /^The recorded code can't be run: Requires write access to "/,
  ],
  "runs a program": [
    'await new Deno.Command(Deno.execPath(), { args: ["--version"] }).output();',
    /^The recorded code can't be run: Requires run access to "/,
  ],
  "reads a file that isn't kept": [
    'await Deno.readTextFile("DIRECTORY/configs/baseline.yaml");',
    /^The recorded code can't be run: Requires read access to "/,
  ],
  "ends the process": [
    `if (${SANDBOXED}) { console.error("so long"); Deno.exit(0); }`,
    /^The recorded code can't be run: so long$/,
  ],
};

for (const [what, [statement, reason]] of Object.entries(refused)) {
  Deno.test(`a fit that ${what} trains, and can't be run as recorded, with the reason`, async () => {
    await using project = await openProject();
    await fitting(project, statement.replace("DIRECTORY", project.directory));
    await train(project, "baseline");
    const { verdict, reasons } = await asRecorded(project, "baseline");
    assert.equal(verdict, "unverifiable");
    assert.match(reasons[0]!, reason);
    assert.deepEqual(sandboxes(project.directory), []);
  });
}

Deno.test("a rerun as recorded that is other than the run has diverged, with the first difference", async () => {
  await using project = await openProject();
  await fitting(project, `if (${SANDBOXED}) classes = [...classes].reverse();`);
  await train(project, "baseline");
  const { verdict, as_recorded } = await asRecorded(project, "baseline");
  const difference = "the model's file model/model.json from byte 55";
  assert.deepEqual([verdict, as_recorded], ["diverged", { held: HELD, drifts: [], difference }]);
});

Deno.test("a run that lacks what it executed, or whose objects were changed or are gone, is unverifiable", async () => {
  await using project = await openProject();
  const small = await train(project, "baseline", "--set", "data.snapshot.max_mb=0", "--set", "run=small");
  const id = await train(project, "baseline");
  const reasonOf = async (run: string) => {
    const { verdict, reasons } = await asRecorded(project, run);
    assert.equal(verdict, "unverifiable");
    return reasons[0];
  };
  assert.equal((await executedBy(project, small)).snapshot, null);
  assert.equal(
    await reasonOf("small"),
    "The run can't be run as recorded: it kept no snapshot of its data.",
  );
  const executed = await executedBy(project, id);
  const [digest] = executed.objects;
  const [object] = await filesBelow(join(project.directory, "mlartifacts"), new RegExp(`^${digest}\\.gz$`));
  const [other] = await filesBelow(
    join(project.directory, "mlartifacts"),
    new RegExp(`^${executed.objects[1]}\\.gz$`),
  );
  await Deno.copyFile(other!, object!);
  const short = digest!.slice(0, 12);
  assert.equal(
    await reasonOf("baseline"),
    `The run can't be run as recorded: its object ${short} was changed since it was recorded.`,
  );
  await Deno.remove(object!);
  assert.equal(
    await reasonOf("baseline"),
    `The run can't be run as recorded: its modules (object ${short}) isn't in the store any more.`,
  );
});

Deno.test("recorded code is stopped at the limits that a command names", async () => {
  await using project = await openProject();
  await fitting(project, `while (${SANDBOXED});`);
  await train(project, "baseline");
  const { verdict, reasons } = await replay(
    project,
    ...["baseline", "--rerun", "--as-recorded", "--rerun-timeout", "1"],
  );
  assert.deepEqual([verdict, reasons], ["unverifiable", ["The recorded code was stopped after 1 s."]]);
  const { code, stderr } = await project.run("replay", "baseline", "--rerun-memory", "lots");
  assert.equal(code, 2);
  assert.match(stderr, /rerun_memory/);
});

Deno.test("a rerun as recorded that is interrupted, or whose command is killed, leaves nothing", async () => {
  await using project = await openProject();
  await fitting(project, `while (${SANDBOXED});`);
  await train(project, "baseline");
  for (const [signal, ofGroup] of [["SIGINT", false], ["SIGKILL", false], ["SIGKILL", true]] as const) {
    const command = project.start("replay", "baseline", "--rerun", "--as-recorded");
    while (!(await processesOf(project)).some((args) => args.includes("job.json"))) await pause();
    // As a server ends a job, with all that it started.
    if (ofGroup) process.kill(-command.pid, signal);
    else command.kill(signal);
    const { code } = await command.output();
    if (signal === "SIGINT") assert.equal(code, 130);
    while ((await processesOf(project)).length > 0 || sandboxes(project.directory).length > 0) await pause();
  }
});

const pause = () => new Promise((resolve) => setTimeout(resolve, 50));

/** The command lines of the processes that have to do with a project's sandboxes. */
async function processesOf(project: Project): Promise<readonly string[]> {
  const { stdout } = await new Deno.Command("ps", { args: ["-ewwo", "args="] }).output();
  return new TextDecoder().decode(stdout).split("\n").filter((args) =>
    args.includes(`${project.directory}/.reprise`)
  );
}

Deno.test("a rerun by other packages than the run's names them, and says that they made no difference", async () => {
  await using project = await openProject();
  const near = "registries/features/near.ts";
  const use = (version: string) =>
    project.write(near, `export { default as ms } from "npm:ms@${version}";\n`);
  const helpers = "registries/features/_helpers.ts";
  await project.edit(helpers, "export const ratio", 'import { ms } from "./near.ts";\nexport const ratio');
  await project.edit(helpers, "length / width", 'length / width * ms("1s")');
  // The project's lock file pins another version than the one that is run, as `train` runs without it here.
  await use("2.1.2");
  await Deno.remove(join(project.directory, "deno.lock"));
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["cache", "--quiet", "--lock=deno.lock", near],
    cwd: project.directory,
  }).output();
  assert.ok(success);
  await project.edit("deno.lock", "npm:ms@2.1.2", "npm:ms@~2.1.2");
  await use("~2.1.2");
  await train(project, "baseline");
  const { verdict, as_recorded, reasons } = await asRecorded(project, "baseline");
  assert.deepEqual([verdict, reasons], ["reproduced", []]);
  assert.deepEqual(as_recorded!.drifts.map(({ clause, values }) => [clause, values]), [
    ["packages.ms", { past: "2.1.3", current: "2.1.2" }],
  ]);
});

const TYPES: Readonly<Record<string, string>> = { csv: "text/csv", json: "application/json" };

/** A project at a URL, whose modules import each other in all the ways that a URL allows. */
function pagesOf(host: string): Readonly<Record<string, string>> {
  return {
    "/theirs/flowers.ts": `
import { csv, defineDataset, defineExperiment, defineFeatures } from "reprise";
import { z } from "${host}/lib/deps/zod.ts";
import { majority_class } from "${host}/registries/models/majority_class.ts";
import { area } from "./shapes/area.ts?v=2";
import * as factors from "/shared/factor";

const flowers = defineDataset({
  row: z.object({ length: z.number(), width: z.number(), kind: z.enum(["a", "b"]) }),
  target: "kind",
  source: csv("./flowers.csv", import.meta),
});
const shapes = defineFeatures(flowers, { area: (row) => factors.factor * area(row.length, row.width) });
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
`,
    "/theirs/flowers.csv": `length,width,kind\n${"1,2,a\n3,4,b\n5,6,a\n7,8,b\n".repeat(3)}`,
    "/theirs/shapes/area.ts": `
import { width } from "../width.ts";
import leven from "near";
export const area = (length: number, given: number): number => length * width(given) + leven("a", "ab");
`,
    "/theirs/width.ts": `import twice from "${host}/shared/twice.json" with { type: "json" };
export const width = (given: number): number => given * twice.by;
`,
    "/shared/factor": "export const factor: number = 3;\n",
    "/shared/twice.json": '{ "by": 2 }',
  };
}

Deno.test("a run of a project at a URL is run again as recorded when its host is gone", async () => {
  await using project = await openProject();
  for (const unused of ["registries", "configs", "deno.lock"]) {
    await Deno.remove(join(project.directory, unused), { recursive: true });
  }
  const pages: Record<string, string> = {};
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const { pathname } = new URL(request.url);
    const headers = { "content-type": TYPES[pathname.split(".").at(-1)!] ?? "application/typescript" };
    const shared = pages[pathname];
    if (shared !== undefined) return new Response(shared, { headers });
    try {
      return new Response(await Deno.readFile(new URL(`.${pathname}`, ROOT)), { headers });
    } catch {
      return new Response("Not found", { status: 404 });
    }
  });
  const host = `http://127.0.0.1:${server.addr.port}`;
  const cache = join(project.directory, ".cache");
  const reprise = async (...args: readonly string[]): Promise<PastDocument> => {
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", "--no-lock", "-c", "deno.json", `${host}/cli.ts`, ...args, "--json"],
      cwd: project.directory,
      env: { MLFLOW_TRACKING_URI: "", NO_COLOR: "1", DENO_DIR: cache },
    }).output();
    const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    return out === "" ? assert.fail(err) : JSON.parse(out!);
  };
  try {
    Object.assign(pages, pagesOf(host));
    const settings = { imports: { reprise: `${host}/mod.ts`, near: "npm:leven@4.1.0" } };
    await project.write("deno.json", JSON.stringify(settings));
    const { run_id } = await reprise("train", `${host}/theirs/flowers.ts`);
    const { lacking, lock } = await executedBy(project, run_id);
    assert.deepEqual([lacking, lock], [{}, null]);
  } finally {
    await server.shutdown();
  }
  await project.write("deno.json", "{}");
  const { verdict, as_recorded, reasons } = await reprise("replay", "script", "--rerun", "--as-recorded");
  assert.deepEqual([verdict, as_recorded, reasons], ["reproduced", { held: HELD, drifts: [] }, []]);
});

async function attributionOf(project: Project, run: string): Promise<Attribution> {
  const { verdict, attribution, notes, untold } = await replay(project, run, "--attribute");
  assert.equal(verdict, "blocked");
  assert.equal(notes.at(-1), `What was trained to attribute the change was held by Deno's ${HELD}.`);
  assert.ok(attribution, String(untold));
  return attribution;
}

/** The metrics of a training of the project as it is, under another name. */
async function metricsNow(
  project: Project,
  ...set: readonly string[]
): Promise<Readonly<Record<string, number>>> {
  const args = ["run=other", ...set].flatMap((each) => ["--set", each]);
  const { code, document: { metrics }, stderr } = await project.json("train", "exp_v1", ...args);
  assert.equal(code, 0, stderr);
  const { accuracy, macro_f1, log_loss } = metrics;
  return { accuracy: accuracy!, macro_f1: macro_f1!, log_loss: log_loss! };
}

Deno.test("an attribution trains each part alone and in order: what a training of that mix gives", async () => {
  await using project = await openProject();
  const past = await metricsNow(project);
  await train(project, "exp_v1");
  const helpers = "registries/features/_helpers.ts";

  await project.edit("configs/exp_v1.yaml", "epochs: 200", "epochs: 20");
  const params = await metricsNow(project);
  assert.deepEqual(await attributionOf(project, "exp_v1"), {
    past,
    current: params,
    parts: [{ part: "params", alone: params, in_order: params }],
  });

  await project.edit(helpers, "length / width", "length / (width + 1)");
  const features = await metricsNow(project, "model.params.epochs=200");
  const both = await metricsNow(project);
  assert.deepEqual(await attributionOf(project, "exp_v1"), {
    past,
    current: both,
    parts: [
      { part: "features", alone: features, in_order: features },
      { part: "params", alone: params, in_order: both },
    ],
  });

  await project.edit(helpers, "length / (width + 1)", "length / width");
  await project.edit("configs/exp_v1.yaml", "epochs: 20", "epochs: 200");
  const rows = (await project.read("registries/datasets/iris_v1.csv")).split("\n");
  await project.write("registries/datasets/iris_v1.csv", [rows[0], ...rows.slice(21)].join("\n"));
  const data = await metricsNow(project);
  assert.deepEqual(await attributionOf(project, "exp_v1"), {
    past,
    current: data,
    parts: [{ part: "data", alone: data, in_order: data }],
  });
});

Deno.test("an attribution tells why a mix can't be run, and tells of the others", async () => {
  await using project = await openProject();
  const past = await metricsNow(project);
  await train(project, "exp_v1");
  await project.edit("configs/exp_v1.yaml", "logistic_regression, params: { epochs: 200 }", "majority_class");
  const { current, parts: [model, params] } = await attributionOf(project, "exp_v1");
  assert.equal(model!.part, "model");
  assert.match(
    String(model!.alone),
    /^majority_class with the params of logistic_regression {2}epochs: unknown key/m,
  );
  // The other way round, the params' defaults are what they were.
  assert.deepEqual(params, { part: "params", alone: past, in_order: current });
});

Deno.test("the cost of an attribution is known before: two trainings for each part that differs", () => {
  const cost = (...clauses: readonly string[]) => costOf(clauses.map((clause) => ({ clause })));
  assert.deepEqual(cost(), { parts: [], runs: 0 });
  assert.deepEqual(cost("features.v.f.values", "environment.deno", "metrics.accuracy"), {
    parts: [],
    runs: 0,
  });
  assert.deepEqual(cost("params", "seed", "split"), { parts: ["params"], runs: 2 });
  assert.deepEqual(cost("params", "features.v.f"), { parts: ["features", "params"], runs: 4 });
  assert.deepEqual(cost("data.d.rows", "model.m", "params"), { parts: ["data", "model", "params"], runs: 6 });
  assert.deepEqual(
    cost("seed", "model.m", "features.v.f", "data.d.source"),
    { parts: ["data", "features", "model", "params"], runs: 8 },
  );
});

async function filesBelow(directory: string, pattern: RegExp): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(directory)) {
    const path = join(directory, name);
    if (isDirectory) found.push(...await filesBelow(path, pattern));
    else if (pattern.test(name)) found.push(path);
  }
  return found;
}

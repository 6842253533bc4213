import assert from "node:assert/strict";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import * as reprise from "../mod.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Which floor each room is on; imports go down, or stay in their own room. */
const FLOORS: readonly (readonly string[])[] = [
  [
    "lib/error",
    "lib/digest",
    "lib/json",
    "lib/random",
    "lib/matrix",
    "lib/nearest",
    "lib/environment",
    "lib/deps/",
  ],
  [
    "lib/dataset",
    "lib/features",
    "lib/transform",
    "lib/window",
    "lib/row",
    "lib/compute",
    "lib/design",
    "lib/split",
    "lib/model",
    "lib/layers_model",
    "lib/metrics",
    "lib/metrics/",
    "lib/registry",
    "lib/table",
    "lib/table/",
    "lib/snapshot",
    "lib/source/",
    "lib/document",
    "lib/document/",
  ],
  [
    "lib/project",
    "lib/config",
    "lib/experiment",
    "lib/prepare",
    "lib/contract",
    "lib/compare",
    "lib/tracking/",
  ],
  [
    "lib/evaluation/",
    "lib/lineage",
    "lib/listing",
    "lib/registry_entry",
    "lib/record",
    "lib/fit",
    "lib/past/",
    "lib/reproduction",
    "lib/recorded_contract",
    "lib/waiver",
    "lib/judge",
    "lib/today",
    "lib/compare_runs",
    "lib/replay_all",
    "lib/train",
    "lib/replay",
    "lib/explain/",
    "lib/report/",
    "lib/plot/",
    "lib/runs",
    "lib/server/job",
    "lib/init",
    "lib/init/",
  ],
  ["lib/commands", "lib/cli/", "lib/main", "lib/client", "mod"],
  ["lib/server/", "lib/web/"],
  ["registries/", "configs/", "cli", "serve"],
];

const floorOf = (file: string) =>
  FLOORS.findIndex((rooms) =>
    rooms.some((room) => room.endsWith("/") ? file.startsWith(room) : file === `${room}.ts`)
  );

Deno.test("every module is on a floor, and imports go down only", async () => {
  for (const file of await modules()) {
    const floor = floorOf(file);
    assert.notEqual(floor, -1, `${file} is on no floor`);
    for (const imported of await importsOf(file)) {
      assert.ok(floorOf(imported) <= floor, `${file} imports ${imported}, which is above it`);
    }
  }
});

Deno.test("no module imports itself through others", async () => {
  const imports = new Map(
    await Promise.all((await modules()).map(async (file) => [file, await importsOf(file, true)] as const)),
  );
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]) => {
    assert.ok(!path.includes(file), `a cycle: ${[...path, file].join(" → ")}`);
    if (done.has(file)) return;
    for (const next of imports.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of imports.keys()) visit(file, []);
});

Deno.test("packages are imported in lib/deps/ alone, each by one exact version that is the locked one", async () => {
  const lock = JSON.parse(await Deno.readTextFile(join(root, "deno.lock")));
  for (const file of await modules()) {
    const specifiers = [
      ...(await Deno.readTextFile(join(root, file))).matchAll(
        /(?:^(?:import|export)\b[^;"]*?from |^import |import\(|types=)"([^"]+)"/gm,
      ),
    ].map(([, s]) => s!);
    for (const specifier of specifiers.filter((specifier) => !/^(\.{1,2}\/|node:)/.test(specifier))) {
      assert.ok(file.startsWith("lib/deps/"), `${file} imports ${specifier}`);
      const exact = /^npm:(@[^/]+\/[^/@]+|[^/@]+)@(\d+\.\d+\.\d+)(\/.*)?$/.exec(specifier);
      assert.ok(exact, `${file}: ${specifier} has no exact version`);
      assert.match(
        lock.specifiers[`npm:${exact[1]}@${exact[2]}`],
        new RegExp(`^${exact[2]!.replaceAll(".", "\\.")}`),
      );
    }
  }
});

Deno.test("lib/ takes time, randomness, the environment and the locale from their own rooms alone", async () => {
  const own: Readonly<Record<string, RegExp>> = {
    "lib/environment.ts": /Date\.now|Deno\.env/,
    "lib/random.ts": /Math\.random/,
  };
  for (const file of (await modules()).filter((file) => file.startsWith("lib/"))) {
    const code = (await Deno.readTextFile(join(root, file))).replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
    const found = code.match(
      /Date\.now|Math\.random|Deno\.env|new Date\(\)|toLocale\w+|performance\.now|console\.\w+/g,
    ) ?? [];
    assert.deepEqual(found.filter((word) => !own[file]?.test(word)), [], file);
  }
});

Deno.test("mod.ts exports these names", () => {
  assert.deepEqual(Object.keys(reprise).sort(), [
    "ExperimentError",
    "bins",
    "createClient",
    "csv",
    "defineDataset",
    "defineExperiment",
    "defineFeatures",
    "defineModel",
    "defineRegistry",
    "frequency",
    "impute",
    "json",
    "lag",
    "loadExperiment",
    "main",
    "minMax",
    "oneHot",
    "openStore",
    "ordinal",
    "parquet",
    "replay",
    "rolling",
    "sql",
    "standardise",
    "takeRows",
    "train",
  ]);
});

async function modules(directory = ""): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(join(root, directory))) {
    const path = join(directory, name);
    const inside = ["lib", "registries", "configs"].includes(path.split("/")[0]!);
    if (isDirectory && inside) found.push(...await modules(path));
    else if (name.endsWith(".ts") && (inside || ["mod.ts", "cli.ts", "serve.ts"].includes(path))) {
      found.push(path);
    }
  }
  return found.sort();
}

/** The modules that a module imports; with `eager`, without those that are only types or imported when used. */
async function importsOf(file: string, eager = false): Promise<readonly string[]> {
  const code = await Deno.readTextFile(join(root, file));
  const pattern = eager
    ? /^(?:import|export)(?! type)[^;]*? from "(\.[^"]+)"/gm
    : /(?:from |import\()"(\.[^"]+)"/g;
  return [...code.matchAll(pattern)].map(([, specifier]) =>
    relative(root, join(root, dirname(file), specifier!))
  )
    .filter((path) => path.endsWith(".ts"));
}

Deno.test("all that mod.ts exports is documented, and refers to nothing hidden but zod's own types", async () => {
  const { stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--lint", join(root, "mod.ts")],
    env: { NO_COLOR: "1" },
  }).output();
  const errors = new TextDecoder().decode(stderr).split(/^(?=error)/m).filter((text) =>
    text.startsWith("error[")
  );
  const zods = /references private type '(Zod\w+|input|output)'/;
  assert.deepEqual(errors.filter((text) => !zods.test(text)), []);
});

import assert from "node:assert/strict";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import * as reprise from "../mod.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Modules that hold the text of others. */
const TEMPLATES = ["lib/commands/init/templates.ts"];

/** The rooms of `lib/` in the order in which they build on each other: each may import those before it. */
const ROOMS = [
  "deps",
  "base",
  "source",
  "document",
  "data",
  "models",
  "features",
  "tracking",
  "plot",
  "experiment",
  "contract",
  "training",
  "replay",
  "report",
  "commands",
  "cli",
  "server",
];

Deno.test("lib/ is folders alone, each a room that has its place in the order", async () => {
  const found = await Array.fromAsync(Deno.readDir(join(root, "lib")));
  assert.deepEqual(found.filter(({ isDirectory }) => !isDirectory).map(({ name }) => name), []);
  assert.deepEqual(found.map(({ name }) => name).sort(), ROOMS.toSorted());
});

Deno.test("docs/house.md draws the rooms in this order", async () => {
  const page = await Deno.readTextFile(join(root, "docs/house.md"));
  assert.deepEqual([...page.matchAll(/^ {2}(\w+)\/ {2}/gm)].map(([, room]) => room), ROOMS);
});

Deno.test("a room imports only itself and those before it, types included", async () => {
  const roomOf = (file: string) => ROOMS.indexOf(/^lib\/([^/]+)\//.exec(file)?.[1] ?? "");
  for (const file of (await modules()).filter((file) => file.startsWith("lib/"))) {
    for (const imported of await importsOf(file)) {
      const room = roomOf(imported);
      assert.ok(room !== -1 && room <= roomOf(file), `${file} imports ${imported}`);
    }
  }
});

Deno.test("no module imports itself through others, types included", async () => {
  const imports = new Map(
    await Promise.all((await modules()).map(async (file) => [file, await importsOf(file)] as const)),
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

Deno.test("docs/dependencies.md tells of each package", async () => {
  const page = await Deno.readTextFile(join(root, "docs/dependencies.md"));
  const named = new Set([...page.matchAll(/[\w@/.-]+/g)].map(([word]) => word));
  const config = await Deno.readTextFile(join(root, "deno.json"));
  const files = (await modules()).filter((file) => file.startsWith("lib/deps/"));
  const texts = [config, ...await Promise.all(files.map((file) => Deno.readTextFile(join(root, file))))];
  const packages = texts.flatMap((text) =>
    [...text.matchAll(/"npm:(@[^/"]+\/[^/@"]+|[^/@"]+)@\d/g)].map(([, name]) => name!)
  );
  assert.deepEqual(packages.filter((name) => !named.has(name)), []);
});

Deno.test("a .tsx file, and no other, says where its JSX comes from: the version of hono in lib/deps/", async () => {
  const [, hono] = /"(npm:hono@[^"]+)"/.exec(await Deno.readTextFile(join(root, "lib/deps/hono.ts")))!;
  for (const file of await modules()) {
    const pragmas = (await Deno.readTextFile(join(root, file))).match(/^.*@jsx.*$/gm) ?? [];
    assert.deepEqual(pragmas, file.endsWith(".tsx") ? [`/** @jsxImportSource ${hono}/jsx */`] : [], file);
  }
});

Deno.test("outside the server, JSX is loaded when HTML is asked for, and not before", async () => {
  const dynamic: string[] = [];
  for (const file of (await modules()).filter((file) => /\.ts$/.test(file) && !/^lib\/server\//.test(file))) {
    const code = await Deno.readTextFile(join(root, file));
    for (const [, how] of code.matchAll(/(\bimport\(|\S+ )"\.[^"]+\.tsx"/g)) {
      assert.equal(how, "import(", file);
      dynamic.push(file);
    }
  }
  assert.deepEqual(dynamic, ["lib/cli/forms.ts", "lib/report/log.ts"]);
});

Deno.test("a text is taken for markup in three places alone: style sheets, and a picture that lib/plot draws", async () => {
  const found: string[] = [];
  for (const file of (await modules()).filter((file) => !file.startsWith("lib/deps/"))) {
    const code = await Deno.readTextFile(join(root, file));
    for (const [use] of code.matchAll(/\braw\([^)]*|dangerouslySetInnerHTML|isEscaped/g)) {
      found.push(`${file} ${use}`);
    }
  }
  assert.deepEqual(found, [
    "lib/plot/standalone.ts raw(STYLE",
    "lib/report/html.tsx raw(style + plotStyle",
    'lib/server/pages/run_page.tsx raw(lineageSvg(lineage, "lineage"',
  ]);
});

Deno.test("lib/ takes time, randomness, the environment and the locale from their own rooms alone", async () => {
  const own: Readonly<Record<string, RegExp>> = {
    "lib/base/environment.ts": /Date\.now|Deno\.env/,
    "lib/base/random.ts": /Math\.random/,
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
    else if (/\.tsx?$/.test(name) && (inside || ["mod.ts", "cli.ts", "serve.ts"].includes(path))) {
      found.push(path);
    }
  }
  return found.sort();
}

/** The modules of this project that a module imports, be it for their types or only when it needs them. */
async function importsOf(file: string): Promise<readonly string[]> {
  const code = (await Deno.readTextFile(join(root, file))).replace(/\/\*[\s\S]*?\*\//g, "");
  const written = TEMPLATES.includes(file)
    ? []
    : code.matchAll(/(?:\bfrom |^import |\bimport\(\s*)"(\.[^"]+)"/gm);
  return [...written].map(([, specifier]) => relative(root, join(root, dirname(file), specifier!)))
    .filter((path) => /\.tsx?$/.test(path));
}

Deno.test("all that mod.ts exports is documented, and refers to nothing hidden", async () => {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--lint", join(root, "mod.ts")],
    env: { NO_COLOR: "1" },
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
});

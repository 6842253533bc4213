import assert from "node:assert/strict";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { ROOT } from "../project.ts";
import { anchorsOf, type Block, blocksOf, linksOf } from "./page.ts";
import { openHost, type Place } from "./scratch.ts";

/** The pages, and what each is read in. */
const PAGES: Readonly<Record<string, Place>> = {
  "README.md": "checkout",
  "CONTRIBUTING.md": "checkout",
  "CHANGELOG.md": "empty",
  "docs/README.md": "empty",
  "docs/first_project.md": "empty",
  "docs/commands.md": "project",
  "docs/data.md": "project",
  "docs/features.md": "project",
  "docs/models.md": "project",
  "docs/configs.md": "project",
  "docs/runs.md": "trained",
  "docs/replay.md": "trained",
  "docs/many_runs.md": "trained",
  "docs/server.md": "trained",
  "docs/url.md": "empty",
  "docs/contract.md": "project",
  "docs/determinism.md": "project",
  "docs/trust.md": "project",
  "docs/house.md": "checkout",
  "docs/dependencies.md": "empty",
};

/** The blocks that aren't run, each by its page and how it begins, and why. */
const NOT_RUN: readonly { readonly page: string; readonly begins: string; readonly why: string }[] = [
  { page: "README.md", begins: "npx -y deno@2.9.6 task test", why: "runs the suite, and so this test" },
  { page: "docs/runs.md", begins: "mlflow server", why: "needs MLflow, which tests/tracking/ set up" },
  {
    page: "docs/runs.md",
    begins: "deno task train fruits --tracking-uri http",
    why: "needs a server of MLflow, which tests/tracking/ start",
  },
  { page: "docs/runs.md", begins: "UPDATE experiments", why: "SQL, which tests/tracking/place_test.ts runs" },
  { page: "CONTRIBUTING.md", begins: "deno task ok", why: "runs the suite, and so this test" },
  {
    page: "docs/house.md",
    begins: "mod.ts ",
    why: "a drawing, which tests/house_test.ts holds to the rooms",
  },
  { page: "docs/house.md", begins: "config ─", why: "a drawing" },
  { page: "docs/url.md", begins: "deno install -g", why: "installs for the machine" },
  { page: "docs/many_runs.md", begins: "name: replay", why: "needs GitHub" },
];

const root = fileURLToPath(ROOT);
const read = (page: string) => Deno.readTextFile(join(root, page));
const isListed = ({ page, text }: Block) =>
  NOT_RUN.some((listed) => listed.page === page && text.startsWith(listed.begins));

const host = await openHost();
const modules: string[] = [];

Deno.test.afterAll(async () => await host[Symbol.asyncDispose]());

for (const [page, place] of Object.entries(PAGES)) {
  Deno.test(`${page}: its blocks do what it says`, async () => {
    const blocks = blocksOf(page, await read(page));
    await using scratch = await host.open(place);
    for (const block of blocks.filter((block) => !isListed(block))) {
      try {
        await scratch.run(block);
      } catch (error) {
        if (error instanceof Error) error.message = `${page}:${block.line}: ${error.message}`;
        throw error;
      }
    }
    modules.push(...scratch.modules);
  });
}

Deno.test("the TypeScript of the pages has the types that it says", async () => {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["check", "--quiet", `--allow-import=${new URL(host.url).host}`, ...modules],
    cwd: host.folder,
    env: { NO_COLOR: "1", DENO_DIR: join(host.folder, "cache") },
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
});

Deno.test("each page of the docs is run, and each block that isn't is there", async () => {
  const docs = [...Deno.readDirSync(join(root, "docs"))].map(({ name }) => `docs/${name}`);
  const found = [...docs, "README.md", "CHANGELOG.md", "CONTRIBUTING.md"];
  assert.deepEqual(Object.keys(PAGES).sort(), found.sort());
  for (const { page, begins } of NOT_RUN) {
    const blocks = blocksOf(page, await read(page));
    assert.ok(blocks.some(({ text }) => text.startsWith(begins)), `${page} has no block ${begins}`);
  }
});

Deno.test("each link of the pages leads to a file, and to a heading of it", async () => {
  const pages = [...Object.keys(PAGES), "bench/README.md", "bench/SERVER.md"];
  for (const page of pages) {
    for (const link of linksOf(await read(page)).filter((link) => !/^[a-z]+:/.test(link))) {
      const [path = "", anchor] = link.split("#");
      const target = path === "" ? page : normalize(join(dirname(page), path));
      const info = await Deno.stat(join(root, target)).catch(() =>
        assert.fail(`${page}: ${link} isn't there`)
      );
      if (anchor === undefined) continue;
      assert.ok(
        info.isFile && anchorsOf(await read(target)).includes(anchor),
        `${page}: ${target} has no heading #${anchor}`,
      );
    }
  }
});

Deno.test("the README is a page of at most 150 lines, and CONTRIBUTING.md has fewer than 100", async () => {
  assert.ok((await read("README.md")).split("\n").length <= 151);
  assert.ok((await read("CONTRIBUTING.md")).split("\n").length <= 100);
});

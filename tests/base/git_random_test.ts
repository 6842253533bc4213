import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { parseConfig } from "../../lib/base/git/config.ts";
import { parseIgnore } from "../../lib/base/git/ignore.ts";
import { parseIndex } from "../../lib/base/git/index_file.ts";
import { Untold } from "../../lib/base/git/read.ts";
import { readState } from "../../lib/base/git/read_state.ts";
import { openGround, placeOf, type Repository } from "./repositories.ts";

const FILES = [
  "a.txt",
  "b.sh",
  "link",
  "src/c.ts",
  "src/deep/d.ts",
  "src/e.log",
  "out/f",
  "out/keep",
  "ü/g h",
];

interface Step {
  readonly name: string;
  readonly file: string;
  readonly other: string;
  readonly text: string;
}

/** What may be done to a repository; git refuses some of it in some states. */
const STEPS: Readonly<Record<string, (repository: Repository, step: Step) => Promise<unknown>>> = {
  write: ({ write }, { file, text }) => write(file, text),
  remove: ({ remove }, { file }) => remove(file),
  chmod: ({ directory }, { file, text }) => Deno.chmod(join(directory, file), text === "" ? 0o755 : 0o644),
  symlink: ({ directory }, { file, other }) => Deno.symlink(other, join(directory, file)),
  move: ({ tryGit }, { file, other }) => tryGit("mv", file, other),
  add: ({ tryGit }, { file }) => tryGit("add", file),
  add_all: ({ tryGit }) => tryGit("add", "--all"),
  intend: ({ tryGit }, { file }) => tryGit("add", "--intent-to-add", file),
  forget: ({ tryGit }, { file }) => tryGit("rm", "--cached", "-q", file),
  assume: ({ tryGit }, { file }) => tryGit("update-index", "--assume-unchanged", file),
  skip: ({ tryGit }, { file }) => tryGit("update-index", "--skip-worktree", file),
  commit: ({ tryGit }) => tryGit("commit", "-qm", "x"),
  commit_all: ({ tryGit }) => tryGit("commit", "-qam", "x"),
  amend: ({ tryGit }) => tryGit("commit", "-q", "--amend", "-m", "y", "--allow-empty"),
  branch: ({ tryGit }, { text }) => tryGit("checkout", "-q", "-b", `b/${text.length}`),
  back: ({ tryGit }) => tryGit("checkout", "-q", "trunk"),
  detach: ({ tryGit }) => tryGit("checkout", "-q", "--detach", "HEAD~1"),
  merge: ({ tryGit }, { text }) => tryGit("merge", "-q", `b/${text.length}`),
  reset: ({ tryGit }) => tryGit("reset", "-q"),
  reset_hard: ({ tryGit }) => tryGit("reset", "-q", "--hard"),
  reset_soft: ({ tryGit }) => tryGit("reset", "-q", "--soft", "HEAD~1"),
  stash: ({ tryGit }) => tryGit("stash", "-q"),
  pop: ({ tryGit }) => tryGit("stash", "pop", "-q"),
  clean: ({ tryGit }) => tryGit("clean", "-fdq"),
  version: ({ tryGit }, { text }) => tryGit("update-index", "--index-version", String(2 + text.length % 3)),
  pack: ({ tryGit }) => tryGit("gc", "-q"),
  pack_refs: ({ tryGit }) => tryGit("pack-refs", "--all"),
  refresh: ({ tryGit }) => tryGit("update-index", "-q", "--refresh"),
  ignore: ({ write }, { text }) => write(".gitignore", `${text}*.log\n/out\n`),
  take_back: ({ write }, { text }) => write("src/.gitignore", `!*.log\n${text}`),
  exclude: ({ write }, { file }) => write(".git/info/exclude", `${file}\n`),
  old: ({ directory }, { file }) => Deno.utime(join(directory, file), 1_700_000_000, 1_700_000_000),
};

const step: fc.Arbitrary<Step> = fc.record({
  name: fc.constantFrom(...Object.keys(STEPS)),
  file: fc.constantFrom(...FILES),
  other: fc.constantFrom(...FILES),
  text: fc.constantFrom("", "1\n", "2\n", "one\n", "#!/bin/sh\n", "longer\n"),
});

Deno.test("whatever was done to a repository, what is read from .git is what git tells", async () => {
  await using ground = await openGround();
  let count = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 16 }), async (steps) => {
      const repository = await ground.repository(`random_${count++}`);
      for (const one of steps) {
        await STEPS[one.name]!(repository, one).catch(() => {});
        assert.equal(await repository.compare(), undefined, one.name);
      }
      await Deno.remove(repository.directory, { recursive: true });
    }),
    { numRuns: 15 },
  );
});

const PARTS = [
  "a",
  "b",
  "c",
  "ab",
  "é",
  " ",
  "/",
  "*",
  "**",
  "?",
  "[ab]",
  "[!a]",
  "[^b-c]",
  "[[:alpha:]]",
  "[]a]",
]
  .concat(["[a-", "[[:no:]]", "\\", "\\*", "\\ ", "!", "#", ".", "\r", "[", "]", "-", "**/", "/**", "\t"]);
const TREE = [
  "a",
  "b",
  "ab",
  "c/a",
  "c/b",
  "c/ab/a",
  "c/ab/b",
  "ab c",
  "a ",
  "é",
  "c/é/a",
  "#",
  "!a",
  "*",
  "[",
  ".a",
]
  .concat(["a]", "-", "c/-/b", "a*", "c./a", "ba/a/b/c", "ba/b", "a\t", "\\"]);

Deno.test("ignore rules mean what they mean to git", async () => {
  await using ground = await openGround();
  const repository = await ground.repository("rules");
  await repository.git("rm", "-rqf", ".");
  await repository.git("commit", "-qm", "empty");
  for (const file of TREE) await repository.write(`tree/${file}`, "").catch(() => {});
  const all = (await repository.git("ls-files", "--others", "-z")).split("\0").filter(Boolean)
    .map((file) => file.slice("tree/".length));
  assert.ok(all.length >= TREE.length - 3);
  const line = fc.array(fc.constantFrom(...PARTS), { minLength: 1, maxLength: 6 }).map((parts) =>
    parts.join("")
  );
  let ignored = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { minLength: 1, maxLength: 4 }).map((lines) => lines.join("\n")),
      fc.boolean(),
      async (text, ended) => {
        const rules = parseIgnore(ended ? `${text}\n` : text, { ignoreCase: false });
        await repository.write("tree/.gitignore", ended ? `${text}\n` : text);
        const shown = (await repository.git("ls-files", "--others", "--exclude-standard", "-z")).split("\0");
        for (const file of all) {
          const parts = file.split("/");
          const ours = parts.some((_, index) =>
            rules.test(parts.slice(0, index + 1).join("/"), index < parts.length - 1)
          );
          assert.equal(ours, !shown.includes(`tree/${file}`), JSON.stringify(file));
          if (ours) ignored++;
        }
      },
    ),
    { numRuns: 300 },
  );
  assert.ok(ignored > 500, `only ${ignored} files were ignored`);
});

Deno.test("no pattern takes long", () => {
  const rules = parseIgnore(`${"*a".repeat(500)}b\n${"**/a".repeat(200)}b\n`, { ignoreCase: false });
  assert.equal(rules.test("a".repeat(255), false), undefined);
  assert.equal(rules.test("a/".repeat(500) + "a", false), undefined);
  assert.throws(() => parseIgnore("a".repeat(2000), { ignoreCase: false }), Untold);
});

const HEADERS = [
  "[core]",
  '[remote "origin"]',
  '[a "b\\"c\\d"]',
  "[A.B]",
  '[x ""]',
  "[ a]",
  '[x "y]',
  "[core] url = x",
  "[a]b",
];
const VALUE = [
  "word",
  "a b",
  " ",
  "\t",
  "=",
  '"',
  '\\"',
  "\\n",
  "\\\n",
  "\\\r\n",
  "\\\\",
  "\\x",
  "#",
  ";",
  "word",
  "true",
  "é",
  "\r",
  "[",
  "]",
];
const configLine = fc.oneof(
  fc.constantFrom(...HEADERS, "", " # c", "; c", "bare", "bare # c"),
  fc.tuple(
    fc.constantFrom("url = ", "Url=", "\tbare =", "f-x = ", "x_y = ", "1 = ", "-x = "),
    fc.array(fc.constantFrom(...VALUE), { maxLength: 5 }),
    fc.constantFrom("", "\r"),
  ).map(([name, parts, end]) => name + parts.join("") + end),
);

Deno.test("settings mean what they mean to git, or count as unreadable", async () => {
  await using ground = await openGround();
  const repository = await ground.repository("settings");
  let read = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(configLine, { maxLength: 5 }).map((lines) => ["[core]", ...lines].join("\n")),
      async (text) => {
        await repository.write("settings", text);
        const listed = await repository.tryGit("config", "--file", "settings", "--list", "-z");
        const config = parseConfig(text);
        if (config === undefined) return;
        assert.ok(listed !== undefined, "git can't read it");
        const expected = new Map(
          listed.split("\0").filter(Boolean).map((entry): [string, string] => {
            const end = entry.indexOf("\n");
            return end < 0 ? [entry, ""] : [entry.slice(0, end), entry.slice(end + 1)];
          }),
        );
        // Git kept a tab within a value as a space until 2.45.
        const spaces = (entries: Iterable<readonly [string, string]>) =>
          [...entries].map(([name, value]) => [name, value.replace(/[\t\r]/g, " ")]).sort(([a], [b]) =>
            a! < b! ? -1 : 1
          );
        assert.deepEqual(spaces(config.names.map((name) => [name, config.get(name)!])), spaces(expected));
        if (expected.size > 0) read++;
      },
    ),
    { numRuns: 500 },
  );
  assert.ok(read > 50, `only ${read} had settings`);
});

Deno.test("an index of any bytes is read or refused", async () => {
  await using ground = await openGround();
  const repository = await ground.repository("bytes");
  for (const version of ["2", "4"]) {
    await repository.git("update-index", "--index-version", version);
    const index = await Deno.readFile(join(repository.directory, ".git/index"));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(index.length - 1), fc.integer({ min: 0, max: 255 })), {
          minLength: 1,
          maxLength: 8,
        }),
        fc.nat(index.length),
        (edits, length) => {
          const bytes = index.slice(0, edits.length === 1 ? length : undefined);
          for (const [at, byte] of edits) if (at < bytes.length) bytes[at] = byte;
          try {
            for (const { path } of parseIndex(bytes, 20).entries) {
              assert.doesNotMatch(path, /(^|\/)(\.\.|\.git)?(\/|$)/);
            }
          } catch (error) {
            if (!(error instanceof Untold)) throw error;
          }
        },
      ),
      { numRuns: 2000 },
    );
  }
});

Deno.test("a repository of any bytes is read or refused", async () => {
  await using ground = await openGround();
  const repository = await ground.repository("objects");
  for (let count = 0; count < 30; count++) await repository.write(`many/${count}`, `${count}\n`);
  await repository.git("add", ".");
  await repository.git("commit", "-qm", "many");
  await repository.git("gc", "-q");
  await repository.git("update-index", "--force-remove", "many/1");
  await repository.git("update-index", "--add", "many/1");
  await repository.git("update-index", "--force-remove", "src/deep/d.ts");
  await repository.git("update-index", "--add", "src/deep/d.ts");
  assert.equal(await repository.compare(), undefined);
  const clean = readState(repository.directory, placeOf(ground.home)).state;
  const packs = join(repository.directory, ".git/objects/pack");
  for await (const { name } of Deno.readDir(packs)) {
    if (!/\.(idx|pack)$/.test(name)) continue;
    const file = join(packs, name);
    await Deno.chmod(file, 0o644);
    const bytes = await Deno.readFile(file);
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, by) => {
        const changed = bytes.slice();
        changed[at] = changed[at]! ^ by;
        await Deno.writeFile(file, changed);
        const { state } = readState(repository.directory, placeOf(ground.home));
        assert.deepEqual({ ...state, dirty: false }, clean);
        assert.ok(state?.dirty !== true, "a broken object reads as a change");
      }),
      { numRuns: 150 },
    );
    await Deno.writeFile(file, bytes);
  }
});

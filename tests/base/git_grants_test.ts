import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ROOT } from "../project.ts";
import { type Ground, openGround, type Repository } from "./repositories.ts";

const COMMIT = "The git commit is unknown: ";
const DIRTY = "Whether files differ from the git commit is unknown: ";

/** What is read of a directory by a process that may read nothing but it. */
async function readAlone(directory: string) {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-prompt", "--ignore-env", "--quiet", `--allow-read=.,${fileURLToPath(ROOT)}`],
      fileURLToPath(new URL("tests/base/read_git.ts", ROOT)),
    ],
    cwd: directory,
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

const fifo = async (path: string) => {
  await Deno.remove(path).catch(() => {});
  assert.ok((await new Deno.Command("mkfifo", { args: [path] }).output()).success);
};

/** Moves a path out of the repository, and leaves a link to it. */
async function moveOut({ directory }: Repository, ground: Ground, path: string) {
  const outside = await Deno.makeTempDir({ dir: ground.directory });
  await Deno.rename(join(directory, path), join(outside, "moved"));
  await Deno.symlink(join(outside, "moved"), join(directory, path));
}

const CASES: Readonly<
  Record<
    string,
    readonly [make: (repository: Repository, ground: Ground) => Promise<unknown>, untold?: string]
  >
> = {
  "a clean working tree": [() => Promise.resolve()],
  "an edit": [({ write }) => write("src/c.ts", "export const c = 2;\n")],
  "all objects in a pack": [({ git }) => git("gc", "--quiet")],
  "files that its own rules ignore": [async ({ git, write }) => {
    await write(".gitignore", "*.log\n");
    await git("add", ".");
    await git("commit", "-qm", "rules");
    await write("x.log", "");
  }],
  "an ignored link that leads out": [async ({ write, directory }) => {
    await write(".git/info/exclude", "out\n");
    await Deno.symlink("/", join(directory, "out"));
  }],
  "an untracked file": [
    ({ write }) => write("new.txt", ""),
    DIRTY + "there are untracked files, and whether git's ignore file of the user names them can't be read",
  ],
  "a HEAD elsewhere": [(one, ground) => moveOut(one, ground, ".git/HEAD"), COMMIT + "HEAD is a link"],
  "a repository elsewhere": [
    (one, ground) => moveOut(one, ground, ".git"),
    COMMIT + "a link leads to where nothing may be read",
  ],
  "a branch elsewhere": [
    (one, ground) => moveOut(one, ground, ".git/refs/heads/trunk"),
    COMMIT + "a link leads to where nothing may be read",
  ],
  "settings elsewhere": [
    (one, ground) => moveOut(one, ground, ".git/config"),
    COMMIT + "a link leads to where nothing may be read",
  ],
  "an index elsewhere": [
    (one, ground) => moveOut(one, ground, ".git/index"),
    DIRTY + "a link leads to where nothing may be read",
  ],
  "a pipe for HEAD": [
    ({ directory }) => fifo(join(directory, ".git/HEAD")),
    COMMIT + "something else is in place of a file",
  ],
  "a pipe for a branch": [
    ({ directory }) => fifo(join(directory, ".git/refs/heads/trunk")),
    COMMIT + "something else is in place of a file",
  ],
  "a pipe for the index": [
    ({ directory }) => fifo(join(directory, ".git/index")),
    DIRTY + "something else is in place of a file",
  ],
  "a pipe for the rules": [
    ({ directory }) => fifo(join(directory, ".git/info/exclude")),
    DIRTY + "something else is in place of a file",
  ],
  "a pipe for the rules of a directory": [({ directory }) => fifo(join(directory, "src/.gitignore"))],
  "an index without end": [
    ({ directory }) => Deno.truncate(join(directory, ".git/index"), 8e9),
    DIRTY + "a file of the repository is larger than is read",
  ],
  "a HEAD that leads out": [
    ({ write }) => write(".git/HEAD", "ref: refs/heads/../../../../secret\n"),
    COMMIT + "HEAD names nothing that is known here",
  ],
  "a HEAD that writes to the terminal": [
    ({ write }) => write(".git/HEAD", "ref: refs/heads/\u001b[31m\u202e\n"),
    COMMIT + "HEAD names nothing that is known here",
  ],
  "references of another form": [
    async ({ git }) => {
      await git("config", "core.repositoryFormatVersion", "1");
      await git("config", "extensions.refStorage", "reftable");
    },
    COMMIT + "the repository is of a form that isn't known here",
  ],
  "a name that leads to itself": [
    ({ write }) => write(".git/refs/heads/trunk", "ref: refs/heads/trunk\n"),
    COMMIT + "HEAD leads from name to name",
  ],
};

Deno.test("what may be read of .git with the grants of a task is what git tells, and the rest is unknown", async (t) => {
  await using ground = await openGround();
  for (const [index, [name, [make, untold]]] of Object.entries(CASES).entries()) {
    await t.step(name, async () => {
      const repository = await ground.repository(`granted_${index}`);
      const commit = (await repository.git("rev-parse", "HEAD")).trim();
      await make(repository, ground);
      const read = await readAlone(repository.directory);
      assert.equal(read.untold, untold && `${untold}.`);
      if (untold?.startsWith(COMMIT)) return assert.equal(read.state, undefined);
      const { dirty, ...state } = read.state;
      assert.deepEqual(state, {
        commit: name.startsWith("files") ? (await repository.git("rev-parse", "HEAD")).trim() : commit,
        branch: "trunk",
      });
      // Git itself waits for what is written to a pipe.
      assert.equal(
        dirty,
        untold || name.startsWith("a pipe")
          ? (untold ? undefined : false)
          : (await repository.tryGit("--no-optional-locks", "status", "--porcelain")) !== "",
      );
    });
  }
});

Deno.test("a repository out of reach of the grants is unknown", async () => {
  await using ground = await openGround();
  const repository = await ground.repository("main");
  const above = "no repository is in this directory, and those above it may not be read";
  assert.deepEqual(await readAlone(join(repository.directory, "src")), { untold: `${COMMIT}${above}.` });
  await repository.git("worktree", "add", "-q", "../side");
  const linked = "this is a working tree of a repository that may not be read";
  assert.deepEqual(await readAlone(join(ground.directory, "side")), { untold: `${COMMIT}${linked}.` });
  await repository.git("worktree", "add", "-q", "inside");
  const inner = await readAlone(join(repository.directory, "inside"));
  assert.deepEqual(inner, { untold: `${COMMIT}${linked}.` });
});

Deno.test("nothing that a repository's settings name is run", async () => {
  await using ground = await openGround();
  const repository = await ground.repository("trap");
  const proof = join(ground.directory, "proof");
  await repository.write(".git/trap", `#!/bin/sh\ntouch ${proof}\n`);
  const trap = join(repository.directory, ".git/trap");
  await Deno.chmod(trap, 0o755);
  await repository.git("config", "core.fsmonitor", trap);
  await repository.git("config", "filter.trap.clean", trap);
  await repository.write(".gitattributes", "* filter=trap\n");
  await readAlone(repository.directory);
  await assert.rejects(Deno.lstat(proof), Deno.errors.NotFound);
  await repository.tryGit("status");
  assert.ok((await Deno.lstat(proof)).isFile, "git itself runs it");
});

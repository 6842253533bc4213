import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openGround, type Repository, repositoryAt } from "./repositories.ts";

type Make = (repository: Repository) => Promise<unknown>;

const commit = async ({ git }: Repository) => {
  await git("add", "--all");
  await git("commit", "--quiet", "--message", "next");
};
/** Lets the clock go on by more than a second for git, so that its index tells of files that they are as they were. */
const settle = async ({ directory, git }: Repository) => {
  const files = (await git("ls-files", "-z")).split("\0").filter(Boolean);
  for (const file of files) {
    const path = join(directory, file);
    if ((await Deno.lstat(path)).isFile) await Deno.utime(path, 1_700_000_000, 1_700_000_000);
  }
  await git("update-index", "-q", "--refresh");
};

/** States in which all is told. */
const PLAIN: Readonly<Record<string, Make>> = {
  "a clean working tree": () => Promise.resolve(),
  "a clean working tree of a while ago": settle,
  "a file that was edited": ({ write }) => write("a.txt", "two\n"),
  "a file that was edited to the same length": ({ write }) => write("src/c.ts", "export const c = 2;\n"),
  "a file that was written as it was": ({ write }) => write("a.txt", "one\n"),
  "a file of an old time that was written as it was": async (repository) => {
    await settle(repository);
    await repository.write("a.txt", "one\n");
  },
  "an edit that keeps length and time": async (repository) => {
    await settle(repository);
    await repository.write("a.txt", "eno\n");
    await Deno.utime(join(repository.directory, "a.txt"), 1_700_000_000, 1_700_000_000);
  },
  "a file that was removed": ({ remove }) => remove("src/deep/d.ts"),
  "a directory that was removed": ({ remove }) => remove("src"),
  "a staged file": async ({ write, git }) => {
    await write("src/new.ts", "export {};\n");
    await git("add", ".");
  },
  "a staged edit that was undone in the file": async ({ write, git }) => {
    await write("a.txt", "two\n");
    await git("add", ".");
    await write("a.txt", "one\n");
  },
  "a staged edit that was undone": async ({ write, git }) => {
    await write("a.txt", "two\n");
    await git("add", ".");
    await git("reset", "--quiet");
    await git("checkout", "--quiet", "a.txt");
  },
  "a file that git no longer keeps": ({ git }) => git("rm", "--quiet", "--cached", "a.txt"),
  "an untracked file": ({ write }) => write("new.txt", ""),
  "an untracked file in a directory of its own": ({ write }) => write("some/where/new.txt", "new\n"),
  "an empty directory": ({ directory }) => Deno.mkdir(join(directory, "empty/also"), { recursive: true }),
  "an untracked link that leads nowhere": ({ directory }) => Deno.symlink("nowhere", join(directory, "lost")),
  "a file that is now executable": ({ directory }) => Deno.chmod(join(directory, "a.txt"), 0o755),
  "a file that is now executable where that doesn't count": async ({ directory, git }) => {
    await git("config", "core.fileMode", "false");
    await Deno.chmod(join(directory, "a.txt"), 0o755);
  },
  "a link that leads elsewhere": async ({ directory }) => {
    await Deno.remove(join(directory, "link"));
    await Deno.symlink("b.sh", join(directory, "link"));
  },
  "a link in place of a file": async ({ directory }) => {
    await Deno.remove(join(directory, "a.txt"));
    await Deno.symlink("b.sh", join(directory, "a.txt"));
  },
  "a link in place of a directory": async ({ directory }) => {
    await Deno.rename(join(directory, "src"), join(directory, ".git/src"));
    await Deno.symlink(".git/src", join(directory, "src"));
  },
  "a directory in place of a file": async ({ remove, write }) => {
    await remove("a.txt");
    await write("a.txt/inside", "x");
  },
  "a file that is to be added": async ({ write, git }) => {
    await write("later.txt", "later\n");
    await git("add", "--intent-to-add", "later.txt");
  },
  "a file that is assumed to be unchanged": async ({ write, git }) => {
    await git("update-index", "--assume-unchanged", "a.txt");
    await write("a.txt", "two\n");
  },
  "a file that is left out of the working tree": async ({ remove, git }) => {
    await git("update-index", "--skip-worktree", "a.txt");
    await remove("a.txt");
  },
  "a conflict": async (repository) => {
    const { write, git, tryGit } = repository;
    await git("checkout", "--quiet", "-b", "other");
    await write("a.txt", "other\n");
    await commit(repository);
    await git("checkout", "--quiet", "trunk");
    await write("a.txt", "mine\n");
    await commit(repository);
    await tryGit("merge", "other");
  },
  "no branch": ({ git }) => git("checkout", "--quiet", "--detach"),
  "a branch with slashes, packed": async ({ git }) => {
    await git("checkout", "--quiet", "-b", "feature/one/two");
    await git("pack-refs", "--all");
  },
  "a branch before its first commit": ({ git }) => git("checkout", "--quiet", "--orphan", "empty"),
  "an empty commit": async ({ git }) => {
    await git("rm", "--quiet", "-r", ".");
    await git("commit", "--quiet", "--message", "nothing");
  },
  "all objects in a pack": ({ git }) => git("gc", "--quiet", "--aggressive", "--prune=now"),
  "a staged file over trees in a pack": async ({ git, write }) => {
    await git("gc", "--quiet", "--prune=now");
    await write("src/deep/e.ts", "");
    await git("add", ".");
    await git("rm", "--quiet", "--cached", "src/deep/e.ts");
  },
  "trees as differences in a pack": async (repository) => {
    for (let count = 0; count < 40; count++) await repository.write(`many/file_${count}.txt`, `${count}\n`);
    await commit(repository);
    for (let count = 0; count < 5; count++) {
      await repository.write(`many/file_${count}.txt`, "edited\n");
      await commit(repository);
    }
    await repository.git("repack", "-adfq", "--depth=50", "--window=50");
    await repository.git("read-tree", "HEAD~3");
    await repository.git("read-tree", "HEAD");
    await repository.git("update-index", "--force-remove", "many/file_1.txt");
    await repository.git("update-index", "--add", "many/file_1.txt");
  },
  "an index without the ids of trees": async ({ git }) => {
    await git("update-index", "--force-remove", "src/deep/d.ts");
    await git("update-index", "--add", "src/deep/d.ts");
  },
  "an index of version 3": ({ git }) => git("update-index", "--index-version", "3"),
  "an index of version 4": ({ git }) => git("update-index", "--index-version", "4"),
  "an index of version 4 with an edit": async ({ git, write }) => {
    await git("update-index", "--index-version", "4");
    await write("src/deep/d.ts", "export const d = 2;\n");
  },
  "an index with a cache of untracked files": async ({ git, write }) => {
    await git("update-index", "--untracked-cache");
    await write("new.txt", "");
    await git("status");
  },
  "no index": ({ directory }) => Deno.remove(join(directory, ".git/index")),
  "names beyond ASCII": async (repository) => {
    await repository.write("größe/naïve 数据.csv", "1\n");
    await commit(repository);
  },
  "names beyond ASCII in an index of version 4": async (repository) => {
    await repository.write("größe/naïve 数据.csv", "1\n");
    await repository.write("größe/naïve 数字.csv", "1\n");
    await commit(repository);
    await repository.git("update-index", "--index-version", "4");
  },
  "ignored files": async (repository) => {
    await repository.write(".gitignore", "*.log\n/out/\n!keep.log\nnode_modules\n");
    await commit(repository);
    await repository.write("x.log", "");
    await repository.write("src/y.log", "");
    await repository.write("out/z", "");
    await repository.write("src/node_modules/p/index.js", "");
  },
  "a file that a rule takes back": async (repository) => {
    await repository.write(".gitignore", "*.log\n!keep.log\n");
    await commit(repository);
    await repository.write("src/keep.log", "");
  },
  "rules of a directory before those above it": async (repository) => {
    await repository.write(".gitignore", "*.log\n");
    await repository.write("src/.gitignore", "!*.log\n");
    await commit(repository);
    await repository.write("src/a.log", "");
  },
  "a directory that is taken back, with all that is below": async (repository) => {
    await repository.write(".gitignore", "build\n");
    await repository.write("src/.gitignore", "!build\n");
    await commit(repository);
    await repository.write("src/build/x", "");
  },
  "a file taken back in a directory that is ignored": async (repository) => {
    await repository.write(".gitignore", "out/\n!out/keep\n");
    await commit(repository);
    await repository.write("out/keep", "");
  },
  "an untracked file in an ignored directory with tracked ones": async (repository) => {
    await repository.write(".gitignore", "src\n");
    await commit(repository);
    await repository.write("src/deep/more.ts", "");
  },
  "a file that this repository alone ignores": async ({ write }) => {
    await write(".git/info/exclude", "/mine\n");
    await write("mine", "");
  },
  "a nested repository": async ({ directory, git }) => {
    await git("init", "--quiet", join(directory, "inner"));
  },
  "a nested repository that is ignored": async ({ write, directory, git }) => {
    await write(".git/info/exclude", "inner\n");
    await git("init", "--quiet", join(directory, "inner"));
  },
  "a remote with credentials": ({ git }) =>
    git("remote", "add", "origin", "https://ada:s@cret@example.org/iris.git"),
  "a pipe where there may be files": async ({ directory }) => {
    await new Deno.Command("mkfifo", { args: [join(directory, "pipe")] }).output();
  },
  "line ends that git changes": async ({ git, write, directory }) => {
    await git("config", "core.autocrlf", "true");
    await write("crlf.txt", "a\r\nb\r\n");
    await git("add", "crlf.txt");
    await git("commit", "--quiet", "--message", "crlf");
    await Deno.utime(join(directory, "crlf.txt"), 1_700_000_000, 1_700_000_000);
    await git("update-index", "-q", "--refresh");
  },
  "untouched files with a filter": async (repository) => {
    await repository.git("config", "filter.upper.clean", "tr a-z A-Z");
    await repository.write(".gitattributes", "*.up filter=upper\n");
    await repository.write("x.up", "shout\n");
    await commit(repository);
    await settle(repository);
  },
};

Deno.test("what is read from .git is what git tells, in every plain state", async (t) => {
  await using ground = await openGround();
  for (const [index, [name, make]] of Object.entries(PLAIN).entries()) {
    await t.step(name, async () => {
      const repository = await ground.repository(`plain_${index}`);
      await make(repository);
      assert.equal(await repository.compare(), undefined);
    });
  }
});

Deno.test("what is read from .git of SHA-256 is what git tells", async (t) => {
  await using ground = await openGround();
  for (
    const name of [
      "a clean working tree",
      "a file that was written as it was",
      "a staged edit that was undone",
      "all objects in a pack",
      "trees as differences in a pack",
      "an empty commit",
      "an index of version 4 with an edit",
      "an untracked file",
    ]
  ) {
    await t.step(name, async () => {
      const repository = await ground.repository(name, "--object-format=sha256");
      await PLAIN[name]!(repository);
      assert.equal(await repository.compare(), undefined);
    });
  }
});

Deno.test("submodules count as git counts them", async (t) => {
  await using ground = await openGround();
  const library = await ground.repository("library");
  const states: Readonly<Record<string, (outer: Repository, inner: Repository) => Promise<unknown>>> = {
    "a clean one": () => Promise.resolve(),
    "one that was edited": (_, inner) => inner.write("a.txt", "two\n"),
    "one with an untracked file": (_, inner) => inner.write("new.txt", ""),
    "one at another commit": (_, inner) => inner.git("commit", "--quiet", "--allow-empty", "--message", "on"),
    "one that isn't checked out": (outer) => outer.git("submodule", "deinit", "--force", "--all"),
    "one that was removed": (outer) => outer.remove("lib"),
  };
  for (const [index, [name, make]] of Object.entries(states).entries()) {
    await t.step(name, async () => {
      const outer = await ground.repository(`outer_${index}`);
      await outer.git("submodule", "--quiet", "add", library.directory, "lib");
      await commit(outer);
      await make(outer, repositoryAt(join(outer.directory, "lib"), ground.home));
      assert.equal(await outer.compare(), undefined);
    });
  }
  await t.step("one whose edits git is set to ignore", async () => {
    const outer = await ground.repository("outer");
    await outer.git("submodule", "--quiet", "add", library.directory, "lib");
    await commit(outer);
    await outer.git("config", "submodule.lib.ignore", "all");
    await outer.write("lib/a.txt", "two\n");
    assert.equal(
      await outer.compare(),
      "Whether files differ from the git commit is unknown: git is set to ignore changes of submodules.",
    );
  });
});

Deno.test("working trees and directories of a repository elsewhere are read where they may be", async () => {
  await using ground = await openGround();
  const repository = await ground.repository("main");
  assert.equal(await repositoryAt(join(repository.directory, "src/deep"), ground.home).compare(), undefined);
  await repository.git("worktree", "add", "--quiet", "-b", "side", "../side");
  const side = repositoryAt(join(ground.directory, "side"), ground.home);
  assert.equal(await side.compare(), undefined);
  await side.write("a.txt", "side\n");
  await commit(side);
  await side.git("pack-refs", "--all");
  await side.write("new.txt", "");
  assert.equal(await side.compare(), undefined);
  await repository.git("clone", "--quiet", "--bare", ".", "../bare");
  const bare = repositoryAt(join(ground.directory, "bare"), ground.home);
  assert.equal(await bare.compare(), undefined);
  await bare.git("worktree", "add", "--quiet", "../of_bare");
  assert.equal(await repositoryAt(join(ground.directory, "of_bare"), ground.home).compare(), undefined);
});

Deno.test("the user's own settings count where they may be read", async (t) => {
  await using ground = await openGround();
  const repository = await ground.repository("project");
  await repository.write("notes.mine", "");
  await t.step("an ignore file in the usual place", async () => {
    await Deno.mkdir(join(ground.home, ".config/git"), { recursive: true });
    await Deno.writeTextFile(join(ground.home, ".config/git/ignore"), "*.mine\n");
    assert.equal(await repository.compare(), undefined);
  });
  await t.step("an ignore file that the settings name", async () => {
    await Deno.writeTextFile(join(ground.home, "ignored"), "other\n");
    await Deno.writeTextFile(join(ground.home, ".gitconfig"), "[core]\n\texcludesFile = ~/ignored\n");
    assert.equal(await repository.compare(), undefined);
    await Deno.writeTextFile(join(ground.home, "ignored"), "notes*\n");
    assert.equal(await repository.compare(), undefined);
  });
  await t.step("settings that include others", async () => {
    await Deno.writeTextFile(join(ground.home, ".gitconfig"), "[include]\n\tpath = more\n");
    assert.equal(
      await repository.compare(),
      "Whether files differ from the git commit is unknown: there are untracked files, and whether git's ignore file " +
        "of the user names them can't be read.",
    );
  });
  await t.step("that untracked files aren't shown", async () => {
    await Deno.writeTextFile(join(ground.home, ".gitconfig"), "[status]\n\tshowUntrackedFiles = no\n");
    await repository.write("new.txt", "");
    assert.equal(
      await repository.compare(),
      "Whether files differ from the git commit is unknown: git is set to show no untracked files, and there are some.",
    );
  });
});

/** States in which the dirty flag can't be told, and why. */
const DOUBTFUL: Readonly<Record<string, readonly [why: string, make: Make]>> = {
  "a split index": [
    "the index is split, or of some directories only",
    ({ git }) => git("update-index", "--split-index"),
  ],
  "a sparse index": ["the index is split, or of some directories only", async ({ git }) => {
    await git("sparse-checkout", "set", "--cone", "--sparse-index", "nothing");
  }],
  "a file with a filter that was written as it was": [
    "the repository's attributes change files before they are compared",
    async (repository) => {
      await PLAIN["untouched files with a filter"]!(repository);
      await repository.write("x.up", "SHOUT\n");
    },
  ],
  "an edit of line ends that git may change": ["git may be set to change line ends", async (repository) => {
    await repository.write("crlf.txt", "a\nb\n");
    await commit(repository);
    await repository.git("config", "core.autocrlf", "true");
    await repository.git(
      "update-index",
      "--cacheinfo",
      `100644,${await repository.git("rev-parse", "HEAD:crlf.txt")}`.trim() + ",crlf.txt",
    );
    await repository.write("crlf.txt", "a\r\nb\r\n");
  }],
  "objects that stand for others": ["the repository replaces objects by others", async (repository) => {
    await repository.write("a.txt", "two\n");
    await commit(repository);
    await repository.git("replace", "HEAD", "HEAD~1");
  }],
  "objects that are kept elsewhere": [
    "an object of the commit isn't in the repository",
    async ({ directory, git }) => {
      const objects = join(directory, ".git/objects");
      await Deno.rename(objects, `${objects}_kept`);
      await Deno.mkdir(join(objects, "info"), { recursive: true });
      await Deno.writeTextFile(join(objects, "info/alternates"), `${objects}_kept\n`);
      await git("status");
    },
  ],
};

Deno.test("a dirty flag that can't be told is unknown, with the reason", async (t) => {
  await using ground = await openGround();
  for (const [index, [name, [why, make]]] of Object.entries(DOUBTFUL).entries()) {
    await t.step(name, async () => {
      const repository = await ground.repository(`doubtful_${index}`);
      await make(repository);
      assert.equal(
        await repository.compare(),
        `Whether files differ from the git commit is unknown: ${why}.`,
      );
      await repository.write("b.sh", "longer than it was, which is certain\n");
      if (!name.startsWith("a s")) assert.equal(await repository.compare(), undefined);
    });
  }
});

/** What a process tells that is started in a directory with no environment but a home and what is given. */
async function toldIn(directory: string, home: string, env: Readonly<Record<string, string>> = {}) {
  const program = fileURLToPath(new URL("./tell_git.ts", import.meta.url));
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-config", "--quiet", program],
    cwd: directory,
    clearEnv: true,
    env: { HOME: home, DENO_DIR: Deno.env.get("DENO_DIR") ?? "", ...env },
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assert.equal(err, "");
  return JSON.parse(out!);
}

Deno.test("who runs this is named by the environment, or else by the repository", async () => {
  await using ground = await openGround();
  const repository = await ground.repository("named");
  await repository.git("config", "user.name", "Ada Lovelace");
  const inside = join(repository.directory, "src");
  assert.equal((await toldIn(ground.directory, ground.home)).user, "unknown");
  assert.equal((await toldIn(inside, ground.home)).user, "Ada Lovelace");
  assert.equal((await toldIn(inside, ground.home, { LOGNAME: "ada" })).user, "ada");
});

Deno.test("a repository of many files is read beside, to the same end", async () => {
  await using ground = await openGround();
  const repository = await ground.repository("many");
  for (let count = 0; count < 4000; count++) {
    await Deno.mkdir(join(repository.directory, `d${count % 40}`), { recursive: true });
    await Deno.writeTextFile(join(repository.directory, `d${count % 40}/file_${count}.txt`), `${count}\n`);
  }
  await commit(repository);
  assert.equal(await repository.compare(), undefined);
  const { here, beside } = await toldIn(repository.directory, ground.home);
  assert.deepEqual(beside, here.state);
  assert.equal(beside.dirty, false);
  await repository.write("d39/file_3999.txt", "edited\n");
  assert.equal((await toldIn(repository.directory, ground.home)).beside.dirty, true);
});

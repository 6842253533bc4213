import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { readState } from "../../lib/base/git/read_state.ts";

/** A directory for repositories, with a home in which git has no settings but those that a test writes. */
export interface Ground extends AsyncDisposable {
  readonly directory: string;
  readonly home: string;
  /** Makes a repository with a first commit of a few files. */
  repository(name: string, ...args: readonly string[]): Promise<Repository>;
}

/** A repository that real git made. */
export interface Repository {
  readonly directory: string;
  /** Runs git there, which has to succeed; gives what it printed. */
  git(...args: readonly string[]): Promise<string>;
  /** Runs git there; gives what it printed, or undefined where it failed. */
  tryGit(...args: readonly string[]): Promise<string | undefined>;
  write(file: string, text: string): Promise<void>;
  remove(file: string): Promise<void>;
  /** Compares what is read here with what git tells, and gives why the dirty flag isn't known. */
  compare(): Promise<string | undefined>;
}

/** Makes a ground. */
export async function openGround(): Promise<Ground> {
  const directory = await Deno.realPath(await Deno.makeTempDir({ prefix: "reprise-git-" }));
  const home = join(directory, "home");
  await Deno.mkdir(home);
  return {
    directory,
    home,
    async repository(name, ...args) {
      const repository = repositoryAt(join(directory, name), home);
      await Deno.mkdir(repository.directory, { recursive: true });
      await repository.git("init", "--quiet", "--initial-branch=trunk", ...args);
      await repository.write("a.txt", "one\n");
      await repository.write("b.sh", "#!/bin/sh\n");
      await Deno.chmod(join(repository.directory, "b.sh"), 0o755);
      await repository.write("src/c.ts", "export const c = 1;\n");
      await repository.write("src/deep/d.ts", "export const d = 1;\n");
      await Deno.symlink("a.txt", join(repository.directory, "link"));
      await repository.git("add", ".");
      await repository.git("commit", "--quiet", "-m", "first");
      return repository;
    },
    async [Symbol.asyncDispose]() {
      await Deno.remove(directory, { recursive: true });
    },
  };
}

/** Where git's settings of a user are, whose home a folder is. */
export const placeOf = (home: string) => ({ home, config: join(home, ".config") });

/** A directory, as a repository that there may be. */
export function repositoryAt(directory: string, home: string): Repository {
  const run = (args: readonly string[]) =>
    new Deno.Command("git", {
      args: ["-c", "protocol.file.allow=always", ...args],
      cwd: directory,
      clearEnv: true,
      env: {
        PATH: Deno.env.get("PATH")!,
        HOME: home,
        ...{
          GIT_AUTHOR_NAME: "a",
          GIT_AUTHOR_EMAIL: "a@b",
          GIT_COMMITTER_NAME: "a",
          GIT_COMMITTER_EMAIL: "a@b",
        },
      },
      stdin: "null",
    }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const tryGit = async (...args: readonly string[]) => {
    const { success, stdout } = await run(args);
    return success ? text(stdout) : undefined;
  };
  return {
    directory,
    tryGit,
    async git(...args) {
      const { success, stdout, stderr } = await run(args);
      assert.ok(success, `git ${args.join(" ")}: ${text(stderr)}`);
      return text(stdout);
    },
    async write(file, content) {
      await Deno.mkdir(dirname(join(directory, file)), { recursive: true });
      await Deno.writeTextFile(join(directory, file), content);
    },
    remove: (file) => Deno.remove(join(directory, file), { recursive: true }),
    async compare() {
      // Git writes what it has looked at into the index, so this looks first.
      const { state, untold } = readState(directory, placeOf(home));
      // Not to write the index leaves it as it was for what is compared next.
      const status = await tryGit("--no-optional-locks", "status", "--porcelain=v2", "--branch");
      const branch = /^# branch\.head (.+)$/m.exec(status ?? "")?.[1];
      const remote = await tryGit("config", "--get", "remote.origin.url");
      const commit = /^# branch\.oid ([0-9a-f]{40,})$/m.exec(status ?? "")?.[1];
      const told = commit === undefined ? undefined : {
        commit,
        branch: branch === "(detached)" ? undefined : branch,
        dirty: state && state.dirty === undefined ? undefined : /^[^#]/m.test(status!),
        remote: remote?.trim().replace(/\/\/[^/]*@/, "//") || undefined,
      };
      assert.deepEqual(state, told, `${untold}\n${status}`);
      return untold;
    },
  };
}

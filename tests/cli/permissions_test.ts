import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { GRANTS } from "../../lib/server/process.ts";
import { freePort } from "../mlflow/server.ts";
import { scriptOver, SHAPES } from "../postgres/experiment.ts";
import { startPostgres } from "../postgres/server.ts";
import { openProject, ROOT } from "../project.ts";

const root = fileURLToPath(ROOT);
const tasks: Readonly<Record<string, { readonly command: string }>> =
  JSON.parse(await Deno.readTextFile(join(root, "deno.json"))).tasks;
/** The tasks that users run; those of developers start compilers, servers and browsers. */
const USERS = ["train", "replay", "contract", "runs", "registry", "config"];

/** What a command line grants, as `kind` or `kind=value`. */
function grantsIn(command: string): readonly string[] {
  return [...command.matchAll(/--allow-(\w+)(?:=(\S+))?/g)]
    .flatMap(([, kind, values]) => values?.split(",").map((value) => `${kind}=${value}`) ?? [kind!]);
}

interface Asked {
  readonly permission: string;
  readonly value?: string;
}

/** Runs a task's own command line in this checkout, and gives what it asked for. */
async function audit(task: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const log = await Deno.makeTempFile();
  try {
    const [deno, ...flags] = tasks[task]!.command.split(" ");
    assert.equal(deno, "deno");
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [...flags, ...args],
      cwd: root,
      // A Deno that the task runs would write into the same log.
      env: {
        MLFLOW_TRACKING_URI: "",
        ...env,
        ...(args.includes("--as-recorded") ? {} : { DENO_AUDIT_PERMISSIONS: log }),
      },
    }).output();
    const lines = (await Deno.readTextFile(log)).split("\n").filter(Boolean);
    const asked = lines.map((line): Asked => JSON.parse(line));
    const text = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("");
    // Deno's audit leaves out the programs that are run: they are known by what they told.
    if (text.includes("run again\n")) asked.push({ permission: "run", value: "deno" });
    return { code, text, asked };
  } finally {
    await Deno.remove(log);
  }
}

const STORE = ["URI", "USERNAME", "PASSWORD", "TOKEN"].map((name) => `env=MLFLOW_TRACKING_${name}`)
  .concat("env=MLFLOW_WORKSPACE");
const USER = ["env=USER", "env=LOGNAME", "env=USERNAME"];
const DATABASE = ["env=PGUSER", "env=PGPASSWORD"];
/** All that is granted; the only program that any of them may start is Deno itself, for the past. */
const GRANTED: Readonly<Record<string, readonly string[]>> = {
  train: ["read=.", "write=.", "net", ...STORE, ...USER, ...DATABASE],
  replay: ["read=.", "write=.", "net", ...STORE, ...USER, ...DATABASE, "run=deno"],
  contract: ["read=.", "net", ...DATABASE],
  runs: ["read=.", "write=.", "net", ...STORE],
  registry: ["read=.", "net", ...DATABASE],
  config: ["read=."],
};

Deno.test("tasks, the jobs of a server and the tasks of a new project grant this and no more", async () => {
  for (const task of USERS) {
    const { command } = tasks[task]!;
    assert.match(command, /^deno run --no-prompt --ignore-env( --allow-\S+)* cli\.ts \w+$/, task);
    assert.deepEqual(grantsIn(command), GRANTED[task], task);
  }
  // What is read depends on where Reprise is.
  const beside = (grants: readonly string[]) => grants.filter((grant) => !grant.startsWith("read")).sort();
  for (const [command, grants] of Object.entries(GRANTS)) {
    assert.deepEqual(beside(grantsIn(grants.join(" "))), beside(GRANTED[command]!), command);
  }
  await using project = await openProject({}, { empty: true });
  await project.write("deno.json", "{}");
  assert.equal((await project.run("init", "mine")).code, 0);
  const { test, check, ...mine } = JSON.parse(await project.read("mine/deno.json")).tasks;
  for (const [task, command] of Object.entries<string>(mine)) {
    assert.deepEqual(beside(grantsIn(command)), beside(GRANTED[task]!), task);
  }
  assert.deepEqual(beside(grantsIn(test)), ["write=."]);
  assert.deepEqual(grantsIn(check), []);
});

Deno.test("programs are started by the room of the past and by the server alone", async () => {
  const starters: string[] = [];
  const look = async (directory: string) => {
    for await (const { name, isDirectory } of Deno.readDir(join(root, directory))) {
      const path = `${directory}/${name}`;
      if (isDirectory) await look(path);
      else if (/Deno\.Command|child_process/.test(await Deno.readTextFile(join(root, path)))) {
        starters.push(path);
      }
    }
  };
  await look("lib");
  assert.ok(starters.length > 0);
  const others = starters.filter((path) => !/^lib\/(replay\/past|server)\//.test(path));
  // It names the module whose calls it observes, and imports it nowhere.
  const observer = "lib/base/observe/builtins.ts";
  assert.deepEqual(others, [observer]);
  assert.doesNotMatch(
    await Deno.readTextFile(join(root, observer)),
    /Deno\.Command|["'](?:node:)?child_process/,
  );
});

Deno.test("tasks work with what they grant, and ask for each thing that they grant", async () => {
  await Deno.mkdir(join(root, ".cache"), { recursive: true });
  const directory = await Deno.makeTempDir({ dir: join(root, ".cache") });
  try {
    await using database = await startPostgres();
    await database.run(SHAPES);
    await Deno.writeTextFile(join(directory, "shapes.ts"), scriptOver(database.url));
    const shapes = `${directory.slice(root.length)}/shapes.ts`;
    const store = ["--tracking-uri", `sqlite:///${directory.slice(root.length)}/audit.db`];
    const nowhere = { MLFLOW_TRACKING_URI: `http://127.0.0.1:${freePort()}` };
    const runs: Readonly<
      Record<string, readonly (readonly [readonly string[], number, Readonly<Record<string, string>>?])[]>
    > = {
      train: [
        [["exp_v1", "--json", ...store], 0],
        [[shapes, ...store], 0, database.env],
        [["exp_v1"], 3, nowhere],
      ],
      replay: [
        [["exp_v1", "--rerun", ...store], 0],
        [["exp_v1", "--rerun", "--as-recorded", ...store], 0],
        [["shapes", "--judged-by", shapes, ...store], 0, database.env],
        [["exp_v1"], 3, nowhere],
      ],
      contract: [[["exp_v1"], 0], [[shapes], 0, database.env]],
      runs: [[["list", ...store], 0], [["list"], 3, nowhere]],
      registry: [[[], 0], [["show", shapes], 0, database.env]],
      config: [[["schema"], 0]],
    };
    for (const task of USERS) {
      const asked: Asked[] = [];
      for (const [args, expected, env] of runs[task]!) {
        const outcome = await audit(task, args, env);
        assert.equal(outcome.code, expected, `${task} ${args.join(" ")}: ${outcome.text}`);
        asked.push(...outcome.asked);
      }
      for (const grant of grantsIn(tasks[task]!.command)) {
        const [kind, value] = grant.split("=");
        const used = asked.some((one) =>
          one.permission === kind && (!["env", "run"].includes(kind!) || one.value === value)
        );
        assert.ok(used, `${task} grants ${grant}, but never asks for it`);
      }
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../mlflow/server.ts";
import { scriptOver, SHAPES } from "../postgres/experiment.ts";
import { startPostgres } from "../postgres/server.ts";
import { ROOT } from "../project.ts";

const root = fileURLToPath(ROOT);
const tasks: Readonly<Record<string, { readonly command: string }>> =
  JSON.parse(await Deno.readTextFile(join(root, "deno.json"))).tasks;
/** The tasks that users run; those of developers start compilers, servers and browsers. */
const USERS = ["train", "replay", "contract", "runs", "registry", "config"];

/** What a task grants, as `kind` or `kind=value`. */
function grantsOf(task: string): readonly string[] {
  return [...tasks[task]!.command.matchAll(/--allow-(\w+)(?:=(\S+))?/g)]
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
    if (text.includes("environment.commit")) asked.push({ permission: "run", value: "git" });
    if (text.includes("run again\n")) asked.push({ permission: "run", value: "deno" });
    return { code, text, asked };
  } finally {
    await Deno.remove(log);
  }
}

Deno.test("no task grants all, foreign functions, system information, or another program than git and, to run the past, Deno", () => {
  for (const task of USERS) {
    const { command } = tasks[task]!;
    assert.doesNotMatch(command, / (-A|--allow-all|--allow-(ffi|sys|import)|--unstable\S*)\b/, task);
    assert.match(command, / --no-prompt /, task);
    for (const grant of grantsOf(task)) {
      const programs = task === "replay" ? ["run=git", "run=deno"] : ["run=git"];
      assert.ok(!grant.startsWith("run") || programs.includes(grant), `${task} grants ${grant}`);
      assert.ok(!grant.startsWith("write") || grant === "write=.", `${task} grants ${grant}`);
      assert.ok(!grant.startsWith("read") || grant === "read=.", `${task} grants ${grant}`);
    }
  }
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
      for (const grant of grantsOf(task)) {
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

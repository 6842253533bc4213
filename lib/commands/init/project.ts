import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ExperimentError } from "../../base/error.ts";
import { FRAMEWORK } from "../../experiment/project.ts";
import { projectFiles } from "./templates.ts";

/** A project that was just written. */
export interface NewProject {
  /** Its directory, relative to the working directory: its name. */
  readonly directory: string;
  /** The paths of its files, relative to its directory. */
  readonly files: readonly string[];
}

/**
 * Writes a small project of one's own below the working directory: a dataset, a feature view, a config, tasks and a
 * test. It imports the framework by the URL that this one was loaded from.
 *
 * @param name Its directory, and the name of its config: small letters, digits, `_` and `-`.
 * @throws {ExperimentError} `INVALID_STATE` where there is such a file or directory already.
 */
export async function initProject(name: string): Promise<NewProject> {
  const files = projectFiles({ name, framework: FRAMEWORK, denoJson: denoJsonOf(FRAMEWORK) });
  try {
    await Deno.mkdir(name);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    throw new ExperimentError("INVALID_STATE", `The project can't be written: there is a ${name} already.`, {
      hint: "Give another name, or remove it.",
      cause: error,
    });
  }
  for (const [path, text] of Object.entries(files)) {
    await Deno.mkdir(join(name, dirname(path)), { recursive: true });
    await Deno.writeTextFile(join(name, path), text, { createNew: true });
  }
  return { directory: name, files: Object.keys(files).sort() };
}

const STORE = [
  "MLFLOW_TRACKING_URI",
  "MLFLOW_TRACKING_USERNAME",
  "MLFLOW_TRACKING_PASSWORD",
  "MLFLOW_TRACKING_TOKEN",
  "MLFLOW_WORKSPACE",
];
const USER = ["USER", "LOGNAME", "USERNAME"];
const DATABASE = ["PGUSER", "PGPASSWORD"];

/** A config whose tasks grant what is needed and no more, as those of the framework's own checkout. */
function denoJsonOf(framework: string): string {
  const { protocol, host } = new URL(framework);
  const local = protocol === "file:";
  const read = local ? `"--allow-read=.,${fileURLToPath(framework).replace(/\/$/, "")}"` : "--allow-read=.";
  const hosts = local ? [] : [`--allow-import=${host}`];
  // Deno looks for no deno.json beside a program at a URL.
  const run = (command: string, ...grants: readonly string[]) =>
    ["deno run -c deno.json --no-prompt --ignore-env", read, ...grants, `${framework}cli.ts`, command].join(
      " ",
    );
  const store = (...env: readonly string[]) =>
    ["--allow-write=.", "--allow-net", `--allow-env=${[...STORE, ...env].join(",")}`] as const;
  const data = ["--allow-net", `--allow-env=${DATABASE.join(",")}`];
  const tasks = {
    train: run("train", ...store(...USER, ...DATABASE)),
    replay: run("replay", ...store(...USER, ...DATABASE), "--allow-run=deno"),
    contract: run("contract", ...data),
    runs: run("runs", ...store()),
    registry: run("registry", ...data),
    test: ["deno test --no-prompt --ignore-env --allow-write=.", read, ...hosts].join(" "),
    check: ["deno check", ...hosts, "."].join(" "),
  };
  const config = {
    // So that reading below the project is enough: packages are there, not in Deno's cache.
    nodeModulesDir: "auto",
    // A package of the server's has a script, which Deno doesn't run, and warns of unless it is told not to.
    allowScripts: { deny: ["npm:@scarf/scarf"] },
    tasks,
    compilerOptions: { strict: true, noUncheckedIndexedAccess: true, erasableSyntaxOnly: true },
    exclude: ["node_modules", "mlartifacts"],
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

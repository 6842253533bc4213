import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import type { ExplainedDrift } from "../lib/replay/explain/explanation.ts";

/** The root of this checkout, as a URL. */
export const ROOT = new URL("..", import.meta.url);

/** What a command did. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The fields of the documents that `--json` prints; each command has some of them. */
export interface Document {
  readonly run_id: string;
  readonly rerun_id?: string;
  readonly status: string;
  readonly reason?: string;
  readonly params: Readonly<Record<string, string>>;
  readonly metrics: Readonly<Record<string, number>>;
  readonly version: number;
  readonly clauses: Readonly<Record<string, string>>;
  readonly contract: { readonly version: number; readonly clauses: Readonly<Record<string, string>> };
  readonly verdict: string;
  readonly config: string;
  readonly drifts: readonly ExplainedDrift[];
  readonly notes: readonly string[];
  readonly reasons: readonly string[];
}

/** A user's project in a directory of its own, with the built-in registries and configs as its own. */
export interface Project extends AsyncDisposable {
  readonly directory: string;
  /** Runs a command of the CLI there. */
  run(...args: readonly string[]): Promise<Outcome>;
  /** Runs a command that prints JSON, and gives the document. */
  json(...args: readonly string[]): Promise<Outcome & { readonly document: Document }>;
  /** Starts a command, in a process group of its own, for those that are interrupted. */
  start(...args: readonly string[]): Deno.ChildProcess;
  write(file: string, text: string): Promise<void>;
  read(file: string): Promise<string>;
  /** Replaces a text that has to be in a file. */
  edit(file: string, from: string, to: string): Promise<void>;
}

/**
 * Makes a project. It imports the framework from this checkout, by URL.
 *
 * @param options.empty Without any file.
 */
export async function openProject(
  env: Readonly<Record<string, string>> = {},
  { empty = false }: { readonly empty?: boolean } = {},
): Promise<Project> {
  const directory = await Deno.makeTempDir({ prefix: "reprise-test-" });
  if (!empty) {
    for (const folder of ["registries", "configs"]) await copyInto(directory, folder);
    await Deno.copyFile(new URL("deno.lock", ROOT), join(directory, "deno.lock"));
    const settings = { allowScripts: { deny: ["npm:@scarf/scarf"] } };
    await Deno.writeTextFile(join(directory, "deno.json"), JSON.stringify(settings));
  }
  const path = (file: string) => join(directory, file);
  const commandOf = (args: readonly string[], { detached = false } = {}) =>
    new Deno.Command(Deno.execPath(), {
      // Quiet, so that a cold cache's downloads aren't told on stderr.
      args: [
        "run",
        "-A",
        "--quiet",
        "--no-lock",
        "--config",
        "deno.json",
        new URL("cli.ts", ROOT).href,
        ...args,
      ],
      cwd: directory,
      env: { MLFLOW_TRACKING_URI: "", NO_COLOR: "1", ...env },
      detached,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    });
  const project: Project = {
    directory,
    async run(...args) {
      const { code, stdout, stderr } = await commandOf(args).output();
      const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
      return { code, stdout: out!, stderr: err! };
    },
    async json(...args) {
      const outcome = await project.run(...args, "--json");
      try {
        return { ...outcome, document: JSON.parse(outcome.stdout) };
      } catch {
        return assert.fail(
          `${args.join(" ")} printed no JSON document: ${outcome.stdout}\n${outcome.stderr}`,
        );
      }
    },
    start: (...args) => commandOf(args, { detached: true }).spawn(),
    async write(file, text) {
      await Deno.mkdir(dirname(path(file)), { recursive: true });
      await Deno.writeTextFile(path(file), text);
    },
    read: (file) => Deno.readTextFile(path(file)),
    async edit(file, from, to) {
      const text = await project.read(file);
      assert.ok(text.includes(from), `${file} has no ${from}`);
      await project.write(file, text.replace(from, () => to));
    },
    async [Symbol.asyncDispose]() {
      await Deno.remove(directory, { recursive: true });
    },
  };
  return project;
}

async function copyInto(directory: string, folder: string): Promise<void> {
  await Deno.mkdir(join(directory, folder), { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(new URL(`${folder}/`, ROOT))) {
    const path = `${folder}/${name}`;
    if (isDirectory) await copyInto(directory, path);
    else {await Deno.writeTextFile(
        join(directory, path),
        framed(await Deno.readTextFile(new URL(path, ROOT))),
      );}
  }
}

/** A module with its imports of the framework made absolute. */
function framed(text: string): string {
  return text.replace(/"(?:\.\.\/)+((?:lib\/|mod\.ts)[^"]*)"/g, (_, path) => `"${new URL(path, ROOT).href}"`);
}

import { join } from "node:path";
import { ExperimentError } from "../../base/error.ts";
import type { Graph } from "../../training/kept/graph.ts";
import { packageCache, runDeno } from "./deno.ts";
import { type Layout, layOut } from "./layout.ts";

/** A folder of recorded modules in which one program can be run. */
export interface Sandbox extends AsyncDisposable {
  /** Its absolute path. */
  readonly folder: string;
  /** The modules of each graph, as they are laid out. */
  readonly layouts: Readonly<Record<string, Layout>>;
  /** The path of a file of it. */
  path(name: string): string;
  /**
   * Runs a program on a job: no network, no environment, no other program, nothing to read but the sandbox and Deno's
   * packages, nothing to write but its result. Packages that Deno hasn't got are fetched before, outside of it.
   *
   * @returns The result, as the program wrote it.
   * @throws {ExperimentError} `INVALID_STATE` where it ended without one, or a package can't be had.
   */
  run(program: string, job: object, options: RunOptions): Promise<unknown>;
}

/** How a program is run. */
export interface RunOptions {
  /** The modules that packages are looked for in, beside the program. */
  readonly modules: readonly string[];
  /** Kills the program when aborted. */
  readonly signal?: AbortSignal;
  /** Is told each line that the program prints. */
  readonly onLine?: (line: string) => void;
}

/** Lays out modules in a new folder below the working directory; dispose of it after use. */
export async function openSandbox(
  graphs: Readonly<Record<string, Graph>>,
  options: { readonly lock: string | undefined },
): Promise<Sandbox> {
  const folder = await makeFolder();
  const path = (name: string) => join(folder, name);
  const close = () => Deno.remove(folder, { recursive: true });
  const layouts: Record<string, Layout> = {};
  try {
    // Whatever becomes of this process, the folder is no change to a repository.
    await Deno.writeTextFile(path(".gitignore"), "*\n");
    for (const [name, graph] of Object.entries(graphs)) layouts[name] = await layOut(graph, path(name));
    const scopes = Object.assign({}, ...Object.values(layouts).map((layout) => layout.scopes));
    await Deno.writeTextFile(path("deno.json"), JSON.stringify({ scopes }));
    if (options.lock !== undefined) await Deno.writeTextFile(path("deno.lock"), options.lock);
  } catch (error) {
    await close();
    throw error;
  }
  const config = [
    "--quiet",
    `--config=${path("deno.json")}`,
    "--node-modules-dir=none",
    options.lock === undefined ? "--no-lock" : `--lock=${path("deno.lock")}`,
  ];
  const lacking = Object.assign({}, ...Object.values(graphs).map((graph) => graph.lacking));

  async function attempt(program: string, { signal, onLine }: RunOptions): Promise<Ended> {
    const read = [folder, await packageCache()].map((each) => each.replaceAll(",", ",,"));
    const { last } = await runDeno([
      ...["run", "--no-prompt", "--no-check", "--cached-only", "--deny-net", "--ignore-env", ...config],
      `--allow-read=${read.join(",")}`,
      `--allow-write=${path("result.json").replaceAll(",", ",,")}`,
      ...[program, path("job.json")],
    ], { cwd: folder, ...(signal ? { signal } : {}), ...(onLine ? { onLine } : {}) });
    try {
      const result = JSON.parse(await Deno.readTextFile(path("result.json")));
      return typeof result.failure === "string" ? { failure: result.failure } : { result };
    } catch {
      return { failure: last };
    }
  }

  return {
    folder,
    layouts,
    path,
    async run(program, job, options) {
      await Deno.writeTextFile(path("job.json"), JSON.stringify({ ...job, result: path("result.json") }));
      let ended = await attempt(program, options);
      if ("failure" in ended && lacksPackage(ended.failure)) {
        const { signal } = options;
        const fetched = await runDeno(["cache", ...config, program, ...options.modules], {
          cwd: folder,
          ...(signal ? { signal } : {}),
        });
        if (!fetched.success) throw unavailable(fetched.last);
        ended = await attempt(program, options);
      }
      if ("result" in ended) return ended.result;
      throw failed(inRecordedWords(ended.failure, folder, Object.keys(graphs)), lacking);
    },
    [Symbol.asyncDispose]: close,
  };
}

async function makeFolder(): Promise<string> {
  try {
    return await Deno.makeTempDir({ dir: Deno.cwd(), prefix: ".reprise-" });
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotCapable || cause instanceof Deno.errors.PermissionDenied)) {
      throw cause;
    }
    throw new ExperimentError(
      "PERMISSION_DENIED",
      `The recorded code can't be run: it takes a folder below the working directory. ${cause.message}`,
      { hint: "Allow that by --allow-read=. --allow-write=. in a directory that you may write to.", cause },
    );
  }
}

type Ended = { readonly result: unknown } | { readonly failure: string };

function lacksPackage(words: string): boolean {
  return /not found in cache|--cached-only/.test(words);
}

/** Words with the places that modules had, rather than those that they were laid out at. */
function inRecordedWords(words: string, folder: string, names: readonly string[]): string {
  const laidOut = new RegExp(`(?:file://)?\\b(?:${names.join("|")})/(?:file/|(https?)/)`, "g");
  return words.replaceAll(`${folder}/`, "").replace(laidOut, (_, scheme) => scheme ? `${scheme}://` : "/");
}

function failed(reason: string, lacking: Readonly<Record<string, string>>): ExperimentError {
  const [module, why] = Object.entries(lacking).find(([name]) => reason.includes(name)) ?? [];
  return new ExperimentError("INVALID_STATE", `The recorded code can't be run: ${reason}`, {
    ...(module === undefined ? {} : { hint: `${module} wasn't kept: ${why}` }),
  });
}

function unavailable(reason: string): ExperimentError {
  return new ExperimentError(
    "INVALID_STATE",
    `The recorded code can't be run: a package that it needs can't be had: ${reason}`,
    { hint: "Deno's cache has it no more, and it can't be fetched. Try again with a network." },
  );
}

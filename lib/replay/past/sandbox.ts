import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ExperimentError } from "../../base/error.ts";
import { jsonIn } from "../../base/json.ts";
import { z } from "../../deps/zod.ts";
import { pruneLock } from "../../source/package.ts";
import type { Graph } from "../../training/kept/graph.ts";
import { requestsIn } from "../../training/kept/requests.ts";
import { runWarded } from "./deno.ts";
import { importMapOf, type Layout, layOut } from "./layout.ts";
import { defaultLimits } from "./limits.ts";
import type { Ended, RerunLimits, WardenJob } from "./warden.ts";
import { inProjectWords } from "./words.ts";

/** A folder of recorded modules in which one program can be run once. */
export interface Sandbox extends AsyncDisposable {
  /** The modules of each graph, as they are laid out. */
  readonly layouts: Readonly<Record<string, Layout>>;
  /** The path of a file that the program may read. */
  path(name: string): string;
  /**
   * Runs a program on a job: no network, no environment, no other program, nothing to read but the sandbox and the
   * packages of its lock file, nothing to write. Packages that Deno hasn't got are fetched before, outside of it.
   *
   * @returns The result, and what held the program.
   * @throws {ExperimentError} `INVALID_STATE` where it ended without a result, or with none of the schema, was stopped at
   * a limit, or where a package can't be had.
   */
  run<Result>(program: string, options: RunOptions<Result>): Promise<Result & Pick<Ended, "held">>;
}

/** How a program is run. */
export interface RunOptions<Result> {
  /**
   * The job.
   *
   * @param told What the job is to hold so that the result is found: of version 1 the path of the file that the program
   * writes it to, else the mark of the line that it prints.
   */
  readonly job: (told: { readonly mark: string; readonly result: string }) => object;
  /** What the result has to be. */
  readonly schema: z.ZodType<Result>;
  /** Whether the program is one of version 1, which writes a file. @default false */
  readonly writesFile?: boolean;
  /** How long it may run, and what it may take. @default what `defaultLimits` says */
  readonly limits?: Partial<RerunLimits> | undefined;
  /** Ends the program when aborted. */
  readonly signal?: AbortSignal;
  /** A line whose printing is told. */
  readonly tell?: { readonly line: string; readonly onTold: () => void };
}

const failureSchema = z.looseObject({ failure: z.string() });

/** Lays out modules in a new folder below the working directory; dispose of it after use. */
export async function openSandbox(
  graphs: Readonly<Record<string, Graph>>,
  options: { readonly lock: string | undefined },
): Promise<Sandbox> {
  const { text: lock, ...needs } = await needsOf(Object.values(graphs), options.lock);
  const folder = await makeFolder();
  const box = join(folder, "box");
  const path = (name: string) => join(box, name);
  const nowhere = pathToFileURL(`${path("nowhere")}/`).href;
  const close = () =>
    Deno.remove(folder, { recursive: true }).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  const layouts: Record<string, Layout> = {};
  try {
    await Deno.mkdir(box);
    await Deno.mkdir(join(folder, "out"));
    // Whatever becomes of this process, the folder is no change to a repository.
    await Deno.writeTextFile(join(folder, ".gitignore"), "*\n");
    for (const [name, graph] of Object.entries(graphs)) layouts[name] = await layOut(graph, path(name));
    const importMap = importMapOf(Object.values(layouts), nowhere);
    await Deno.writeTextFile(path("deno.json"), JSON.stringify(importMap));
    await Deno.mkdir(join(folder, "deno_dir"));
    if (lock !== undefined) await Deno.writeTextFile(join(folder, LOCK), lock);
  } catch (error) {
    await close();
    throw error;
  }
  const lacking = Object.assign({}, ...Object.values(graphs).map((graph) => graph.lacking));
  const inWords = (words: string) => inRecordedWords(words, { box, nowhere, names: Object.keys(graphs) });

  async function run<Result>(
    program: string,
    { job, schema, writesFile = false, signal, tell, ...options }: RunOptions<Result>,
  ): Promise<Result & Pick<Ended, "held">> {
    const mark = `reprise ${crypto.randomUUID()} `;
    const file = join(folder, "out/result.json");
    await Deno.writeTextFile(path("job.json"), JSON.stringify(job({ mark, result: file })));
    const limits = { ...defaultLimits, ...options.limits };
    const ended = await runWarded({
      folder,
      box,
      program,
      args: [path("job.json")],
      ...needs,
      limits,
      mark: writesFile ? null : mark,
      result: writesFile ? file : null,
      tell: tell?.line ?? null,
    }, { ...(signal ? { signal } : {}), ...(tell ? { onTold: tell.onTold } : {}) });
    if (ended.unavailable !== null) throw unavailable(ended.unavailable);
    if (ended.stopped !== null) throw stoppedAt(ended.stopped, limits);
    const text = writesFile ? await fileText(file, limits) : ended.result;
    const value = jsonIn(text ?? "");
    const failure = failureSchema.safeParse(value);
    if (failure.success) throw failed(inWords(failure.data.failure), lacking);
    const { success, data } = schema.safeParse(value);
    if (success) return { ...data, held: ended.held };
    const last = inWords(ended.last) || "it ended without a result.";
    throw failed(text === undefined ? last : "its result isn't in the form of one.", lacking);
  }

  return { layouts, path, run, [Symbol.asyncDispose]: close };
}

/** Where Deno finds its lock file: where it may write it, and the code can't. */
const LOCK = "deno_dir/deno.lock";

/** Which packages modules ask for, and the lock file that they are run with. */
async function needsOf(
  graphs: readonly Graph[],
  recorded: string | undefined,
): Promise<Pick<WardenJob, "lock" | "packages"> & { readonly text: string | undefined }> {
  const texts = graphs.flatMap(({ modules }) => Object.values(modules));
  const written = await Promise.all(
    // Data that only speaks of packages is no code, which the lexer says.
    texts.map((text) => /\b(npm|jsr):/.test(text) ? requestsIn(text).catch(() => []) : []),
  );
  const mapped = new Set(
    graphs.flatMap(({ imports }) => Object.values(imports).flatMap((targets) => Object.values(targets))),
  );
  const asked = [...written.flat().map(({ specifier }) => specifier), ...mapped];
  const npm = new Set(asked.filter((specifier) => specifier.startsWith("npm:")));
  const pruned = recorded === undefined ? undefined : pruneLock(recorded, { asked: npm, mapped });
  const text = pruned?.text ?? recorded;
  return {
    text,
    lock: text === undefined ? null : { file: LOCK, frozen: pruned !== undefined },
    packages: {
      needed: pruned?.packages ?? null,
      fetch: pruned?.specifiers ?? [],
      jsr: asked.some((specifier) => specifier.startsWith("jsr:")),
    },
  };
}

/** The text of a file that recorded code wrote; undefined where that is none, or too large. */
async function fileText(file: string, { output }: RerunLimits): Promise<string | undefined> {
  try {
    const { isFile, size } = await Deno.lstat(file);
    return isFile && size <= output * 2 ** 20 ? await Deno.readTextFile(file) : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
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

/** Words with the places that modules had, rather than those that they were laid out at. */
function inRecordedWords(words: string, { box, nowhere, names }: {
  readonly box: string;
  readonly nowhere: string;
  readonly names: readonly string[];
}): string {
  const laidOut = new RegExp(`(?:file://)?\\b(?:${names.join("|")})/(?:file/|(https?)/)`, "g");
  const placed = words
    .replace(
      /Module not found "([^"]*)"\.?/g,
      (whole, url) =>
        url.startsWith(nowhere)
          ? `it imports "file:///${url.slice(nowhere.length)}", which isn't among the modules that were kept`
          : whole,
    )
    .replaceAll(nowhere, "file:///")
    .replaceAll(pathToFileURL(`${box}/`).href, "")
    .replaceAll(`${box}/`, "")
    .replace(laidOut, (_, scheme) => scheme ? `${scheme}://` : "file:///");
  return inProjectWords(placed).replaceAll("file:///", "/").trim();
}

function failed(reason: string, lacking: Readonly<Record<string, string>>): ExperimentError {
  const [module, why] = Object.entries(lacking).find(([name]) => reason.includes(inProjectWords(name))) ?? [];
  return new ExperimentError("INVALID_STATE", `The recorded code can't be run: ${reason}`, {
    ...(module === undefined ? {} : { hint: `${inProjectWords(module)} wasn't kept: ${why}` }),
  });
}

function stoppedAt(limit: keyof RerunLimits, limits: RerunLimits): ExperimentError {
  const words = {
    timeout: `after ${limits.timeout} s`,
    memory: `at ${limits.memory} MiB of memory`,
    output: `after ${limits.output} MiB of output`,
  };
  return new ExperimentError("INVALID_STATE", `The recorded code was stopped ${words[limit]}.`, {
    hint: `If it is to go on longer, or to take more, say so by --rerun-${limit}.`,
  });
}

function unavailable(reason: string): ExperimentError {
  return new ExperimentError(
    "INVALID_STATE",
    `The recorded code can't be run: a package that it needs can't be had: ${reason}`,
    { hint: "Deno's cache has it no more, and it can't be fetched. Try again with a network." },
  );
}

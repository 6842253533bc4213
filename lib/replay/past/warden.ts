import { homedir } from "node:os";

/**
 * The program between this process and recorded code: it starts the code with the limits that it is told, and ends it
 * at one of them, or when its own stdin ends, as when the process that started it is killed. It is run by its text, in
 * a process of its own, so it imports nothing of ours.
 */
export interface WardenJob {
  /** The folder that is removed where the process that asked is gone. */
  readonly folder: string;
  /** The folder of it that the code is run in, and may read. */
  readonly box: string;
  /** The URL of the module to run, and its arguments. */
  readonly program: string;
  readonly args: readonly string[];
  /** The lock file below the folder; null without one. A frozen one names all packages that there may be. */
  readonly lock: { readonly file: string; readonly frozen: boolean } | null;
  readonly packages: Packages;
  readonly limits: RerunLimits;
  /** Environment variables that make a difference to code that has no other. */
  readonly env: Readonly<Record<string, string>>;
  /** What the line that is the result begins with; null where the code writes a file instead. */
  readonly mark: string | null;
  /** The file that it may write instead. */
  readonly result: string | null;
  /** A line that is passed on when the code prints it. */
  readonly tell: string | null;
  /** Use what of the system holds the code beside Deno's permissions, where there is something. */
  readonly beneath: boolean;
}

/** The packages that code may load. */
export interface Packages {
  /** `name@version` of each; null where that isn't known, and all that Deno's cache has may be read. */
  readonly needed: readonly string[] | null;
  /** By what to ask the registry for those that Deno's cache hasn't got. */
  readonly fetch: readonly string[];
  /** Whether some are of JSR, which Deno keeps as modules. */
  readonly jsr: boolean;
}

/** How long recorded code may run, and what it may take. */
export interface RerunLimits {
  /** In seconds. */
  readonly timeout: number;
  /** In MiB, together. */
  readonly memory: number;
  /** How much it may print or write, in MiB. */
  readonly output: number;
}

/** How recorded code ended. */
export interface Ended {
  readonly success: boolean;
  /** Its last words on stderr. */
  readonly last: string;
  /** The limit at which it was ended; null where it ended by itself. */
  readonly stopped: keyof RerunLimits | null;
  /** What held it. */
  readonly held: "permissions" | "permissions and bwrap";
  /** Why a package that it needs can't be had, in which case it wasn't run; null where all are here. */
  readonly unavailable: string | null;
}

/** What a line of the warden begins with. */
export const WARDEN_LINES = { result: "result ", told: "told", ended: "ended " } as const;

/**
 * Gives each line of a stream, in a time that grows with its length alone.
 *
 * @param options.isKept Whether a line is wanted, by how it begins; others are dropped as they come.
 * @param options.onBytes Is told how many bytes came.
 */
export async function eachLine(stream: ReadableStream<Uint8Array<ArrayBuffer>>, options: {
  readonly isKept: (beginning: string) => boolean;
  readonly onLine: (line: string) => void;
  readonly onBytes?: (count: number) => void;
}): Promise<void> {
  const { isKept, onLine, onBytes = () => {} } = options;
  const BEGINNING = 100;
  let parts: string[] = [];
  let length = 0;
  let isDropped = false;
  const add = (part: string) => {
    if (isDropped || part === "") return;
    parts.push(part);
    length += part.length;
    if (length - part.length >= BEGINNING || length < BEGINNING) return;
    parts = [parts.join("")];
    isDropped = !isKept(parts[0]!);
  };
  const end = () => {
    const line = isDropped ? "" : parts.join("");
    if (!isDropped && line !== "" && isKept(line)) onLine(line);
    [parts, length, isDropped] = [[], 0, false];
  };
  const counted = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(bytes, controller) {
      onBytes(bytes.length);
      controller.enqueue(bytes);
    },
  });
  for await (const text of stream.pipeThrough(counted).pipeThrough(new TextDecoderStream())) {
    let from = 0;
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", from)) {
      add(text.slice(from, at));
      end();
      from = at + 1;
    }
    add(text.slice(from));
  }
  end();
}

const MIB = 2 ** 20;
const BWRAP = "bwrap";
/** The longest that a timer waits, in milliseconds. */
const LONGEST_MS = 2 ** 31 - 1;
/** How often a line that is passed on is. */
const MOST_TOLD = 100;

async function serve(): Promise<never> {
  // They are for the process that asked, which ends this one in its turn.
  if (Deno.build.os !== "windows") {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) Deno.addSignalListener(signal, () => {});
  }
  const stdin = Deno.stdin.readable.pipeThrough(new TextDecoderStream()).getReader();
  let asked = "";
  while (!asked.endsWith("\n")) {
    const { value, done } = await stdin.read();
    if (done) Deno.exit(1);
    asked += value;
  }
  const job: WardenJob = JSON.parse(asked);
  const gone = new AbortController();
  (async () => {
    while (!(await stdin.read()).done);
    gone.abort();
  })();
  const ended = await ward(job, gone.signal).catch((error) => gone.signal.aborted ? undefined : error);
  if (gone.signal.aborted) {
    await Deno.remove(job.folder, { recursive: true }).catch(() => {});
    Deno.exit(1);
  }
  if (ended instanceof Error) throw ended;
  await print(WARDEN_LINES.ended + JSON.stringify(ended));
  Deno.exit(0);
}

async function ward(job: WardenJob, gone: AbortSignal): Promise<Ended> {
  const { npmCache, modulesCache } = JSON.parse(await output([Deno.execPath(), "info", "--json"]));
  const denoDir = `${job.folder}/deno_dir`;
  await Deno.mkdir(npmCache, { recursive: true });
  await Deno.symlink(npmCache, `${denoDir}/npm`, { type: "junction" });
  // In the place of the folder of `localStorage` and `caches`, for which Deno asks nobody and knows no limit.
  await Deno.writeTextFile(`${denoDir}/location_data`, "");
  if (job.packages.jsr) await Deno.symlink(modulesCache, `${denoDir}/remote`, { type: "junction" });
  await Deno.writeTextFile(
    `${job.box}/.npmrc`,
    await registriesIn([`${homedir()}/.npmrc`, `${job.folder}/../.npmrc`]),
  );
  const unable = { success: false, last: "", stopped: null, held: "permissions" as const };
  let folders = await foldersOf(job.packages, npmCache);
  if (folders === undefined) {
    const reason = await fetchPackages(job, gone);
    if (reason !== undefined) return { ...unable, unavailable: reason };
    folders = await foldersOf(job.packages, npmCache);
    if (folders === undefined) return { ...unable, unavailable: "it isn't in Deno's cache" };
  }
  const packages = [...folders, ...(job.packages.jsr ? [modulesCache] : [])];
  // The code sees them by the link, too.
  const linked = folders.map((path) => `${denoDir}/npm${path.slice(npmCache.length)}`);
  const command = [Deno.execPath(), ...denoArgs(job, [...packages, ...linked])];
  const beneath = job.beneath ? await bwrapFor(job, [denoDir, ...packages]) : undefined;
  const { success, last, stopped } = await watch(job, [...beneath ?? [], ...command], { denoDir, gone });
  return {
    success,
    last,
    stopped,
    held: beneath === undefined ? "permissions" : "permissions and bwrap",
    unavailable: null,
  };
}

function denoArgs(
  { folder, box, program, args, lock, packages, limits, result }: WardenJob,
  read: readonly string[],
) {
  // From the box, in which it is run, as a grant can't name a path with a comma.
  const below = (path: string) =>
    path.startsWith(`${folder}/`) ? `../${path.slice(folder.length + 1)}` : path;
  return [
    ...["run", "--quiet", "--no-prompt", "--no-check", "--cached-only", "--deny-net", "--ignore-env"],
    ...["--deny-run", "--deny-ffi", "--deny-sys", packages.jsr ? "--allow-import=jsr.io" : "--deny-import"],
    "--node-modules-dir=none",
    `--config=${box}/deno.json`,
    lock === null ? "--no-lock" : `--lock=${folder}/${lock.file}`,
    ...(lock?.frozen ? ["--frozen"] : []),
    `--v8-flags=--max-old-space-size=${limits.memory}`,
    `--allow-read=${[".", ...read.map(below)].join(",")}`,
    ...(result === null ? ["--deny-write"] : [`--allow-write=${below(result)}`]),
    // The URL of a file, as `deno run` knows no `--` before it.
    ...[program, ...args],
  ];
}

/** Where the packages are that code may load, or the whole cache; undefined where one isn't there. */
async function foldersOf({ needed }: Packages, npmCache: string): Promise<readonly string[] | undefined> {
  if (needed === null) return [npmCache];
  const hosts = (await Array.fromAsync(Deno.readDir(npmCache))).map(({ name }) => `${npmCache}/${name}`);
  const found: string[] = [];
  for (const each of needed) {
    const at = each.lastIndexOf("@");
    const [name, version] = [each.slice(0, at), each.slice(at + 1)];
    const folders = await Promise.all(hosts.map(async (host) => {
      const there = await Deno.stat(`${host}/${name}/${version}`).then(() => true, () => false);
      return there ? [`${host}/${name}/${version}`] : [];
    }));
    if (folders.flat().length === 0) return undefined;
    found.push(...folders.flat());
  }
  return found;
}

/** Fetches packages by name, checked by the lock file; gives the reason where that fails. */
async function fetchPackages(
  { folder, box, packages, lock }: WardenJob,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (lock === null || packages.fetch.length === 0) return "nothing says which it is";
  const [config, copy] = [`${folder}/fetch.json`, `${folder}/fetch.lock`];
  // Without the addresses that it may say archives are at: they are had from the registry alone.
  const text = await Deno.readTextFile(`${folder}/${lock.file}`);
  const pins = JSON.stringify(JSON.parse(text), (key, value) => key === "tarball" ? undefined : value);
  await Deno.writeTextFile(copy, pins);
  await Deno.writeTextFile(config, "{}");
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...[
        "cache",
        "--quiet",
        `--config=${config}`,
        `--lock=${copy}`,
        "--node-modules-dir=none",
      ],
      // Each begins with `npm:`; Deno takes none of those after a `--`.
      ...packages.fetch.filter((specifier) => specifier.startsWith("npm:")),
    ],
    cwd: box,
    stdin: "null",
    stdout: "null",
    signal,
  }).output();
  return success ? undefined : lastWords(new TextDecoder().decode(stderr));
}

/** The registries that npm is told of, without any secret. */
async function registriesIn(files: readonly string[]): Promise<string> {
  const texts = await Promise.all(files.map((file) => Deno.readTextFile(file).catch(() => "")));
  return texts.flatMap((text) => text.match(/^(@[\w.-]+:)?registry\s*=\s*https?:\/\/[^\s@]+$/gm) ?? []).join(
    "\n",
  );
}

/** The words by which bubblewrap runs a program that sees nothing but what it may read; undefined where it can't. */
async function bwrapFor(job: WardenJob, folders: readonly string[]): Promise<readonly string[] | undefined> {
  if (Deno.build.os !== "linux") return undefined;
  const bound = (paths: readonly string[]) => paths.flatMap((path) => ["--ro-bind-try", path, path]);
  const words = [
    ...[BWRAP, "--die-with-parent", "--new-session", "--unshare-all", "--cap-drop", "ALL"],
    ...["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"],
    ...bound(["/usr", "/lib", "/lib64", "/nix/store", "/etc/ld.so.cache", "/etc/localtime"]),
    ...bound([Deno.execPath(), ...folders, job.box]),
    ...["--bind", folders[0]!, folders[0]!],
    ...(job.result === null ? [] : ["--bind", `${job.folder}/out`, `${job.folder}/out`]),
    ...["--chdir", job.box, "--"],
  ];
  try {
    return await output([...words, Deno.execPath(), "--version"]) === "" ? undefined : words;
  } catch {
    return undefined;
  }
}

/** Runs the code, and ends it at a limit. */
async function watch(job: WardenJob, [program, ...args]: readonly string[], options: {
  readonly denoDir: string;
  readonly gone: AbortSignal;
}): Promise<Pick<Ended, "success" | "last" | "stopped">> {
  const { limits, mark, tell } = job;
  const { denoDir, gone } = options;
  gone.throwIfAborted();
  const child = new Deno.Command(program!, {
    args,
    cwd: job.box,
    clearEnv: true,
    env: {
      ...job.env,
      DENO_DIR: denoDir,
      NO_COLOR: "1",
      DENO_NO_UPDATE_CHECK: "1",
      DENO_NO_PACKAGE_JSON: "1",
    },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let stopped: keyof RerunLimits | null = null;
  let sweeper: ReturnType<typeof setInterval> | undefined;
  const kill = () => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has just ended.
    }
    // What bubblewrap starts lives on where that is killed before it has tied the two.
    if (program === BWRAP) sweeper ??= setInterval(() => killAllOf(job.folder), 50);
  };
  const stop = (limit: keyof RerunLimits) => {
    stopped ??= limit;
    kill();
  };
  gone.addEventListener("abort", kill);
  const timeout = setTimeout(() => stop("timeout"), Math.min(limits.timeout * 1000, LONGEST_MS));
  const watcher = setInterval(() => {
    if (residentMemory(child.pid) > limits.memory * MIB) stop("memory");
    if (job.result !== null && sizeOf(job.result) > limits.output * MIB) stop("output");
  }, 100);
  let bytes = 0;
  const onBytes = (count: number) => {
    bytes += count;
    if (bytes > limits.output * MIB) stop("output");
  };
  let printed = Promise.resolve();
  let told = 0;
  let result: string | undefined;
  let last = "";
  const [{ success }] = await Promise.all([
    child.status,
    eachLine(child.stdout, {
      isKept: (line) => line === tell || (mark !== null && line.startsWith(mark)),
      // Code that prints lines without end makes nobody pass them on for longer than it runs.
      onLine: (line) => {
        if (line !== tell) result = line.slice(mark!.length);
        else if (++told <= MOST_TOLD) printed = printed.then(() => print(WARDEN_LINES.told));
      },
      onBytes,
    }),
    (async () => {
      for await (const chunk of child.stderr) {
        onBytes(chunk.length);
        last = (last + new TextDecoder().decode(chunk)).slice(-4000);
      }
    })(),
  ]);
  clearTimeout(timeout);
  clearInterval(watcher);
  clearInterval(sweeper);
  await child.stdin.close().catch(() => {});
  await printed;
  if (stopped === null && result !== undefined) await print(WARDEN_LINES.result + result);
  const isOutOfMemory = !success &&
    /heap out of memory|Reached heap limit|JavaScript out of memory/.test(last);
  return { success, last: lastWords(last), stopped: stopped ?? (isOutOfMemory ? "memory" : null) };
}

/** Ends all processes whose command line names a folder. */
function killAllOf(folder: string): void {
  for (const { name } of Deno.readDirSync("/proc")) {
    try {
      if (/^\d+$/.test(name) && Deno.readTextFileSync(`/proc/${name}/cmdline`).includes(`${folder}/`)) {
        Deno.kill(Number(name), "SIGKILL");
      }
    } catch {
      // It has just ended.
    }
  }
}

/** The bytes of memory that a process and those that it started hold, where the system tells. */
function residentMemory(pid: number): number {
  try {
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    const own = Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
    const children = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).split(" ").filter((id) =>
      id !== ""
    );
    return children.reduce((sum, child) => sum + residentMemory(Number(child)), own);
  } catch {
    return 0;
  }
}

function sizeOf(file: string): number {
  try {
    return Deno.lstatSync(file).size;
  } catch {
    return 0;
  }
}

function lastWords(text: string): string {
  return text.replace(/\n+Stack backtrace:[^]*$/, "").trim().slice(-2000).replace(/^error: /, "");
}

async function output([program, ...args]: readonly string[]): Promise<string> {
  const { success, stdout } = await new Deno.Command(program!, { args, stdin: "null", stderr: "null" })
    .output();
  return success ? new TextDecoder().decode(stdout) : "";
}

async function print(line: string): Promise<void> {
  let rest = new TextEncoder().encode(`${line}\n`);
  while (rest.length > 0) rest = rest.subarray(await Deno.stdout.write(rest));
}

if (import.meta.main) await serve();

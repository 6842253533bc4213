import module from "node:module";
import process from "node:process";
import { FACADE, packageOf } from "./asker.ts";
import { askVariable } from "./denos.ts";
import { askFile, fileDigest, pathIn } from "./files.ts";
import { askFor } from "./globals.ts";
import { digestOfState } from "./input.ts";
import type { Patches } from "./patch.ts";
import { see } from "./seen.ts";

/** Observes what a module of Node's gives, by its default export. */
type Observe = (patches: Patches, given: object) => void;

const getBuiltin = process.getBuiltinModule.bind(process);
const sync = (...names: readonly string[]) => names.flatMap((name) => [name, `${name}Sync`]);
const askNative = askFor("native");
const askArguments = askFor("arguments");
const askDirectory = askFor("directory");
const askTerminal = askFor("terminal");
/** What a process has opened when it begins. */
const isStandard = (given: unknown) => typeof given === "number" && given < 3;
const askFirst = ([path, options]: readonly unknown[]) => {
  const { fd } = (typeof options === "object" ? options ?? {} : {}) as { readonly fd?: unknown };
  if (isStandard(path) || isStandard(fd)) askTerminal();
  else askFile(path);
};
const askMetadata = askFor("metadata");
const askListing = askFor("listing");
const askMachine = askFor("machine");
const askClock = askFor("clock");
const askRandom = askFor("random");

/** Observes every function and class that a module has. */
const all = (kind: Parameters<typeof askFor>[0], but: readonly string[] = []): Observe => {
  const asked = askFor(kind);
  return ({ calls }, given) => calls(given, Object.keys(given).filter((key) => !but.includes(key)), asked);
};

const files: Observe = ({ calls }, given) => {
  calls(given, sync("readFile", "copyFile", "exists", "access", "cp"), askFirst);
  calls(given, ["createReadStream", "ReadStream", "FileReadStream", "openAsBlob"], askFirst);
  calls(given, [...sync("read", "readv")], ([opened]) => {
    if (isStandard(opened)) askTerminal();
  });
  calls(given, sync("open"), ([path, flags]) => {
    if (!/^[wa]x?s?$/.test(String(flags))) askFile(path);
  });
  calls(given, [...sync("readdir", "opendir", "glob"), "watch", "watchFile"], askListing);
  calls(given, sync("stat", "lstat", "fstat", "statfs", "realpath", "readlink"), askMetadata);
  calls(given, sync("mkdtemp"), askRandom);
};

const DRAWS = /\brandom(?:blob)?\s*\(/i;
const TELLS_TIME =
  /\bcurrent_(?:date|time|timestamp)\b|\b(?:date|datetime|julianday|strftime|time|unixepoch)\s*\(|'now'/i;
const OPENS = /\b(?:attach|load_extension)\b/i;

/** A database in SQLite is a file with what isn't written into it yet; its SQL can ask for more. */
function observeSqlite({ calls }: Patches, given: object): void {
  calls(given, ["DatabaseSync"], ([path]) => {
    const text = pathOfDatabase(pathIn(path) ?? "");
    if (text === ":memory:" || text === "") return;
    askFile(text);
    if (fileDigest(`${text}-wal`) !== digestOfState("missing")) askFile(`${text}-wal`);
  });
  const { DatabaseSync } = given as { readonly DatabaseSync: { readonly prototype: object } };
  calls(DatabaseSync.prototype, ["loadExtension"], askNative);
  calls(DatabaseSync.prototype, ["exec", "prepare"], ([sql]) => {
    const text = String(sql);
    if (DRAWS.test(text)) askRandom();
    if (TELLS_TIME.test(text)) askClock();
    if (OPENS.test(text)) askNative();
  });
}

/** The path in what SQLite takes for a path or a URI, such as `file:rows.db?mode=ro`. */
function pathOfDatabase(text: string): string {
  const [, path] = /^file:(?:\/\/[^/]*)?([^?#]*)/i.exec(text) ?? [];
  if (path === undefined) return text;
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** Lets the metadata of a file that was opened be noted too: its class is had by one that is open alone. */
function handles({ calls, replace }: Patches, given: object): void {
  const seen = new Set<object>();
  replace(given, "open", (open) => async (...args: unknown[]) => {
    const handle: object = await (open as (...args: unknown[]) => Promise<object>)(...args);
    const { constructor: { prototype } } = handle;
    if (!seen.has(prototype)) calls(prototype, ["stat"], askMetadata);
    seen.add(prototype);
    return handle;
  });
}

/** What is observed of each of Node's modules; the others give nothing that their callers didn't. */
const BUILTINS: Readonly<Record<string, Observe>> = {
  child_process: all("program"),
  cluster: all("program"),
  crypto: ({ calls }, given) => {
    calls(
      given,
      ["getRandomValues", "pseudoRandomBytes", "randomBytes", "randomInt", "randomUUID"],
      askRandom,
    );
    calls(given, [...sync("randomFill", "generateKey", "generateKeyPair", "generatePrime")], askRandom);
    calls(given, ["createDiffieHellman", "createECDH", "prng", "rng"], askRandom);
    calls(given, ["createDiffieHellmanGroup", "getDiffieHellman", "publicEncrypt", "encapsulate"], askRandom);
    // Of some kinds of key only: which one it is isn't looked at.
    calls(given, ["createSign", "sign", "Sign"], askRandom);
  },
  dgram: all("network"),
  dns: all("network"),
  "dns/promises": all("network"),
  fs: (patches, given) => {
    files(patches, given);
    observe("fs/promises", patches);
  },
  "fs/promises": (patches, given) => {
    files(patches, given);
    handles(patches, given);
  },
  http: all("network"),
  http2: all("network"),
  https: all("network"),
  inspector: all("native"),
  net: all("network", ["isIP", "isIPv4", "isIPv6"]),
  os: all("machine", ["arch", "platform", "type", "endianness", "availableParallelism"]),
  perf_hooks: ({ calls, reads }, given) => {
    for (const each of [given, performance]) {
      calls(each, ["monitorEventLoopDelay", "eventLoopUtilization"], askClock);
    }
    reads(performance, ["nodeTiming"], askClock);
  },
  process: ({ calls, reads, replace }, given) => {
    replace(given, "env", observedVariables);
    reads(given, ["argv", "argv0", "execArgv"], askArguments);
    reads(given, ["stdin"], askTerminal);
    calls(given, ["chdir"], askDirectory);
    calls(given, ["hrtime", "uptime"], askClock);
    replace((given as typeof process).hrtime, "bigint", (bigint) => () => {
      askClock();
      return (bigint as () => bigint)();
    });
    calls(
      given,
      ["cpuUsage", "memoryUsage", "resourceUsage", "getuid", "getgid", "availableMemory"],
      askMachine,
    );
    calls(given, ["constrainedMemory", "loadavg", "threadCpuUsage", "getActiveResourcesInfo"], askMachine);
    calls(given, ["geteuid", "getegid", "getgroups", "umask"], askMachine);
    calls(given, ["dlopen", "binding"], askNative);
  },
  readline: all("terminal"),
  "readline/promises": all("terminal"),
  repl: all("terminal"),
  sqlite: observeSqlite,
  tls: all("network"),
  tty: all("terminal", ["WriteStream"]),
  util: ({ calls }, given) =>
    calls(given, ["parseArgs"], ([config]) => {
      if ((config as { readonly args?: unknown } | undefined)?.args === undefined) askArguments();
    }),
  v8: all("machine", ["serialize", "deserialize", "Serializer", "Deserializer"]),
  vm: all("realm"),
  wasi: all("native"),
  worker_threads: ({ calls }, given) => calls(given, ["Worker"], askFor("worker")),
};

/** The names of those modules, but of what gives nothing that its callers didn't, `parseArgs` aside. */
export const BUILTIN_NAMES: readonly string[] = Object.keys(BUILTINS).filter((name) => name !== "util");

const done = new WeakMap<Patches, Set<string>>();

/** Observes what a module of Node's gives, once; asks for nothing of Node's but that module. */
function observe(name: string, patches: Patches): void {
  const names = done.get(patches) ?? new Set<string>();
  done.set(patches, names);
  const given: unknown = BUILTINS[name] && getBuiltin(name);
  if (names.has(name) || typeof given !== "object" || given === null) return;
  names.add(name);
  BUILTINS[name]!(patches, given);
}

/** The environment with each look at it noted. */
function observedVariables(env: unknown): object {
  const look = <Args extends readonly unknown[], Value>(
    does: (target: object, key: PropertyKey, ...rest: Args) => Value,
  ) =>
  (target: object, key: PropertyKey, ...rest: Args) => {
    if (typeof key === "string") askVariable(key);
    return does(target, key, ...rest);
  };
  const askAll = askFor("environment");
  return new Proxy(env as object, {
    get: look((target, key) => Reflect.get(target, key)),
    has: look((target, key) => Reflect.has(target, key)),
    getOwnPropertyDescriptor: (target, key) => Reflect.getOwnPropertyDescriptor(target, key),
    ownKeys(target) {
      askAll();
      return Reflect.ownKeys(target);
    },
  });
}

/** The module of the framework that imports others as text, and so runs none. */
const READER = new URL("../../source/source.ts", import.meta.url).href;

/**
 * Observes the modules of Node's: as they are required or got from `process`, and as they are imported by name, in whose
 * place a module is put that has the observed functions.
 *
 * @returns Ends it.
 */
export function observeBuiltins(patches: Patches, isFramework: (url: string) => boolean): () => void {
  observe("process", patches);
  patches.calls(process, ["getBuiltinModule"], ([name]) => observe(plainNameOf(String(name)), patches));
  patches.replace(globalThis, "process", (given) => {
    const hidden = ["pid", "ppid"];
    return new Proxy(given as object, {
      get(target, key) {
        if (hidden.includes(String(key))) askMachine();
        return Reflect.get(target, key);
      },
    });
  });
  const hooks = module.registerHooks({
    resolve(specifier: string, context: Context, next: Next) {
      const name = plainNameOf(specifier);
      const isBuiltin = Object.hasOwn(BUILTINS, name) &&
        (specifier.startsWith("node:") || module.isBuiltin(specifier));
      if (!isBuiltin) {
        const resolved = next(specifier, context);
        if (context.parentURL !== READER) see(resolved.url);
        // What is required is read as it is run, and no source digest follows it.
        const isFile = resolved.url.startsWith("file:") && packageOf(resolved.url) === undefined;
        if (isFile && context.conditions?.includes("require")) askFile(new URL(resolved.url));
        return resolved;
      }
      const { parentURL, conditions } = context;
      if (parentURL !== undefined && isFramework(parentURL)) return next(specifier, context);
      // Deno ends at once where a package that a script loads late is given another `node:util`.
      if (name === "util" && (parentURL === undefined || packageOf(parentURL) !== undefined)) {
        return next(specifier, context);
      }
      observe(name, patches);
      if (conditions?.includes("require")) return next(specifier, context);
      return { url: facadeOf(name), format: "module", shortCircuit: true };
    },
  } as never) as unknown as { deregister(): void };
  return () => hooks.deregister();
}

interface Context {
  readonly parentURL?: string;
  readonly conditions?: readonly string[];
}
type Next = (specifier: string, context: Context) => { readonly url: string };

const plainNameOf = (specifier: string) => specifier.replace(/^node:/, "");

const facades = new Map<string, string>();

/** The URL of a module that exports what a module of Node's has now. */
function facadeOf(name: string): string {
  const known = facades.get(name);
  if (known !== undefined) return known;
  const names = Object.keys(getBuiltin(name) as object)
    .filter((key) => /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) && key !== "default");
  const source = [
    `const given = globalThis.process.getBuiltinModule(${JSON.stringify(`node:${name}`)});`,
    "export default given;",
    ...names.map((key, at) =>
      `const v${at} = ${(name === "process" && LATE[key]) || `given.${key}`}; export { v${at} as ${key} };`
    ),
  ].join("\n");
  const url = FACADE + encodeURIComponent(source);
  facades.set(name, url);
  return url;
}

/** What of `node:process` is only looked at when somebody does. */
const LATE: Readonly<Record<string, string>> = {
  argv: "new Proxy(given.argv, { get: (all, key) => (given.argv, Reflect.get(all, key)) })",
  stdin: "new Proxy({}, { get(_, key) { const { stdin } = given, value = stdin[key];" +
    " return typeof value === 'function' ? value.bind(stdin) : value; } })",
};

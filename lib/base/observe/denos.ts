import { digestOf } from "../digest.ts";
import { askFile } from "./files.ts";
import { askFor } from "./globals.ts";
import { digestOfState } from "./input.ts";
import type { Patches } from "./patch.ts";
import { ask } from "./scope.ts";

const { env } = Deno;
const getVariable = env.get.bind(env);

/** Both forms of a function of Deno's: the one that waits, and the one that doesn't. */
const both = (...names: readonly string[]) => names.flatMap((name) => [name, `${name}Sync`]);

/** Notes that an environment variable is read. */
export function askVariable(name: unknown): void {
  const text = String(name);
  ask("env", `env ${text}`, () => ({ kind: "env", name: text, digest: variableDigest(text) }));
}

/** The digest of an environment variable's value, or of its state where it has none. */
export function variableDigest(name: string): string {
  try {
    const value = getVariable(name);
    return value === undefined ? digestOfState("unset") : digestOf(value);
  } catch {
    return digestOfState("denied");
  }
}

/** Observes what Deno gives. */
export function observeDeno({ calls, reads }: Patches): void {
  calls(Deno, both("readFile", "readTextFile", "copyFile"), ([path]) => askFile(path));
  calls(Deno, both("open"), ([path, options]) => {
    const { read, write, append } = (options ?? {}) as Deno.OpenOptions;
    if (read === true || !(write || append)) askFile(path);
  });
  calls(Deno, [...both("readDir"), "watchFs"], askFor("listing"));
  const askMetadata = askFor("metadata");
  calls(Deno, both("stat", "lstat", "realPath", "readLink"), askMetadata);
  calls(Deno.FsFile.prototype, both("stat"), askMetadata);

  calls(env, ["get", "has"], ([name]) => askVariable(name));
  calls(env, ["toObject"], askFor("environment"));
  reads(Deno, ["noColor"], () => askVariable("NO_COLOR"));
  reads(Deno, ["args", "mainModule"], askFor("arguments"));
  calls(Deno, ["chdir"], askFor("directory"));

  const askMachine = askFor("machine");
  calls(Deno, ["hostname", "loadavg", "networkInterfaces", "memoryUsage", "systemMemoryInfo"], askMachine);
  calls(Deno, ["osRelease", "cpuUsage", "consoleSize", "uid", "gid", "umask", "execPath"], askMachine);
  calls(Deno.Permissions.prototype, both("query", "request", "revoke"), askMachine);
  reads(Deno, ["pid", "ppid"], askMachine);
  calls(Deno, ["osUptime"], askFor("clock"));
  calls(Deno, both("makeTempDir", "makeTempFile"), askFor("random"));

  const askNetwork = askFor("network");
  calls(Deno, ["connect", "connectTls", "startTls", "connectQuic", "createHttpClient"], askNetwork);
  calls(Deno, ["listen", "listenTls", "listenDatagram", "resolveDns", "serve", "serveHttp"], askNetwork);
  calls(Deno, ["Command", "run", "spawn", "spawnAndWait", "spawnAndWaitSync"], askFor("program"));
  calls(Deno, ["dlopen"], askFor("native"));
  calls(Deno, ["openKv"], askFor("storage"));
  const askTerminal = askFor("terminal");
  reads(Deno, ["stdin"], askTerminal);
  calls(Deno, ["isatty"], askTerminal);
  for (const stream of [Deno.stdout, Deno.stderr]) calls(stream, ["isTerminal"], askTerminal);
}

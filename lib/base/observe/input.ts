import { digestOf } from "../digest.ts";

/** The kinds of input that can be had again, each of which a digest stands for. */
const REPEATABLE = ["file", "env", "timezone", "locale"] as const;

/** The other kinds, with what they are in words: what they gave can't be had again. */
const UNREPEATABLE = {
  arguments: "the arguments of the program",
  clock: "the clock",
  device: "a device",
  directory: "a working directory that was changed",
  environment: "all environment variables",
  listing: "the listing of a folder",
  machine: "the state of the machine",
  many: "more files and variables than a contract names",
  metadata: "the metadata of a file",
  native: "native code",
  network: "the network",
  program: "another program",
  random: "randomness that isn't of the run's seed",
  realm: "code in a realm of its own",
  rewritten: "a file that changed during the run",
  storage: "what earlier processes stored",
  terminal: "the terminal",
  unseen: "code that was loaded before it could be observed",
  worker: "a worker",
} as const;

/** What sort of thing a run read besides its declared data. */
export type InputKind = typeof REPEATABLE[number] | keyof typeof UNREPEATABLE;

/** What pipeline code read by itself. */
export interface Input {
  /** What sort of thing it is. */
  readonly kind: InputKind;
  /** Of a file its path below the working directory, of an environment variable its name; else empty. */
  readonly name: string;
  /** The SHA-256 of what was read: of a file its bytes, of an environment variable its value. */
  readonly digest: string;
  /** What was read in words, where it is no secret. */
  readonly value?: string;
  /** The code that asked first. */
  readonly by: Asker;
}

/** Code that asked for something. */
export interface Asker {
  /** The URL of the project's module that asked; of what a package asked when it was loaded, `npm:NAME`. */
  readonly module: string;
  /** The same as a path below the working directory, with its line. */
  readonly place: string;
}

/** The name of an input's clause in a contract, without `inputs.` before it. */
export function nameOf({ kind, name }: Pick<Input, "kind" | "name">): string {
  return name === "" ? kind : `${kind}.${name}`;
}

/** The kind and the name behind a clause without its `inputs.`; undefined for what this release knows no kind of. */
export function inputIn(clause: string): Pick<Input, "kind" | "name"> | undefined {
  const [, kind = "", , name = ""] = /^([a-z]+)(\.([^]*))?$/.exec(clause) ?? [];
  const isNamed = kind === "file" || kind === "env";
  if (isNamed !== (name !== "")) return undefined;
  return isNamed || kind === "timezone" || kind === "locale" || isUnrepeatable(kind)
    ? { kind: kind as InputKind, name }
    : undefined;
}

/** Whether what a kind of input gave can't be had again. */
export function isUnrepeatable(kind: string): kind is keyof typeof UNREPEATABLE {
  return Object.hasOwn(UNREPEATABLE, kind);
}

/** An input in words: `notes/table.json`, `the environment variable HOME`, `the clock`. */
export function inputWords({ kind, name }: Pick<Input, "kind" | "name">): string {
  if (isUnrepeatable(kind)) return UNREPEATABLE[kind];
  switch (kind) {
    case "file":
      return name;
    case "env":
      return `the environment variable ${name}`;
    case "timezone":
      return "the time zone";
    default:
      return "the locale";
  }
}

/** The digest of a state that has no bytes of its own, such as a file that isn't there. */
export function digestOfState(state: "missing" | "folder" | "denied" | "unset"): string {
  return digestOf(`reprise/input/1 ${state}`);
}

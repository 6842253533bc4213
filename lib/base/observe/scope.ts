import { AsyncLocalStorage } from "node:async_hooks";
import { digestOf } from "../digest.ts";
import { askerIn, type Frame, framesNow } from "./asker.ts";
import { type Asker, type Input, type InputKind, nameOf } from "./input.ts";
import { CALL_DEPTH, isKnownCall, isKnownLoad } from "./known.ts";
import { isSeen } from "./seen.ts";

/** The inputs of some code, in the order in which they were asked for; each once. */
export type Inputs = Map<string, Input>;

/** What an observer found: what was asked for, and what that gave. */
export type Found = Pick<Input, "kind" | "name" | "digest"> & Partial<Pick<Input, "value">>;

/** Gives what was asked for; nothing where it is no input after all. */
type Find = (frames: readonly Frame[]) => Found | undefined;

/** Code that is observed. */
interface Scope {
  readonly inputs: Inputs;
  /** How often what was asked for, by any name that an observer gave it. */
  readonly asked: Map<string, number>;
  /** Whether each module's inputs are its own. */
  readonly isLoad: boolean;
  /** Whose asking counts. */
  readonly counts: (frames: readonly Frame[]) => boolean;
}

/** What runs code that isn't observed. */
const NOBODY = "nobody";
/** What runs a program of the framework, and what has lost its scope in there. */
const PROGRAM = "program";

const scopes = new AsyncLocalStorage<Scope | typeof NOBODY | typeof PROGRAM>();

/** The calls that are observed now. */
const running = new Set<Scope>();

const openLoad = (): Scope => ({
  inputs: new Map(),
  asked: new Map(),
  isLoad: true,
  counts: (frames) => frames.some(({ owner }) => owner !== "framework"),
});

/** Loading modules: what these ask for is of them all their life, as a process loads each once. */
const loading = openLoad();
/** A program that may be an experiment's script, before that is known; what it asks for is of its modules. */
const script = openLoad();
let isScript = false;

/** From how many times on loading counts as every module's: who asks costs a stack, and may be a long loop. */
const MOST_LOOKS = 10_000;
const MOST_FRAMES = 64;
/** How many inputs are named, each of which is a clause. */
const MOST_INPUTS = 1000;
const MANY: Found = { kind: "many", name: "", digest: digestOf("many") };
const ANYBODY: Asker = { module: "npm:", place: "modules as they were loaded" };

/** What packages asked for when a fit loaded them, as they do so for the first fit of a process alone. */
const loadedByFits: Inputs = new Map();
/** What modules of projects asked for in the calls of this process: they may keep what that gave for later calls. */
const keptByModules: Inputs = new Map();

/** Runs code of a pipeline; whatever it asks for is noted. What it starts is observed too, as long as that goes on. */
export function observing<Value>(inputs: Inputs, code: () => Value): Value {
  return run({ inputs, asked: new Map(), isLoad: false, counts: () => true }, code);
}

/** Runs code of the framework that calls code of a pipeline; what only the framework asks for doesn't count. */
export function observingCalls<Value>(inputs: Inputs, code: () => Value): Value {
  return run({ inputs, asked: new Map(), isLoad: false, counts: isOfProject }, code);
}

function run<Value>(scope: Scope, code: () => Value): Value {
  running.add(scope);
  const end = () => {
    running.delete(scope);
    for (const input of scope.inputs.values()) {
      const key = `${input.by.module} ${nameOf(input)}`;
      if (!keptByModules.has(key)) keptByModules.set(key, input);
    }
  };
  try {
    const value = scopes.run(scope, code);
    if (value instanceof Promise) return value.finally(end) as Value;
    end();
    return value;
  } catch (error) {
    end();
    throw error;
  }
}

/** Loads modules of a pipeline. */
export function observingLoad<Value>(load: () => Value): Value {
  return scopes.run(loading, load);
}

/** Checks a value by a schema that a pipeline may have a part in: what that asks for is of its module. */
export function observingCheck<Value>(check: () => Value): Value {
  const scope = scopes.getStore();
  if (typeof scope === "object") return check();
  return scopes.run({ ...loading, asked: new Map(), counts: isOfProject }, check);
}

/** Runs a program of the framework, which asks for itself; the pipelines that it runs are observed all the same. */
export function observingProgram<Value>(code: () => Value): Value {
  return scopes.run(PROGRAM, code);
}

/** Runs code of the framework that a pipeline called, and that asks for itself. */
export function unobserved<Value>(code: () => Value): Value {
  return scopes.run(NOBODY, code);
}

/** Whether code outside of any scope may be a script's. */
export function observeOutside(isOn: boolean): void {
  isScript = isOn;
}

/** What some modules asked for when they were loaded, and all packages. */
export function loadedInputs(modules: readonly string[]): readonly Input[] {
  const has = new Set(modules);
  const isTheirs = ({ by: { module } }: Input) => has.has(module) || module.startsWith("npm:");
  return [
    ...[...script.inputs.values()].filter(isTheirs),
    // What isn't known to be of another module counts too.
    ...[...loading.inputs.values()].filter((input) => isTheirs(input) || !isSeen(input.by.module)),
  ];
}

/**
 * The inputs of a fit, what packages asked for that an earlier fit of this process loaded, and what its modules asked for
 * in earlier runs of this process.
 */
export function fitInputs(inputs: Inputs, modules: readonly string[]): readonly Input[] {
  for (const [key, input] of inputs) if (input.by.module.startsWith("npm:")) loadedByFits.set(key, input);
  const has = new Set(modules);
  const kept = [...keptByModules.values()].filter(({ by }) => has.has(by.module))
    .map((input) => [nameOf(input), input] as const);
  return [...new Map([...kept, ...loadedByFits, ...inputs]).values()];
}

/**
 * Notes that code asked for something, where it is observed.
 *
 * @param as What it asked for by any name; what has the same name isn't looked at again.
 */
export function ask(kind: InputKind, as: string, find: Find): void {
  const scope = scopes.getStore();
  if (scope === NOBODY || scope === PROGRAM && running.size === 0) return;
  if (typeof scope === "object") note(scope, kind, as, find);
  else if (scope === undefined && isScript) {
    // A program that is no experiment's script has loops of its own.
    if ((script.asked.get(as) ?? 0) < MOST_LOOKS) note(script, kind, as, find);
  } else if (isOfPipeline()) {
    for (const one of running.size > 0 ? running : [loading]) note(one, kind, as, find);
  }
}

/** Whether a pipeline's module asks from where what started it is lost, as in the listeners of some events. */
function isOfPipeline(): boolean {
  const [first] = framesNow(CALL_DEPTH);
  if (first === undefined || first.owner === "framework") return false;
  const asking = framesNow(MOST_FRAMES).find(({ owner }) => owner !== "package");
  return asking?.owner === "project" && isSeen(asking.url);
}

function note(scope: Scope, kind: InputKind, as: string, find: Find): void {
  const times = scope.asked.get(as) ?? 0;
  if (scope.isLoad ? times > MOST_LOOKS : times > 0 || scope.inputs.has("many")) return;
  const isEndless = times === MOST_LOOKS;
  if (!isEndless && isKnownCall(kind, framesNow(CALL_DEPTH))) return;
  const frames = isEndless ? [] : framesNow(MOST_FRAMES);
  if (!isEndless && (isFacade(frames) || !scope.counts(frames) || isKnownLoad(kind, frames))) return;
  scope.asked.set(as, times + 1);
  const by = isEndless ? ANYBODY : askerIn(frames);
  const isFull = scope.inputs.size >= MOST_INPUTS;
  const found = isFull ? MANY : unobserved(() => find(frames));
  if (found === undefined) return;
  const key = scope.isLoad ? `${by.module} ${nameOf(found)}` : nameOf(found);
  if (!scope.inputs.has(key)) scope.inputs.set(key, { ...found, by });
}

/** Whether the innermost code that is of no package is the project's. */
function isOfProject(frames: readonly Frame[]): boolean {
  return frames.find(({ owner }) => owner !== "package")?.owner === "project";
}

/** Whether what stands for a module of Node's only takes over what that has. */
const isFacade = ([first]: readonly Frame[]) => first?.owner === "facade";

import { AsyncLocalStorage } from "node:async_hooks";
import { askerIn, type Frame, framesNow } from "./asker.ts";
import { type Asker, type Input, type InputKind, nameOf } from "./input.ts";
import { CALL_DEPTH, isKnownCall, isKnownLoad } from "./known.ts";

/** The inputs of some code, in the order in which they were asked for; each once. */
export type Inputs = Map<string, Input>;

/** What an observer found: what was asked for, and what that gave. */
export type Found = Pick<Input, "kind" | "name" | "digest"> & Partial<Pick<Input, "value">>;

/** Code that is observed. */
interface Scope {
  readonly inputs: Inputs;
  /** How often what was asked for, by any name that an observer gave it. */
  readonly asked: Map<string, number>;
  /** Whether each module's inputs are its own. */
  readonly isLoad: boolean;
  /** Whose asking counts: all of it, or only what isn't the framework's own. */
  readonly counts: (frames: readonly Frame[]) => boolean;
}

const scopes = new AsyncLocalStorage<Scope | undefined>();

/** Loading modules: what these ask for is of them all their life, as a process loads each once. */
const loading: Scope = {
  inputs: new Map(),
  asked: new Map(),
  isLoad: true,
  counts: (frames) => frames.some(({ owner }) => owner !== "framework"),
};

/** From how many times on loading counts as every module's: who asks costs a stack, and may be a long loop. */
const MOST_LOOKS = 10_000;
const MOST_FRAMES = 64;
const ANYBODY: Asker = { module: "npm:", place: "modules as they were loaded" };

/** What packages asked for when a fit loaded them, as they do so for the first fit of a process alone. */
const loadedByFits: Inputs = new Map();

/** The scope of code that runs outside of any: of a script before its experiment is known. */
let outside: Scope | undefined;

/** Runs code of a pipeline; whatever it asks for is noted. What it starts is observed too, as long as that goes on. */
export function observing<Value>(inputs: Inputs, code: () => Value): Value {
  return scopes.run({ inputs, asked: new Map(), isLoad: false, counts: () => true }, code);
}

/** Runs code of the framework that calls code of a pipeline; what only the framework asks for doesn't count. */
export function observingCalls<Value>(inputs: Inputs, code: () => Value): Value {
  const counts: Scope["counts"] = (frames) =>
    frames.find(({ owner }) => owner !== "package")?.owner === "project";
  return scopes.run({ inputs, asked: new Map(), isLoad: false, counts }, code);
}

/** Loads modules of a pipeline. */
export function observingLoad<Value>(load: () => Value): Value {
  return scopes.run(loading, load);
}

/** Runs code of the framework that a pipeline called, and that asks for itself. */
export function unobserved<Value>(code: () => Value): Value {
  return scopes.run(undefined, code);
}

/** Whether code outside of any scope is loading modules of a pipeline, as a script does that is a program. */
export function observeOutside(isOn: boolean): void {
  outside = isOn ? loading : undefined;
}

/** What some modules asked for when they were loaded, and all packages. */
export function loadedInputs(modules: readonly string[]): readonly Input[] {
  const has = new Set(modules);
  return [...loading.inputs.values()].filter(({ by: { module } }) =>
    has.has(module) || module.startsWith("npm:")
  );
}

/** The inputs of a fit, and what packages asked for that an earlier fit of this process loaded. */
export function fitInputs(inputs: Inputs): readonly Input[] {
  for (const [key, input] of inputs) if (input.by.module.startsWith("npm:")) loadedByFits.set(key, input);
  return [...new Map([...loadedByFits, ...inputs]).values()];
}

/**
 * Notes that code asked for something, where it is observed.
 *
 * @param as What it asked for by any name; what has the same name isn't looked at again.
 * @param find What that gives; nothing where it is no input after all.
 */
export function ask(
  kind: InputKind,
  as: string,
  find: (frames: readonly Frame[]) => Found | undefined,
): void {
  const scope = scopes.getStore() ?? outside;
  if (scope === undefined) return;
  const times = scope.asked.get(as) ?? 0;
  if (scope.isLoad ? times > MOST_LOOKS : times > 0) return;
  // A program that isn't known to be an experiment's script has its own loops.
  if (scope === outside && scopes.getStore() === undefined && times === MOST_LOOKS) return;
  const isEndless = times === MOST_LOOKS;
  if (!isEndless && isKnownCall(kind, framesNow(CALL_DEPTH))) return;
  const frames = isEndless ? [] : framesNow(MOST_FRAMES);
  if (!isEndless && (isFacade(frames) || !scope.counts(frames) || isKnownLoad(kind, frames))) return;
  scope.asked.set(as, times + 1);
  const by = isEndless ? ANYBODY : askerIn(frames);
  const found = unobserved(() => find(frames));
  if (found === undefined) return;
  const key = scope.isLoad ? `${by.module} ${nameOf(found)}` : nameOf(found);
  if (!scope.inputs.has(key)) scope.inputs.set(key, { ...found, by });
}

/** Whether what stands for a module of Node's only takes over what that has. */
const isFacade = ([first]: readonly Frame[]) => first?.owner === "facade";

import { type Frame, packageOf } from "./asker.ts";
import type { InputKind } from "./input.ts";

/** What a package is known to ask for, which changes nothing that it computes. */
interface Known {
  readonly package: string;
  readonly kind: InputKind;
  /** When it does: as its modules are loaded, or in a call of a function of this name. */
  readonly when: "loading" | RegExp;
  /** Why that is no input. */
  readonly because: string;
}

const KNOWN: readonly Known[] = [
  ...[...["core", "layers", "data", "converter"].map((part) => `@tensorflow/tfjs-${part}`), "seedrandom"].map(
    (
      name,
    ): Known => ({
      package: name,
      kind: "random",
      when: "loading",
      because: "seedrandom, which these hold, fills a pool that only generators without a seed take from",
    }),
  ),
  {
    package: "@tensorflow/tfjs-core",
    kind: "clock",
    when: /^(?:debounce|f2)$/,
    because: "a fit's callbacks let other work have its turn from time to time",
  },
  {
    package: "@tensorflow/tfjs-backend-wasm",
    kind: "arguments",
    when: /^/,
    because: "Emscripten names the program after them, in messages alone",
  },
];

/** How many frames tell of a call whether it is known, those of the observers too. */
export const CALL_DEPTH = 12;

/** Whether what was asked for is no input: what a locked package is known to ask for itself, in some call. */
export function isKnownCall(kind: InputKind, frames: readonly Frame[]): boolean {
  return knownOf(kind, frames).some(({ when }) => when !== "loading" && when.test(callerIn(frames)));
}

/** The same of what it asks for as it is loaded, which takes the whole stack to tell. */
export function isKnownLoad(kind: InputKind, frames: readonly Frame[]): boolean {
  return isLoading(frames) && knownOf(kind, frames).some(({ when }) => when === "loading");
}

function knownOf(kind: InputKind, [first]: readonly Frame[]): readonly Known[] {
  const asking = first && packageOf(first.url)?.name;
  return KNOWN.filter((known) => known.package === asking && known.kind === kind);
}

/** Whether nothing but the top level of packages' modules runs, which has no function of a name. */
function isLoading(frames: readonly Frame[]): boolean {
  return frames.every(({ owner, in: name }) =>
    owner === "package" && /^(?:Object\.<anonymous>)?$/.test(name)
  );
}

/** The name of the function that asked for the time by another one that only gives it. */
function callerIn(frames: readonly Frame[]): string {
  return frames.find(({ in: name }) => !/(?:^|\.)now$/.test(name))?.in.replace(/ \[as .*$/, "").replace(
    /^.*\./,
    "",
  ) ??
    "";
}

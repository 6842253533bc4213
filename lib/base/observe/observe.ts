import { isFramework } from "./asker.ts";
import { observeBuiltins } from "./builtins.ts";
import { observeDeno } from "./denos.ts";
import { observeGlobals } from "./globals.ts";
import { openPatches } from "./patch.ts";
import { observingLoad } from "./scope.ts";

/** The version of what is observed, which a contract names. */
export const OBSERVED = 1;

let holders = 0;
let held = false;
let stop: (() => void) | undefined;

/** Whether what pipeline code asks for is observed now. */
export function isObserved(): boolean {
  return holders > 0;
}

/**
 * Observes this process, until this is disposed of and nobody else does: the functions by which code reads what isn't
 * in it are replaced by ones that note who asks.
 */
export function observeProcess(): Disposable {
  hold();
  return {
    [Symbol.dispose]() {
      letGo();
      // What was loaded has had its use.
      if (held) letGo();
      held = false;
    },
  };
}

/**
 * Loads modules of a pipeline under observation, which goes on until what they were loaded for is done: what they started
 * may ask for something later.
 */
export function observedLoad<Value>(load: () => Value): Value {
  if (!held) hold();
  held = true;
  return observingLoad(load);
}

function hold(): void {
  holders++;
  if (holders > 1) return;
  const patches = openPatches();
  observeGlobals(patches);
  observeDeno(patches);
  const end = observeBuiltins(patches, isFramework);
  stop = () => {
    end();
    patches.restore();
  };
}

function letGo(): void {
  holders--;
  if (holders > 0) return;
  stop?.();
  stop = undefined;
}

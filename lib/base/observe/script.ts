import { isFramework } from "./asker.ts";
import { observedLoad } from "./observe.ts";
import { observeOutside } from "./scope.ts";

/** Observes the modules of a program that are run after this, where it is a script that may be an experiment's. */
export function observeScript(program: string): void {
  if (isFramework(program) || /[._]test\.[cm]?[jt]sx?$/.test(program)) return;
  observedLoad(() => {});
  observeOutside(true);
}

/** Says that a script's modules were run. */
export function endScript(): void {
  observeOutside(false);
}

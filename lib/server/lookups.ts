import { now } from "../base/environment.ts";
import { ExperimentError } from "../base/error.ts";
import { type CommandOptions, type GRANTS, startCommand } from "./process.ts";

/** Commands that only look something up, each in a process of its own, as code that was loaded once stays as it was. */
export interface Lookups {
  /**
   * The document of a command. Who asks the same while it runs is given the same.
   *
   * @param fresh For how many milliseconds it is given to who asks the same later. @default 0
   */
  lookup(command: keyof typeof GRANTS, args: readonly string[], fresh?: number): Promise<unknown>;
}

/** How many processes look up at once, how many wait, and how long one may take. */
const AT_ONCE = 2;
const WAITING = 16;
const PATIENCE_MS = 60_000;

/** Makes lookups, whose processes are given what options say; aborting `signal` ends them. */
export function openLookups(
  { signal, ...options }: CommandOptions & { readonly signal: AbortSignal },
): Lookups {
  const answers = new Map<string, { readonly answer: Promise<unknown>; until: number }>();
  const waiting: (() => void)[] = [];
  let free = AT_ONCE;

  const ask = async (command: keyof typeof GRANTS, args: readonly string[]): Promise<unknown> => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      const process = startCommand(command, args, options);
      const stop = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
      stop.addEventListener("abort", process.interrupt);
      const end = await process.end.finally(() => stop.removeEventListener("abort", process.interrupt));
      if (end.kind === "document") return end.document;
      if (end.kind === "error") throw new ExperimentError(end.error.code, end.error.message, end.error);
      throw new ExperimentError("TEMPORARILY_UNAVAILABLE", `\`${command}\` took too long to be looked up.`);
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };

  return {
    lookup(command, args, fresh = 0) {
      for (const [key, { until }] of answers) if (until <= now()) answers.delete(key);
      const key = JSON.stringify([command, args]);
      const known = answers.get(key);
      if (known) return known.answer;
      if (waiting.length >= WAITING) {
        throw new ExperimentError(
          "REQUEST_LIMIT_EXCEEDED",
          `${WAITING} other lookups are waiting for their turn.`,
          { hint: "Ask again in a few seconds." },
        );
      }
      const answer = ask(command, args);
      const entry = { answer, until: Infinity };
      answers.set(key, entry);
      answer.then(() => entry.until = now() + fresh, () => entry.until = 0);
      return answer;
    },
  };
}

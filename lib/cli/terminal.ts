import { now } from "../base/environment.ts";
import { ExperimentError, messageOf } from "../base/error.ts";
import { toPrintable } from "../base/printable.ts";
import type { SingleBar } from "../deps/cli_progress.ts";
import type { TrainEvent } from "../training/train.ts";
import type { ReplayEvent } from "../replay/replay.ts";

/**
 * Writes a line, or several: a result to stdout, the story to stderr. Whatever would act on a terminal is escaped.
 *
 * @param options.isPainted Whether the text has colours of ours, and all that is foreign in it is escaped already.
 */
export function printLine(
  line: string,
  to: "stdout" | "stderr" = "stdout",
  { isPainted = false }: { readonly isPainted?: boolean } = {},
): void {
  const bytes = new TextEncoder().encode(`${isPainted ? line : toPrintable(line)}\n`);
  for (let written = 0; written < bytes.length;) written += Deno[to].writeSync(bytes.subarray(written));
}

/** Tells an error and its hint on stderr, in words or as a JSON line, with the stack trace where asked. */
export function printError(
  error: unknown,
  { debug, events }: { readonly debug: boolean; readonly events: boolean },
): void {
  const message = messageOf(error);
  if (events) {
    const { code, hint } = error instanceof ExperimentError
      ? error
      : { code: "INTERNAL_ERROR", hint: undefined };
    return printLine(JSON.stringify({ kind: "error", code, message, hint }), "stderr");
  }
  printLine(`error: ${message}`, "stderr");
  if (error instanceof ExperimentError) {
    if (error.hint !== undefined) printLine(`hint: ${error.hint}`, "stderr");
  } else {
    printLine("hint: this is a fault of Reprise or of your code; --debug shows where.", "stderr");
  }
  if (debug) printLine(stackOf(error), "stderr");
}

/** Is told a run's events, and prints them on stderr. */
export interface Reporter extends Disposable {
  readonly onEvent: (event: ReplayEvent) => void;
}

/** Tells a run's events on stderr: in words, or as JSON lines to a server that started this process. */
export async function reporterOf(
  { events = false, interrupt }: {
    readonly events: boolean | undefined;
    readonly interrupt: AbortController;
  },
): Promise<Reporter> {
  return events ? eventReporter(interrupt) : await progressReporter();
}

/** How many milliseconds are between two epochs that are told, at least. */
const EPOCH_MS = 100;

/** A JSON line per event, of the epochs some and the last; interrupts when whoever listens has gone. */
function eventReporter(interrupt: AbortController): Reporter {
  const leave = () => interrupt.abort(new DOMException("Interrupted", "AbortError"));
  // Stdin is a pipe that the parent holds open: its end is the parent's, however that ended.
  Deno.stdin.readable.pipeTo(new WritableStream(), { signal: interrupt.signal }).then(leave, leave);
  let pending: ReplayEvent | undefined;
  let told = 0;
  const tell = (event: ReplayEvent) => {
    try {
      printLine(JSON.stringify(event), "stderr");
    } catch {
      leave();
    }
  };
  const flush = () => {
    if (pending) tell(pending);
    pending = undefined;
  };
  const onEvent = (event: ReplayEvent) => {
    if (event.kind === "epoch") {
      pending = event;
      if (now() - told < EPOCH_MS) return;
      told = now();
      return flush();
    }
    flush();
    tell(event);
  };
  return { onEvent, [Symbol.dispose]: flush };
}

/** Epochs as a bar on a terminal, as a line now and then elsewhere. */
async function progressReporter(): Promise<Reporter> {
  const bars = Deno.stderr.isTerminal() ? await import("../deps/cli_progress.ts") : undefined;
  let bar: SingleBar | undefined;
  let epochs = 0;
  const close = () => {
    bar?.stop();
    bar = undefined;
  };
  const onEvent = (event: ReplayEvent) => {
    if (event.kind !== "epoch") close();
    switch (event.kind) {
      case "prepared":
        return printLine(
          `${event.rows} rows, ${event.features} features; ${event.train} to train on, ${event.test} to test on` +
            (event.folds === 1 ? "" : `, in the first of ${event.folds} folds`),
          "stderr",
        );
      case "inputs":
        return printLine(inputsLine(event.inputs), "stderr");
      case "started":
        epochs = event.epochs ?? 0;
        return printLine(
          `run ${event.run_id} (${event.run_name}) of experiment ${event.experiment} in ${event.store}`,
          "stderr",
        );
      case "epoch": {
        const metrics = Object.entries(event.metrics).map(([key, value]) => `${key} ${value.toPrecision(6)}`)
          .join(", ");
        if (bars) {
          bar ??= openBar(bars, epochs);
          return bar.update(event.epoch, { metrics });
        }
        const every = Math.max(1, Math.ceil(epochs / 10));
        if (event.epoch % every === 0) {
          printLine(`epoch ${event.epoch}${epochs ? `/${epochs}` : ""}: ${metrics}`, "stderr");
        }
        return;
      }
      case "note":
        return printLine(event.text, "stderr");
      case "ended":
        return printLine(`run ended ${event.status}`, "stderr");
      case "attributing":
        return printLine(
          event.done === 0
            ? `to tell which change carries what takes ${event.of} trainings`
            : `training ${event.done} of ${event.of} is done`,
          "stderr",
        );
    }
  };
  return { onEvent, [Symbol.dispose]: close };
}

/** `inputs: notes.json (features.ts:3), the clock (features.ts:4). No replay can call this run safe: …`. */
function inputsLine(inputs: (TrainEvent & { readonly kind: "inputs" })["inputs"]): string {
  const words = (some: typeof inputs) => some.map(({ name, asked }) => `${name} (${asked})`).join(", ");
  const lost = inputs.filter(({ repeatable }) => !repeatable);
  return `inputs besides the data: ${words(inputs)}` +
    (lost.length === 0
      ? ""
      : `; no replay can call this run safe, as it can't have again: ${
        lost.map(({ name }) => name).join(", ")
      }`);
}

function openBar(bars: typeof import("../deps/cli_progress.ts"), epochs: number): SingleBar {
  const bar = new bars.SingleBar({
    format: "epoch {value}/{total} [{bar}] {eta_formatted} {metrics}",
    hideCursor: true,
  });
  bar.start(epochs, 0, { metrics: "" });
  return bar;
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : `\ncaused by ${stackOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}

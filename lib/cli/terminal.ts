import type { SingleBar } from "../deps/cli_progress.ts";
import { ExperimentError } from "../error.ts";
import type { TrainEvent } from "../train.ts";

/** Writes a line: a result to stdout, the story to stderr. */
export function printLine(line: string, to: "stdout" | "stderr" = "stdout"): void {
  const bytes = new TextEncoder().encode(`${line}\n`);
  for (let written = 0; written < bytes.length;) written += Deno[to].writeSync(bytes.subarray(written));
}

/** Tells an error and its hint on stderr, with the stack trace where asked. */
export function printError(error: unknown, { debug }: { readonly debug: boolean }): void {
  const message = error instanceof Error ? error.message : String(error);
  printLine(`error: ${message}`, "stderr");
  if (error instanceof ExperimentError) {
    if (error.hint !== undefined) printLine(`hint: ${error.hint}`, "stderr");
  } else {
    printLine("hint: this is a fault of Reprise or of your code; --debug shows where.", "stderr");
  }
  if (debug) printLine(stackOf(error), "stderr");
}

/** Tells a run's events on stderr: its epochs as a bar on a terminal, as a line now and then elsewhere. */
export async function progressReporter(): Promise<
  { readonly onEvent: (event: TrainEvent) => void } & Disposable
> {
  const bars = Deno.stderr.isTerminal() ? await import("../deps/cli_progress.ts") : undefined;
  let bar: SingleBar | undefined;
  let epochs = 0;
  const close = () => {
    bar?.stop();
    bar = undefined;
  };
  const onEvent = (event: TrainEvent) => {
    if (event.kind !== "epoch") close();
    switch (event.kind) {
      case "prepared":
        return printLine(
          `${event.rows} rows, ${event.features} features; ${event.train} to train on, ${event.test} to test on`,
          "stderr",
        );
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
      case "ended":
        return printLine(`run ended ${event.status}`, "stderr");
    }
  };
  return { onEvent, [Symbol.dispose]: close };
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

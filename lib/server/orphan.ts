import process from "node:process";
import { now } from "../base/environment.ts";
import { ExperimentError } from "../base/error.ts";
import { recorded } from "../tracking/recorded.ts";
import type { TrackingStore } from "../tracking/store.ts";
import { disown } from "../training/record.ts";

/** How many milliseconds a process has to end by itself once its server has, and how often that is looked at. */
const GRACE_MS = 3000;
const LOOK_MS = 50;

/**
 * Waits for a process of an earlier server to end, as it does when its stdin does; kills one that doesn't.
 *
 * @param pid Its id, which may be another program's by now: that one is left alone.
 */
export async function endOrphan(pid: number): Promise<void> {
  for (let waited = 0; waited < GRACE_MS; waited += LOOK_MS) {
    if (!isAlive(pid) || !await isCommand(pid)) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  if (await isCommand(pid)) process.kill(pid, "SIGKILL");
}

/**
 * Ends a run that nobody works on any more, where it still reads RUNNING: as KILLED, or as FAILED for a reason, which it
 * is tagged with. Gives whether that could be known.
 */
export async function endRun(
  openStore: () => Promise<TrackingStore>,
  runId: string | undefined,
  failure?: string,
): Promise<boolean> {
  if (runId === undefined) return true;
  try {
    const store = await openStore();
    const { info: { status }, params } = await store.getRun(runId);
    if (status !== "RUNNING") return true;
    if (params[recorded.params.contract] === undefined) await disown(store, runId);
    if (failure !== undefined) {
      await store.logBatch(runId, { tags: { [recorded.tags.failure]: failure.slice(0, 5000) } });
    }
    await store.updateRun(runId, { status: failure === undefined ? "KILLED" : "FAILED", end_time: now() });
    return true;
  } catch (error) {
    return error instanceof ExperimentError && error.code === "RESOURCE_DOES_NOT_EXIST";
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Whether a process is a command that a server started; not known where there is no `ps`. */
async function isCommand(pid: number): Promise<boolean> {
  try {
    const { stdout } = await new Deno.Command("ps", {
      args: ["-o", "args=", "-p", String(pid)],
      stderr: "null",
    })
      .output();
    return /\bcli\.ts (train|replay) .*--events\b/.test(new TextDecoder().decode(stdout));
  } catch {
    return false;
  }
}

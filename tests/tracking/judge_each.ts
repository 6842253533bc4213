import { runsCompareCommand, runsShowCommand } from "../../lib/commands/runs.ts";
import { replay } from "../../lib/replay/replay.ts";
import { openStore } from "../../lib/tracking/open_store.ts";

/** What is said of a run: judged, shown, and compared with an honest one. */
export interface Said {
  readonly judged: readonly [verdict: string, reasons: readonly string[]];
  readonly shown: string;
  readonly misshapen: readonly string[];
  readonly compared: readonly [verdict: string, reasons: readonly string[]];
}

// Run in a project, as many runs are judged faster in one process: the arguments are the honest run and the others.
if (import.meta.main) {
  const [honest, ...ids] = Deno.args;
  await using store = await openStore("sqlite:///mlflow.db", { create: false });
  const said: Said[] = [];
  for (const id of ids) {
    const judged = await replay({ id }, { store });
    const { info, misshapen = [] } = await runsShowCommand({ run: id });
    const compared = await runsCompareCommand({ past: honest!, current: id }, {});
    said.push({
      judged: [judged.verdict, judged.reasons],
      shown: info.run_id,
      misshapen,
      compared: [compared.verdict, compared.reasons],
    });
  }
  console.log(JSON.stringify(said));
}

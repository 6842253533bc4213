/** @jsxImportSource npm:hono@4.13.19/jsx */
import { ExperimentError } from "../../base/error.ts";
import { count } from "../../document/show.ts";
import { readText } from "../../tracking/read.ts";
import { showRun } from "../../tracking/runs.ts";
import type { ServerContext } from "../context.ts";
import type { Page } from "./layout.tsx";
import { MODULES } from "./reading.ts";

/** How much of a module is shown. */
const SOURCE_CHARACTERS = 60_000;

/** One recorded module of a run. */
export async function sourcePage(context: ServerContext, id: string, path: string): Promise<Page> {
  const store = await context.openStore();
  const { info, artifacts } = await showRun(store, id);
  const recordedPath = MODULES + path;
  // Only what a listing names is asked for: a path from outside never reaches the artifacts' folder.
  const text = artifacts.includes(recordedPath) ? await readText(store, id, recordedPath) : undefined;
  if (text === undefined) {
    throw new ExperimentError("RESOURCE_DOES_NOT_EXIST", `The run ${id} recorded no module ${path}.`, {
      hint: "The run's page lists its source.",
    });
  }
  const rest = text.length - SOURCE_CHARACTERS;
  return {
    title: `${path} · ${info.run_name}`,
    section: "/runs",
    main: (
      <>
        <p class="crumbs">
          <a href={`/runs/${id}#source`}>{info.run_name}</a>
        </p>
        <h1>
          <code>{path}</code>
        </h1>
        <pre class="source" tabindex={0} role="region" aria-label={`Source of ${path}`}>
          <code>{text.slice(0, SOURCE_CHARACTERS)}</code>
        </pre>
        {rest > 0 && <p>{count(rest, "more character")} in the artifact {recordedPath}.</p>}
      </>
    ),
  };
}

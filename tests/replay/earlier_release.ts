import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { openProject, type Project, ROOT } from "../project.ts";

/** Where the release that recorded the store was; the project was in another folder too, and is moved here. */
const FRAMEWORK = "file:///home/ada/reprise/";

/** The project of the recorded store, with this checkout in the place of the release. */
export async function openRecorded(): Promise<Project> {
  const project = await openProject({}, { empty: true });
  const { success } = await new Deno.Command("tar", {
    args: [
      "-xzf",
      fileURLToPath(new URL("../fixtures/store_0.1.0.tar.gz", import.meta.url)),
      "--strip-components=1",
      "--no-same-owner",
    ],
    cwd: project.directory,
  }).output();
  assert.ok(success);
  for (const file of ["reprise.ts", "registries/models/mod.ts"]) {
    await project.edit(file, FRAMEWORK, ROOT.href);
  }
  return project;
}

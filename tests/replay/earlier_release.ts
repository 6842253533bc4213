import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { openProject, type Project, ROOT } from "../project.ts";

/** Where the release that recorded the store was, and the project. */
const RECORDED_AT = { framework: "/home/ada/reprise/", project: "/home/ada/flowers/" };

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
    await project.edit(file, `file://${RECORDED_AT.framework}`, ROOT.href);
  }
  using database = new DatabaseSync(join(project.directory, "mlflow.db"));
  for (const [table, column] of [["experiments", "artifact_location"], ["runs", "artifact_uri"]]) {
    database.prepare(`UPDATE ${table} SET ${column} = replace(${column}, ?, ?)`)
      .run(RECORDED_AT.project, `${project.directory}/`);
  }
  return project;
}

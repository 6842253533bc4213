import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** A store of a project, in which records are forged by who may write to its files. */
export interface Forge extends Disposable {
  /** The open database. */
  readonly database: DatabaseSync;
  /** Copies a run with all that it kept under a name; gives the id of the copy. */
  copy(runId: string, name: string): Promise<string>;
  /** Where a run keeps an artifact. */
  artifact(runId: string, path: string): string;
  /** Runs a statement in which `?1` is a run's id. */
  sql(runId: string, statement: string): void;
}

/** Opens the store of a project to forge records in it. */
export function openForge(directory: string): Forge {
  const database = new DatabaseSync(join(directory, "mlflow.db"), { enableForeignKeyConstraints: false });
  database.exec("PRAGMA ignore_check_constraints = ON");
  const folderOf = (runId: string) => {
    const row = database.prepare("SELECT experiment_id FROM runs WHERE run_uuid = ?").get(runId);
    return join(directory, "mlartifacts", String(row?.experiment_id), runId, "artifacts");
  };
  return {
    database,
    async copy(runId, name) {
      const id = crypto.randomUUID().replaceAll("-", "");
      const copied = (table: string, owner: string, changes: Readonly<Record<string, string>>) => {
        const columns = database.prepare(`SELECT name FROM pragma_table_info('${table}')`).all().map((row) =>
          String(row.name)
        );
        const values = columns.map((column) => column === owner ? "?2" : changes[column] ?? column);
        database.prepare(
          `INSERT INTO ${table} (${columns}) SELECT ${values} FROM ${table} WHERE ${owner} = ?1 AND ?3 = ?3`,
        ).run(runId, id, name);
      };
      copied("runs", "run_uuid", { name: "?3", artifact_uri: "replace(artifact_uri, ?1, ?2)" });
      for (const table of ["params", "tags", "metrics", "latest_metrics"]) copied(table, "run_uuid", {});
      copied("inputs", "destination_id", { input_uuid: "input_uuid || '-' || ?2" });
      database.prepare("UPDATE tags SET value = ? WHERE run_uuid = ? AND key = 'mlflow.runName'").run(
        name,
        id,
      );
      await copyFolder(folderOf(runId), folderOf(id));
      return id;
    },
    artifact: (runId, path) => join(folderOf(runId), path),
    sql: (runId, statement) => void database.prepare(statement).run(runId),
    [Symbol.dispose]: () => database.close(),
  };
}

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copyFolder(join(from, name), join(to, name));
    else await Deno.copyFile(join(from, name), join(to, name));
  }
}

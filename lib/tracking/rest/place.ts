import { folderOf, proxiedOf, sharedPathOf, type Shelf } from "../artifacts.ts";
import * as refusals from "../refusals.ts";
import { answers } from "./answers.ts";
import type { MlflowServer, Reply } from "./mlflow_server.ts";

/** The route by which a server hands artifacts on. */
export const PROXIED = "api/2.0/mlflow-artifacts/artifacts";

/** Where a run's artifacts are: the path by which its server hands them on, or a folder of this machine. */
export type Place = { readonly proxied: string } | { readonly shelf: Shelf; readonly shared: Shelf };

/** Where a run's artifacts are. @throws {ExperimentError} `INVALID_STATE` for what is out of reach. */
export async function placeOf(server: MlflowServer, runId: string): Promise<Place> {
  const uri = await server.artifactUriOf(runId);
  const { host, hostname } = new URL(server.uri);
  const proxied = proxiedOf(uri);
  if (proxied !== undefined && ["", host].includes(proxied.host)) return { proxied: proxied.path };
  const named = folderOf(uri);
  // So MLflow names the folder of every run: no server may choose another folder of this machine.
  const folder = named?.endsWith(`/${runId}/artifacts`) ? named : undefined;
  if (folder !== undefined && ["localhost", "127.0.0.1", "[::1]"].includes(hostname)) {
    const shared = sharedPathOf(folder);
    return { shelf: { folder, root: folder }, shared: { folder: shared, root: shared } };
  }
  throw refusals.artifactsElsewhere(
    runId,
    uri,
    folder === undefined
      ? "Start the server with --artifacts-destination for that place, and make a new experiment."
      : "That is a folder of the server's machine: run there, or make a new experiment on a server with --serve-artifacts.",
  );
}

/** Writes a file to a path by which a server hands artifacts on. */
export function put(
  server: MlflowServer,
  path: string,
  body: Uint8Array<ArrayBuffer>,
): Promise<Reply<unknown>> {
  const request = { method: "PUT", path: `${PROXIED}/${encoded(path)}`, body, repeatable: true } as const;
  return server.ask(answers.empty, request);
}

/** A path as a part of an address. */
export function encoded(path: string): string {
  return path.split("/").filter(Boolean).map(encodeURIComponent).join("/");
}

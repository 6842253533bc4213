import { byPath, writeArtifact } from "../artifacts.ts";
import { LIMITS } from "../limits.ts";
import * as limits from "../mlflow_limits.ts";
import { Pages } from "../pages.ts";
import { artifactIn } from "../reading/listed.ts";
import * as refusals from "../refusals.ts";
import type { ArtifactInfo, TrackingStore } from "../store.ts";
import { answers } from "./answers.ts";
import { get, type MlflowServer } from "./mlflow_server.ts";
import { placeOf, put } from "./place.ts";
import { refusalOf } from "./refusal.ts";

/** The verbs about a run's artifacts, spoken to a server. */
export function artifactVerbs(
  server: MlflowServer,
): Pick<TrackingStore, "logArtifact" | "listArtifacts" | "downloadArtifact"> {
  return {
    async logArtifact(runId, path, content) {
      limits.checkArtifactPath(path);
      const place = await placeOf(server, runId);
      if ("shelf" in place) return await writeArtifact(place.shelf, path, content);
      const answer = await put(
        server,
        `${place.proxied}/${path}`,
        typeof content === "string" ? new TextEncoder().encode(content) : new Uint8Array(content),
      );
      if ("told" in answer) return;
      // The server answers 500 where a file would have to be a folder, or a folder a file: only its lists tell.
      const names = path.split("/");
      for (let depth = 1; depth <= names.length; depth++) {
        const found = await artifactAt(server, runId, names.slice(0, depth).join("/"));
        if (found?.is_dir === (depth === names.length)) {
          throw refusals.artifactInTheWay(path, answer.refusal.error);
        }
      }
      throw answer.refusal.error;
    },

    listArtifacts: (runId, path) => artifactsIn(server, runId, path),

    async downloadArtifact(runId, path, { most = LIMITS.artifactBytes } = {}) {
      limits.checkArtifactPath(path);
      const request = {
        method: "GET",
        path: "get-artifact",
        query: { run_id: runId, path },
        repeatable: true,
        most,
      } as const;
      const answer = await server.send(request);
      if (answer.status === 200) return answer.bytes;
      const { error } = refusalOf(server.uri, `GET ${request.path}`, answer);
      // The server answers 500 for what is not there: only its list tells.
      const found = await artifactAt(server, runId, path);
      throw found?.is_dir === false ? error : refusals.noArtifact(runId, path);
    },
  };
}

async function artifactsIn(
  server: MlflowServer,
  runId: string,
  path = "",
): Promise<readonly ArtifactInfo[]> {
  if (path !== "") limits.checkArtifactPath(path);
  const found: ArtifactInfo[] = [];
  const pages = new Pages(`The list of artifacts of the run ${runId}`, LIMITS.listed);
  let page_token: string | undefined;
  do {
    const query = { run_id: runId, ...(path && { path }), ...(page_token && { page_token }) };
    const page = await server.ofRun(runId, answers.artifacts, get("artifacts/list", query));
    for (const told of page.files) {
      const artifact = artifactIn(told, path);
      if (artifact === undefined) {
        throw refusals.misshapenArtifact(runId, (told as { readonly path?: unknown } | null)?.path);
      }
      found.push(artifact);
    }
    page_token = pages.after(page.files.length, page.next_page_token);
  } while (page_token !== undefined);
  return found.sort(byPath);
}

async function artifactAt(
  server: MlflowServer,
  runId: string,
  path: string,
): Promise<ArtifactInfo | undefined> {
  const listed = await artifactsIn(server, runId, path.slice(0, Math.max(0, path.lastIndexOf("/"))));
  return listed.find((found) => found.path === path);
}

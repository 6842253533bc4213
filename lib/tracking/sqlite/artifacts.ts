import { join } from "node:path";
import {
  artifactBytes,
  artifactsIn,
  folderOf,
  isArtifact,
  proxiedOf,
  sharedPathOf,
  writeArtifact,
} from "../artifacts.ts";
import * as limits from "../limits.ts";
import * as refusals from "../refusals.ts";
import type { TrackingStore } from "../store.ts";
import { activeRun, type EmbeddedStore } from "./embedded_store.ts";

/** The verbs about artifacts and what runs share, on the embedded store. */
export function artifactVerbs(
  store: EmbeddedStore,
): Pick<
  TrackingStore,
  "logArtifact" | "listArtifacts" | "downloadArtifact" | "putShared" | "hasShared" | "getShared"
> {
  return {
    async logArtifact(runId, path, content) {
      limits.checkArtifactPath(path);
      await writeArtifact(folderOfRun(store, runId), path, content);
    },

    async listArtifacts(runId, path = "") {
      if (path !== "") limits.checkArtifactPath(path);
      return await artifactsIn(folderOfRun(store, runId), path);
    },

    async downloadArtifact(runId, path) {
      limits.checkArtifactPath(path);
      const { artifact_uri } = store.file.read(() => activeRun(store, runId));
      const found = await artifactBytes(folderOfRun(store, runId), path);
      if (found !== undefined) return found;
      throw refusals.noArtifact(
        runId,
        path,
        proxiedOf(artifact_uri) !== undefined
          ? `This run was recorded through a server. If that keeps its artifacts elsewhere than in ${store.artifacts}, ` +
            "open the server instead of its file."
          : undefined,
      );
    },

    async putShared(runId, path, content) {
      limits.checkArtifactPath(path);
      await writeArtifact(sharedPathOf(folderOfRun(store, runId)), path, content);
    },

    async hasShared(runId, path) {
      limits.checkArtifactPath(path);
      return await isArtifact(sharedPathOf(folderOfRun(store, runId)), path);
    },

    async getShared(runId, path) {
      limits.checkArtifactPath(path);
      return await artifactBytes(sharedPathOf(folderOfRun(store, runId)), path);
    },
  };
}

/** The folder of a run's artifacts; those that a server keeps are where one started beside the file puts them. */
function folderOfRun(store: EmbeddedStore, runId: string): string {
  const { artifact_uri } = store.file.read(() => activeRun(store, runId));
  const proxied = proxiedOf(artifact_uri);
  const folder = proxied === undefined ? folderOf(artifact_uri) : join(store.artifacts, proxied.path);
  if (folder !== undefined) return folder;
  throw refusals.artifactsElsewhere(
    runId,
    artifact_uri,
    "Open the MLflow server of this file instead of the file.",
  );
}

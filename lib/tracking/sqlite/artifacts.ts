import { artifactBytes, artifactsIn, isArtifact, proxiedOf, writeArtifact } from "../artifacts.ts";
import { LIMITS } from "../limits.ts";
import * as limits from "../mlflow_limits.ts";
import * as refusals from "../refusals.ts";
import type { TrackingStore } from "../store.ts";
import { activeRun, type EmbeddedStore } from "./embedded_store.ts";
import { sharedShelfOf, shelfOf } from "./place.ts";

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
      await writeArtifact(shelfOf(store, runId), path, content);
    },

    async listArtifacts(runId, path = "") {
      if (path !== "") limits.checkArtifactPath(path);
      return await artifactsIn(shelfOf(store, runId), path);
    },

    async downloadArtifact(runId, path, { most = LIMITS.artifactBytes } = {}) {
      limits.checkArtifactPath(path);
      const { artifact_uri } = store.file.read(() => activeRun(store, runId));
      const found = await artifactBytes(shelfOf(store, runId), path, most);
      if (found !== undefined) return found;
      throw refusals.noArtifact(
        runId,
        path,
        typeof artifact_uri === "string" && proxiedOf(artifact_uri) !== undefined
          ? `This run was recorded through a server. If that keeps its artifacts elsewhere than in ${
            store.roots[0]
          }, ` +
            "open the server instead of its file."
          : undefined,
      );
    },

    async putShared(runId, path, content) {
      limits.checkArtifactPath(path);
      await writeArtifact(sharedShelfOf(store, runId), path, content);
    },

    async hasShared(runId, path) {
      limits.checkArtifactPath(path);
      return await isArtifact(sharedShelfOf(store, runId), path);
    },

    async getShared(runId, path) {
      limits.checkArtifactPath(path);
      return await artifactBytes(sharedShelfOf(store, runId), path, LIMITS.artifactBytes);
    },
  };
}

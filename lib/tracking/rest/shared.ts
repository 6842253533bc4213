import { basename, dirname } from "node:path";
import { artifactBytes, isArtifact, sharedPathOf, writeArtifact } from "../artifacts.ts";
import { LIMITS } from "../limits.ts";
import * as limits from "../mlflow_limits.ts";
import { fileNamesIn } from "../reading/listed.ts";
import type { TrackingStore } from "../store.ts";
import { answers } from "./answers.ts";
import type { MlflowServer } from "./mlflow_server.ts";
import { encoded, placeOf, PROXIED, put } from "./place.ts";
import { refusalOf } from "./refusal.ts";

/** The verbs about what runs share, spoken to a server. */
export function sharedVerbs(
  server: MlflowServer,
): Pick<TrackingStore, "putShared" | "hasShared" | "getShared"> {
  return {
    async putShared(runId, path, content) {
      limits.checkArtifactPath(path);
      const place = await placeOf(server, runId);
      if ("shelf" in place) return await writeArtifact(place.shared, path, content);
      const answer = await put(server, `${sharedPathOf(place.proxied)}/${path}`, new Uint8Array(content));
      if ("refusal" in answer) throw answer.refusal.error;
    },

    async hasShared(runId, path) {
      limits.checkArtifactPath(path);
      const place = await placeOf(server, runId);
      if ("shelf" in place) return await isArtifact(place.shared, path);
      return await isListed(server, `${sharedPathOf(place.proxied)}/${path}`);
    },

    async getShared(runId, path) {
      limits.checkArtifactPath(path);
      const place = await placeOf(server, runId);
      if ("shelf" in place) return await artifactBytes(place.shared, path, LIMITS.artifactBytes);
      const whole = `${sharedPathOf(place.proxied)}/${path}`;
      // The server answers 500 for what is not there: only its list tells.
      if (!await isListed(server, whole)) return undefined;
      const request = {
        method: "GET",
        path: `${PROXIED}/${encoded(whole)}`,
        repeatable: true,
        most: LIMITS.artifactBytes,
      } as const;
      const answer = await server.send(request);
      if (answer.status === 200) return answer.bytes;
      throw refusalOf(server.uri, `GET ${request.path}`, answer).error;
    },
  };
}

async function isListed(server: MlflowServer, path: string): Promise<boolean> {
  const { files } = await server.told(answers.artifacts, {
    method: "GET",
    path: PROXIED,
    query: { path: dirname(path).replace(/^\//, "") },
    repeatable: true,
  });
  return fileNamesIn(files).includes(basename(path));
}

import type { TrackingStore } from "../store.ts";
import { artifactVerbs } from "./artifacts.ts";
import { experimentVerbs } from "./experiments.ts";
import { connect, type ConnectionOptions } from "./http.ts";
import { logVerbs } from "./logs.ts";
import { MlflowServer } from "./mlflow_server.ts";
import { runVerbs } from "./runs.ts";
import { sharedVerbs } from "./shared.ts";

/** Opens the store that an MLflow server keeps; nothing is sent before the first verb. */
export function openRestStore(uri: string, options: ConnectionOptions = {}): TrackingStore {
  const server = new MlflowServer(connect(uri, options));
  return {
    uri: server.uri,
    ...experimentVerbs(server),
    ...runVerbs(server),
    ...logVerbs(server),
    ...artifactVerbs(server),
    ...sharedVerbs(server),
    async [Symbol.asyncDispose]() {},
  };
}

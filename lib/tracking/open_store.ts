import { ExperimentError } from "../base/error.ts";
import type { Credentials } from "./rest/http.ts";
import type { TrackingStore } from "./store.ts";

export type { Credentials };

/** Where runs are recorded when nothing else is asked: a file in the working directory. */
export const DEFAULT_TRACKING_URI = "sqlite:///mlflow.db";

/** What `openStore` may be told beside the URI; all but `create` matters to a server only. */
export interface StoreOptions {
  /**
   * Whether to make a file that isn't there, with MLflow's tables.
   * @default true
   */
  readonly create?: boolean;
  /**
   * What the server asks to know who calls.
   * @default what the URI or MLflow's environment variables say
   */
  readonly credentials?: Credentials;
  /**
   * How often a request is sent before it counts as failed, where sending it again does no harm.
   * @default 8
   */
  readonly attempts?: number;
  /**
   * The wait before the second attempt, in milliseconds; it doubles from one to the next.
   * @default 250
   */
  readonly firstWait?: number;
  /**
   * How many milliseconds an answer may take that is no more than a trickle.
   * @default 120000
   */
  readonly answerWithin?: number;
}

/**
 * Opens the store that a tracking URI names: `sqlite:///relative.db`, `sqlite:////absolute.db`, or the `http(s)://`
 * address of an MLflow server. Dispose of the store after use.
 *
 * @throws {ExperimentError} `INVALID_PARAMETER_VALUE` for any other URI; for a file also `INVALID_STATE`,
 * `PERMISSION_DENIED`, `RESOURCE_DOES_NOT_EXIST` (its folder) and `TEMPORARILY_UNAVAILABLE` (locked).
 */
export async function openStore(uri: string, options: StoreOptions = {}): Promise<TrackingStore> {
  const path = /^sqlite:\/\/\/([^?]+)$/.exec(uri)?.[1];
  if (path !== undefined && path !== ":memory:") {
    if (options.create === false) await mustBeThere(uri, path);
    const { openSqliteStore } = await import("./sqlite/open_sqlite_store.ts");
    return openSqliteStore(uri, path);
  }
  if (/^https?:\/\/[^/]/i.test(uri) && URL.canParse(uri)) {
    const { openRestStore } = await import("./rest/open_rest_store.ts");
    return openRestStore(uri, options);
  }
  throw new ExperimentError(
    "INVALID_PARAMETER_VALUE",
    `The tracking URI ${JSON.stringify(uri.replace(/\/\/[^/]*@/, "//"))} can't be opened: it must be ` +
      "sqlite:///relative.db, sqlite:////absolute.db, or the http:// or https:// address of an MLflow server.",
    { hint: `Use the default, ${DEFAULT_TRACKING_URI}, or start a server with: mlflow server` },
  );
}

async function mustBeThere(uri: string, path: string): Promise<void> {
  try {
    await Deno.stat(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new ExperimentError("RESOURCE_DOES_NOT_EXIST", `There is no store ${uri}: no file ${path}.`, {
      hint: "Train a run first, or name another store with --tracking-uri.",
      cause: error,
    });
  }
}

/** The states of a run, in MLflow's words. */
export type RunStatus = "RUNNING" | "SCHEDULED" | "FINISHED" | "FAILED" | "KILLED";

/** The state of a run as a store has it: `UNKNOWN` where that is no word of MLflow's. */
export type RecordedStatus = RunStatus | "UNKNOWN";

/** A named group of runs. */
export interface Experiment {
  /** The id that the store gave it. */
  readonly experiment_id: string;
  /** Its name, of which there is one in a store. */
  readonly name: string;
  /** The URI below which its runs keep their artifacts. */
  readonly artifact_location: string;
  /** What of it isn't of the form that MLflow gives it, in words, and is left empty; absent where all is. */
  readonly misshapen?: readonly string[];
}

/** One point of a metric. `timestamp` is in milliseconds since the epoch, `step` a whole number. */
export interface Metric {
  /** The name of the metric. */
  readonly key: string;
  /** Its value; may be NaN or infinite. */
  readonly value: number;
  /** When it was measured, in milliseconds since the epoch. */
  readonly timestamp: number;
  /** Where on the curve it is, such as an epoch. */
  readonly step: number;
}

/** The record that a run used a dataset. `source`, `schema` and `profile` are texts of JSON; `digest` has at most 36 characters. */
export interface DatasetInput {
  /** The name of the dataset. */
  readonly name: string;
  /** Its digest, of at most 36 characters. */
  readonly digest: string;
  /** The kind of source, such as `local` or `http`. */
  readonly source_type: string;
  /** Where it is, as a text of JSON. */
  readonly source: string;
  /** Its columns, as a text of JSON. */
  readonly schema: string;
  /** Its size, as a text of JSON. */
  readonly profile: string;
  /** What the run used it for, such as `training` or `eval`. */
  readonly context: string;
}

/** What identifies a run and tells its state. Times are in milliseconds since the epoch. */
export interface RunInfo {
  /** The id that the store gave it. */
  readonly run_id: string;
  /** Its name, which other runs may have too. */
  readonly run_name: string;
  /** The id of its experiment. */
  readonly experiment_id: string;
  /** Who started it. */
  readonly user_id: string;
  /** Its state. */
  readonly status: RecordedStatus;
  /** When it was started. */
  readonly start_time: number;
  /** When it ended; undefined while it goes on. */
  readonly end_time: number | undefined;
  /** The URI below which its artifacts are, as it was recorded. */
  readonly artifact_uri: string;
  /** Where they are today, as the project was moved since; absent where they are where it was recorded. */
  readonly artifacts_at?: string;
}

/** A run with all that was logged to it; `metrics` holds the latest point of each. */
export interface Run {
  /** Its identity and state. */
  readonly info: RunInfo;
  /** Its params by name. */
  readonly params: Readonly<Record<string, string>>;
  /** The latest point of each metric. */
  readonly metrics: Readonly<Record<string, Metric>>;
  /** Its tags by name. */
  readonly tags: Readonly<Record<string, string>>;
  /** The datasets that it used. */
  readonly datasets: readonly DatasetInput[];
  /** What of it isn't of the form that MLflow gives it, in words, and is left out or empty; absent where all is. */
  readonly misshapen?: readonly string[];
}

/** What a search of runs asks for; all that is given must hold. Newest start first. Deleted runs are never found. */
export interface RunSearch {
  /** In one of these experiments; in any where left out. */
  readonly experiment_ids?: readonly string[];
  /** Of exactly this name. */
  readonly run_name?: string;
  /** In this state. */
  readonly status?: RunStatus;
  /** With these values of tags. */
  readonly tags?: Readonly<Record<string, string>>;
  /**
   * How many runs a page has at most.
   * @default 100
   */
  readonly max_results?: number;
  /** The token of the page to give, from the page before. */
  readonly page_token?: string;
}

/** A page of runs, and the token of the next page where there is one. */
export interface RunPage {
  /** The runs of this page. */
  readonly runs: readonly Run[];
  /** The token of the next page; undefined on the last one. */
  readonly next_page_token: string | undefined;
}

/** A file or folder among a run's artifacts; `path` is relative to the run's artifact root. */
export interface ArtifactInfo {
  /** The path below the run's artifacts. */
  readonly path: string;
  /** Whether it is a folder. */
  readonly is_dir: boolean;
  /** The size of a file in bytes. */
  readonly file_size: number | undefined;
}

/** What `logBatch` writes. Params are write-once: the same value again is no change, another value is an error. */
export interface Batch {
  /** Values by name. */
  readonly params?: Readonly<Record<string, string>>;
  /** Points, in any order. */
  readonly metrics?: readonly Metric[];
  /** Values by name; one that is there is replaced. */
  readonly tags?: Readonly<Record<string, string>>;
}

/**
 * Where runs are recorded, with MLflow's entities and limits. Whatever a store could not keep exactly is refused
 * before anything is sent.
 */
export interface TrackingStore extends AsyncDisposable {
  /** The URI that the store was opened with, without credentials. */
  readonly uri: string;
  /** The active experiment of a name; undefined where there is none. */
  getExperimentByName(name: string): Promise<Experiment | undefined>;
  /** The active experiment of a name, made if there is none. */
  ensureExperiment(name: string): Promise<Experiment>;
  /** All active experiments, newest first. */
  searchExperiments(): Promise<readonly Experiment[]>;
  /** Starts a run in the state RUNNING. */
  createRun(run: {
    readonly experiment_id: string;
    readonly run_name: string;
    readonly user_id: string;
    readonly start_time: number;
    readonly tags: Readonly<Record<string, string>>;
  }): Promise<RunInfo>;
  /** Writes params, metric points and tags, in as many requests as MLflow's limits ask. */
  logBatch(runId: string, batch: Batch): Promise<void>;
  /** Records that a run used datasets. */
  logInputs(runId: string, datasets: readonly DatasetInput[]): Promise<void>;
  /** Sets a run's state and, when it ended, the time of its end. */
  updateRun(runId: string, update: { readonly status: RunStatus; readonly end_time?: number }): Promise<void>;
  /** A run by id. What of it is misshapen is said in it. @throws {ExperimentError} `RESOURCE_DOES_NOT_EXIST` */
  getRun(runId: string): Promise<Run>;
  /** The runs that match, newest start first. */
  searchRuns(search: RunSearch): Promise<RunPage>;
  /** Every point of a metric, by step, then by time. @throws {ExperimentError} `INVALID_STATE` for a misshapen one. */
  getMetricHistory(runId: string, key: string): Promise<readonly Metric[]>;
  /** Writes one artifact; it is either whole or absent. `path` has `/` between its parts. */
  logArtifact(runId: string, path: string, content: Uint8Array | string): Promise<void>;
  /** The artifacts directly below a folder of a run's artifacts. */
  listArtifacts(runId: string, path?: string): Promise<readonly ArtifactInfo[]>;
  /**
   * The bytes of one artifact.
   *
   * @param options.most More bytes are refused. @default 1 GiB
   * @throws {ExperimentError} `RESOURCE_DOES_NOT_EXIST`; `INVALID_STATE` for one that is too large, is no file, or isn't
   * where this store keeps artifacts.
   */
  downloadArtifact(runId: string, path: string, options?: { readonly most?: number }): Promise<Uint8Array>;
  /**
   * Writes a file that runs share, into the folder `reprise-objects` beside those of the experiments; it is either whole
   * or absent. Where that is, is told by where the artifacts of one of the runs are.
   */
  putShared(runId: string, path: string, content: Uint8Array): Promise<void>;
  /** Whether a shared file is there. */
  hasShared(runId: string, path: string): Promise<boolean>;
  /** The bytes of a shared file; undefined where there is none. */
  getShared(runId: string, path: string): Promise<Uint8Array | undefined>;
}

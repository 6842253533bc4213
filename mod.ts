/**
 * Reprise: ML experiments that can be run again, and that say exactly why when they can't.
 *
 * @module
 */

export { csv, defineDataset, json, parquet, sql } from "./lib/dataset.ts";
export type {
  ColumnType,
  Dataset,
  FileSource,
  Readable,
  RowShape,
  SqlSource,
  TableSource,
  Targeted,
  ValueType,
} from "./lib/dataset.ts";
export { defineFeatures } from "./lib/features.ts";
export type {
  FeatureAbout,
  FeatureBase,
  FeatureOf,
  FeatureView,
  PlainOf,
  PlainValue,
  RowOf,
  ViewAbout,
} from "./lib/features.ts";
export { bins, frequency, impute, minMax, oneHot, ordinal, standardise } from "./lib/transform.ts";
export type {
  Learned,
  NamedColumn,
  RawColumn,
  Transform,
  Transformable,
  TransformState,
} from "./lib/transform.ts";
export { lag, rolling } from "./lib/window.ts";
export type { ColumnOf, EarlierOf, Statistic, Window, WindowInput, WindowOptions } from "./lib/window.ts";
export { defineModel } from "./lib/model.ts";
export type {
  ClassificationInput,
  ClassificationModel,
  Estimator,
  FitInput,
  FitResult,
  LayersModel,
  Model,
  ModelBase,
  RegressionInput,
  RegressionModel,
  Written,
} from "./lib/model.ts";
export { takeRows } from "./lib/matrix.ts";
export type { Matrix } from "./lib/matrix.ts";
export type { Random } from "./lib/random.ts";
export { defineExperiment, defineRegistry } from "./lib/registry.ts";
export type {
  ChoiceOf,
  Experiment,
  ExperimentConfig,
  ModelChoice,
  Optional,
  Registry,
  SplitConfig,
} from "./lib/registry.ts";
export { main } from "./lib/main.ts";

export { loadExperiment } from "./lib/experiment.ts";
export type { LoadedExperiment } from "./lib/experiment.ts";
export type { ExperimentSpec, ReplayConfig } from "./lib/config.ts";
export type { GroupedSpec, HoldoutSpec, KFoldSpec, SplitSpec, TimeOrderedSpec } from "./lib/split.ts";
export type { ClassificationMetric, MetricName, RegressionMetric } from "./lib/metrics.ts";
export type { Contract, ContractRecord, Evidence } from "./lib/contract.ts";
export type { DataChangeKind, Drift, DriftKind } from "./lib/compare.ts";
export type { SourceLocation } from "./lib/source/source.ts";
export { train } from "./lib/train.ts";
export type { TrainedRun, TrainEvent, TrainOptions } from "./lib/train.ts";
export { replay } from "./lib/replay.ts";
export type { AttributionEvent } from "./lib/past/attribution.ts";
export type { ReplayEvent, ReplayOptions } from "./lib/replay.ts";
export type { Acceptance } from "./lib/waiver.ts";
export type { Curve, CurvePoint, Evaluations, ReplayReport, Verdict } from "./lib/report/report.ts";
export type {
  ClassCurves,
  ClassEvaluation,
  Distribution,
  Evaluation,
  EvaluationBase,
  Histogram,
  Importance,
  Point,
  ValueEvaluation,
} from "./lib/evaluation/evaluation.ts";
export type {
  AsRecorded,
  Attribution,
  Cell,
  CellChange,
  CodeChange,
  ColumnProfile,
  ConfigChange,
  DataChange,
  ExplainedDrift,
  RowChanges,
  Waiver,
} from "./lib/explain/explanation.ts";
export { openStore } from "./lib/tracking/open_store.ts";
export type { Credentials, StoreOptions } from "./lib/tracking/open_store.ts";
export type {
  ArtifactInfo,
  Batch,
  DatasetInput,
  Experiment as TrackingExperiment,
  Metric,
  Run,
  RunInfo,
  RunPage,
  RunSearch,
  RunStatus,
  TrackingStore,
} from "./lib/tracking/store.ts";
export { ExperimentError } from "./lib/error.ts";
export type { ErrorCode } from "./lib/error.ts";

export { createClient } from "./lib/client.ts";
export type {
  Client,
  ConfigEntry,
  ExperimentList,
  Job,
  JobError,
  JobEvent,
  JobKind,
  JobState,
  Lineage,
  LineageColumn,
  LineageFeature,
  LineageView,
  ModelEntry,
  RegistryEntry,
  RegistryListing,
  ReplayRequest,
  ReportDocument,
  RunList,
  RunsQuery,
  RunSummary,
  ShownRun,
  StartOptions,
  TrainRequest,
} from "./lib/client.ts";

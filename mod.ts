/**
 * Reprise: ML experiments that can be run again, and that say exactly why when they can't.
 *
 * @module
 */

export { csv, defineDataset, json, parquet, sql } from "./lib/data/dataset.ts";
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
} from "./lib/data/dataset.ts";
export type {
  BooleanSchema,
  CategorySchema,
  DateSchema,
  IntegerSchema,
  NullableSchema,
  NumberSchema,
  ObjectSchema,
  TextSchema,
} from "./lib/data/schema.ts";
export { defineFeatures } from "./lib/features/features.ts";
export type {
  FeatureAbout,
  FeatureBase,
  FeatureView,
  PlainOf,
  PlainValue,
  RowOf,
  ViewAbout,
} from "./lib/features/features.ts";
export type { FeatureOf } from "./lib/features/feature.ts";
export { bins, frequency, impute, minMax, oneHot, ordinal, standardise } from "./lib/features/transform.ts";
export type {
  Learned,
  NamedColumn,
  RawColumn,
  Transform,
  Transformable,
  TransformState,
} from "./lib/features/feature.ts";
export { lag, rolling } from "./lib/features/window.ts";
export type { ColumnOf, Statistic, Window, WindowOptions } from "./lib/features/window.ts";
export type { EarlierOf, WindowInput } from "./lib/features/feature.ts";
export { defineModel } from "./lib/models/model.ts";
export type {
  ClassificationInput,
  ClassificationModel,
  FitInput,
  FitResult,
  Model,
  ModelBase,
  RegressionInput,
  RegressionModel,
  Written,
} from "./lib/models/model.ts";
export type { Estimator, LayersModel } from "./lib/models/estimator.ts";
export { takeRows } from "./lib/base/matrix.ts";
export type { Matrix } from "./lib/base/matrix.ts";
export type { Random } from "./lib/base/random.ts";
export { defineExperiment, defineRegistry } from "./lib/experiment/registry.ts";
export type {
  ChoiceOf,
  Experiment,
  ExperimentConfig,
  ModelChoice,
  Optional,
  Registry,
  SplitConfig,
} from "./lib/experiment/registry.ts";
export { main } from "./lib/cli/main.ts";

export { loadExperiment } from "./lib/experiment/experiment.ts";
export type { LoadedExperiment } from "./lib/experiment/experiment.ts";
export type { ExperimentSpec } from "./lib/experiment/config.ts";
export type { ReplayConfig } from "./lib/replay/replay_config.ts";
export type {
  GroupedSpec,
  HoldoutSpec,
  KFoldSpec,
  SplitSpec,
  TimeOrderedSpec,
} from "./lib/experiment/split.ts";
export type { ClassificationMetric, MetricName, RegressionMetric } from "./lib/models/metrics.ts";
export type { Contract, ContractRecord, Evidence } from "./lib/contract/contract.ts";
export type { DataChangeKind, Drift, DriftKind } from "./lib/contract/compare.ts";
export type { SourceLocation } from "./lib/source/source.ts";
export type { Asked } from "./lib/training/asked.ts";
export { train } from "./lib/training/train.ts";
export type { TrainedRun, TrainEvent, TrainOptions } from "./lib/training/train.ts";
export { replay } from "./lib/replay/replay.ts";
export type { AttributionEvent } from "./lib/replay/past/attribution.ts";
export type { RerunLimits } from "./lib/replay/past/warden.ts";
export type { ReplayEvent, ReplayOptions } from "./lib/replay/replay.ts";
export type { Acceptance } from "./lib/replay/waiver.ts";
export type { Curve, CurvePoint, Evaluations, ReplayReport, Verdict } from "./lib/replay/report.ts";
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
} from "./lib/models/evaluation.ts";
export type {
  AsRecorded,
  Attribution,
  Cell,
  CellChange,
  CodeChange,
  ConfigChange,
  DataChange,
  ExplainedDrift,
  RowChanges,
  Waiver,
} from "./lib/replay/explain/explanation.ts";
export type { ColumnProfile } from "./lib/data/profile.ts";
export { openStore } from "./lib/tracking/open_store.ts";
export type { Credentials, StoreOptions } from "./lib/tracking/open_store.ts";
export type {
  ArtifactInfo,
  Batch,
  DatasetInput,
  Experiment as TrackingExperiment,
  Metric,
  RecordedStatus,
  Run,
  RunInfo,
  RunPage,
  RunSearch,
  RunStatus,
  TrackingStore,
} from "./lib/tracking/store.ts";
export { ExperimentError } from "./lib/base/error.ts";
export type { ErrorCode } from "./lib/base/error.ts";

export { createClient } from "./lib/server/client.ts";
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
} from "./lib/server/client.ts";

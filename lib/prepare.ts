import type { ExperimentSpec } from "./config.ts";
import type { Dataset } from "./dataset.ts";
import type { FeatureColumn } from "./design.ts";
import { ExperimentError } from "./error.ts";
import { datasetOf, type FeatureView, viewsBelow } from "./features.ts";
import type { Model } from "./model.ts";
import { randomOf } from "./random.ts";
import { suggestionOf } from "./nearest.ts";
import type { Registry } from "./registry.ts";
import { type Split, splitFolds } from "./split.ts";
import { type Column, type Fingerprint, fingerprintOf, loadTable, type Table } from "./table.ts";
import type { RawColumn } from "./transform.ts";

/** What a spec names, found in the registry. */
export interface Choice {
  readonly spec: ExperimentSpec;
  readonly dataset: Dataset;
  /** The views from the one over the dataset up to the chosen one, with their names. */
  readonly views: readonly NamedView[];
  readonly model: Model;
}

/** A feature view and its name in the registry. */
export interface NamedView {
  readonly name: string;
  readonly view: FeatureView;
}

/** What a dataset's rows and a feature view give. */
export interface Derived {
  readonly table: Table;
  readonly fingerprint: Fingerprint;
  /** Each view's features, computed for every row: by view, then by feature in the order of their names. */
  readonly values: Readonly<Record<string, Readonly<Record<string, RawColumn>>>>;
}

/** Everything that a fit needs, made from the data once. */
export interface Prepared extends Choice, Derived {
  /** The chosen view's features, sorted by name. */
  readonly features: readonly FeatureColumn[];
  readonly target: Target;
  /** The folds: one, unless the spec asks for more. */
  readonly splits: readonly Split[];
}

/** What is to be predicted, for every row: of a classification an index into `classes`, of a regression a number. */
export type Target =
  | { readonly task: "classification"; readonly y: Uint32Array; readonly classes: readonly string[] }
  | { readonly task: "regression"; readonly y: Float64Array };

/**
 * Finds in the registry what a spec names.
 *
 * @throws {ExperimentError} `INVALID_PARAMETER_VALUE` where a view is over another dataset, or over a view without a name.
 */
export function chooseFrom(registry: Registry, spec: ExperimentSpec): Choice {
  const dataset = registry.datasets[spec.data.name]!;
  const view = registry.features[spec.features.view]!;
  const names = new Map(Object.entries(registry.features).map(([name, view]) => [view, name]));
  const views = viewsBelow(view).map((below) => {
    const name = below === view ? spec.features.view : names.get(below);
    if (name !== undefined) return { name, view: below };
    throw new ExperimentError(
      "INVALID_PARAMETER_VALUE",
      `features.view: "${spec.features.view}" is over a feature view that the registry has no name for.`,
      { hint: "Export that view from registries/features/mod.ts too." },
    );
  });
  if (datasetOf(view) !== dataset) {
    const over = Object.keys(registry.datasets).find((name) => registry.datasets[name] === datasetOf(view));
    throw new ExperimentError(
      "INVALID_PARAMETER_VALUE",
      `features.view: "${spec.features.view}" is over the dataset ${
        over ? `"${over}"` : "of another registry"
      }, ` +
        `but data.name is "${spec.data.name}".`,
      { hint: "Choose a view over that dataset, or that view's dataset." },
    );
  }
  return { spec, dataset, views, model: registry.models[spec.model.name]! };
}

/** Loads the data, computes the features and assigns the rows: once, for the fit and for the contract alike. */
export async function prepare(
  choice: Choice,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Prepared> {
  return assemble(choice, derive(choice, await loadTable(choice.dataset, options)));
}

/** Computes what depends on a dataset's rows and a feature view alone, whatever the split. */
export function derive(choice: Pick<Choice, "dataset" | "views">, table: Table): Derived {
  return { table, fingerprint: fingerprintOf(choice.dataset, table), values: computeValues(choice, table) };
}

/** Makes what a fit needs of what was derived from the rows. */
export function assemble(choice: Choice, derived: Derived): Prepared {
  const { spec } = choice;
  const chosen = derived.values[spec.features.view]!;
  const { view } = choice.views.at(-1)!;
  const target = targetOf(choice, derived.table);
  return {
    ...choice,
    ...derived,
    features: Object.entries(chosen).map(([name, values]) => {
      const given = view.features[name]!;
      return { name, values, ...(typeof given === "function" ? {} : { learned: given }) };
    }),
    target,
    splits: splitFolds(spec.split, {
      rows: derived.table.rows,
      labels: target.task === "classification" ? target.y : undefined,
      by: byColumn(choice, derived.table),
    }, randomOf(spec.seed).stream("split")),
  };
}

/** Each view's features for every row of a table: by view, then by feature in the order of their names. */
export function computeValues(
  { dataset, views }: Pick<Choice, "dataset" | "views">,
  table: Table,
): Derived["values"] {
  const values: Record<string, Record<string, RawColumn>> = {};
  let readable = readableColumns(dataset, table);
  for (const { name, view } of views) {
    const computed = computeFeatures(name, view, readable, dataset.target, table.rows);
    values[name] = computed;
    // What is learned differs from fold to fold, so no other feature can read it.
    const plain = Object.entries(computed).filter(([feature]) =>
      typeof view.features[feature] === "function"
    );
    readable = { ...readable, ...Object.fromEntries(plain.map(([f, v]) => [f, (row) => v[row]])) };
  }
  return values;
}

type CellReader = (row: number) => unknown;

function readableColumns(dataset: Dataset, table: Table): Readonly<Record<string, CellReader>> {
  const readers = Object.entries(table.columns)
    .filter(([name]) => name !== dataset.target)
    .map(([name, column]) => [name, cellReader(column)] as const);
  return Object.fromEntries(readers);
}

function cellReader(column: Column): CellReader {
  const { nulls, ...rest } = column;
  if (nulls) {
    const read = cellReader(rest as Column);
    return (row) => nulls[row] === 1 ? null : read(row);
  }
  switch (column.kind) {
    case "date-time":
      return (row) => new Date(column.values[row]!);
    case "category":
      return (row) => column.levels[column.values[row]!];
    case "boolean":
      return (row) => column.values[row] === 1;
    default:
      return (row) => column.values[row];
  }
}

function computeFeatures(
  name: string,
  view: FeatureView,
  readable: Readonly<Record<string, CellReader>>,
  target: string,
  rows: number,
): Record<string, RawColumn> {
  let at = 0;
  const row: object = Object.defineProperty({}, target, {
    get: () => {
      throw new ExperimentError(
        "INVALID_PARAMETER_VALUE",
        `it reads "${target}", the target, which features can't read`,
      );
    },
  });
  for (const [column, read] of Object.entries(readable)) {
    Object.defineProperty(row, column, { get: () => read(at), enumerable: true });
  }
  const computed: Record<string, RawColumn> = {};
  for (const feature of Object.keys(view.features).sort()) {
    const given = view.features[feature]!;
    const place = `${name}.${feature}`;
    if (typeof given === "function") {
      const compute = given as (row: object) => unknown;
      const values = new Float64Array(rows);
      for (at = 0; at < rows; at++) values[at] = checked(() => finite(compute(row)), place, at);
      computed[feature] = values;
    } else {
      const compute = given.input as (row: object) => unknown;
      const values: (number | string | null)[] = [];
      for (at = 0; at < rows; at++) values.push(checked(() => raw(compute(row)), place, at));
      computed[feature] = rawColumn(values, place);
    }
  }
  return computed;
}

/** What `compute` gives; tells of which feature and row it is what is wrong. */
function checked<Value>(compute: () => Value, feature: string, row: number): Value {
  try {
    return compute();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : `it threw ${String(cause)}`;
    throw new ExperimentError(
      "INVALID_PARAMETER_VALUE",
      `The feature ${feature} can't be computed for row ${row + 1}: ${reason}.`,
      { cause },
    );
  }
}

function finite(found: unknown): number {
  if (typeof found === "number" && Number.isFinite(found)) return found;
  throw new Error(`found ${String(found)}, but a feature is a finite number`);
}

function raw(found: unknown): number | string | null {
  if (found === null || typeof found === "string") return found;
  if (typeof found === "boolean") return String(found);
  if (typeof found === "number" && Number.isFinite(found)) return found;
  throw new Error(
    `found ${String(found)}, but what is learned from is a finite number, a text, a boolean or null`,
  );
}

/** A column of numbers, NaN for null, or of texts. */
function rawColumn(values: readonly (number | string | null)[], feature: string): RawColumn {
  const kinds = new Set(values.filter((value) => value !== null).map((value) => typeof value));
  if (!kinds.has("string")) return Float64Array.from(values, (value) => value === null ? NaN : Number(value));
  if (kinds.size === 1) return values.map((value) => value === null ? null : String(value));
  throw new ExperimentError(
    "INVALID_PARAMETER_VALUE",
    `The feature ${feature} can't be computed: it is a number in some rows and a text in others.`,
  );
}

/** The values of the column that rows are split by; undefined where they are split by none. */
function byColumn({ spec, dataset }: Choice, { columns }: Table): ArrayLike<number | string> | undefined {
  if (!("by" in spec.split)) return undefined;
  const { by } = spec.split;
  const column = columns[by];
  if (column !== undefined) {
    const { values, nulls } = column;
    return nulls ? Array.from(nulls, (isNull, row) => isNull === 1 ? NaN : values[row]!) : values;
  }
  throw new ExperimentError(
    "INVALID_PARAMETER_VALUE",
    `split.by: "${spec.data.name}" has no column "${by}". ${
      suggestionOf(by, Object.keys(dataset.row.shape))
    }`,
  );
}

function targetOf({ dataset, model, spec }: Choice, table: Table): Target {
  const column = table.columns[dataset.target]!;
  if (model.task === "classification" && column.kind === "category") {
    return { task: "classification", y: column.values, classes: column.levels };
  }
  if (model.task === "regression" && (column.kind === "number" || column.kind === "integer")) {
    return { task: "regression", y: column.values };
  }
  const [needed, hint] = model.task === "classification"
    ? [
      "a category",
      "Give the target the type z.enum([…]) with the names of its classes, or choose a model of a regression.",
    ]
    : ["a number", "Choose a model of a classification, or another target."];
  throw new ExperimentError(
    "INVALID_PARAMETER_VALUE",
    `model.name: "${spec.model.name}" is a model of a ${model.task}, which needs ${needed}, but the target ` +
      `"${dataset.target}" of "${spec.data.name}" is a ${column.kind} column.`,
    { hint },
  );
}

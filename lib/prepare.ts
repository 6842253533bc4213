import type { ExperimentSpec } from "./config.ts";
import type { Dataset } from "./dataset.ts";
import { ExperimentError } from "./error.ts";
import { datasetOf, type FeatureView, viewsBelow } from "./features.ts";
import { type Matrix, matrixOf } from "./matrix.ts";
import type { Model } from "./model.ts";
import { randomOf } from "./random.ts";
import type { Registry } from "./registry.ts";
import { type Split, splitRows } from "./split.ts";
import { type Column, type Fingerprint, fingerprintOf, loadTable, type Table } from "./table.ts";

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
  readonly values: Readonly<Record<string, Readonly<Record<string, Float64Array>>>>;
}

/** Everything that a fit needs, made from the data once. */
export interface Prepared extends Choice, Derived {
  /** The names of the chosen view's features, sorted: the columns of `x`. */
  readonly features: readonly string[];
  readonly x: Matrix;
  /** The class of each row, as an index into `classes`. */
  readonly y: Uint32Array;
  readonly classes: readonly string[];
  readonly split: Split;
}

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
  const { spec, dataset } = choice;
  const chosen = derived.values[spec.features.view]!;
  const { classes, y } = classesOf(spec.data.name, dataset, derived.table);
  return {
    ...choice,
    ...derived,
    features: Object.keys(chosen),
    x: matrixOf(Object.values(chosen)),
    y,
    classes,
    split: splitRows(spec.split, y, randomOf(spec.seed).stream("split")),
  };
}

/** Each view's features for every row of a table: by view, then by feature in the order of their names. */
export function computeValues(
  { dataset, views }: Pick<Choice, "dataset" | "views">,
  table: Table,
): Derived["values"] {
  const values: Record<string, Record<string, Float64Array>> = {};
  let readable = readableColumns(dataset, table);
  for (const { name, view } of views) {
    const computed = computeFeatures(name, view, readable, dataset.target, table.rows);
    values[name] = computed;
    readable = {
      ...readable,
      ...Object.fromEntries(Object.entries(computed).map(([f, v]) => [f, (row) => v[row]])),
    };
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
  switch (column.kind) {
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
): Record<string, Float64Array> {
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
  const computed: Record<string, Float64Array> = {};
  for (const feature of Object.keys(view.features).sort()) {
    const compute = view.features[feature] as (row: object) => unknown;
    const values = new Float64Array(rows);
    for (at = 0; at < rows; at++) values[at] = finite(() => compute(row), `${name}.${feature}`, at);
    computed[feature] = values;
  }
  return computed;
}

function finite(compute: () => unknown, feature: string, row: number): number {
  let found: unknown;
  let cause: unknown;
  try {
    found = compute();
    if (typeof found === "number" && Number.isFinite(found)) return found;
  } catch (error) {
    cause = error;
  }
  const reason = cause instanceof Error
    ? cause.message
    : `found ${String(found)}, but a feature is a finite number`;
  throw new ExperimentError(
    "INVALID_PARAMETER_VALUE",
    `The feature ${feature} can't be computed for row ${row + 1}: ${reason}.`,
    { cause },
  );
}

function classesOf(
  name: string,
  dataset: Dataset,
  table: Table,
): { classes: readonly string[]; y: Uint32Array } {
  const column = table.columns[dataset.target]!;
  if (column.kind === "category") return { classes: column.levels, y: column.values };
  throw new ExperimentError(
    "INVALID_PARAMETER_VALUE",
    `data.name: the target "${dataset.target}" of "${name}" is a ${column.kind} column, but a classification needs a category.`,
    { hint: "Give the target the type z.enum([…]) with the names of its classes." },
  );
}

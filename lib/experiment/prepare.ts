import { ExperimentError } from "../base/error.ts";
import { suggestionOf } from "../base/nearest.ts";
import { type Input, nameOf } from "../base/observe/input.ts";
import { type Inputs, observing } from "../base/observe/scope.ts";
import { randomOf } from "../base/random.ts";
import type { Dataset } from "../data/dataset.ts";
import { type Fingerprint, fingerprintOf, loadTable, type Table } from "../data/table.ts";
import { type Computed, computeFeatures, type NamedView } from "../features/compute.ts";
import type { FeatureColumn } from "../features/design.ts";
import { datasetOf, isPlain, viewsBelow } from "../features/features.ts";
import { windowIn } from "../features/window.ts";
import type { Model } from "../models/model.ts";
import type { ExperimentSpec } from "./config.ts";
import type { Registry } from "./registry.ts";
import { type Split, splitFolds } from "./split.ts";

/** What a spec names, found in the registry. */
export interface Choice {
  readonly spec: ExperimentSpec;
  readonly dataset: Dataset;
  /** The views from the one over the dataset up to the chosen one, with their names. */
  readonly views: readonly NamedView[];
  readonly model: Model;
}

/** What a dataset's rows and a feature view give. */
export interface Derived extends Computed {
  readonly table: Table;
  readonly fingerprint: Fingerprint;
  /** What the checks of the rows and the features read by themselves. */
  readonly inputs: readonly Input[];
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
  const inputs: Inputs = new Map((table.inputs ?? []).map((input) => [nameOf(input), input]));
  const computed = observing(inputs, () => computeFeatures(choice, table));
  return {
    table,
    fingerprint: fingerprintOf(choice.dataset, table),
    ...computed,
    inputs: [...inputs.values()],
  };
}

/** Makes what a fit needs of what was derived from the rows. */
export function assemble(choice: Choice, derived: Derived): Prepared {
  const { spec } = choice;
  const chosen = derived.values[spec.features.view]!;
  const { view } = choice.views.at(-1)!;
  const target = targetOf(choice, derived.table);
  checkSplit(choice, derived.reads);
  return {
    ...choice,
    ...derived,
    features: Object.entries(chosen).map(([name, values]) => {
      const given = view.features[name]!;
      return { name, values, ...(isPlain(given) ? {} : { learned: given }) };
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
export function computeValues(choice: Pick<Choice, "dataset" | "views">, table: Table): Derived["values"] {
  return computeFeatures(choice, table).values;
}

/**
 * Checks that no window gives the present target away: where one reads the target of earlier rows, each train row has to
 * be earlier than all test rows.
 */
function checkSplit({ spec: { split }, dataset, views }: Choice, reads: Derived["reads"]): void {
  const orders = new Map<string, ReadonlySet<string>>();
  for (const { name, view } of views) {
    const made = Object.entries(view.features).map(([feature, given]) => {
      const read = reads[name]![feature]!;
      const window = windowIn(given);
      const own = window && read.includes(dataset.target) ? [window.by] : [];
      return [feature, [...own, ...read.flatMap((below) => [...orders.get(below) ?? []])]] as const;
    });
    for (const [feature, columns] of made) {
      orders.set(feature, new Set([...orders.get(feature) ?? [], ...columns]));
    }
  }
  const { name, view } = views.at(-1)!;
  for (const feature of Object.keys(view.features)) {
    for (const by of orders.get(feature)!) {
      if (split.kind === "time_ordered" && split.by === by) continue;
      throw new ExperimentError(
        "INVALID_PARAMETER_VALUE",
        `The feature ${name}.${feature} is made of the target of rows that are earlier by "${by}", so a ${split.kind} ` +
          `split${"by" in split ? ` by "${split.by}"` : ""} would train on what it is tested on.`,
        {
          hint:
            `Set split: { kind: time_ordered, by: ${by}, folds: … }, or leave "${dataset.target}" out of its window.`,
        },
      );
    }
  }
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

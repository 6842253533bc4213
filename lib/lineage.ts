import type { SourceDigest } from "./source/source.ts";
import { type FeatureAbout, isPlain, type ViewAbout } from "./features.ts";
import type { Model } from "./model.ts";
import type { Choice, Derived } from "./prepare.ts";
import { FRAMEWORK } from "./project.ts";
import { columnsOf, placeOf } from "./table.ts";
import { windowIn } from "./window.ts";

/** What a model is made from: the columns of a dataset, the features that are made of them, and the edges between. */
export interface Lineage {
  /** The version of its form. */
  readonly format: "reprise/lineage/1";
  /** The name of the dataset. */
  readonly dataset: string;
  /** The dataset's columns, in the order of its schema. */
  readonly columns: readonly LineageColumn[];
  /** The views, from the one over the dataset up to the chosen one. */
  readonly views: readonly LineageView[];
  /** The features of all views, by view and then by name. */
  readonly features: readonly LineageFeature[];
  /** What the chosen view's features are learned by; absent where it is a view's lineage alone. */
  readonly model?: { readonly id: string; readonly name: string; readonly task: Model["task"] };
  /** What is made from what: the ids of columns, features and the model. */
  readonly edges: readonly { readonly from: string; readonly to: string }[];
}

/** A column of the dataset. */
export interface LineageColumn {
  /** Its clause in the contract. */
  readonly id: string;
  /** Its name. */
  readonly name: string;
  /** The kind of its values: number, integer, boolean, date-time, category or text. */
  readonly kind: string;
  /** Whether some rows may have no value. */
  readonly nullable: boolean;
  /** Whether it is what the model predicts. */
  readonly target: boolean;
}

/** A feature view. */
export interface LineageView extends Pick<ViewAbout, "description" | "owner"> {
  /** Its name in the registry. */
  readonly name: string;
}

/** A feature: what is said of it, and what was found out by computing it. */
export interface LineageFeature extends FeatureAbout {
  /** Its clause in the contract. */
  readonly id: string;
  /** The view that it is of. */
  readonly view: string;
  /** Its name. */
  readonly name: string;
  /** What its values are, before anything is learned from them. */
  readonly dtype: "number" | "text";
  /** By which columns the rows are ordered and grouped, where it is of earlier rows. */
  readonly window?: { readonly by: string; readonly within: readonly string[] };
  /** What is learned from them, in order. */
  readonly transforms: readonly string[];
  /** The sorted names that it read in some row: of columns, and of features of the views below. */
  readonly reads: readonly string[];
  /** The declarations of the project that compute it, its own first. */
  readonly code: readonly { readonly file: string; readonly name: string; readonly line: number }[];
}

/** The lineage of what a feature view computes, up to the model where there is one. */
export function lineageOf(
  { dataset, views, values, reads }: Pick<Choice, "dataset" | "views"> & Derived,
  { data, model, sources }: {
    /** The name of the dataset. */
    readonly data: string;
    readonly model?: { readonly name: string; readonly task: Model["task"] };
    /** The source digest of each feature, by its clause. */
    readonly sources: Readonly<Record<string, SourceDigest>>;
  },
): Lineage {
  const columns = columnsOf(dataset.row).map(({ name, kind, nullable = false }): LineageColumn => ({
    id: `data.${data}.columns.${name}`,
    name,
    kind,
    nullable,
    target: name === dataset.target,
  }));
  /** What a name stands for in a row: a column, unless a view below has a feature of that name. */
  const meant = new Map(columns.map((column) => [column.name, column.id]));
  const features: LineageFeature[] = [];
  const edges: { from: string; to: string }[] = [];
  for (const { name: view, view: { about, features: given } } of views) {
    const made = Object.entries(values[view]!).map(([feature, column]): LineageFeature => {
      const id = `features.${view}.${feature}`;
      const how = given[feature]!;
      const window = windowIn(how);
      return {
        id,
        view,
        name: feature,
        ...about?.features?.[feature],
        dtype: column instanceof Float64Array ? "number" : "text",
        ...(window ? { window: { by: window.by, within: window.within } } : {}),
        transforms: typeof how === "function" ? [] : how.transforms.map(({ name }) => name),
        reads: reads[view]![feature]!,
        code: ownCode(sources[id]!),
      };
    });
    for (const { id, reads } of made) {
      edges.push(...reads.map((read) => ({ from: meant.get(read)!, to: id })));
    }
    for (const { id, name } of made) if (isPlain(given[name]!)) meant.set(name, id);
    features.push(...made);
  }
  if (model) {
    const to = `model.${model.name}`;
    const learned = features.filter(({ view }) => view === views.at(-1)!.name);
    const target = columns.filter((column) => column.target);
    edges.push(...[...learned, ...target].map(({ id }) => ({ from: id, to })));
  }
  return {
    format: "reprise/lineage/1",
    dataset: data,
    columns,
    views: views.map(({ name, view: { about } }) => {
      const { features: _features, ...words } = about ?? {};
      return { name, ...words };
    }),
    features,
    ...(model ? { model: { id: `model.${model.name}`, ...model } } : {}),
    edges,
  };
}

/** How a feature's values are made, in a few words: the window and the transforms. */
export function howMade({ window, transforms }: LineageFeature): readonly string[] {
  if (window === undefined) return transforms;
  const { by, within } = window;
  const groups = within.length === 0 ? "" : ` within ${within.join(", ")}`;
  return [`earlier rows by ${by}${groups}`, ...transforms];
}

/** The declarations of a digest but for the framework's: transforms and windows are told by their names. */
function ownCode({ declarations }: SourceDigest): LineageFeature["code"] {
  return declarations
    .filter(({ module }) => module !== "" && !module.startsWith(`${FRAMEWORK}lib/`))
    .map(({ module, name, line }) => ({ file: placeOf(module), name, line }));
}

import type { Dataset, Readable } from "../data/dataset.ts";
import type { FeatureOf, Learned } from "./feature.ts";
import type { Window } from "./window.ts";

/** What a feature view can be defined over: a dataset, or another view. */
export type FeatureBase = Dataset | FeatureView;

/** A named group of features: functions of one row, each computing one number. */
export interface FeatureView {
  /** The dataset whose rows are read, or the view whose features are read beside them. */
  readonly base: FeatureBase;
  /** The features by name: pure functions of a row with a finite result, or what is learned from such functions. */
  readonly features: Readonly<Record<string, FeatureOf<never>>>;
  /** What the view and its features are, in words. */
  readonly about?: ViewAbout;
}

/** What a feature view and its features are, in words: for readers alone, so that an edit of it is no drift. */
export interface ViewAbout<Feature extends string = string> {
  /** What the view is for, in a line. */
  readonly description?: string;
  /** Who answers for it. */
  readonly owner?: string;
  /** What its features are. */
  readonly features?: { readonly [Name in Feature]?: FeatureAbout };
}

/** What a feature is, in words. */
export interface FeatureAbout {
  /** What it tells, in a line. */
  readonly description?: string;
  /** What it is measured in, before anything is learned from it. */
  readonly unit?: string;
  /** Who answers for it, where that isn't the view's owner. */
  readonly owner?: string;
}

/** What a feature over a base may read: the dataset's columns but its target, and the features of a view it is over. */
export type RowOf<Base> = Base extends Readable<infer Row> ? Readonly<Row> : never;

/**
 * Defines a feature view over a dataset or over another view. The features are those named here: to use one of the
 * view below as it is, name it again, `petal_area: (row) => row.petal_area`. Their order has no meaning.
 *
 * @param about What the view and its features are, in words. It is apart from them, as it is no part of what they do.
 *
 * @example
 * ```ts
 * import { defineFeatures } from "./mod.ts";
 * import { iris_v1 } from "./registries/datasets/mod.ts";
 *
 * export const shapes = defineFeatures(iris_v1, {
 *   petal_area: (row) => row.petal_length * row.petal_width,
 * }, {
 *   description: "The shapes of the leaves of irises",
 *   features: { petal_area: { description: "Length by width of the petal", unit: "cm²" } },
 * });
 * ```
 */
export function defineFeatures<
  Base extends FeatureBase,
  Features extends Readonly<Record<string, FeatureOf<RowOf<Base>>>>,
>(
  base: Base,
  features: Features,
  about: ViewAbout<NoInfer<keyof Features & string>> = {},
): FeatureView & { readonly features: Features } & Readable<RowOf<Base> & PlainOf<Features>> {
  return { base, features, about };
}

/** The features that those of another view may read: not what is learned, which differs from fold to fold. */
export type PlainOf<Features> = {
  readonly [Name in keyof Features as PlainValue<Features[Name]> extends never ? never : Name]: PlainValue<
    Features[Name]
  >;
};

/** The type of a feature's value, null where a window has none; never where it is learned. */
export type PlainValue<Feature> = Feature extends Window<never, infer Value> ? Value | null
  : Feature extends Learned<never> ? never
  : number;

/** Whether features of another view may read a feature: nothing is learned of it. */
export function isPlain(feature: FeatureOf<never>): feature is ((row: never) => number) | Window<never> {
  return typeof feature === "function" || feature.transforms.length === 0;
}

/** The views from the one over the dataset itself up to `view`. */
export function viewsBelow(view: FeatureView): readonly FeatureView[] {
  return isView(view.base) ? [...viewsBelow(view.base), view] : [view];
}

/** The dataset that a view is over, directly or through other views. */
export function datasetOf(view: FeatureView): Dataset {
  return isView(view.base) ? datasetOf(view.base) : view.base;
}

function isView(base: FeatureBase): base is FeatureView {
  return "features" in base;
}

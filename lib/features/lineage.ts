import type { Model } from "../models/model.ts";
import type { FeatureAbout, ViewAbout } from "./features.ts";

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

/** How a feature's values are made, in a few words: the window and the transforms. */
export function howMade({ window, transforms }: LineageFeature): readonly string[] {
  if (window === undefined) return transforms;
  const { by, within } = window;
  const groups = within.length === 0 ? "" : ` within ${within.join(", ")}`;
  return [`earlier rows by ${by}${groups}`, ...transforms];
}

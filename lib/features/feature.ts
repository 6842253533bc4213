import type { Targeted } from "../data/dataset.ts";

/** A feature: a pure function of a row, or something that is learned from one's values in the train rows. */
export type FeatureOf<Row> = ((row: Row) => number) | Learned<Row>;

/** The values of a feature before anything is learned from them: numbers, NaN where there is none; or texts. */
export type RawColumn = Float64Array | readonly (string | null)[];

/** What a transform learned from the train rows: plain JSON, so that it is kept with the model. */
export type TransformState = Readonly<Record<string, unknown>>;

/** Something that is learned from the train rows of each fold, and applied to any rows. */
export interface Transform {
  /** What it is called in the model's file. */
  readonly name: string;
  /** Learns from the train rows alone. */
  learn(values: RawColumn): TransformState;
  /** The values of any rows, by what was learned: a column, or several. */
  apply(values: RawColumn, state: TransformState): RawColumn | readonly NamedColumn[];
}

/** One of several columns that a transform makes of one. */
export interface NamedColumn {
  /** What it is called behind the feature's name: `species=setosa` has `setosa`. */
  readonly name: string;
  /** Its value in each row. */
  readonly values: Float64Array;
}

/** A feature of which something is learned from the train rows of each fold. */
export interface Learned<Row> {
  /** A pure function of a row, as any feature's, null where it has no value; or a window over earlier rows. */
  readonly input: ((row: Row) => number | string | boolean | null) | WindowInput<Row>;
  /** What is learned from its values, in order. */
  readonly transforms: readonly Transform[];
}

/** What a transform can be put upon: a pure function of a row, or another transform. */
export type Transformable<Row, Value> = ((row: Row) => Value | null) | Learned<Row>;

/** What the functions of windows may read of an earlier row: what a feature may, and the target. */
export type EarlierOf<Row> = Row extends Targeted<infer Target> ? Omit<Row, "~target"> & Target : Row;

/** What a window computes of which rows. */
export interface WindowInput<Row, Value extends number | string = number | string> {
  /** A pure function of each earlier row, null where it has no value. */
  readonly of: (row: EarlierOf<Row>) => Value | null;
  /** The column that orders the rows. */
  readonly by: string;
  /** The columns whose values part the rows into groups. */
  readonly within: readonly string[];
  /** How many rows. */
  readonly rows: number;
  /**
   * The window's value for a row, NaN or null for none: of `values`, those of its group in order, the ones from `from`
   * up to but without `to` are earlier.
   */
  readonly value: (
    values: RawColumn,
    earlier: { readonly from: number; readonly to: number },
  ) => number | string | null;
}

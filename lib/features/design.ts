import { ExperimentError } from "../base/error.ts";
import { type Matrix, matrixOf } from "../base/matrix.ts";
import type { Learned, NamedColumn, RawColumn, TransformState } from "./feature.ts";

/** A feature of the chosen view: its values for every row, and what is to be learned from them. */
export interface FeatureColumn {
  readonly name: string;
  readonly values: RawColumn;
  /** Absent for a plain feature, of which nothing is learned. */
  readonly learned?: Learned<never>;
}

/** What was learned from the train rows of a fold, and the matrices that it makes. */
export interface Design {
  /** The names of the matrices' columns. */
  readonly features: readonly string[];
  /** The feature of the view that each of these columns is made of. */
  readonly origins: readonly string[];
  /** What each transform learned, by feature; undefined where no feature has any. */
  readonly states: Readonly<Record<string, readonly NamedState[]>> | undefined;
  /** The matrix of some rows. */
  matrix(rows: Uint32Array): Matrix;
}

/** What a transform learned, under its name. */
export interface NamedState {
  readonly transform: string;
  readonly state: TransformState;
}

/**
 * Learns from the train rows what the features ask for.
 *
 * @throws {ExperimentError} `INVALID_PARAMETER_VALUE` where a feature has no value and nothing fills it in.
 */
export function learnDesign(columns: readonly FeatureColumn[], train: Uint32Array): Design {
  const states: Record<string, readonly NamedState[]> = {};
  for (const { name, values, learned } of columns) {
    if (learned) states[name] = learn(learned, taken(values, train), name);
  }
  const made = (rows: Uint32Array): readonly (NamedColumn & { readonly origin: string })[] =>
    columns.flatMap(({ name, values, learned }) =>
      apply(learned, taken(values, rows), states[name] ?? [], name)
        .map((column) => ({ ...column, origin: name }))
    );
  const first = made(train.slice(0, 1));
  return {
    features: first.map(({ name }) => name),
    origins: first.map(({ origin }) => origin),
    states: Object.keys(states).length === 0 ? undefined : states,
    matrix: (rows) => matrixOf(made(rows).map(({ name, values }) => whole(values, name, rows))),
  };
}

function learn({ transforms }: Learned<never>, train: RawColumn, feature: string): readonly NamedState[] {
  let values = train;
  return transforms.map((transform, index) => {
    const state = transform.learn(values);
    if (index < transforms.length - 1) {
      values = single(transform.apply(values, state), transform.name, feature);
    }
    return { transform: transform.name, state };
  });
}

function apply(
  learned: Learned<never> | undefined,
  raw: RawColumn,
  states: readonly NamedState[],
  feature: string,
): readonly NamedColumn[] {
  let values: RawColumn | readonly NamedColumn[] = raw;
  learned?.transforms.forEach((transform, index) => {
    const before = learned.transforms[index - 1]?.name ?? "";
    values = transform.apply(single(values, before, feature), states[index]!.state);
  });
  if (isNamed(values)) {
    return (values as readonly NamedColumn[]).map((one) => ({ ...one, name: `${feature}=${one.name}` }));
  }
  if ((values as RawColumn) instanceof Float64Array) {
    return [{ name: feature, values: values as Float64Array }];
  }
  throw new ExperimentError(
    "INVALID_PARAMETER_VALUE",
    `The feature ${feature} ends as a text, and a model takes numbers.`,
    { hint: "Put one_hot, ordinal or frequency upon it." },
  );
}

function single(values: RawColumn | readonly NamedColumn[], transform: string, feature: string): RawColumn {
  if (!isNamed(values)) return values as RawColumn;
  throw new ExperimentError(
    "INVALID_PARAMETER_VALUE",
    `The feature ${feature} puts something upon ${transform}, which makes several columns: nothing can follow it.`,
  );
}

function isNamed(values: RawColumn | readonly NamedColumn[]): values is readonly NamedColumn[] {
  return !(values instanceof Float64Array) && typeof values[0] === "object" && values[0] !== null;
}

function whole(values: Float64Array, name: string, rows: Uint32Array): Float64Array {
  if (!values.includes(NaN)) return values;
  const lacking = values.findIndex(Number.isNaN);
  throw new ExperimentError(
    "INVALID_PARAMETER_VALUE",
    `The feature ${name} has no value in row ${rows[lacking]! + 1}.`,
    { hint: "Fill it in: impute(feature, …)." },
  );
}

function taken(values: RawColumn, rows: Uint32Array): RawColumn {
  const isNumbers = values instanceof Float64Array;
  const found = isNumbers ? new Float64Array(rows.length) : new Array<string | null>(rows.length);
  for (let at = 0; at < rows.length; at++) found[at] = values[rows[at]!]!;
  return found;
}

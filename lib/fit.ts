import { takeRows } from "./matrix.ts";
import { metrics as metricFunctions } from "./metrics.ts";
import type { Estimator, FitInput } from "./model.ts";
import type { Prepared } from "./prepare.ts";
import { randomOf } from "./random.ts";

/** Fits the model to the train rows; `onEpoch` is told each point of the training curve. */
export async function fit(
  prepared: Prepared,
  onEpoch: FitInput<unknown>["onEpoch"],
): Promise<Estimator> {
  const { spec, model, x, y, split, classes, features } = prepared;
  return await model.fit({
    x: takeRows(x, split.train),
    y: Uint32Array.from(split.train, (row) => y[row]!),
    classes,
    features,
    params: spec.model.params,
    random: randomOf(spec.seed).stream("fit"),
    onEpoch,
  });
}

/** The metrics of the spec for the test rows, by name. */
export async function score(
  estimator: Estimator,
  { spec, x, y, split }: Prepared,
): Promise<Record<string, number>> {
  const probabilities = await estimator.predict(takeRows(x, split.test));
  const actual = Uint32Array.from(split.test, (row) => y[row]!);
  return Object.fromEntries(
    spec.metrics.map((name) => [name, metricFunctions[name]({ actual, probabilities })]),
  );
}

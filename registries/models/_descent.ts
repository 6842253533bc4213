import type { ClassificationInput } from "../../mod.ts";
import { adam } from "./_adam.ts";
import { type EarlyStopping, holdBack, watchLoss } from "./_early_stopping.ts";

/** The params of a descent. */
export interface DescentParams {
  readonly epochs: number;
  readonly batch_size: number;
  readonly learning_rate: number;
  readonly early_stopping?: EarlyStopping | undefined;
}

/** What is minimised: the mean of a loss over the train rows. */
export interface Objective {
  /** What is to be found, in place. */
  readonly weights: readonly (Float32Array | Float64Array)[];
  /** The loss summed over some rows, and the gradient of its mean by each of the weights. */
  derive(rows: Uint32Array): {
    readonly loss: number;
    readonly gradients: readonly (Float32Array | Float64Array)[];
  };
  /** The loss summed over some rows. */
  lossOf(rows: Uint32Array): number;
}

/**
 * Minimises by Adam over batches in a seeded order. The training curve has the mean loss while each epoch went on, as
 * `train_loss`. With early stopping it also has that of the validation rows, and the weights of its least are taken.
 */
export async function descend(
  { y, params, random, onEpoch }: Pick<
    ClassificationInput<DescentParams>,
    "y" | "params" | "random" | "onEpoch"
  >,
  { weights, derive, lossOf }: Objective,
): Promise<void> {
  const { rows, validation } = holdBack(y, params.early_stopping, random.stream("validation"));
  const watch = watchLoss(params.early_stopping ?? { patience: params.epochs });
  const updates = weights.map((array) => adam(array, params.learning_rate));
  const shuffling = random.stream("batches");
  let best: typeof weights | undefined;
  for (let epoch = 1; epoch <= params.epochs && !watch.isOver(); epoch++) {
    shuffling.shuffle(rows);
    let total = 0;
    for (let start = 0; start < rows.length; start += params.batch_size) {
      const { loss, gradients } = derive(rows.subarray(start, start + params.batch_size));
      updates.forEach((update, index) => update(gradients[index]!));
      total += loss;
    }
    const train_loss = total / rows.length;
    if (validation.length === 0) await onEpoch(epoch, { train_loss });
    else {
      const validation_loss = lossOf(validation) / validation.length;
      if (watch.isLeast(validation_loss)) best = weights.map((array) => array.slice());
      await onEpoch(epoch, { train_loss, validation_loss });
    }
  }
  best?.forEach((array, index) => weights[index]!.set(array));
}

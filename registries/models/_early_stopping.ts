import { type Random, splitFolds } from "../../mod.ts";

/** How a fit may stop before its last epoch. */
export interface EarlyStopping {
  /** The fraction of the train rows that is held back to measure the loss on. */
  readonly validation: number;
  /** After how many epochs without a smaller loss the fit stops. */
  readonly patience: number;
}

/** The rows to fit to, and those that are held back. */
export interface HeldBack {
  readonly rows: Uint32Array;
  /** Empty where the fit is not to stop early. */
  readonly validation: Uint32Array;
}

/** Holds back a seeded part of the rows for validation; where they have classes, each keeps its share. */
export function holdBack(
  y: Uint32Array | Float64Array,
  stopping: EarlyStopping | undefined,
  random: Random,
): HeldBack {
  if (!stopping) return { rows: Uint32Array.from(y.keys()), validation: new Uint32Array() };
  const labels = y instanceof Uint32Array ? y : undefined;
  const spec = {
    kind: "holdout",
    test: stopping.validation,
    stratify: labels !== undefined,
    repeats: 1,
  } as const;
  const [split] = splitFolds(spec, { rows: y.length, labels, by: undefined }, random);
  return { rows: split!.train, validation: split!.test };
}

/** Watches the loss on the validation rows, epoch by epoch. */
export function watchLoss({ patience }: Pick<EarlyStopping, "patience">) {
  let least = Infinity;
  let since = 0;
  return {
    /** Takes the loss of an epoch, and tells whether it is the least so far. */
    isLeast(loss: number): boolean {
      since = loss < least ? 0 : since + 1;
      least = Math.min(least, loss);
      return since === 0;
    },
    /** Whether it has been without a smaller loss for long enough. */
    isOver: () => since >= patience,
  };
}

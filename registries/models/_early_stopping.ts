import { ExperimentError, type Random } from "../../mod.ts";

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

/**
 * Holds back a seeded part of the rows for validation; where they have classes, of each class that has more than one row.
 *
 * @throws {ExperimentError} `INVALID_PARAMETER_VALUE` where there are too few rows to hold one back.
 */
export function holdBack(
  y: Uint32Array | Float64Array,
  stopping: EarlyStopping | undefined,
  random: Random,
): HeldBack {
  if (!stopping) return { rows: Uint32Array.from(y.keys()), validation: new Uint32Array() };
  const strata = y instanceof Uint32Array
    ? [...Map.groupBy(y.keys(), (row) => y[row]).values()]
    : [[...y.keys()]];
  const validation = strata.flatMap((rows) =>
    random.shuffle(rows).slice(0, Math.min(Math.ceil(stopping.validation * rows.length), rows.length - 1))
  );
  if (validation.length === 0) {
    throw new ExperimentError(
      "INVALID_PARAMETER_VALUE",
      `model.params.early_stopping: no row can be held back of ${y.length} train rows in ${strata.length} classes.`,
      { hint: "Leave early_stopping out, or train with more rows." },
    );
  }
  const held = new Set(validation);
  return {
    rows: Uint32Array.from(y.keys()).filter((row) => !held.has(row)),
    validation: Uint32Array.from(validation).sort(),
  };
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

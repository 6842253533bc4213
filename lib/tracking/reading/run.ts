import { shorten, show, toLine } from "../../document/show.ts";
import { z } from "../../deps/zod.ts";
import { LIMITS } from "../limits.ts";
import { fromStoredValue } from "../point.ts";
import type { DatasetInput, Experiment, Metric, Run, RunInfo } from "../store.ts";
import { checked } from "./reading.ts";

// MLflow leaves out what is empty, and JSON has its 64-bit integers as numbers or texts, its NaN and infinities as texts.
const formed = (most: number) =>
  z.string().max(most, `longer than ${most} characters`)
    .refine((text) => text.isWellFormed(), "it has half of a surrogate pair");
const name = formed(LIMITS.nameLength).min(1, "empty");
const text = formed(LIMITS.valueLength).default("");
// Not unions, which are ten times as slow: there may be a million points.
const whole = z.unknown().transform((value, context): number => {
  const number = typeof value === "string" && /^-?\d{1,19}$/.test(value) ? Number(value) : value;
  if (typeof number === "number" && Number.isInteger(number)) return number;
  context.addIssue("expected a whole number");
  return z.NEVER;
});
const time = whole.pipe(z.int().min(0).max(8.64e15));
const number = z.unknown().transform((value, context): number => {
  if (typeof value === "number" && Number.isFinite(value)) return fromStoredValue(value);
  if (value === "NaN" || value === "Infinity" || value === "-Infinity") return Number(value);
  context.addIssue("expected a number");
  return z.NEVER;
});

const infoShape = {
  run_id: formed(256).regex(/^[a-zA-Z0-9][\w-]*$/),
  run_name: formed(LIMITS.nameLength).default(""),
  experiment_id: formed(64).regex(/^[a-zA-Z0-9][\w-]*$/),
  user_id: formed(LIMITS.nameLength).default(""),
  status: z.enum(["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"]),
  start_time: time.default(0),
  end_time: time.optional(),
  artifact_uri: formed(LIMITS.placeLength).default(""),
};
const pair = z.object({ key: name, value: text });
const metric: z.ZodType<Metric> = z.object({
  key: name,
  value: number,
  timestamp: whole.default(0),
  step: whole.default(0),
});
const tag = z.object({ key: name, value: formed(LIMITS.valueLength).default("") });
const dataset = z.object({
  dataset: z.object({
    name,
    digest: formed(LIMITS.nameLength),
    source_type: text,
    source: text,
    schema: formed(LIMITS.textBytes).default(""),
    profile: formed(LIMITS.textBytes).default(""),
  }),
  tags: z.array(tag).default([]),
}).transform(({ dataset, tags }): DatasetInput => ({
  ...dataset,
  context: tags.find(({ key }) => key === "mlflow.data.context")?.value ?? "",
}));
const experimentShape = {
  name: formed(LIMITS.nameLength).min(1),
  artifact_location: formed(LIMITS.placeLength).default(""),
};

/** How many faults of one record are told. */
const TOLD = 10;

/** What is wrong with a record, in words, as it is read. */
class Faults {
  readonly #found: string[] = [];

  /** A part that a schema accepts; else what stands in for it. */
  take<Value>(schema: z.ZodType<Value>, part: unknown, what: string, instead: Value): Value {
    const reading = checked(schema, part);
    if ("value" in reading) return reading.value;
    this.add(
      `${what} is misshapen (${
        part === undefined ? "nothing" : typeof part === "object" ? reading.reason : toLine(show(part))
      })`,
    );
    return instead;
  }

  /** Those items of a list that a schema accepts. */
  takeEach<Item>(schema: z.ZodType<Item>, list: unknown, what: string): readonly Item[] {
    if (list === undefined) return [];
    if (Array.isArray(list) && list.length > LIMITS.ofOneRun) {
      this.add(`it has more than ${LIMITS.ofOneRun} ${what}s`);
      return this.takeEach(schema, list.slice(0, LIMITS.ofOneRun), what);
    }
    const whole = z.array(schema).safeParse(list);
    if (whole.success) return whole.data;
    if (!Array.isArray(list)) {
      this.add(`its list of ${what}s is misshapen (${toLine(show(list))})`);
      return [];
    }
    return list.flatMap((item) => {
      const reading = checked(schema, item);
      if ("value" in reading) return [reading.value];
      const key = partOf(item, "key");
      const named = typeof key === "string" ? ` ${JSON.stringify(shorten(toLine(key)))}` : "";
      this.add(`the ${what}${named} is misshapen (${reading.reason})`);
      return [];
    });
  }

  add(fault: string): void {
    this.#found.push(fault);
  }

  /** The faults, as a part of the record. */
  get told(): { readonly misshapen?: readonly string[] } {
    if (this.#found.length === 0) return {};
    const more = this.#found.length - TOLD;
    return { misshapen: [...this.#found.slice(0, TOLD), ...(more > 0 ? [`and ${more} more`] : [])] };
  }
}

/**
 * A run as a server tells it, and as the embedded store is read: whatever is misshapen is left out or empty, and said.
 */
export function runIn(told: unknown): Run {
  const faults = new Faults();
  const info = partOf(told, "info");
  const data = partOf(told, "data");
  const params = faults.takeEach(pair, partOf(data, "params"), "param");
  const tags = faults.takeEach(pair, partOf(data, "tags"), "tag");
  const metrics = faults.takeEach(metric, partOf(data, "metrics"), "metric");
  const datasets = faults.takeEach(dataset, partOf(partOf(told, "inputs"), "dataset_inputs"), "dataset");
  return {
    info: infoOf(info, faults),
    params: byKey(params.map(({ key, value }) => [key, value]), "param", faults),
    metrics: byKey(metrics.map((point) => [point.key, point]), "metric", faults),
    tags: byKey(tags.map(({ key, value }) => [key, value]), "tag", faults),
    datasets: datasets.toSorted((a, b) =>
      a.name === b.name ? (a.digest < b.digest ? -1 : 1) : (a.name < b.name ? -1 : 1)
    ),
    ...faults.told,
  };
}

/** A run of which no more is known than that it can't be read. */
export function unreadRun(why: string): Run {
  const run = runIn({ info: { run_id: "unread", experiment_id: "0", status: "FAILED" } });
  return {
    ...run,
    info: { ...run.info, run_id: "", experiment_id: "", status: "UNKNOWN" },
    misshapen: [why],
  };
}

function infoOf(told: unknown, faults: Faults): RunInfo {
  const take = <Key extends keyof typeof infoShape, Instead>(key: Key, what: string, instead: Instead) =>
    faults.take<z.output<(typeof infoShape)[Key]> | Instead>(
      infoShape[key] as unknown as z.ZodType<z.output<(typeof infoShape)[Key]>>,
      partOf(told, key),
      what,
      instead,
    );
  const run_id = partOf(told, "run_id");
  return {
    run_id: take("run_id", "its id", typeof run_id === "string" ? shorten(toLine(run_id)) : ""),
    run_name: take("run_name", "its name", ""),
    experiment_id: take("experiment_id", "its experiment", ""),
    user_id: take("user_id", "its user", ""),
    status: take("status", "its state", "UNKNOWN"),
    start_time: take("start_time", "its start time", 0),
    end_time: take("end_time", "its end time", undefined),
    artifact_uri: take("artifact_uri", "the place of its artifacts", ""),
  };
}

/** An experiment as a server tells it, and as the embedded store is read. */
export function experimentIn(experiment_id: string, told: unknown): Experiment {
  const faults = new Faults();
  return {
    experiment_id,
    name: faults.take(experimentShape.name, partOf(told, "name"), "its name", ""),
    artifact_location: faults.take(
      experimentShape.artifact_location,
      partOf(told, "artifact_location"),
      "the place of its artifacts",
      "",
    ),
    ...faults.told,
  };
}

/** The points of a metric; or in words what is wrong with one. */
export function pointsIn(told: readonly unknown[]): readonly Metric[] | string {
  const whole = z.array(metric).safeParse(told);
  if (whole.success) return whole.data;
  const faults = new Faults();
  for (let start = 0; start < told.length; start += LIMITS.ofOneRun) {
    faults.takeEach(metric, told.slice(start, start + LIMITS.ofOneRun), "metric");
  }
  return faults.told.misshapen?.[0] ?? "misshapen";
}

function byKey<Value>(
  entries: readonly (readonly [string, Value])[],
  what: string,
  faults: Faults,
): Readonly<Record<string, Value>> {
  const found = new Map<string, Value>();
  for (const [key, value] of entries) {
    if (found.has(key)) faults.add(`the ${what} ${JSON.stringify(shorten(toLine(key)))} is there twice`);
    else found.set(key, value);
  }
  return Object.fromEntries(found);
}

function partOf(told: unknown, part: string): unknown {
  if (typeof told !== "object" || told === null || !Object.hasOwn(told, part)) return undefined;
  return (told as Readonly<Record<string, unknown>>)[part];
}

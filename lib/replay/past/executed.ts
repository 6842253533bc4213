import { canonicalJson, digestOf } from "../../base/digest.ts";
import { ExperimentError } from "../../base/error.ts";
import { jsonIn } from "../../base/json.ts";
import type { ContractRecord } from "../../contract/contract.ts";
import { z } from "../../deps/zod.ts";
import type { ExperimentSpec } from "../../experiment/config.ts";
import { readText } from "../../tracking/read.ts";
import { recorded } from "../../tracking/recorded.ts";
import type { Run, TrackingStore } from "../../tracking/store.ts";
import { type Executed, EXECUTED_VERSION } from "../../training/kept/keep.ts";

const digest = z.string().regex(/^[0-9a-f]{64}$/, "no digest");

/** The URL of a module: of a file or of the web, or data; as URL parsers write it, so that nothing in it is ambiguous. */
export const moduleUrl = z.string().max(100_000).refine(
  (url) => /^(file:\/\/\/|https?:\/\/[^/]|data:)/.test(url) && URL.parse(url)?.href === url,
  "no URL of a module",
);

const names = z.string().max(1000);

const specSchema = z.looseObject({
  experiment: names,
  run: names,
  data: z.looseObject({ name: names }),
  features: z.looseObject({ view: names }),
  model: z.looseObject({ name: names, params: z.record(names, z.unknown()) }),
  split: z.looseObject({ kind: names }),
  metrics: z.array(names).max(1000),
  seed: z.number(),
}).refine(isPlain, "too deep");

/** Whether a value is no deeper than what can be digested. */
function isPlain(value: unknown): boolean {
  try {
    return canonicalJson(value).length > 0;
  } catch {
    return false;
  }
}

const fields = {
  deno: names,
  entry: moduleUrl,
  registry: z.strictObject({ module: moduleUrl, export: names, path: z.array(names).max(100) }),
  spec: specSchema,
  snapshot: digest.nullable(),
  lock: digest.nullable(),
  objects: z.array(digest).min(1).max(10_000),
  lacking: z.record(z.string().max(100_000), z.string().max(100_000)),
};

const FIRST_ENTRY = "lib/past/program.ts";

const executedSchema = z.discriminatedUnion("version", [
  // Of release 0.1.0, whose modules were always in these places.
  z.strictObject({ ...fields, version: z.literal(1) }).refine(({ entry }) =>
    entry.endsWith(`/${FIRST_ENTRY}`)
  )
    .transform(({ entry, ...rest }) => {
      const framework = entry.slice(0, -FIRST_ENTRY.length);
      return { ...rest, entry, framework, metrics: `${framework}lib/metrics.ts` };
    }),
  z.strictObject({
    ...fields,
    version: z.literal(EXECUTED_VERSION),
    framework: moduleUrl.refine((url) => url.endsWith("/")),
    metrics: moduleUrl,
  }),
]);

/**
 * What a run recorded that it executed, checked against its schema and against the params that vouch for it.
 *
 * @throws {ExperimentError} `RESOURCE_DOES_NOT_EXIST` where it recorded none, `INVALID_STATE` for what can't be read, was
 * changed, or that no param vouches for though one should.
 */
export async function readExecuted(
  store: TrackingStore,
  { info, params }: Pick<Run, "info" | "params">,
  contract: Pick<ContractRecord, "asked">,
): Promise<Executed> {
  const text = await readText(store, info.run_id, recorded.executed);
  if (text === undefined) {
    throw new ExperimentError(
      "RESOURCE_DOES_NOT_EXIST",
      `The run can't be run as recorded: it has no ${recorded.executed}, as it was recorded by an earlier Reprise, ` +
        "or its artifacts are gone.",
    );
  }
  const vouched = params[recorded.params.executed];
  if (vouched !== undefined && vouched !== digestOf(text)) throw changed(recorded.executed);
  const value = jsonIn(text);
  const version = (value as { readonly version?: unknown } | undefined)?.version;
  const { success, data, error } = executedSchema.safeParse(value);
  if (!success) {
    throw unreadable(
      typeof version === "number" && Number.isInteger(version) && version > EXECUTED_VERSION
        ? `has version ${version}, but this Reprise knows versions 1 and ${EXECUTED_VERSION}.`
        : `isn't in the form of one: ${wordsOf(error)}.`,
    );
  }
  // The contract says whether a release recorded it that records both params, as those can be added to a run later.
  const expected = contract.asked === undefined ? { version: 1, params: 0 } : { version: 2, params: 2 };
  const found = [vouched, params[recorded.params.outcome]].filter((param) => param !== undefined).length;
  if (data.version !== expected.version || found !== expected.params) {
    throw unreadable(
      `has version ${data.version}, which isn't what the run's contract and its params ${recorded.params.executed} ` +
        `and ${recorded.params.outcome} say of it.`,
    );
  }
  return { ...data, spec: data.spec as unknown as Omit<ExperimentSpec, "tracking"> };
}

function wordsOf({ issues }: z.ZodError): string {
  const [{ path, message } = { path: [], message: "" }] = issues;
  return `${path.join(".") || "it"}: ${message}`.slice(0, 300);
}

function unreadable(what: string): ExperimentError {
  return new ExperimentError(
    "INVALID_STATE",
    `The run can't be run as recorded: its ${recorded.executed} ${what}`,
  );
}

/** The error for something of a run that isn't what it recorded. */
export function changed(what: string): ExperimentError {
  return new ExperimentError(
    "INVALID_STATE",
    `The run can't be run as recorded: its ${what} was changed since it was recorded.`,
  );
}

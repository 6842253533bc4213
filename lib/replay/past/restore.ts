import { digestOf, digestOfJson } from "../../base/digest.ts";
import { ExperimentError } from "../../base/error.ts";
import { jsonIn } from "../../base/json.ts";
import { type ContractRecord, datasetIn } from "../../contract/contract.ts";
import { fromSnapshot } from "../../data/snapshot.ts";
import { digestRows, type Table } from "../../data/table.ts";
import { z } from "../../deps/zod.ts";
import type { Objects } from "../../tracking/objects.ts";
import type { Graph } from "../../training/kept/graph.ts";
import type { Executed } from "../../training/kept/keep.ts";
import { changed, moduleUrl } from "./executed.ts";
import { inProjectWords } from "./words.ts";

/** A package or a built-in, as an import map may name it. */
const PACKAGE = /^((npm|jsr):\/?(@[\w.~-]+\/)?[a-z0-9_~.][\w.~-]*(@[^/\s@]+)?(\/[^\s\\]*)?|node:[\w/]+)$/i;

/** The most characters that the modules of a run may have, and bytes that one object of them may. */
const MOST = 2 ** 28;

/** What a module imports by; a name that ends with a slash would stand for all that begin with it. */
const specifier = z.string().regex(/[^/]$/);

const keptSchema = z.strictObject({
  modules: z.record(moduleUrl, z.string()),
  imports: z.record(moduleUrl, z.record(specifier, z.union([z.string().regex(PACKAGE), moduleUrl]))),
});

/**
 * The modules that a run executed, and the text of its lock file.
 *
 * @throws {ExperimentError} `RESOURCE_DOES_NOT_EXIST` where they aren't kept any more, `INVALID_STATE` where they were
 * changed, or aren't what a run keeps.
 */
export async function restore(
  objects: Objects,
  executed: Executed,
): Promise<{ readonly graph: Graph; readonly lock: string | undefined }> {
  const kept: z.infer<typeof keptSchema>[] = [];
  let size = 0;
  for (const digest of executed.objects) {
    const text = await textOf(objects, digest, "its modules");
    size += text.length;
    if (size > MOST) throw misshapen("its modules have more than 256 Mi characters");
    const { success, data } = keptSchema.safeParse(jsonIn(text));
    if (!success) throw misshapen(`object ${digest.slice(0, 12)} isn't modules with what they import`);
    kept.push(data);
  }
  const graph: Graph = {
    modules: Object.assign({}, ...kept.map(({ modules }) => modules)),
    imports: Object.assign({}, ...kept.map(({ imports }) => imports)),
    lacking: executed.lacking,
  };
  checkGraph(graph, executed);
  const lock = executed.lock === null ? undefined : await textOf(objects, executed.lock, "its lock file");
  return { graph, lock };
}

/** Refuses modules that import what was neither kept nor told to be lacking, and programs that aren't among them. */
function checkGraph({ modules, imports, lacking }: Graph, { entry, metrics, registry }: Executed): void {
  const isKept = (url: string) => Object.hasOwn(modules, url);
  for (const module of [entry, metrics, registry.module]) {
    if (!isKept(module)) throw misshapen(`${module} isn't among the modules that it kept`);
  }
  for (const [from, targets] of Object.entries(imports)) {
    if (!isKept(from)) throw misshapen(`${from} imports modules, and isn't among those that it kept`);
    for (const target of Object.values(targets)) {
      if (!PACKAGE.test(target) && !isKept(target) && !Object.hasOwn(lacking, target)) {
        throw misshapen(`${from} imports ${target}, which isn't among the modules that it kept`);
      }
    }
  }
}

/**
 * The snapshot of the data that a run was trained on, checked to hold the rows that its contract is of.
 *
 * @throws {ExperimentError} `RESOURCE_DOES_NOT_EXIST` where none was kept, or it is gone; `INVALID_STATE` where it was
 * changed.
 */
export async function restoreSnapshot(
  objects: Objects,
  { snapshot }: Executed,
  contract: ContractRecord,
): Promise<Uint8Array> {
  if (snapshot === null) {
    throw new ExperimentError(
      "RESOURCE_DOES_NOT_EXIST",
      "The run can't be run as recorded: it kept no snapshot of its data.",
      { hint: "Raise data.snapshot.max_mb in the config, so that runs to come keep one." },
    );
  }
  const bytes = await objects.get(snapshot);
  if (bytes === undefined) throw gone("the snapshot of its data", snapshot);
  const table = await fromSnapshot(bytes).catch(() => undefined);
  const data = `data.${datasetIn(contract)}`;
  const { clauses, evidence } = contract;
  if (table === undefined || digestRows(table).rows !== clauses[`${data}.rows`]) {
    throw changed("snapshot of the data");
  }
  const { value, target } = evidence[`${data}.schema`] ?? {};
  const columns = value === undefined ? undefined : columnsIn(table, value);
  if (columns === undefined || digestOfJson({ target, columns }) !== clauses[`${data}.schema`]) {
    throw changed("snapshot of the data");
  }
  return bytes;
}

/**
 * What the columns of a table are, as a dataset's schema digests them. Whether one without nulls may have some is in the
 * words of the contract alone; undefined where those aren't of this table.
 */
function columnsIn({ columns }: Table, words: string): Record<string, object> | undefined {
  let rest = words;
  const found: Record<string, object> = {};
  for (const [name, column] of Object.entries(columns)) {
    const levels = column.kind === "category" ? column.levels : undefined;
    const said = `${name} ${column.kind}${levels ? ` (${levels.join(", ")})` : ""}`;
    if (!rest.startsWith(said)) return undefined;
    const [nullable = ""] = / or null(?=; |$)/y.exec(rest.slice(said.length)) ?? [];
    rest = rest.slice(said.length + nullable.length).replace(/^; /, "");
    found[name] = {
      kind: column.kind,
      ...(levels ? { levels } : {}),
      ...(nullable === "" ? {} : { nullable: true }),
    };
  }
  return rest === "" ? found : undefined;
}

async function textOf(objects: Objects, digest: string, what: string): Promise<string> {
  const bytes = await objects.get(digest, { most: MOST });
  if (bytes === undefined) throw gone(what, digest);
  if (digestOf(bytes) !== digest) throw changed(`object ${digest.slice(0, 12)}`);
  return new TextDecoder().decode(bytes);
}

function misshapen(what: string): ExperimentError {
  return new ExperimentError(
    "INVALID_STATE",
    `The run can't be run as recorded: ${inProjectWords(what)}.`,
  );
}

function gone(what: string, digest: string): ExperimentError {
  return new ExperimentError(
    "RESOURCE_DOES_NOT_EXIST",
    `The run can't be run as recorded: ${what} (object ${digest.slice(0, 12)}) isn't in the store any more.`,
  );
}

import { canonicalJson, digestOf } from "../../base/digest.ts";
import { denoVersion } from "../../base/environment.ts";
import { METRICS_MODULE } from "../../contract/contract.ts";
import type { ExperimentSpec } from "../../experiment/config.ts";
import type { LoadedExperiment } from "../../experiment/experiment.ts";
import { FRAMEWORK } from "../../experiment/project.ts";
import type { SourceLocation, SourceReader } from "../../source/source.ts";
import type { Objects } from "../../tracking/objects.ts";
import { type Graph, graphOf } from "./graph.ts";
import { isFramework, recordedUrl } from "./place.ts";

/** The version of the form of `Executed`, and of the objects that it names. Version 1 named files by where they were. */
export const EXECUTED_VERSION = 2;

/** What a run executed: its modules and what they were told, by which it can be run again. URLs are as recorded. */
export interface Executed {
  /** The version of its form. */
  readonly version: 1 | typeof EXECUTED_VERSION;
  /** The version of Deno. */
  readonly deno: string;
  /** The URL of the module that runs the past: the framework's own, as it was then. */
  readonly entry: string;
  /** The URL of the folder of the framework's `mod.ts`, with a slash at its end. */
  readonly framework: string;
  /** The URL of the framework's module of metrics. */
  readonly metrics: string;
  /** Where the registry's source was. */
  readonly registry: SourceLocation;
  /** The resolved config, without where the run was recorded. */
  readonly spec: Omit<ExperimentSpec, "tracking">;
  /** The digest under which the snapshot of the data is kept; null where none is. */
  readonly snapshot: string | null;
  /** The digest of the lock file's text, which is an object; null where there was none. */
  readonly lock: string | null;
  /** The digests of the objects that hold the modules; each is canonical JSON of a part of a `Graph`. */
  readonly objects: readonly string[];
  /** Why a module isn't among them, by URL or specifier. */
  readonly lacking: Readonly<Record<string, string>>;
}

/** A part of a graph that is kept as one object. */
export type KeptModules = Pick<Graph, "modules" | "imports">;

/** From how many characters on a module is an object of its own, which an edit of others leaves alone. */
const LARGE = 65_536;

/**
 * Keeps the modules that an experiment executes, and the lock file, each group of them once however many runs share it:
 * the framework, the project, each remote host, each large module.
 *
 * @param options.lock The text of the lock file, where there is one.
 * @param options.snapshot The digest under which the snapshot of the data is kept, where it is.
 * @returns What to record with the run. A module that can't be kept is told there, and is no error.
 */
export async function keepModules(
  objects: Pick<Objects, "put">,
  { spec, registryAt }: Pick<LoadedExperiment, "spec" | "registryAt">,
  options: {
    readonly reader: SourceReader;
    readonly lock: string | undefined;
    readonly snapshot: string | undefined;
  },
): Promise<Executed> {
  const { reader, lock, snapshot } = options;
  const entry = new URL("./program.ts", import.meta.url).href;
  const graph = await graphOf({ program: entry, registry: registryAt.module }, reader);
  const kept = groupsOf(graph).map((group) => canonicalJson(group));
  if (lock !== undefined) kept.push(lock);
  const digests = kept.map(digestOf);
  const encoder = new TextEncoder();
  await Promise.all(kept.map((text, at) => objects.put(digests[at]!, () => encoder.encode(text))));
  const { tracking: _tracking, ...config } = spec;
  return {
    version: EXECUTED_VERSION,
    deno: denoVersion(),
    entry: recordedUrl(entry),
    framework: new URL(".", recordedUrl(`${FRAMEWORK}mod.ts`)).href,
    metrics: recordedUrl(METRICS_MODULE),
    registry: { ...registryAt, module: recordedUrl(registryAt.module) },
    spec: config,
    snapshot: snapshot ?? null,
    lock: lock === undefined ? null : digests.pop()!,
    objects: digests,
    lacking: graph.lacking,
  };
}

function groupsOf({ modules, imports }: Graph): readonly KeptModules[] {
  const groups = new Map<string, { modules: Record<string, string>; imports: Graph["imports"] }>();
  for (const [url, text] of Object.entries(modules)) {
    const name = isFramework(url) ? "framework" : text.length >= LARGE ? url : new URL(url).host;
    const group = groups.get(name) ?? { modules: {}, imports: {} };
    groups.set(name, group);
    group.modules[url] = text;
    const own = imports[url];
    if (own !== undefined) group.imports = { ...group.imports, [url]: own };
  }
  return [...groups.values()];
}

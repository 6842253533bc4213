import { ExperimentError } from "../base/error.ts";
import { suggestionOf } from "../base/nearest.ts";
import { placeOf } from "../data/place.ts";
import { type Override, parseOverride } from "../document/document.ts";
import type { SourceLocation } from "../source/source.ts";
import {
  type Checked,
  checkExperiment,
  checkRegistry,
  type ExperimentSpec,
  parseExperiment,
} from "./config.ts";
import { configFiles, existing, FRAMEWORK, importModule, isRemote, locate, readText } from "./project.ts";
import type { Experiment, Registry } from "./registry.ts";

/** An experiment that is ready to run: its checked spec, and the registry that the spec chooses from. */
export interface LoadedExperiment {
  /** What is chosen from the registry, with all defaults filled in. */
  readonly spec: ExperimentSpec;
  /** What the spec chooses from. */
  readonly registry: Registry;
  /** Where the registry's source is. */
  readonly registryAt: SourceLocation;
  /** What the config was asked by: a name in `configs/`, a path or a URL; `isListed` tells the first from the others. */
  readonly name: string;
  /** The file of the config. */
  readonly file: string;
  /** The overrides, each as `path=value`. */
  readonly set: readonly string[];
  /** Where each leaf of the spec came from. */
  readonly origins: Readonly<Record<string, string>>;
}

/** A registry and where its source is. */
export interface LoadedRegistry {
  readonly registry: Registry;
  readonly at: SourceLocation;
}

/**
 * Loads an experiment by the name of a config in `configs/` (`exp_v1` for `configs/exp_v1.yaml` or `configs/exp_v1.ts`),
 * or by the path or URL of such a file or of a script that exports its `experiment`. Wherever a YAML config is, it
 * chooses from this project's registry, as only code that was asked for by name is run; a script brings its own.
 *
 * @throws {ExperimentError} `RESOURCE_DOES_NOT_EXIST` for no such config, `INVALID_PARAMETER_VALUE` for what is wrong
 * in it, all at once.
 */
export async function loadExperiment(
  asked: string,
  options: { readonly set?: readonly string[] } = {},
): Promise<LoadedExperiment> {
  const url = await findConfig(asked);
  if (url === undefined) throw await noConfig(asked);
  const name = await listedName(url) ?? asked;
  if (/\.[cm]?tsx?$/.test(new URL(url).pathname)) return await loadScript(name, url, options);
  const { registry, at } = await loadRegistry();
  const text = await readText(url);
  return {
    ...checked(name, url, options.set, (set) => parseExperiment(text, { file: placeOf(url), registry, set })),
    registry,
    registryAt: at,
  };
}

/** An experiment made from a text of YAML that a run recorded, with today's registry. */
export async function loadRecorded(
  text: string,
  options: { readonly name: string; readonly set: readonly string[]; readonly file: string },
): Promise<LoadedExperiment> {
  const { registry, at } = await loadRegistry();
  try {
    const { value: spec, origins } = parseExperiment(text, { file: options.file, registry });
    return { ...options, spec, registry, registryAt: at, origins };
  } catch (error) {
    if (!(error instanceof ExperimentError) || isListed(options.name)) throw error;
    const where =
      `It was trained from ${options.name}, which is run only when the command names it: --judged-by.`;
    throw new ExperimentError(error.code, `${error.message}\n${where}`, { cause: error });
  }
}

/** The experiment of a script at a URL, which exports it as `experiment` or as its default. */
export function fromScript(
  experiment: Experiment,
  module: string,
  set: readonly string[] = [],
): LoadedExperiment {
  return fromModule(experiment, { name: placeOf(module), module, export: "experiment", set });
}

function fromModule(
  experiment: Experiment,
  at: {
    readonly name: string;
    readonly module: string;
    readonly export: string;
    readonly set?: readonly string[];
  },
): LoadedExperiment {
  checkRegistry(experiment.registry, placeOf(at.module));
  return {
    ...checked(
      at.name,
      at.module,
      at.set,
      (set) => checkExperiment(experiment, { file: placeOf(at.module), set }),
    ),
    registry: experiment.registry,
    registryAt: { module: at.module, export: at.export, path: ["registry"] },
  };
}

/** The registry of the project in the working directory, or else the one that comes with Reprise. */
export async function loadRegistry(): Promise<LoadedRegistry> {
  const url = await existing("registries/mod.ts") ?? new URL("registries/mod.ts", FRAMEWORK).href;
  const { registry } = await importModule(url);
  return {
    registry: checkRegistry(registry, placeOf(url)),
    at: { module: url, export: "registry", path: [] },
  };
}

/** Whether a config is asked for by a bare name, which stands for a file in `configs/`, rather than by a path or URL. */
export function isListed(name: string): boolean {
  return !isRemote(name) && !/[/\\]|\.(ya?ml|[cm]?tsx?)$/.test(name);
}

/** The URL of the config that a name, path or URL stands for; undefined where there is none. */
async function findConfig(name: string): Promise<string | undefined> {
  if (isRemote(name)) return withoutCredentials(name);
  if (!isListed(name)) return await existing(name);
  for (const ending of ["yaml", "ts"]) {
    const found = await locate(`configs/${name}.${ending}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The bare name that stands for a config of this project; undefined where it is none in `configs/`. */
async function listedName(url: string): Promise<string | undefined> {
  const name = /^configs\/([^/]+)\.(?:yaml|ts)$/.exec(placeOf(url))?.[1];
  return name !== undefined && isListed(name) && await findConfig(name) === url ? name : undefined;
}

/** A URL as it is, which is recorded with the run; refused where that would record a password. */
function withoutCredentials(url: string): string {
  if (URL.canParse(url) && new URL(url).username === "" && new URL(url).password === "") return url;
  throw new ExperimentError(
    "INVALID_PARAMETER_VALUE",
    "The config can't be run: its URL is malformed, or has a name or password, which the run would record.",
    { hint: "Give Deno the credentials of a host by DENO_AUTH_TOKENS, and the URL without them." },
  );
}

async function noConfig(name: string): Promise<ExperimentError> {
  return new ExperimentError(
    "RESOURCE_DOES_NOT_EXIST",
    `There is no config "${name}": neither configs/${name}.yaml nor configs/${name}.ts. ` +
      suggestionOf(name, await configNames()),
    { hint: "Name a config in configs/, or give the path of one." },
  );
}

/** The names of the experiment configs in `configs/`, and of those that come with Reprise where no others are to be. */
export async function configNames(): Promise<readonly string[]> {
  const names = (await configFiles()).flatMap((file) => /^(?!replay_)(.+)\.(yaml|ts)$/.exec(file)?.[1] ?? []);
  return [...new Set(names)].sort();
}

async function loadScript(
  name: string,
  url: string,
  options: { readonly set?: readonly string[] },
): Promise<LoadedExperiment> {
  const module = await importModule(url);
  const exported = ["experiment", "default"].find((key) => {
    const value = module[key] as Partial<Experiment> | undefined;
    return typeof value?.registry === "object" && typeof value.config === "object";
  });
  if (exported === undefined) {
    throw new ExperimentError("INVALID_PARAMETER_VALUE", `${placeOf(url)} exports no experiment.`, {
      hint: "Write `export const experiment = defineExperiment(registry, { … });`.",
    });
  }
  return fromModule(module[exported] as Experiment, { name, module: url, export: exported, ...options });
}

function checked(
  name: string,
  url: string,
  set: readonly string[] = [],
  check: (set: readonly Override[]) => Checked<ExperimentSpec>,
): Pick<LoadedExperiment, "spec" | "origins" | "name" | "file" | "set"> {
  const { value: spec, origins } = check(set.map(parseOverride));
  return { spec, origins, name: isListed(name) ? name : placeOf(url), file: placeOf(url), set };
}

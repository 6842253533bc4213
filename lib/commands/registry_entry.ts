import { ExperimentError } from "../base/error.ts";
import { suggestionOf } from "../base/nearest.ts";
import { columnsOf } from "../data/column.ts";
import { loadTable } from "../data/table.ts";
import { configNames, type LoadedRegistry, loadExperiment, loadRegistry } from "../experiment/experiment.ts";
import { type Choice, chooseFrom, derive } from "../experiment/prepare.ts";
import { datasetOf, viewsBelow } from "../features/features.ts";
import type { Lineage } from "../features/lineage.ts";
import { openSource } from "../source/source.ts";
import { lineageOf } from "../training/lineage.ts";
import { keyOf, type ModelEntry, modelEntry } from "./listing.ts";

/** The kinds of what has a name that experiments choose by, and of configs. */
const KINDS = ["dataset", "view", "model", "config"] as const;

/** All that there is to tell of something with a name. */
export type RegistryEntry =
  | {
    readonly kind: "dataset";
    readonly name: string;
    readonly description: string | undefined;
    readonly columns: readonly {
      readonly name: string;
      readonly kind: string;
      readonly nullable?: boolean;
      readonly levels?: readonly string[];
    }[];
    readonly target: string;
    /** The names of the views that are over it, directly or through others. */
    readonly views: readonly string[];
  }
  | { readonly kind: "view"; readonly name: string; readonly lineage: Lineage }
  | ({ readonly kind: "model" } & ModelEntry)
  | {
    readonly kind: "config";
    readonly name: string;
    readonly experiment: string;
    readonly run: string;
    readonly lineage: Lineage;
  };

/**
 * What has a name: a dataset, feature view or model of the project's registry, or a config, as `loadExperiment` finds
 * it. For a view and a config, the rows are loaded and the features computed.
 *
 * @param kind Of which kind it is, where several have the name.
 * @throws {ExperimentError} `RESOURCE_DOES_NOT_EXIST` where nothing has the name, `INVALID_PARAMETER_VALUE` where several
 * have.
 */
export async function showEntry(name: string, kind?: RegistryEntry["kind"]): Promise<RegistryEntry> {
  const loaded = await loadRegistry();
  const { datasets, features, models } = loaded.registry;
  const found = kindOf(name, kind, {
    dataset: Object.keys(datasets),
    view: Object.keys(features),
    model: Object.keys(models),
    // A config can be asked for by its path or URL too, and no other name has such characters.
    config: /[/.]/.test(name) ? [name] : await configNames(),
  });
  switch (found) {
    case "dataset": {
      const dataset = datasets[name]!;
      return {
        kind: found,
        name,
        description: dataset.description,
        columns: columnsOf(dataset.row),
        target: dataset.target,
        views: Object.keys(features).filter((view) => datasetOf(features[view]!) === dataset),
      };
    }
    case "view": {
      const { data, ...views } = viewsUpTo(name, loaded);
      return { kind: found, name, lineage: await computeLineage(views, loaded.at, { data }) };
    }
    case "model":
      return { kind: found, ...modelEntry(name, models[name]!) };
    case "config": {
      const { registry, registryAt, spec } = await loadExperiment(name);
      const { experiment, run, data, model: { name: model } } = spec;
      const choice = chooseFrom(registry, spec);
      const named = { data: data.name, model: { name: model, task: choice.model.task } };
      return { kind: found, name, experiment, run, lineage: await computeLineage(choice, registryAt, named) };
    }
  }
}

/** The one kind that has a name, of those that are asked for. */
function kindOf(
  name: string,
  kind: RegistryEntry["kind"] | undefined,
  names: Readonly<Record<RegistryEntry["kind"], readonly string[]>>,
): RegistryEntry["kind"] {
  const asked = kind === undefined ? KINDS : [kind];
  const found = asked.filter((each) => names[each].includes(name));
  if (found.length === 1) return found[0]!;
  if (found.length > 1) {
    throw new ExperimentError(
      "INVALID_PARAMETER_VALUE",
      `"${name}" is the name of a ${found.join(" and of a ")}.`,
      { hint: `Say which by --kind: ${found.join(", ")}.` },
    );
  }
  throw new ExperimentError(
    "RESOURCE_DOES_NOT_EXIST",
    `There is no ${asked.join(", ").replace(/, (\w+)$/, " or $1")} "${name}". ${
      suggestionOf(name, asked.flatMap((each) => names[each]))
    }`,
    { hint: "`registry` lists the datasets, feature views and models, `config list` the configs." },
  );
}

/** The views up to one, which no config has chosen. */
function viewsUpTo(
  name: string,
  { registry }: LoadedRegistry,
): Pick<Choice, "dataset" | "views"> & { readonly data: string } {
  const view = registry.features[name]!;
  const dataset = datasetOf(view);
  const data = keyOf(registry.datasets, dataset);
  const views = viewsBelow(view).map((below) => ({
    name: below === view ? name : keyOf(registry.features, below) ?? "",
    view: below,
  }));
  if (data !== undefined && views.every((each) => each.name !== "")) return { data, dataset, views };
  throw new ExperimentError(
    "INVALID_PARAMETER_VALUE",
    `The feature view "${name}" is over one that the registry has no name for.`,
    { hint: "Export what it is over from the `mod.ts` of its folder too." },
  );
}

async function computeLineage(
  choice: Pick<Choice, "dataset" | "views">,
  at: LoadedRegistry["at"],
  named: Pick<Parameters<typeof lineageOf>[1], "data" | "model">,
): Promise<Lineage> {
  const derived = derive(choice, await loadTable(choice.dataset));
  const reader = openSource();
  const sources = choice.views.flatMap(({ name, view }) =>
    Object.keys(view.features).map(async (feature) => {
      const source = await reader.digest({ ...at, path: [...at.path, "features", name, feature] });
      return [`features.${name}.${feature}`, source] as const;
    })
  );
  return lineageOf({ ...choice, ...derived }, {
    ...named,
    sources: Object.fromEntries(await Promise.all(sources)),
  });
}

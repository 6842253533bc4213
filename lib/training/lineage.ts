import { columnsOf } from "../data/column.ts";
import { placeOf } from "../data/place.ts";
import type { Choice, Derived } from "../experiment/prepare.ts";
import { FRAMEWORK } from "../experiment/project.ts";
import { isPlain } from "../features/features.ts";
import type { Lineage, LineageColumn, LineageFeature } from "../features/lineage.ts";
import { windowIn } from "../features/window.ts";
import type { Model } from "../models/model.ts";
import type { SourceDigest } from "../source/source.ts";

/** The lineage of what a feature view computes, up to the model where there is one. */
export function lineageOf(
  { dataset, views, values, reads }: Pick<Choice, "dataset" | "views"> & Derived,
  { data, model, sources }: {
    /** The name of the dataset. */
    readonly data: string;
    readonly model?: { readonly name: string; readonly task: Model["task"] };
    /** The source digest of each feature, by its clause. */
    readonly sources: Readonly<Record<string, SourceDigest>>;
  },
): Lineage {
  const columns = columnsOf(dataset.row).map(({ name, kind, nullable = false }): LineageColumn => ({
    id: `data.${data}.columns.${name}`,
    name,
    kind,
    nullable,
    target: name === dataset.target,
  }));
  /** What a name stands for in a row: a column, unless a view below has a feature of that name. */
  const meant = new Map(columns.map((column) => [column.name, column.id]));
  const features: LineageFeature[] = [];
  const edges: { from: string; to: string }[] = [];
  for (const { name: view, view: { about, features: given } } of views) {
    const made = Object.entries(values[view]!).map(([feature, column]): LineageFeature => {
      const id = `features.${view}.${feature}`;
      const how = given[feature]!;
      const window = windowIn(how);
      return {
        id,
        view,
        name: feature,
        ...about?.features?.[feature],
        dtype: column instanceof Float64Array ? "number" : "text",
        ...(window ? { window: { by: window.by, within: window.within } } : {}),
        transforms: typeof how === "function" ? [] : how.transforms.map(({ name }) => name),
        reads: reads[view]![feature]!,
        code: ownCode(sources[id]!),
      };
    });
    for (const { id, reads } of made) {
      edges.push(...reads.map((read) => ({ from: meant.get(read)!, to: id })));
    }
    for (const { id, name } of made) if (isPlain(given[name]!)) meant.set(name, id);
    features.push(...made);
  }
  if (model) {
    const to = `model.${model.name}`;
    const learned = features.filter(({ view }) => view === views.at(-1)!.name);
    const target = columns.filter((column) => column.target);
    edges.push(...[...learned, ...target].map(({ id }) => ({ from: id, to })));
  }
  return {
    format: "reprise/lineage/1",
    dataset: data,
    columns,
    views: views.map(({ name, view: { about } }) => {
      const { features: _features, ...words } = about ?? {};
      return { name, ...words };
    }),
    features,
    ...(model ? { model: { id: `model.${model.name}`, ...model } } : {}),
    edges,
  };
}

/** The declarations of a digest but for the framework's: transforms and windows are told by their names. */
function ownCode({ declarations }: SourceDigest): LineageFeature["code"] {
  return declarations
    .filter(({ module }) => module !== "" && !module.startsWith(`${FRAMEWORK}lib/`))
    .map(({ module, name, line }) => ({ file: placeOf(module), name, line }));
}

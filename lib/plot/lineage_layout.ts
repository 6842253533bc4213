import { cut, widthOf } from "../base/columns.ts";
import { howMade, type Lineage } from "../features/lineage.ts";

/** A column of boxes: those of the dataset, of a view, or the model. */
export interface Layer {
  readonly heading: string;
  readonly kind: "columns" | "features" | "model";
  readonly x: number;
  readonly width: number;
  readonly boxes: readonly Box[];
}

/** A column, a feature or the model. */
export interface Box {
  readonly id: string;
  /** Its name, shortened. */
  readonly name: string;
  /** Its type, shortened. */
  readonly note: string;
  /** All there is to say of it. */
  readonly title: string;
  readonly y: number;
  /** Whether anything is made from it, or it is the end. */
  readonly used: boolean;
}

/** Where everything is. */
export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly layers: readonly Layer[];
  /** From one layer to the next, or through a layer. */
  readonly links: readonly Link[];
}

/** A curve. */
export interface Link {
  readonly from: readonly [x: number, y: number];
  readonly to: readonly [x: number, y: number];
}

/** The height of a box. */
export const BOX = 38;
/** How much room a letter of a name, and of a note, takes. */
const LETTER = 7.25;
const SMALL_LETTER = 6.65;
const LETTERS = 34;
const PAD = 10;
const SPACE = 8;
/** The height of the room that a link takes on its way through a layer. */
const THROUGH = 6;
/** Between two layers there is as much room as links need that rise over a part of the height. */
const GAP = 96;
const MOST_GAP = 280;
const MARGIN = 16;
const TOP = 64;

/** What has a place in a layer: a box, or something from further left on its way to the right. */
interface Item extends Omit<Box, "y"> {
  readonly through?: boolean;
}

interface Column {
  readonly heading: string;
  readonly kind: Layer["kind"];
  readonly items: readonly Item[];
}

/** Layers from left to right, in each the boxes ordered so that few links cross. */
export function layoutOf(lineage: Lineage): Layout {
  const columns = columnsOf(lineage);
  const layerOf = new Map(columns.flatMap(({ items }, layer) => items.map(({ id }) => [id, layer] as const)));
  /** By layer: what is linked to what in the next one. Each way through a layer is one, however many go there. */
  const steps = columns.map(() => new Map<string, readonly [from: string, to: string]>());
  const through = columns.map(() => new Set<string>());
  for (const { from, to } of lineage.edges) {
    const last = layerOf.get(to)! - 1;
    for (let layer = layerOf.get(from)!; layer <= last; layer++) {
      const next = layer === last ? to : from;
      steps[layer]!.set(JSON.stringify([from, next]), [from, next]);
      if (layer < last) through[layer + 1]!.add(from);
    }
  }

  const placed = columns.map((): ReadonlyMap<string, number> => new Map());
  const heights: number[] = [];
  const ordered = columns.map(({ items }, layer) => {
    const all = [...items, ...[...through[layer]!].map((id) => passing(id))];
    const sources = Map.groupBy(layer === 0 ? [] : steps[layer - 1]!.values(), ([, to]) => to);
    const mean = ({ id }: Item) => {
      const places = (sources.get(id) ?? []).map(([from]) => placed[layer - 1]!.get(from)!);
      return places.length === 0 ? Infinity : places.reduce((sum, place) => sum + place, 0) / places.length;
    };
    const sorted = layer === 0
      ? all
      : all.map((item) => [mean(item), item] as const).sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0)
        .map(([, item]) => item);
    const places = new Map<string, number>();
    let y = 0;
    for (const item of sorted) {
      const height = item.through ? THROUGH : BOX;
      places.set(item.id, y + height / 2);
      y += height + SPACE;
    }
    placed[layer] = places;
    heights.push(y - SPACE);
    return sorted;
  });

  const height = Math.max(...heights);
  const gap = Math.min(MOST_GAP, Math.max(GAP, Math.round(height / 9)));
  const yOf = (layer: number, id: string) =>
    tidy(TOP + (height - heights[layer]!) / 2 + placed[layer]!.get(id)!);
  let x = MARGIN;
  const layers = columns.map(({ heading, kind }, layer): Layer => {
    const boxes = ordered[layer]!.filter((item) => !item.through).map((item) => ({
      ...item,
      y: yOf(layer, item.id) - BOX / 2,
    }));
    const letters = [
      widthOf(heading) * LETTER,
      ...boxes.map(({ name, note }) => Math.max(widthOf(name) * LETTER, widthOf(note) * SMALL_LETTER)),
    ];
    const width = Math.ceil(Math.max(...letters)) + 2 * PAD;
    const at = { heading, kind, x, width, boxes };
    x += width + gap;
    return at;
  });
  const links = steps.flatMap((some, layer) => {
    const { x, width } = layers[layer]!;
    return [
      ...[...through[layer]!].map((id): Link => ({
        from: [x, yOf(layer, id)],
        to: [x + width, yOf(layer, id)],
      })),
      ...[...some.values()].map(([from, to]): Link => ({
        from: [x + width, yOf(layer, from)],
        to: [layers[layer + 1]!.x, yOf(layer + 1, to)],
      })),
    ];
  });
  return { width: x - gap + MARGIN, height: tidy(TOP + height + MARGIN), layers, links };
}

/** The layers' boxes, in the lineage's order. */
function columnsOf({ dataset, columns, views, features, model, edges }: Lineage): readonly Column[] {
  const made = new Set(edges.map(({ from }) => from));
  const chosen = views.at(-1)!.name;
  const shortened = (name: string, note: string) => ({ name: cut(name, LETTERS), note: cut(note, LETTERS) });
  return [
    {
      heading: cut(dataset, LETTERS),
      kind: "columns",
      items: columns.map(({ id, name, kind, nullable, target }) => {
        const note = `${kind}${nullable ? " or null" : ""}${target ? ", target" : ""}`;
        return { id, title: `${name}: ${note}`, used: made.has(id), ...shortened(name, note) };
      }),
    },
    ...views.map(({ name: view }): Column => ({
      heading: cut(view, LETTERS),
      kind: "features",
      items: features.filter((feature) => feature.view === view).map((feature) => {
        const { id, name, dtype, unit, description, code } = feature;
        const note = [dtype, ...(unit === undefined ? [] : [unit]), ...howMade(feature)].join(" · ");
        const title = [
          `${name}: ${note}`,
          ...(description === undefined ? [] : [description]),
          ...code.map(({ file, name, line }) => `${file}:${line} ${name}`),
        ].join("\n");
        return { id, title, used: made.has(id) || (!model && view === chosen), ...shortened(name, note) };
      }),
    })),
    ...(model
      ? [{
        heading: "model",
        kind: "model" as const,
        items: [{
          id: model.id,
          title: `${model.name}: ${model.task}`,
          used: true,
          ...shortened(model.name, model.task),
        }],
      }]
      : []),
  ];
}

function passing(id: string): Item {
  return { id, name: "", note: "", title: "", used: true, through: true };
}

/** To one decimal, since more can't be seen. */
function tidy(value: number): number {
  return Math.round(value * 10) / 10;
}

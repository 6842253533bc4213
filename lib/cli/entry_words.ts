import { alignColumns, widthOf, wrap } from "../base/columns.ts";
import { ExperimentError } from "../base/error.ts";
import type { RegistryEntry } from "../commands/registry_entry.ts";
import { toLine } from "../document/show.ts";
import { howMade, type Lineage } from "../features/lineage.ts";

/** The columns of a terminal that are filled. */
const WIDTH = 100;
/** The least room for the last cell of a row. */
const LEAST = 24;

/** An entry of the registry in a form. @throws {ExperimentError} `INVALID_PARAMETER_VALUE` for a picture of what has no lineage. */
export async function entryIn(form: "text" | "json" | "svg", entry: RegistryEntry): Promise<string> {
  if (form === "json") return JSON.stringify(entry, null, 2);
  if (form === "text") return textOf(entry).join("\n");
  if ("lineage" in entry) return (await import("../plot/lineage.ts")).lineageSvg(entry.lineage);
  throw new ExperimentError(
    "INVALID_PARAMETER_VALUE",
    `A ${entry.kind} has no lineage that could be drawn.`,
    {
      hint: "Name a feature view or a config.",
    },
  );
}

function textOf(entry: RegistryEntry): readonly string[] {
  const name = toLine(entry.name);
  switch (entry.kind) {
    case "dataset":
      return [
        `${name}, a dataset`,
        ...prose(entry.description, ""),
        ...section(
          "columns",
          entry.columns.map(({ name: column, kind, nullable, levels = [] }) => [
            column,
            `${kind}${nullable ? " or null" : ""}${column === entry.target ? ", target" : ""}`,
            levels.join(", "),
          ]),
          ["name", "kind", "values"],
        ),
        ...section("feature views over it", entry.views.map((view) => [view])),
      ];
    case "model":
      return [
        `${name}, a model of a ${entry.task}`,
        ...prose(entry.description, ""),
        ...section("params", paramRows(entry.params), ["name", "type", "default"]),
      ];
    case "view":
      return [
        `${name}, a feature view over ${toLine(entry.lineage.dataset)}`,
        ...lineageLines(entry.lineage),
      ];
    case "config":
      return [
        `${name}, a config of the experiment ${toLine(entry.experiment)}, whose runs are named ${
          toLine(entry.run)
        }`,
        ...lineageLines(entry.lineage),
      ];
  }
}

/** The name, the type with its bounds, and the default of each param; those of a map by dotted names. */
function paramRows(params: Readonly<Record<string, unknown>>, prefix = ""): Rows {
  return Object.entries(params as Readonly<Record<string, ParamSchema>>).flatMap(([key, schema]) => {
    const name = `${prefix}${key}`;
    if (schema.properties) return [[name, "map", ""], ...paramRows(schema.properties, `${name}.`)];
    const { type, enum: options, default: value, minimum, exclusiveMinimum, maximum, exclusiveMaximum } =
      schema;
    const bounds = [
      ...(minimum === undefined ? [] : [`≥ ${minimum}`]),
      ...(exclusiveMinimum === undefined ? [] : [`> ${exclusiveMinimum}`]),
      ...(maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? [] : [`≤ ${maximum}`]),
      ...(exclusiveMaximum === undefined ? [] : [`< ${exclusiveMaximum}`]),
    ];
    const what = options?.map((option) => JSON.stringify(option)).join(" or ") ?? type ?? "any";
    return [[name, [what, ...bounds].join(", "), value === undefined ? "" : JSON.stringify(value)]];
  });
}

/** What is told of a param's JSON Schema. */
interface ParamSchema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly exclusiveMaximum?: number;
  readonly properties?: Readonly<Record<string, unknown>>;
}

/** What is said of each view and its features, then the graph. */
function lineageLines(lineage: Lineage): readonly string[] {
  return [
    ...lineage.views.flatMap(({ name, description, owner }) => {
      const features = lineage.features.filter(({ view }) => view === name);
      return [
        "",
        `features of ${toLine(name)}`,
        ...prose(description, "  "),
        ...prose(owner && `owner: ${owner}`, "  "),
        ...lines(
          features.map((feature) => [
            feature.name,
            feature.dtype,
            howMade(feature).join(", "),
            feature.unit ?? "",
            feature.owner ?? "",
            feature.description ?? "",
          ]),
          ["name", "dtype", "made by", "unit", "owner", "description"],
        ),
        ...section(
          `code of ${toLine(name)}`,
          features.map(({ name, code }) => [
            name,
            code.map(({ file, name, line }, index) => `${file}${index === 0 ? `:${line}` : `#${name}`}`).join(
              ", ",
            ),
          ]),
        ),
      ];
    }),
    "",
    lineage.model ? "model ← features ← columns" : "features ← columns",
    ...graph(lineage),
  ];
}

/** A tree for each view, that of the chosen one last and under the model: what is made, and what of. */
function graph({ columns, views, features, model, edges }: Lineage): readonly string[] {
  const names = new Map([
    ...columns.map(({ id, name }) => [id, name] as const),
    ...features.map(({ id, view, name }) => [id, `${view}.${name}`] as const),
  ]);
  const readBy = Map.groupBy(edges, ({ to }) => to);
  return views.flatMap(({ name: view }, index) => {
    const isUnderModel = model !== undefined && index === views.length - 1;
    const leaves = features.filter((feature) => feature.view === view).map(({ id, name }) => {
      const sources = (readBy.get(id) ?? []).map(({ from }) => names.get(from)!);
      return [name, `← ${sources.join(", ") || "nothing"}`];
    });
    const targets = columns.flatMap(({ name, target }) =>
      target && isUnderModel ? [[name, "the target"]] : []
    );
    const blocks = blocksOf([...leaves, ...targets], { width: WIDTH - 5 });
    return [
      `  ${toLine(isUnderModel ? model.name : view)}`,
      ...blocks.flatMap((block, row) =>
        block.map((line, part) => {
          const isLast = row === blocks.length - 1;
          return `  ${part > 0 ? isLast ? "   " : "│  " : isLast ? "└─ " : "├─ "}${line}`;
        })
      ),
    ];
  });
}

type Rows = readonly (readonly string[])[];

function section(title: string, rows: Rows, heading?: readonly string[]): readonly string[] {
  return rows.length === 0 ? [] : ["", title, ...lines(rows, heading)];
}

function prose(text: string | undefined, indent: string): readonly string[] {
  return text === undefined ? [] : wrap(`${indent}${toLine(text)}`, WIDTH);
}

function lines(rows: Rows, heading?: readonly string[]): readonly string[] {
  return blocksOf(rows, { width: WIDTH - 2, heading }).flat().map((line) => `  ${line}`);
}

/** The lines of each row, and of a heading; the last cells are wrapped, and columns that say nothing are left out. */
function blocksOf(
  rows: Rows,
  { width, heading }: { readonly width: number; readonly heading?: readonly string[] | undefined },
): Rows {
  if (rows.length === 0) return [];
  const telling = (_: string, column: number) => rows.some((row) => row[column] !== "");
  const cells = [...(heading ? [heading] : []), ...rows].map((row) => row.filter(telling).map(toLine));
  const heads = alignColumns(cells.map((row) => row.slice(0, -1)), { width: width - LEAST });
  const indent = Math.max(...heads.map((head) => head === "" ? 0 : widthOf(head) + 2));
  return cells.map((row, index) =>
    wrap(row.at(-1)!, width - indent).map((line, part) => {
      const head = part === 0 ? heads[index]! : "";
      return `${head}${" ".repeat(indent - widthOf(head))}${line}`.trimEnd();
    })
  );
}

import type { DataChangeKind, Drift } from "../../contract/compare.ts";
import { datasetIn } from "../../contract/contract.ts";
import { ROW_GROUP } from "../../data/table.ts";
import { changesBehind, configChanges } from "./config.ts";
import type { CodeChange, ConfigChange, DataChange, ExplainedDrift } from "./explanation.ts";
import type { Side } from "./side.ts";

/** What could be found out about drifts, and what could not. */
export interface Explanation {
  readonly drifts: readonly ExplainedDrift[];
  /** Each declaration that changed, once. */
  readonly code: readonly CodeChange[];
  /** What changed in the data, where both states of it are at hand. */
  readonly data?: DataChange;
  /** What can't be told, and why. */
  readonly untold: readonly string[];
}

const DATA = /^data\.[^.]+\.(schema|rows|columns\..+)$/;
const CODE = /^(data\.[^.]+\.source|features\.[^.]+\.[^.]+|model\..+|metrics\..+)$/;

/** Finds out what stands behind drifts: the changed declarations, rows, cells and values of the config. */
export async function explain(drifts: readonly Drift[], past: Side, current: Side): Promise<Explanation> {
  const untold: string[] = [];
  const [{ code, placeOf }, data, settings] = await Promise.all([
    codeBehind(drifts.filter(({ clause }) => CODE.test(clause)), past, current, untold),
    dataBehind(drifts.filter(({ clause }) => DATA.test(clause)), past, current, untold),
    settingsBehind(drifts, past, current, untold),
  ]);
  const valuesOn = await valuesFinder(drifts, past, current);
  return {
    drifts: drifts.map((drift) => ({
      ...drift,
      ...placeOf(drift),
      ...codeOf(drift, code),
      ...valuesOn(drift.clause),
      ...dataOf(drift, data),
      ...settingsOf(drift, settings),
    })),
    code,
    ...(data ? { data } : {}),
    untold,
  };
}

/** The kinds of change that a change of data is of; `undefined` where one is of a kind that has no name. */
export function kindsOf(change: DataChange): readonly DataChangeKind[] | undefined {
  const { rows, columns, cells_changed, labels_changed } = change;
  if (columns.added.length > 0 || columns.removed.length > 0) return undefined;
  if (change.append_only) return ["append_only"];
  const { added, removed, reordered } = rows;
  const counts = {
    reordered,
    added,
    removed,
    edited: cells_changed - labels_changed,
    labels: labels_changed,
  };
  return (Object.keys(counts) as (keyof typeof counts)[]).filter((kind) => counts[kind] > 0);
}

/** The changed declarations behind drifts of code, and where the code of a clause is that only one side has. */
async function codeBehind(drifts: readonly Drift[], past: Side, current: Side, untold: string[]): Promise<{
  readonly code: readonly CodeChange[];
  readonly placeOf: (drift: Drift) => Pick<ExplainedDrift, "declarations" | "declaration" | "file" | "line">;
}> {
  const none = { code: [], placeOf: () => ({}) };
  if (drifts.length === 0) return none;
  const [before, after] = await Promise.all([past.code(), current.code()]);
  if (!before || !after) {
    untold.push("Which declarations changed can't be told: the source of one side isn't kept.");
    return none;
  }
  const { codeChanges } = await import("./code.ts");
  const changed = drifts.filter(({ kind }) => kind === "changed").map(({ clause }) => clause);
  return {
    code: changed.length === 0 ? [] : await codeChanges(before, after, changed).catch((error: unknown) => {
      if (!(error instanceof SyntaxError || error instanceof RangeError || error instanceof TypeError)) {
        throw error;
      }
      untold.push("Which declarations changed can't be told: the source that one side kept is misshapen.");
      return [];
    }),
    placeOf({ clause, kind }) {
      const side = kind === "added" ? after : kind === "removed" ? before : undefined;
      const root = side?.clauses[clause]?.declarations[0];
      if (root === undefined) return {};
      const declaration = `${root.file}#${root.name}`;
      return { declarations: [declaration], declaration, file: root.file, line: root.line };
    },
  };
}

async function dataBehind(
  drifts: readonly Drift[],
  past: Side,
  current: Side,
  untold: string[],
): Promise<DataChange | undefined> {
  const [dataset, other] = [datasetIn(past.record), datasetIn(current.record)];
  if (drifts.length === 0 || dataset !== other) return undefined;
  const [before, after] = await Promise.all([past.table(), current.table()]);
  const reason = [before, after].find((side) => typeof side === "string");
  if (typeof before === "string" || typeof after === "string") {
    untold.push(`Which rows changed can't be told: ${reason}.`, ...groupsBehind(drifts, past, current));
    return undefined;
  }
  const { dataChange } = await import("./rows.ts");
  const target = current.record.evidence[`data.${dataset}.schema`]?.target ?? "";
  return dataChange(dataset, before, after, { target });
}

/** Which groups of rows differ, where both sides digested them. */
function groupsBehind(drifts: readonly Drift[], past: Side, current: Side): readonly string[] {
  return drifts.flatMap(({ clause }) => {
    const before = past.record.evidence[clause]?.row_groups;
    const after = current.record.evidence[clause]?.row_groups;
    if (!before || !after) return [];
    const length = Math.max(before.length, after.length);
    const groups = Array.from({ length }, (_, group) => group).filter((group) =>
      before[group] !== after[group]
    );
    const shown = groups.slice(0, 5).map((group) => `${group * ROW_GROUP + 1}–${(group + 1) * ROW_GROUP}`);
    const more = groups.length > shown.length ? ` and ${groups.length - shown.length} more groups` : "";
    return `${clause} differs within rows ${shown.join(", ")}${more}.`;
  });
}

async function settingsBehind(
  drifts: readonly Drift[],
  past: Side,
  current: Side,
  untold: string[],
): Promise<readonly ConfigChange[]> {
  if (drifts.length === 0) return [];
  const [before, after] = await Promise.all([past.config(), current.config()]);
  if (before && after) return configChanges(before, after);
  untold.push("Which values of the config changed can't be told: the config of one side isn't kept.");
  return [];
}

/** Finds whether a code clause computes the same values on both sides, on the past rows where they are at hand. */
async function valuesFinder(drifts: readonly Drift[], past: Side, current: Side) {
  const isSame = (clause: string) =>
    past.record.clauses[clause] !== undefined &&
    past.record.clauses[clause] === current.record.clauses[clause];
  const dataset = `data.${datasetIn(past.record)}`;
  const sameRows = isSame(`${dataset}.schema`) && isSame(`${dataset}.rows`);
  const isFeature = ({ clause }: Drift) => /^features\.[^.]+\.[^.]+$/.test(clause);
  let digests: Readonly<Record<string, string>> | undefined = current.record.clauses;
  let rows = parseInt(past.record.evidence[`${dataset}.rows`]?.value ?? "");
  if (!sameRows && drifts.some(isFeature)) {
    const table = await past.table();
    digests = typeof table === "string" ? undefined : current.valuesOn?.(table);
    if (typeof table !== "string") rows = table.rows;
  }
  return (clause: string): Pick<ExplainedDrift, "values_equal" | "rows_compared"> => {
    const told = (values_equal: boolean) => ({
      values_equal,
      ...(Number.isNaN(rows) ? {} : { rows_compared: rows }),
    });
    if (clause === `${dataset}.source`) return sameRows ? told(true) : {};
    const [before, after] = [past.record.clauses[`${clause}.values`], digests?.[`${clause}.values`]];
    return before === undefined || after === undefined ? {} : told(before === after);
  };
}

function codeOf({ clause }: Drift, changes: readonly CodeChange[]) {
  const mine = changes.filter(({ clauses }) => clauses.includes(clause));
  const [first] = mine;
  if (first === undefined) return {};
  return {
    declarations: mine.map(({ declaration }) => declaration),
    declaration: first.declaration,
    file: first.file,
    line: first.line,
    diff: mine.map(({ diff }) => diff).join(""),
    shared_by: first.clauses,
  };
}

function dataOf({ clause }: Drift, change: DataChange | undefined) {
  if (change === undefined || !DATA.test(clause)) return {};
  const { rows, cells, labels_changed, profiles } = change;
  const column = /^data\.[^.]+\.columns\.(.+)$/.exec(clause)?.[1];
  if (column === undefined) return clause.endsWith(".rows") ? { rows, cells, labels_changed } : {};
  const profile = profiles[column];
  const edited = cells.filter((cell) => cell.column === column);
  return {
    rows,
    ...(edited.length === 0 ? {} : { cells: edited }),
    ...(profile === undefined ? {} : { profile }),
  };
}

function settingsOf({ clause }: Drift, all: readonly ConfigChange[]) {
  const changes = changesBehind(clause, all);
  return changes.length === 0 ? {} : { changes, origin: changes[0]!.origin };
}

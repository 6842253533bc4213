/** @jsxImportSource npm:hono@4.13.19/jsx */
import type { Element } from "../base/html.ts";
import type { ColumnProfile } from "../data/profile.ts";
import { count, showValue } from "../document/show.ts";
import { levelsPlot } from "../plot/levels.ts";
import { rangePlot } from "../plot/range.ts";
import type { DataChange } from "../replay/explain/explanation.ts";
import { dataWords, levelChanges, profileTable } from "./data_words.ts";
import { type HtmlReportOptions, NO_LIMITS } from "./html_options.ts";
import { Breakable, Long, Section, Table } from "./html_parts.tsx";

/** How the dataset differs: rows, edited cells, and the columns whose profile changed. */
export function DataSection({ change, options: { limits = NO_LIMITS } }: {
  readonly change: DataChange;
  readonly options: HtmlReportOptions;
}): Element {
  const columns = Object.entries(change.profiles);
  const shown = columns.slice(0, limits.columns);
  const rest = columns.length - shown.length;
  return (
    <Section id="data" heading={`Data: ${change.dataset}`}>
      <p>{dataWords(change).join("; ")}.</p>
      {change.cells.length > 0 && <Cells change={change} />}
      {shown.length > 0 && (
        <div class="columns-changed">
          {shown.map(([name, profile], index) => <Column name={name} profile={profile} index={index} />)}
        </div>
      )}
      {rest > 0 && <p>{count(rest, "more column")}.</p>}
    </Section>
  );
}

function Cells({ change: { cells, cells_changed } }: { readonly change: DataChange }): Element {
  return (
    <>
      <Table
        caption="Edited cells"
        columns={["Row", "Column", "Past", "Current"]}
        rows={cells.map(({ row, column, past, current }) => ({
          cells: [
            row,
            <code>
              <Breakable name={column} />
            </code>,
            <Long text={showValue(past)} characters={400} />,
            <Long text={showValue(current)} characters={400} />,
          ],
        }))}
      />
      {cells_changed > cells.length && <p>{count(cells_changed - cells.length, "more cell")}.</p>}
    </>
  );
}

function Column({ name, profile, index }: {
  readonly name: string;
  readonly profile: { readonly past?: ColumnProfile; readonly current?: ColumnProfile };
  readonly index: number;
}): Element {
  const [head = [], ...sides] = profileTable(profile);
  return (
    <div class="card">
      <h3>
        <code>
          <Breakable name={name} />
        </code>
      </h3>
      {rangePlot(name, profile, `range${index}`)}
      {levelsPlot(name, levelChanges(profile), `levels${index}`)}
      <Table
        caption={`Profile of ${name}`}
        columns={["Side", ...head.slice(1).map((name) => ({ name, number: true as const }))]}
        rows={sides.map((cells) => ({ cells }))}
      />
    </div>
  );
}

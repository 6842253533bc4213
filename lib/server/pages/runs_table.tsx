/** @jsxImportSource npm:hono@4.13.19/jsx */
import type { Element } from "../../base/html.ts";
import { short } from "../../document/show.ts";
import { type Verdict, verdictWords } from "../../replay/report.ts";
import { Badge, Table, VerdictBadge } from "../../report/html_parts.tsx";
import type { Run } from "../../tracking/store.ts";
import { duration, Moment, RunLink, StateBadge } from "./parts.tsx";

/** How many metrics a list has room for. */
const METRICS = 4;

/** The newest verdict on runs by their ids, with the job that gave it. */
export type Verdicts = ReadonlyMap<string, { readonly verdict: Verdict; readonly job: string }>;

/**
 * Runs as a table, with the metrics that most of them have.
 *
 * @param props.compare Gives each run a box, to choose what is compared. @default false
 */
export function RunsTable({ runs, names, verdicts, compare = false }: {
  readonly runs: readonly Run[];
  readonly names: ReadonlyMap<string, string>;
  readonly verdicts: Verdicts;
  readonly compare?: boolean;
}): Element {
  const metrics = commonest(runs.flatMap((run) => Object.keys(run.metrics))).slice(0, METRICS);
  return (
    <Table
      caption="Runs"
      columns={[
        "Run",
        ...(compare ? ["Compare"] : []),
        "Status",
        "Verdict",
        ...metrics.map((name) => ({ name, number: true as const })),
        "Experiment",
        "Started (UTC)",
        { name: "Took", number: true },
      ]}
      rows={runs.map((run) => ({
        cells: [
          <RunLink info={run.info} />,
          ...(compare ? [<CompareBox run={run} />] : []),
          <StateBadge state={run.info.status} />,
          <VerdictOf run={run} verdicts={verdicts} />,
          ...metrics.map((name) => run.metrics[name] && short(run.metrics[name].value)),
          names.get(run.info.experiment_id) ?? run.info.experiment_id,
          <Moment time={run.info.start_time} />,
          run.info.end_time === undefined ? "" : duration(run.info.end_time - run.info.start_time),
        ],
      }))}
    />
  );
}

function CompareBox({ run: { info } }: { readonly run: Run }): Element {
  const label = `Compare ${info.run_name} ${info.run_id.slice(0, 8)}`;
  return <input type="checkbox" name="run" value={info.run_id} aria-label={label} />;
}

/**
 * The newest verdict on a run that this server has judged, with a link to its report; else what a tag says, which is
 * what anybody may have written there, and is in no colour.
 */
export function VerdictOf(
  { run, verdicts }: { readonly run: Run; readonly verdicts: Verdicts },
): Element | null {
  const judged = verdicts.get(run.info.run_id);
  if (judged) {
    return (
      <a href={`/jobs/${judged.job}`}>
        <VerdictBadge verdict={judged.verdict} />
      </a>
    );
  }
  const tag = run.tags["reprise.verdict"];
  return isVerdict(tag)
    ? (
      <span title="By the tag reprise.verdict, which can be changed at any time: not judged by this server">
        <Badge tone="quiet" symbol="?" word={`${tag}, by a tag`} />
      </span>
    )
    : null;
}

function isVerdict(text: string | undefined): text is Verdict {
  return text !== undefined && Object.hasOwn(verdictWords, text);
}

function commonest(names: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([name]) => name);
}

/** @jsxImportSource npm:hono@4.13.19/jsx */
import { ExperimentError } from "../../base/error.ts";
import type { Element, Html } from "../../base/html.ts";
import { short } from "../../document/show.ts";
import type { ReportDocument } from "../../replay/report.ts";
import { clip, Facts, Section, Table, VerdictBadge } from "../../report/html_parts.tsx";
import { Report } from "../../report/html_report.tsx";
import { standingOf } from "../../report/words.ts";
import type { ServerContext } from "../context.ts";
import type { Job } from "../job.ts";
import type { Page } from "./layout.tsx";
import { onPage } from "./on_page.ts";
import { duration, FormTrouble, Moment, StateBadge, Trouble } from "./parts.tsx";
import { reportOf, type TrainedDocument, trainedOf } from "./reading.ts";

const LISTED = 50;

/** The newest jobs. */
export function jobsPage({ jobs }: ServerContext): Page {
  const newest = jobs.list({ limit: LISTED });
  return {
    title: "Jobs",
    section: "/jobs",
    main: (
      <>
        <h1>Jobs</h1>
        {newest.length === 0 ? <p>No job was started yet: train an experiment, or replay a run.</p> : (
          <Table
            caption="Jobs"
            columns={["Job", "State", "Outcome", "Asked (UTC)", { name: "Took", number: true }]}
            rows={newest.map((job) => ({
              cells: [
                <a href={`/jobs/${job.id}`}>{titleOf(job)}</a>,
                <StateBadge state={job.state} />,
                outcomeOf(job),
                <Moment time={job.created_at} />,
                tookOf(job),
              ],
            }))}
          />
        )}
      </>
    ),
  };
}

/** One job: its progress while it goes on, and what came of it. */
export function jobPage({ jobs }: ServerContext, id: string): Page {
  const job = jobs.get(id);
  if (job === undefined) {
    throw new ExperimentError("RESOURCE_DOES_NOT_EXIST", `There is no job ${id}.`, {
      hint: "The page of the jobs lists the newest.",
    });
  }
  const goesOn = job.state === "queued" || job.state === "running";
  const given = Object.entries(job.input).filter(([, value]) => value !== false && !isEmpty(value));
  return {
    title: `${titleOf(job)} · job`,
    section: "/jobs",
    head: goesOn && (
      <noscript>
        <meta http-equiv="refresh" content="3" />
      </noscript>
    ),
    main: (
      <>
        <h1>{titleOf(job)}</h1>
        <p class="visually-hidden" role="status" id="announcer" />
        <div id="job" data-events={goesOn ? `/api/jobs/${job.id}/events` : undefined}>
          <p class="row">
            <StateBadge state={job.state} /> <span class="quiet-text">{tookOf(job)}</span>
          </p>
          {goesOn ? <Progress job={job} /> : <Ended job={job} />}
          <Facts
            entries={[
              ["Job", <code>{job.id}</code>],
              ["Asked (UTC)", <Moment time={job.created_at} />],
              ...given.map(([name, value]) =>
                [
                  name,
                  <code class="long">{typeof value === "string" ? value : JSON.stringify(value)}</code>,
                ] as const
              ),
            ]}
          />
        </div>
      </>
    ),
  };
}

/** What goes on, which the page's script keeps up to date. */
function Progress({ job }: { readonly job: Job }): Element {
  return (
    <>
      <div class="progress">
        <label for="progress" id="progress-label">
          {job.state === "queued" ? "Waiting for its turn" : "Preparing"}
        </label>
        <progress id="progress" max="1" />
        <p id="live-run" />
        <dl class="facts" id="live-metrics" />
        <svg
          class="live"
          viewBox="0 0 440 90"
          preserveAspectRatio="none"
          id="live-curve"
          aria-hidden="true"
          hidden
        >
          <polyline class="line l0" />
        </svg>
      </div>
      <form data-post={`/api/jobs/${job.id}`} data-method="DELETE" aria-label="Cancel the job">
        <FormTrouble />
        <button type="submit" class="second">Cancel</button>
      </form>
    </>
  );
}

/** What came of a job. */
function Ended({ job }: { readonly job: Job }): Element {
  const { kind, run_id } = job;
  const report = reportOf(job);
  return (
    <>
      <Outcome job={job} report={report} />
      {run_id !== undefined && !report && (
        <p>
          Recorded as{" "}
          <a href={`/runs/${run_id}`}>
            run <code>{run_id.slice(0, 8)}</code>
          </a>.
        </p>
      )}
      {kind === "train" && (
        <p>
          <a href={againUrl(job)}>Change and train again</a>
        </p>
      )}
    </>
  );
}

function Outcome(
  { job, report }: { readonly job: Job; readonly report: ReportDocument | undefined },
): Element | null {
  if (job.error) return <Trouble message={job.error.message} hint={job.error.hint} />;
  if (job.state === "lost") {
    return <Trouble message="The server ended while this job was running." hint="Ask for it again." />;
  }
  if (report) {
    return (
      <>
        <Report report={report} options={onPage} />
        <AcceptForm report={report} />
      </>
    );
  }
  const run = trainedOf(job);
  return run ? <Trained run={run} /> : null;
}

/** Where drift blocks: a form to accept it, with a reason. */
function AcceptForm(
  { report: { verdict, run_id, drifts } }: { readonly report: ReportDocument },
): Element | null {
  const blocking = drifts.filter((drift) => standingOf(drift) === "binding");
  if (verdict !== "blocked" || blocking.length === 0) return null;
  return (
    <Section id="accept" heading="Accept">
      <form class="stack" data-post="/api/replay" aria-labelledby="accept">
        <FormTrouble />
        <p>
          A drift that doesn’t matter can be accepted: for exactly these digests, with a reason that is kept
          with the run.
        </p>
        <input type="hidden" name="run_id" value={run_id} />
        <label for="clauses">Clauses, one per line</label>
        <textarea
          id="clauses"
          name="accept"
          data-lines=""
          rows={Math.min(blocking.length, 8)}
          spellcheck={false}
          autocapitalize="off"
          required
        >
          {blocking.map(({ clause }) => clause).join("\n")}
        </textarea>
        <label for="because">Reason</label>
        <input id="because" name="because" required maxlength={5000} />
        <label for="until">Until (a day, or for ever)</label>
        <input id="until" name="until" type="date" />
        <button type="submit">Accept and replay</button>
      </form>
    </Section>
  );
}

function Trained({ run: { status, reason, metrics } }: { readonly run: TrainedDocument }): Element {
  return (
    <>
      {reason !== undefined && <Trouble message={`The run is ${status}: ${reason}`} />}
      <Facts entries={Object.entries(metrics).map(([name, value]) => [name, short(value ?? NaN)])} />
    </>
  );
}

/** The form with what this job was asked for. */
function againUrl({ input }: Job): string {
  const set = Array.isArray(input.set) ? input.set.map(String) : [];
  return `/?${new URLSearchParams([
    ["config", String(input.experiment)],
    ...set.map((one) => ["set", one]),
  ])}#train`;
}

function outcomeOf(job: Job): Html {
  if (job.error) return <span class="long">{clip(job.error.message)}</span>;
  const report = reportOf(job);
  if (report) return <VerdictBadge verdict={report.verdict} />;
  return job.run_id && <a href={`/runs/${job.run_id}`}>run {job.run_id.slice(0, 8)}</a>;
}

/** What a job is about, in a few words. */
function titleOf({ kind, input }: Job): string {
  const subject = input.experiment ?? input.run ??
    (typeof input.run_id === "string" ? input.run_id.slice(0, 8) : "");
  return `${kind === "train" ? "Train" : "Replay"} ${subject}`;
}

function tookOf({ started_at, ended_at }: Job): string {
  return started_at && ended_at ? duration(Date.parse(ended_at) - Date.parse(started_at)) : "";
}

function isEmpty(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.length === 0);
}

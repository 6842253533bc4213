import { ExperimentError } from "../../base/error.ts";
import { html } from "../../deps/hono_html.ts";
import type { ReportDocument } from "../../replay/report.ts";
import { standingOf } from "../../report/words.ts";
import type { ServerContext } from "../context.ts";
import type { Job } from "../job.ts";
import type { Html, Page } from "./layout.ts";
import {
  clip,
  duration,
  facts,
  formTrouble,
  moment,
  section,
  short,
  stateBadge,
  table,
  trouble,
  verdictBadge,
} from "./parts.ts";
import { reportOf, type TrainedDocument, trainedOf } from "./reading.ts";
import { reportPart } from "./report_part.ts";

const LISTED = 50;

/** The newest jobs. */
export function jobsPage({ jobs }: ServerContext): Page {
  const newest = jobs.list({ limit: LISTED });
  return {
    title: "Jobs",
    section: "/jobs",
    main: html`<h1>Jobs</h1>
${
      newest.length === 0
        ? html`<p>No job was started yet: train an experiment, or replay a run.</p>`
        : table(
          "Jobs",
          ["Job", "State", "Outcome", "Asked (UTC)", { name: "Took", number: true }],
          newest.map((job) => ({
            cells: [
              html`<a href="/jobs/${job.id}">${titleOf(job)}</a>`,
              stateBadge(job.state),
              outcomeOf(job),
              moment(job.created_at),
              tookOf(job),
            ],
          })),
        )
    }`,
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
  return {
    title: `${titleOf(job)} · job`,
    section: "/jobs",
    head: goesOn ? html`<noscript><meta http-equiv="refresh" content="3"></noscript>` : "",
    main: html`
      <h1>${titleOf(job)}</h1>
      <p class="visually-hidden" role="status" id="announcer"></p>
      <div id="job" ${goesOn
        ? html`
          data-events="/api/jobs/${job.id}/events"
        `
        : ""}>
      <p class="row">${stateBadge(job.state)} <span class="quiet-text">${tookOf(job)}</span></p>
      ${goesOn ? progress(job) : ended(job)}
      ${facts([
        ["Job", html`<code>${job.id}</code>`],
        ["Asked (UTC)", moment(job.created_at)],
        ...Object.entries(job.input).filter(([, value]) => value !== false && !isEmpty(value)).map((
          [name, value],
        ) =>
          [
            name,
            html`<code class="long">${typeof value === "string" ? value : JSON.stringify(value)}</code>`,
          ] as const
        ),
      ])}
      </div>
    `,
  };
}

function progress(job: Job): Html {
  return html`
    <div class="progress">
      <label for="progress" id="progress-label">${job.state === "queued"
        ? "Waiting for its turn"
        : "Preparing"}</label>
      <progress id="progress" max="1"></progress>
      <p id="live-run"></p>
      <dl class="facts" id="live-metrics"></dl>
      <svg class="live" viewBox="0 0 440 90" preserveAspectRatio="none" id="live-curve" aria-hidden="true" hidden>
        <polyline class="line l0" />
      </svg>
    </div>
    <form data-post="/api/jobs/${job.id}" data-method="DELETE" aria-label="Cancel the job">
    ${formTrouble}
    <button type="submit" class="second">Cancel</button>
    </form>
  `;
}

function ended(job: Job): Html {
  const report = reportOf(job);
  const run = trainedOf(job);
  return html`${
    job.error
      ? trouble(job.error)
      : job.state === "lost"
      ? trouble({ message: "The server ended while this job was running.", hint: "Ask for it again." })
      : report
      ? html`${reportPart(report)}${acceptForm(report)}`
      : run
      ? trainedPart(run)
      : ""
  }
${
    job.run_id === undefined || report
      ? ""
      : html`<p>Recorded as <a href="/runs/${job.run_id}">run <code>${job.run_id.slice(0, 8)}</code></a>.</p>`
  }
${job.kind === "train" ? html`<p><a href="${againUrl(job)}">Change and train again</a></p>` : ""}`;
}

/** Where drift blocks: a form to accept it, with a reason. */
function acceptForm({ verdict, run_id, drifts }: ReportDocument): Html | string {
  const blocking = drifts.filter((drift) => standingOf(drift) === "binding");
  if (verdict !== "blocked" || blocking.length === 0) return "";
  return section(
    "accept",
    "Accept",
    html`<form class="stack" data-post="/api/replay" aria-labelledby="accept">
${formTrouble}
<p>A drift that doesn’t matter can be accepted: for exactly these digests, with a reason that is kept with the run.</p>
<input type="hidden" name="run_id" value="${run_id}">
<label for="clauses">Clauses, one per line</label>
<textarea id="clauses" name="accept" data-lines rows="${
      Math.min(blocking.length, 8)
    }" spellcheck="false" autocapitalize="off" required>${
      blocking.map(({ clause }) => clause).join("\n")
    }</textarea>
<label for="because">Reason</label>
<input id="because" name="because" required maxlength="5000">
<label for="until">Until (a day, or for ever)</label>
<input id="until" name="until" type="date">
<button type="submit">Accept and replay</button>
</form>`,
  );
}

function trainedPart({ status, reason, metrics }: TrainedDocument): Html {
  return html`${reason === undefined ? "" : trouble({ message: `The run is ${status}: ${reason}` })}
${facts(Object.entries(metrics).map(([name, value]) => [name, short(value ?? NaN)]))}`;
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
  if (job.error) return html`<span class="long">${clip(job.error.message)}</span>`;
  const report = reportOf(job);
  if (report) return verdictBadge(report.verdict);
  return job.run_id === undefined
    ? ""
    : html`<a href="/runs/${job.run_id}">run ${job.run_id.slice(0, 8)}</a>`;
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

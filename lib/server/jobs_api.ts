import { ExperimentError } from "../base/error.ts";
import type { Context } from "../deps/hono.ts";
import { z } from "../deps/zod.ts";
import { parseOverride } from "../document/document.ts";
import type { ServerContext } from "./context.ts";
import { eventStream } from "./event_stream.ts";
import { callerOf } from "./guard/caller.ts";
import { openSlots } from "./guard/slots.ts";
import type { Job, JobKind } from "./job.ts";
import { isEnded } from "./jobs.ts";
import { type AnyOperation, operation } from "./operation.ts";
import { checkConfig } from "./records_api.ts";
import { troubleAnswer } from "./trouble.ts";

/** How many answers that go on until a job has ended a caller may wait for at once. */
const WAITING = 50;

const waitQuery = z.strictObject({
  wait: z.enum(["true", "false"]).default("false").describe(
    "Whether to answer with the result, once there is one",
  ),
});
const keyHeader = {
  "Idempotency-Key":
    "With a key that was used before for the same request, that request's job is given again",
};
const submitted = {
  202: { description: "The job that was put in the queue, at `Location`", document: "Job" },
} as const;

/** The routes of jobs: to start them, to see what they do, and to cancel them. */
export function jobOperations(context: ServerContext): readonly AnyOperation[] {
  const { jobs } = context;
  const places = openSlots(WAITING);
  /** Takes a place to wait at; gives what lets go of it. */
  const wait = (c: Context): () => void => {
    const { owner, client } = callerOf(c);
    const leave = places(owner ?? client);
    if (leave) return leave;
    throw new ExperimentError(
      "REQUEST_LIMIT_EXCEEDED",
      `This caller waits for ${WAITING} jobs already: by their events, or with wait=true.`,
      { hint: "End one of these requests first. GET /api/jobs/ID tells how far a job is." },
    );
  };
  const submit = async (
    c: Context,
    kind: JobKind,
    input: Readonly<Record<string, unknown>>,
    waits: boolean,
  ) => {
    const leave = waits ? wait(c) : () => {};
    try {
      const idempotencyKey = keyOf(c);
      const job = await jobs.submit(kind, input, { idempotencyKey, owner: callerOf(c).owner });
      c.header("Location", urlOf(job));
      return waits ? await resultOf(context, c, job) : c.json(toAnswer(job), 202);
    } finally {
      leave();
    }
  };
  const found = (c: Context): Job => {
    const id = c.req.param("id")!;
    const job = jobs.get(id);
    if (job) return job;
    throw new ExperimentError("RESOURCE_DOES_NOT_EXIST", `There is no job "${id}".`, {
      hint: "GET /api/jobs lists them.",
    });
  };
  return [
    operation({
      method: "post",
      path: "/api/train",
      summary: "Train an experiment and record it as a run",
      query: waitQuery,
      body: "TrainRequest",
      headers: keyHeader,
      answers: {
        ...submitted,
        200: { description: "With wait=true: the run, as `train --json` prints it", document: "TrainedRun" },
      },
      errors: ["RESOURCE_DOES_NOT_EXIST", "INVALID_STATE"],
      async handle(c, { query, body }) {
        await checkConfig(body.experiment);
        body.set.forEach(parseOverride);
        return await submit(c, "train", body, query.wait === "true");
      },
    }),
    operation({
      method: "post",
      path: "/api/replay",
      summary: "Judge whether a recorded run could be run again, and with rerun train it again",
      description: "A blocked, diverged or unverifiable verdict is a result, not an error.",
      query: waitQuery,
      body: "ReplayRequest",
      headers: keyHeader,
      answers: {
        ...submitted,
        200: {
          description: "With wait=true: the report, as `replay --json` prints it",
          document: "ReplayReport",
        },
      },
      errors: ["RESOURCE_DOES_NOT_EXIST", "INVALID_STATE"],
      handle: (c, { query, body }) => submit(c, "replay", body, query.wait === "true"),
    }),
    operation({
      method: "get",
      path: "/api/jobs",
      summary: "The newest jobs",
      query: z.strictObject({ limit: z.coerce.number().int().min(1).max(1000).default(100) }),
      answers: { 200: { description: "The jobs without their results, newest first", document: "Jobs" } },
      handle: (c, { query }) =>
        c.json({ jobs: jobs.list(query).map(({ result: _, ...job }) => toAnswer(job)) }),
    }),
    operation({
      method: "get",
      path: "/api/jobs/:id",
      summary: "A job",
      answers: { 200: { description: "The job", document: "Job" } },
      errors: ["RESOURCE_DOES_NOT_EXIST"],
      handle: (c) => c.json(toAnswer(found(c))),
    }),
    operation({
      method: "get",
      path: "/api/jobs/:id/events",
      summary: "What happens in a job, as server-sent events",
      description: "Each event has the `id`, the `type` as its name, and the `data` of a JobEvent.",
      headers: { "Last-Event-ID": "Only what came after the event of this id" },
      answers: {
        200: {
          description: "The events, until the job has ended",
          types: ["text/event-stream"],
          document: "JobEvent",
        },
        204: { description: "The job has ended, and nothing came after `Last-Event-ID`" },
      },
      errors: ["RESOURCE_DOES_NOT_EXIST"],
      async handle(c) {
        const job = found(c);
        const last = c.req.header("Last-Event-ID") ?? "0";
        if (!/^\d{1,9}$/.test(last)) {
          throw new ExperimentError("INVALID_PARAMETER_VALUE", "Last-Event-ID: expected the id of an event.");
        }
        const after = Number(last);
        // A browser that is told so doesn't connect again.
        if (
          isEnded(job.state) && (await jobs.events(job.id, { after })[Symbol.asyncIterator]().next()).done
        ) {
          return c.body(null, 204);
        }
        c.header("Cache-Control", "no-store");
        c.header("Content-Type", "text/event-stream");
        if (c.req.method === "HEAD") return c.body(null);
        const leave = wait(c);
        const open = (signal: AbortSignal) => jobs.events(job.id, { after, signal });
        return c.body(eventStream(open, { closing: context.closing, ended: leave }));
      },
    }),
    operation({
      method: "delete",
      path: "/api/jobs/:id",
      summary: "Cancel a job; its run ends KILLED",
      description: "Where the server has tokens, only with the one that asked for the job.",
      answers: { 200: { description: "The job; one that had ended stays as it is", document: "Job" } },
      errors: ["RESOURCE_DOES_NOT_EXIST"],
      async handle(c) {
        const { id } = found(c);
        const [owner, asking] = [jobs.ownerOf(id), callerOf(c).owner];
        if (owner !== undefined && asking !== undefined && owner !== asking) {
          throw new ExperimentError("PERMISSION_DENIED", "This job was asked for with another token.", {
            hint: "Who asked for a job may cancel it.",
          });
        }
        return c.json(toAnswer((await jobs.cancel(id))!));
      },
    }),
  ];
}

function keyOf(c: Context): string | undefined {
  const key = c.req.header("Idempotency-Key");
  if (key === undefined || /^[\x21-\x7e]{1,200}$/.test(key)) return key;
  throw new ExperimentError(
    "INVALID_PARAMETER_VALUE",
    "Idempotency-Key: expected 1 to 200 visible characters of ASCII.",
  );
}

async function resultOf(context: ServerContext, c: Context, { id }: Job): Promise<Response> {
  const gone = Promise.withResolvers<undefined>();
  const end = () => gone.resolve(undefined);
  const signals = [context.closing, c.req.raw.signal];
  for (const signal of signals) signal.addEventListener("abort", end);
  if (signals.some(({ aborted }) => aborted)) end();
  const job = await Promise.race([context.jobs.ended(id), gone.promise]);
  for (const signal of signals) signal.removeEventListener("abort", end);
  const hint = `GET /api/jobs/${id} tells of it.`;
  switch (job?.state) {
    case "succeeded":
      return c.json(job.result as object);
    case "failed":
      return troubleAnswer(c, job.error!);
    case "cancelled":
      return troubleAnswer(c, { code: "INVALID_STATE", message: "The job was cancelled.", hint });
    default:
      return troubleAnswer(c, {
        code: "TEMPORARILY_UNAVAILABLE",
        message: "The server is shutting down.",
        hint,
      });
  }
}

/** A job as it is answered. */
export type JobAnswer = Job & {
  /** Its path on the server. */
  readonly url: string;
};

function toAnswer(job: Job): JobAnswer {
  return { ...job, url: urlOf(job) };
}

function urlOf({ id }: Job): string {
  return `/api/jobs/${id}`;
}

import { ExperimentError } from "../base/error.ts";
import { Hono } from "../deps/hono.ts";
import type { ServerContext } from "./context.ts";
import { docs } from "./docs.ts";
import { callerOf } from "./guard/caller.ts";
import { openSlots } from "./guard/slots.ts";
import { guard, type GuardOptions } from "./guard.ts";
import { jobOperations } from "./jobs_api.ts";
import { openApiOf } from "./openapi.ts";
import { type AnyOperation, operation, routesOf } from "./operation.ts";
import { createPages } from "./pages/pages.tsx";
import { prometheus } from "./prometheus.ts";
import { recordOperations } from "./records_api.ts";
import { sources } from "./sources.ts";
import { errorAnswer, troubleAnswer } from "./trouble.ts";

/** How to make an app. */
export interface AppOptions {
  /** Whom it lets in. @default everyone who reaches it, as guard() does */
  readonly guard?: GuardOptions;
  /** Whether it takes work. @default always */
  readonly ready?: () => boolean;
  /** Is told of each error that is a fault; its caller isn't. */
  readonly onFault?: (error: unknown) => void;
}

/** How many lookups, each of which takes a process, a caller may wait for at once; all callers share their queue. */
const LOOKUPS = 6;

/** The app that answers a server's requests: the API, its documentation, the pages and the sources. */
export function createApp(context: ServerContext, options: AppOptions = {}): Hono {
  const app = new Hono();
  const metrics = prometheus({
    jobs: () => context.jobs.counts(),
    queue: () => context.jobs.counts().queued,
    storeUp: () => checkStore(context).then(() => true, () => false),
  });
  app.use(metrics.middleware);
  app.use(guard(options.guard ?? {}));
  app.onError((error, c) => {
    if (!(error instanceof ExperimentError)) options.onFault?.(error);
    return errorAnswer(c, error);
  });
  app.notFound((c) =>
    troubleAnswer(c, {
      code: "ENDPOINT_NOT_FOUND",
      message: `There is nothing at ${c.req.method} ${c.req.path}.`,
      hint: "GET /openapi.json tells what there is.",
    })
  );

  const places = openSlots(LOOKUPS);
  const looking = [
    ...["/api/runs/:id/report", "/api/runs/:id/compare/:other", "/compare"],
    ...["/api/contract/:experiment", "/api/registry/:name"],
  ];
  for (const path of looking) {
    app.use(path, async (c, next) => {
      const { owner, client } = callerOf(c);
      const leave = places(owner ?? client);
      if (leave === undefined) throw tooManyLookups();
      await next().finally(leave);
    });
  }
  const operations = [
    ...jobOperations(context),
    ...recordOperations(context),
    ...stateOperations(context, options),
  ];
  const document = openApiOf(operations);
  app.route("/", routesOf(operations));
  app.get("/metrics", metrics.handler);
  app.get("/openapi.json", (c) => c.json(document));
  app.route("/", docs());
  app.route("/", sources());
  app.route("/", createPages(context));
  return app;
}

function tooManyLookups(): ExperimentError {
  return new ExperimentError(
    "REQUEST_LIMIT_EXCEEDED",
    `This caller waits for ${LOOKUPS} lookups already: reports, comparisons, contracts or entries of the registry.`,
    { hint: "Ask again once one of them is answered." },
  );
}

function stateOperations(context: ServerContext, { ready }: AppOptions): readonly AnyOperation[] {
  const answers = { 200: { description: "Yes", document: "Health" } } as const;
  return [
    operation({
      method: "get",
      path: "/healthz",
      summary: "Whether the server runs",
      answers,
      handle: (c) => c.json({ status: "ok" }),
    }),
    operation({
      method: "get",
      path: "/readyz",
      summary: "Whether the server takes work and its store answers",
      answers,
      async handle(c) {
        await checkStore(context);
        if (ready?.() === false) {
          throw new ExperimentError("TEMPORARILY_UNAVAILABLE", "The server is shutting down.");
        }
        return c.json({ status: "ok" });
      },
    }),
  ];
}

/** Asks the store for little. */
async function checkStore(context: ServerContext): Promise<void> {
  await (await context.openStore()).searchRuns({ max_results: 1 });
}

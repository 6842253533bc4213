import { ExperimentError } from "../base/error.ts";
import { suggestionOf } from "../base/nearest.ts";
import type { Context } from "../deps/hono.ts";
import { accepts } from "../deps/hono_accepts.ts";
import { configNames } from "../experiment/experiment.ts";
import { toJson } from "../replay/report.ts";
import { toHtml } from "../report/html.tsx";
import { picturesOf } from "../report/log.ts";
import { toMarkdown } from "../report/markdown.ts";
import type { Reported } from "../report/reported.ts";
import { listRuns, showRun } from "../tracking/runs.ts";
import { byteStream } from "./byte_stream.ts";
import type { ServerContext } from "./context.ts";
import { callerOf } from "./guard/caller.ts";
import { POLICY, policyOf } from "./guard/headers.ts";
import { openSlots } from "./guard/slots.ts";
import { type AnyOperation, operation } from "./operation.ts";
import { artifactPath, entryQuery, metricKey, runId, runsQuery } from "./schemas.ts";

const MARKDOWN = "text/markdown";
const HTML = "text/html";

/** How many artifacts a caller may be sent at once, as each is held in memory until it is. */
const DOWNLOADS = 20;

/** The routes of what is recorded, and of what today's code makes of it. */
export function recordOperations(context: ServerContext): readonly AnyOperation[] {
  const downloads = openSlots(DOWNLOADS);
  return [
    operation({
      method: "get",
      path: "/api/experiments",
      summary: "The configs that can be trained by name, and the experiments of the store",
      answers: { 200: { description: "Both", document: "Experiments" } },
      async handle(c) {
        const [configs, experiments] = await Promise.all([
          context.experiments(),
          context.openStore().then((store) => store.searchExperiments()),
        ]);
        return c.json({
          configs,
          experiments: experiments.map(({ experiment_id, name }) => ({ experiment_id, name })),
        });
      },
    }),
    operation({
      method: "get",
      path: "/api/registry",
      summary: "The datasets, feature views and models to choose from",
      answers: { 200: { description: "As `registry --json` prints them", document: "Registry" } },
      handle: async (c) => c.json(await context.registry()),
    }),
    operation({
      method: "get",
      path: "/api/registry/:name",
      summary: "A dataset, feature view, model or config, and what it is made from",
      description: "Of a view or a config the rows are loaded, to see what each feature reads.",
      query: entryQuery,
      answers: { 200: { description: "As `registry show --json` prints it", document: "RegistryEntry" } },
      errors: ["RESOURCE_DOES_NOT_EXIST"],
      async handle(c, { query }) {
        const name = c.req.param("name")!;
        await checkEntry(context, name);
        return c.json(await context.registryEntry(name, query.kind));
      },
    }),
    operation({
      method: "get",
      path: "/api/contract/:experiment",
      summary: "The contract that a run of a config would record now",
      answers: { 200: { description: "As `contract --json` prints it", document: "Contract" } },
      errors: ["RESOURCE_DOES_NOT_EXIST", "INVALID_STATE"],
      async handle(c) {
        const experiment = c.req.param("experiment")!;
        await checkConfig(experiment);
        return c.json(await context.contract(experiment));
      },
    }),
    operation({
      method: "get",
      path: "/api/runs",
      summary: "Runs, newest first",
      query: runsQuery,
      answers: { 200: { description: "A page of them", document: "Runs" } },
      errors: ["RESOURCE_DOES_NOT_EXIST"],
      handle: async (c, { query }) => c.json(await listRuns(await context.openStore(), query)),
    }),
    operation({
      method: "get",
      path: "/api/runs/:id",
      summary: "A run with all that was recorded of it",
      answers: { 200: { description: "As `runs show --json` prints it", document: "Run" } },
      errors: ["RESOURCE_DOES_NOT_EXIST"],
      handle: async (c) => c.json(await showRun(await context.openStore(), idOf(c))),
    }),
    operation({
      method: "get",
      path: "/api/runs/:id/metrics/:key{.+}",
      summary: "Every point of a metric of a run",
      answers: { 200: { description: "The points, by step and time", document: "MetricHistory" } },
      errors: ["RESOURCE_DOES_NOT_EXIST", "INVALID_STATE"],
      async handle(c) {
        const key = c.req.param("key")!;
        if (!metricKey.safeParse(key).success) {
          throw noSuch("metric", "250 characters at most, and printable");
        }
        const store = await context.openStore();
        return c.json({ metrics: await store.getMetricHistory(idOf(c), key) });
      },
    }),
    operation({
      method: "get",
      path: "/api/runs/:id/artifacts/:path{.+}",
      summary: "An artifact of a run",
      answers: {
        200: {
          description: "Its bytes",
          types: ["text/plain", "application/json", "application/octet-stream"],
        },
      },
      errors: ["RESOURCE_DOES_NOT_EXIST", "INVALID_STATE"],
      async handle(c) {
        const path = c.req.param("path")!;
        if (!artifactPath.safeParse(path).success) {
          throw noSuch("artifact", "1000 bytes at most, 255 between slashes, and printable");
        }
        const { owner, client } = callerOf(c);
        const leave = downloads(owner ?? client);
        if (leave === undefined) throw tooManyDownloads();
        let body: ReadableStream | undefined;
        try {
          const bytes = await (await context.openStore()).downloadArtifact(idOf(c), path);
          c.header("Content-Type", typeOf(path, bytes));
          c.header("Content-Length", `${bytes.length}`);
          if (c.req.method !== "HEAD") body = byteStream(bytes, leave);
          return body === undefined ? c.body(null) : c.body(body);
        } finally {
          if (body === undefined) leave();
        }
      },
    }),
    operation({
      method: "get",
      path: "/api/runs/:id/report",
      summary: "A run judged by today's code and data, without training again",
      description: "In the form that `Accept` prefers.",
      answers: {
        200: {
          description: "The report, as `replay --json` prints it, in Markdown or as a page",
          document: "ReplayReport",
          types: ["application/json", MARKDOWN, HTML],
        },
      },
      errors: ["RESOURCE_DOES_NOT_EXIST", "INVALID_STATE"],
      handle: async (c) => await told(context, c, await context.report(idOf(c))),
    }),
    operation({
      method: "get",
      path: "/api/runs/:id/compare/:other",
      summary: "What differs between two recorded runs, and why, by what they recorded alone",
      description: "In the form that `Accept` prefers.",
      answers: {
        200: {
          description: "The report, as `runs compare --json` prints it, in Markdown or as a page",
          document: "ReplayReport",
          types: ["application/json", MARKDOWN, HTML],
        },
      },
      errors: ["RESOURCE_DOES_NOT_EXIST"],
      async handle(c) {
        const store = await context.openStore();
        const [past, current] = [idOf(c), idOf(c, "other")];
        // Before any process is asked.
        await Promise.all([store.getRun(past), store.getRun(current)]);
        return await told(context, c, await context.compare(past, current));
      },
    }),
  ];
}

/** A report in the form that the request prefers. */
async function told(context: ServerContext, c: Context, report: Reported): Promise<Response> {
  const type = accepts(c, {
    header: "Accept",
    supports: ["application/json", MARKDOWN, HTML],
    default: "application/json",
  });
  c.header("Vary", "Accept");
  if (type === HTML) {
    const page = toHtml(report, await picturesOf(await context.openStore(), report));
    c.header(POLICY, policyOf(page));
    return c.html(page);
  }
  if (type !== MARKDOWN) return c.json(toJson({ past: undefined, current: undefined, ...report }));
  return c.body(toMarkdown(report), 200, { "Content-Type": `${MARKDOWN}; charset=utf-8` });
}

/** Refuses what isn't the name of a config, before any process is asked. */
export async function checkConfig(name: string): Promise<void> {
  const names = await configNames();
  if (names.includes(name)) return;
  throw new ExperimentError(
    "RESOURCE_DOES_NOT_EXIST",
    `There is no config "${name}" in configs/. ${suggestionOf(name, names)}`,
    { hint: "GET /api/experiments lists them." },
  );
}

/** Refuses what isn't the name of anything, before any process is asked. */
async function checkEntry(context: ServerContext, name: string): Promise<void> {
  const { datasets, features, models } = await context.registry();
  const names = [...[...datasets, ...features, ...models].map(({ name }) => name), ...await configNames()];
  if (names.includes(name)) return;
  throw new ExperimentError(
    "RESOURCE_DOES_NOT_EXIST",
    `There is no dataset, view, model or config "${name}". ${suggestionOf(name, names)}`,
    { hint: "GET /api/registry and /api/experiments list them." },
  );
}

function idOf(c: Context, name = "id"): string {
  const id = c.req.param(name)!;
  if (runId.safeParse(id).success) return id;
  throw new ExperimentError(
    "RESOURCE_DOES_NOT_EXIST",
    `There is no run "${id}": a run's id has 32 hex digits.`,
    {
      hint: "GET /api/runs?name=… finds runs by their name.",
    },
  );
}

function tooManyDownloads(): ExperimentError {
  return new ExperimentError(
    "REQUEST_LIMIT_EXCEEDED",
    `This caller is being sent ${DOWNLOADS} artifacts already.`,
    { hint: "Ask again once one of them has arrived." },
  );
}

function noSuch(what: string, form: string): ExperimentError {
  return new ExperimentError("RESOURCE_DOES_NOT_EXIST", `There is no such ${what}: its name is of ${form}.`);
}

function typeOf(path: string, bytes: Uint8Array): string {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return "application/octet-stream";
  }
  return path.endsWith(".json") ? "application/json" : "text/plain; charset=utf-8";
}

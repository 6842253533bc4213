import { elapsed, residentMemory, startTime } from "../base/environment.ts";
import type { Context, Handler, MiddlewareHandler } from "../deps/hono.ts";
import { matchedRoutes } from "../deps/hono_route.ts";

/** What the server tells about itself when it is asked. */
export interface ServerState {
  /** How many jobs there are in each state. */
  jobs(): Readonly<Record<string, number>>;
  /** How many jobs wait. */
  queue(): number;
  /** Whether the store answers. */
  storeUp(): Promise<boolean>;
}

/** Measures requests, and tells of them in Prometheus' text form. */
export interface Prometheus {
  /** Counts and times every request; stands before everything else. */
  readonly middleware: MiddlewareHandler;
  /** Answers `GET /metrics`. */
  readonly handler: Handler;
}

/** The labels of a sample. */
type Labels = Readonly<Record<string, string>>;

interface Durations {
  readonly labels: Labels;
  readonly counts: number[];
  sum: number;
}

/** The upper ends of the histogram's buckets, in seconds. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** Makes the two parts of `/metrics`. A sample's route is its pattern, so that their number is bounded. */
export function prometheus(state: ServerState): Prometheus {
  const requests = new Map<string, { readonly labels: Labels; count: number }>();
  const durations = new Map<string, Durations>();
  const started = startTime();
  let active = 0;

  const middleware: MiddlewareHandler = async (c, next) => {
    const start = elapsed();
    active++;
    try {
      await next();
    } finally {
      active--;
      const seconds = (elapsed() - start) / 1000;
      const labels = {
        method: METHODS.includes(c.req.method) ? c.req.method : "other",
        route: routeOf(c),
      };
      const counted = { ...labels, status: `${c.res.status}` };
      entryOf(requests, counted, () => ({ labels: counted, count: 0 })).count++;
      const entry = entryOf(
        durations,
        labels,
        () => ({ labels, counts: BUCKETS.map(() => 0).concat(0), sum: 0 }),
      );
      const bucket = BUCKETS.findIndex((end) => seconds <= end);
      entry.counts[bucket === -1 ? BUCKETS.length : bucket]! += 1;
      entry.sum += seconds;
    }
  };

  const handler: Handler = async (c) => {
    const up = await state.storeUp();
    const text = [
      ...family(
        "http_requests_total",
        "counter",
        "Requests answered.",
        [...requests.values()].map(
          ({ labels, count }) => sample("", labels, count),
        ),
      ),
      ...family(
        "http_request_duration_seconds",
        "histogram",
        "Seconds from a request to the head of its answer.",
        [...durations.values()].flatMap(histogramSamples),
      ),
      ...family("http_requests_active", "gauge", "Requests being answered.", [sample("", {}, active)]),
      ...family(
        "reprise_jobs",
        "gauge",
        "Jobs, by state.",
        Object.entries(state.jobs()).map(([name, count]) => sample("", { state: name }, count)),
      ),
      ...family("reprise_queue_length", "gauge", "Jobs that wait.", [sample("", {}, state.queue())]),
      ...family("reprise_store_up", "gauge", "1 where the store answers.", [sample("", {}, up ? 1 : 0)]),
      ...family("process_start_time_seconds", "gauge", "Start of the process, since the epoch.", [
        sample("", {}, started),
      ]),
      ...family("process_resident_memory_bytes", "gauge", "Memory that the process holds.", [
        sample("", {}, residentMemory()),
      ]),
    ];
    return c.body(`${text.join("\n")}\n`, 200, {
      "content-type": "text/plain; version=0.0.4; charset=utf-8",
    });
  };
  return { middleware, handler };
}

/** The pattern of the route that a request is for; `other` where there is none. */
function routeOf(c: Context): string {
  return matchedRoutes(c).findLast(({ method }) => method !== "ALL")?.path ?? "other";
}

function entryOf<T>(entries: Map<string, T>, labels: Labels, make: () => T): T {
  const key = JSON.stringify(labels);
  const entry = entries.get(key) ?? make();
  entries.set(key, entry);
  return entry;
}

type Sample = readonly [suffix: string, labels: Labels, value: number];

const sample = (...parts: Sample): Sample => parts;

function histogramSamples({ labels, counts, sum }: Durations): readonly Sample[] {
  let total = 0;
  return [
    ...counts.map((count, index): Sample => {
      total += count;
      return ["_bucket", { ...labels, le: `${BUCKETS[index] ?? "+Inf"}` }, total];
    }),
    ["_sum", labels, sum],
    ["_count", labels, counts.reduce((a, b) => a + b)],
  ];
}

function family(name: string, type: string, help: string, samples: readonly Sample[]): readonly string[] {
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...samples.map(([suffix, labels, value]) => `${name}${suffix}${labelText(labels)} ${value}`),
  ];
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

const escaped = (value: string): string =>
  value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
